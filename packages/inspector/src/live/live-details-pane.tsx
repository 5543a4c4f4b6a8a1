import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { InspectedApp, LiveDetails, LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { Decision } from '../parts/decision.js';
import { type Fact, Facts } from '../parts/facts.js';
import { formatClock, formatMilliseconds } from '../parts/format.js';
import { CrossIcon } from '../parts/icons.js';
import { Badge, Notice, getStatusTone } from '../parts/notice.js';
import type { Api } from '../session/api.js';
import { useAnswer } from '../session/use-answer.js';
import { nameVerdict } from './live-filter.js';

export interface LiveDetailsPaneProps {
  readonly api: Api;
  readonly app: InspectedApp;
  readonly event: LiveEvent;
  readonly onClose: () => void;
}

export function LiveDetailsPane({ api, app, event, onClose }: LiveDetailsPaneProps): VNode {
  const { answer: details, fault, ask } = useAnswer<LiveDetails>();
  const isMcp = app.functions.some(({ name, mcp }) => name === event.functionName && mcp !== null);
  useEffect(() => {
    ask(api.getDetails(event.id));
  }, [api, event.id]);
  return (
    <aside
      class="details"
      aria-label="Details of the request"
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose();
      }}
    >
      <header class="details-head">
        <Badge tone={getStatusTone(event.status)}>{event.status}</Badge>
        <h2 title={event.path}>
          {event.method} {event.path}
        </h2>
        <button type="button" class="icon-button" aria-label="Close the details" onClick={onClose}>
          <CrossIcon />
        </button>
      </header>
      <div class="details-body" tabIndex={0} role="region" aria-label="What is known of the request">
        <Facts facts={listFacts(event)} />
        {fault !== undefined && <Notice tone="warn">{fault}</Notice>}
        {details !== undefined && <DetailsDecision details={details} isMcp={isMcp} />}
      </div>
    </aside>
  );
}

interface DetailsDecisionProps {
  readonly details: LiveDetails;
  readonly isMcp: boolean;
}

function DetailsDecision({ details: { event, explanation }, isMcp }: DetailsDecisionProps): VNode {
  if (explanation === null) {
    const isDecided = event.functionName !== null && event.verdict !== 'open';
    const why = isDecided ? "the function or the caller's certificate is not known here" : 'no gate was asked';
    return <p class="dim">There are no steps, because {why}.</p>;
  }
  return (
    <>
      <h3 class="small-title">Decided again, by the trust document as it is now</h3>
      <Decision report={explanation} isMcp={isMcp} />
    </>
  );
}

function listFacts(event: LiveEvent): readonly Fact[] {
  const facts: readonly (readonly [label: string, value: string | null, isCopied?: boolean])[] = [
    [
      'Verdict',
      event.code === null || event.code === event.verdict
        ? nameVerdict(event.verdict)
        : `${nameVerdict(event.verdict)}: ${event.code}`,
    ],
    ['Reason', event.detail],
    ['Correlation id', event.correlationId, true],
    ['Function', event.functionName],
    ['Caller', event.identityName],
    ['Certificate', event.thumbprintSha256, true],
    ['Time', formatClock(event.time)],
    ['Answered by', describeAnswer(event)],
  ];
  return facts.flatMap(([label, value, isCopied = false]): readonly Fact[] =>
    value === null ? [] : [[label, value, isCopied]],
  );
}

function describeAnswer({ answeredBy, durationMilliseconds }: LiveEvent): string {
  return durationMilliseconds === null
    ? answeredBy
    : `${answeredBy}, in ${formatMilliseconds(durationMilliseconds)} ms`;
}

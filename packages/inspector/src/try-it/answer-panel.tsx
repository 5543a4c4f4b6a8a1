import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { TryAnswer, TryResult } from '../../../certgate/src/trust/views/page-views.js';
import { CommandLine, CopyButton } from '../parts/clipboard.js';
import { Decision } from '../parts/decision.js';
import { Facts } from '../parts/facts.js';
import { formatMilliseconds, formatSize } from '../parts/format.js';
import { indentBody } from './indented-json.js';
import { Badge, Notice, getStatusTone } from '../parts/notice.js';

export interface AnswerPanelProps {
  readonly result: TryResult | undefined;
  /** The label of the caller that was sent. */
  readonly caller: string;
  readonly isSending: boolean;
  readonly isMcp: boolean;
}

export function AnswerPanel({ result, caller, isSending, isMcp }: AnswerPanelProps): VNode {
  return (
    <section class="panel answer" aria-label="Answer" aria-busy={isSending}>
      <header class="panel-head">
        <h2 class="panel-title">{result === undefined ? 'Answer' : `Answer to ${caller}`}</h2>
        {result?.answer != null && <AnswerLine answer={result.answer} />}
      </header>
      {result === undefined ? (
        <p class="empty small">
          {isSending ? 'Sending …' : 'Choose a function and a caller, then send. The answer comes with its reason.'}
        </p>
      ) : (
        <Result result={result} isMcp={isMcp} />
      )}
    </section>
  );
}

function AnswerLine({ answer }: { readonly answer: TryAnswer }): VNode {
  return (
    <p class="answer-line">
      <Badge tone={answer.isMcpError === true ? 'bad' : getStatusTone(answer.status)}>{answer.status}</Badge>
      {answer.isMcpError !== null && <span>{answer.isMcpError ? 'MCP error' : 'MCP result'}</span>}
      <span>by the {answer.answeredBy}</span>
      <span class="dim">{formatMilliseconds(answer.durationMilliseconds)} ms</span>
      <span class="dim">{formatSize(answer.bodyLength)}</span>
      {answer.correlationId !== null && (
        <span class="correlation">
          <span class="mono" title="Correlation id">
            {answer.correlationId}
          </span>
          <CopyButton text={answer.correlationId} label="Copy the correlation id" />
        </span>
      )}
    </p>
  );
}

interface ResultProps {
  readonly result: TryResult;
  readonly isMcp: boolean;
}

function Result({ result: { answer, fault, explanation, commands }, isMcp }: ResultProps): VNode {
  return (
    <div class="answer-body">
      <div class="answer-reason">
        {fault !== null && <Notice tone="warn">{fault}</Notice>}
        {explanation === null ? (
          answer !== null && fault === null && <p class="dim">{explainWithoutGate(answer)}</p>
        ) : (
          <Decision report={explanation} isMcp={isMcp} />
        )}
      </div>
      <div class="answer-content">
        {answer !== null && <Body answer={answer} />}
        <h3 class="small-title">The same request</h3>
        <CommandLine text={commands.certgate} label="Copy the certgate call line" />
        <CommandLine text={commands.curl} label="Copy the curl line" />
      </div>
    </div>
  );
}

function explainWithoutGate({ answeredBy, isMcpError }: TryAnswer): string {
  if (answeredBy === 'gateway') return 'The gateway answered, before the app was asked.';
  return `No gate was asked for this ${isMcpError === null ? 'path' : 'message'}.`;
}

function Body({ answer: { body, bodyLength, headers } }: { readonly answer: TryAnswer }): VNode {
  const [isAsSent, setAsSent] = useState(false);
  const indented = indentBody(body);
  const cut = bodyLength > new TextEncoder().encode(body).length && bodyLength > 65_536;
  return (
    <>
      <header class="body-head">
        <h3 class="small-title">Body{indented !== undefined && !isAsSent && ', indented'}</h3>
        {indented !== undefined && (
          <button type="button" aria-pressed={isAsSent} onClick={() => setAsSent(!isAsSent)}>
            As sent
          </button>
        )}
      </header>
      {body === '' ? (
        <p class="dim">empty</p>
      ) : (
        <pre class="body" tabIndex={0} role="region" aria-label="Body of the answer">
          {isAsSent ? body : (indented ?? body)}
        </pre>
      )}
      {cut && <p class="dim">The first 64 KiB of {formatSize(bodyLength)}.</p>}
      <details>
        <summary>{headers.length === 1 ? '1 header' : `${headers.length} headers`}</summary>
        <Facts facts={headers} kind="mono" />
      </details>
    </>
  );
}

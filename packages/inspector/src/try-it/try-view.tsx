import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { InspectedApp, TryResult } from '../../../certgate/src/trust/views/page-views.js';
import { announce } from '../parts/announcer.js';
import type { Api } from '../session/api.js';
import { useAnswer } from '../session/use-answer.js';
import { AnswerPanel } from './answer-panel.js';
import { CallerList } from './caller-list.js';
import { MatrixPanel } from './matrix-panel.js';
import { RequestBar } from './request-bar.js';
import { type TryDraft, chooseFunction, createDraft, findFirstCaller, listCallable, readDraft } from './try-draft.js';

export interface TryViewProps {
  readonly api: Api;
  readonly app: InspectedApp;
}

export function TryView({ api, app }: TryViewProps): VNode {
  const [draft, setDraft] = useState(() => createDraft(app));
  const { answer: result, fault, isAsking, ask, setFault } = useAnswer<TryResult>();
  // A caller can go: the user removes it, or a new trust document doesn't list it.
  useEffect(() => {
    if (draft !== undefined && !app.callers.some(({ id }) => id === draft.callerId))
      change({ callerId: findFirstCaller(app) });
  }, [app.callers]);
  if (draft === undefined) return <div class="empty">The app has no HTTP function that could be called.</div>;
  // Goes by the function that ran, because the user may have chosen another one in the form since.
  const isMcp = app.functions.some(({ name, mcp }) => name === result?.explanation?.function && mcp !== null);

  /** An answer goes when another caller is chosen, so that it is not taken for an answer to that one. */
  function change(part: Partial<TryDraft>): void {
    if (part.callerId !== undefined && part.callerId !== draft?.callerId) setFault(undefined);
    setDraft((known) => known && { ...known, ...part });
  }

  // An answer is shown only as long as its caller is chosen.
  const caller = app.callers.find(({ id }) => id === draft.callerId)?.label ?? draft.callerId;

  function send(sent: TryDraft): void {
    const read = readDraft(sent);
    if ('fault' in read) {
      setFault(read.fault);
      return;
    }
    ask(api.send(read.request), (given) => {
      showAnswer();
      announce(describeResult(given));
    });
  }

  /** Puts the function and the caller of a cell of the matrix into the form, and focuses the send button. */
  function fill(functionName: string, callerId: string): void {
    const chosen = listCallable(app).find(({ name }) => name === functionName);
    if (draft === undefined || chosen === undefined) return;
    setFault(undefined);
    setDraft({ ...chooseFunction(chosen, draft), callerId });
    document.querySelector<HTMLElement>('.send')?.focus();
  }

  return (
    <form
      class="try"
      onSubmit={(event) => {
        event.preventDefault();
        send(draft);
      }}
    >
      <RequestBar app={app} draft={draft} isSending={isAsking} onChange={change} />
      {fault !== undefined && (
        <p class="try-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="try-columns">
        <CallerList
          api={api}
          callers={app.callers}
          chosen={draft.callerId}
          onChoose={(callerId) => change({ callerId })}
        />
        <div class="try-results">
          <AnswerPanel result={result} caller={caller} isSending={isAsking} isMcp={isMcp} />
          <MatrixPanel api={api} app={app} chosen={draft} onChoose={fill} />
        </div>
      </div>
    </form>
  );
}

/** Scrolls to the answer if it is low on the page: on a narrow screen it is below the callers. */
function showAnswer(): void {
  requestAnimationFrame(() => {
    const answer = document.querySelector('.answer');
    if (answer !== null && answer.getBoundingClientRect().top > innerHeight / 2) answer.scrollIntoView();
  });
}

function describeResult({ answer, fault, explanation }: TryResult): string {
  if (answer === null) return fault ?? 'There was no answer.';
  const reason = explanation?.code ?? '';
  return `Answer ${answer.status}. ${explanation?.outcome ?? ''} ${reason === 'allowed' ? '' : reason}`;
}

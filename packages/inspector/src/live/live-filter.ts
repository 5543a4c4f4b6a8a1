import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';

export type LiveOutcome = LiveEvent['verdict'];

export interface LiveFilter {
  /**
   * Words separated by spaces. A request must contain all of them; `code:role_missing` is looked up only in the column
   * "code".
   */
  readonly text: string;
  /** Requests with any of these verdicts are shown. If the list is empty, requests with every verdict are. */
  readonly verdicts: readonly LiveOutcome[];
}

/** The word that the page shows. */
export function nameVerdict(verdict: LiveOutcome): string {
  return verdict === 'open' ? 'public' : verdict;
}

export const verdicts: readonly LiveOutcome[] = ['allowed', 'denied', 'observed', 'open', 'no-function'];

const columns: Readonly<Record<string, (event: LiveEvent) => string | number | null>> = {
  method: ({ method }) => method,
  path: ({ path }) => path,
  status: ({ status }) => status,
  function: ({ functionName }) => functionName,
  caller: ({ identityName }) => identityName,
  certificate: ({ thumbprintSha256 }) => thumbprintSha256,
  verdict: ({ verdict }) => nameVerdict(verdict),
  code: ({ code }) => code,
  detail: ({ detail }) => detail,
  id: ({ correlationId }) => correlationId,
  time: ({ time }) => time,
};

export function filterEvents(events: readonly LiveEvent[], filter: LiveFilter): readonly LiveEvent[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.verdicts.length === 0) return events;
  return events.filter(
    (event) =>
      (filter.verdicts.length === 0 || filter.verdicts.includes(event.verdict)) &&
      words.every((word) => matches(event, word)),
  );
}

function matches(event: LiveEvent, word: string): boolean {
  const [, name = '', wanted = ''] = /^([a-z]+):(.+)$/.exec(word) ?? [];
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column !== undefined) return holds(column(event), wanted);
  return Object.values(columns).some((each) => holds(each(event), word));
}

function holds(value: string | number | null, wanted: string): boolean {
  return value !== null && String(value).toLowerCase().includes(wanted);
}

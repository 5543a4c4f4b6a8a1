import type { TrustedIdentity } from '@certgate/core/internal';
import type { HistoryItem } from '../administration/trust-history.js';

/** When entries came into the document, by its log of changes. */
export interface EntryAges {
  /** In milliseconds, if it was after `from`; undefined: before, or nobody can tell. */
  readonly find: (identity: Pick<TrustedIdentity, 'name'>, entryWords?: string) => number | undefined;
  /** Of an entry without such a time: `false`, it is older than `from`. */
  readonly isUncertain: boolean;
}

/** As `compareDocuments` says it. */
const newWords = '" is new, with ';
/** Each entry looks through all of them. */
const maximumSentences = 5_000;

/**
 * Looks for the sentences by which changes are logged. `history` is empty where there is no log. `entryWords`: how a sentence
 * names a pin or a name of an identity; where one of them does, the entry is taken to be as young as that change.
 */
export function readEntryAges(history: readonly HistoryItem[], from: number): EntryAges {
  const recent = history.flatMap((item) => ('entry' in item && Date.parse(item.entry.at) >= from ? [item.entry] : []));
  const reachesBack = history.some((item) => 'entry' in item && Date.parse(item.entry.at) < from);
  const isBroken = history.some(({ kind }) => kind === 'damaged' || kind === 'uncertain' || kind === 'undone');
  const hasGap = history.some((item) => item.kind === 'gap' && !item.isBeginning);
  const isShortened = recent.some(({ changesLeftOut = 0 }) => changesLeftOut > 0);
  const isFirst = history.some((item) => 'entry' in item && item.entry.previousDocumentSha256 === null);
  const sentences = recent.flatMap(({ at, changes }) => changes.map((sentence) => ({ at: Date.parse(at), sentence })));
  const isTooLong = sentences.length > maximumSentences;
  const added = new Map<string, number>();
  for (const { at, sentence } of sentences) {
    const [written = '', rest] = sentence.split(newWords, 2);
    if (rest === undefined) continue;
    // The letter case of a name may have been changed since.
    const name = written.toLowerCase();
    added.set(name, Math.max(at, added.get(name) ?? at));
  }
  const latest = (isMeant: (sentence: string) => boolean): number | undefined => {
    const times = sentences.filter(({ sentence }) => isMeant(sentence)).map(({ at }) => at);
    return times.length === 0 ? undefined : Math.max(...times);
  };
  return {
    find: ({ name: own }, entryWords) => {
      const name = own.toLowerCase();
      const changed =
        entryWords === undefined || isTooLong
          ? undefined
          : latest((sentence) => sentence.includes(entryWords) && sentence.toLowerCase().includes(`"${name}"`));
      const times = [added.get(`"${name}`), changed].filter((time) => time !== undefined);
      return times.length === 0 ? undefined : Math.max(...times);
    },
    isUncertain: isTooLong || isBroken || hasGap || isShortened || !(reachesBack || isFirst),
  };
}

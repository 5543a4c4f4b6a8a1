import type { TrustedIdentity } from '@certgate/core/internal';
import type { HistoryItem } from '../administration/trust-history.js';

/** When entries were added to the document, according to its log of changes. */
export interface EntryAges {
  /**
   * When the identity was added, or the entry that `entryWords` name was added or last changed, in milliseconds since
   * 1970-01-01T00:00:00Z. Undefined if the log shows no such change since `from`. If the log has too many sentences,
   * only the addition of the identity is found.
   */
  readonly find: (identity: Pick<TrustedIdentity, 'name'>, entryWords?: string) => number | undefined;
  /** Whether an entry without such a time may be younger than `from`. If false, it is older. */
  readonly isUncertain: boolean;
}

/** The words with which `compareTrustDocuments` reports a new identity. */
const newWords = '" is new, with ';
/** The maximum number of sentences, because the search for each entry goes through all of them. */
const maximumSentences = 5_000;

/**
 * Looks for the sentences with which the log describes changes. `history` is empty if there is no log. `entryWords` are
 * the words by which a sentence names a pin or a name of an identity. If a sentence since `from` has them and the
 * identity's name, the entry is taken to be as young as the latest such change.
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
    // The letter case of the name may have changed since.
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

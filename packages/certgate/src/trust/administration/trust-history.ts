import { parseChangeLogEntry, type ChangeLogEntry } from './change-log.js';

/**
 * One item of what the log shows about the past of the document in force. A line is an intent, so its presence in the
 * log doesn't prove that its document was written. It is proven if the document in force, or the document that another
 * line found, has the line's hash.
 */
export type HistoryItem =
  /** A line whose change is proven, or a line that only signed a document of the chain. */
  | { readonly kind: 'change'; readonly entry: ChangeLogEntry }
  /**
   * Another line for the same document as a `change`: a repeated command, or two people who did the same. Either may
   * have written it.
   */
  | { readonly kind: 'same'; readonly entry: ChangeLogEntry }
  /**
   * A later line found its document, so the change was made. The document in force doesn't descend from it, so
   * something other than this tool undid or overwrote the change.
   */
  | { readonly kind: 'undone'; readonly entry: ChangeLogEntry }
  /** The chain of hashes breaks after this line, and it is not proven that its document was written. */
  | { readonly kind: 'uncertain'; readonly entry: ChangeLogEntry }
  /** An intent without proof that it was carried out: usually others were faster, or the writer was stopped. */
  | { readonly kind: 'lost'; readonly entry: ChangeLogEntry }
  /**
   * No line leads to `documentSha256`: something other than this tool wrote that document, or (with `isBeginning`) it
   * may be older than the log.
   */
  | {
      readonly kind: 'gap';
      readonly documentSha256: string;
      /**
       * The revision of that document. If it is unknown, that of the next line minus one, or the highest one of the log
       * if the document in force can't be read.
       */
      readonly revision: number;
      /** Whether the history has no older change, so that the document may have been there before the log began. */
      readonly isBeginning: boolean;
    }
  /** A line that can't be read. */
  | { readonly kind: 'damaged'; readonly line: string };

interface HistoryLine {
  readonly position: number;
  readonly entry: ChangeLogEntry;
}

/**
 * Returns the items, oldest first. `current` is the document in force, or undefined if there is none. Its revision is
 * undefined if the document can't be read.
 */
export function readTrustHistory(
  lines: readonly string[],
  current: { readonly documentSha256: string; readonly revision: number | undefined } | undefined,
): readonly HistoryItem[] {
  const parsed = [...new Set(lines)].map((line, position) => ({ line, position, entry: parseChangeLogEntry(line) }));
  const readable = parsed.flatMap(({ position, entry }): HistoryLine[] =>
    entry === undefined ? [] : [{ position, entry }],
  );
  const chain = new Chain(readable);
  if (current !== undefined) {
    const highest = readable.reduce((most, { entry }) => Math.max(most, entry.revision), 0);
    chain.walk(current.documentSha256, current.revision ?? highest);
  }
  const items: { readonly position: number; readonly item: HistoryItem }[] = [...chain.items];
  for (const { line, position, entry } of parsed) {
    if (entry === undefined) items.push({ position, item: { kind: 'damaged', line } });
    else if (!chain.holds(position)) {
      const { previousDocumentSha256: found, revision } = entry;
      if (found !== null && chain.findsUnexplained(entry)) {
        const gap = { documentSha256: found, revision: revision - 1, isBeginning: false };
        items.push({ position: position - 0.5, item: { kind: 'gap', ...gap } });
      }
      const kind = chain.isOfChain(entry) ? 'same' : chain.isProven(entry) ? 'undone' : 'lost';
      items.push({ position, item: { kind, entry } });
    }
  }
  return items.sort((one, other) => one.position - other.position).map(({ item }) => item);
}

interface WantedRevision {
  readonly documentSha256: string;
  readonly revision: number;
}

class Chain {
  readonly items: { readonly position: number; readonly item: HistoryItem }[] = [];
  readonly #lines: readonly HistoryLine[];
  readonly #byDocument = new Map<string, HistoryLine[]>();
  readonly #found = new Set<string>();
  readonly #visited = new Set<number>();
  /**
   * The hashes of the documents that are on the chain. None of them is older than the document that is being looked for.
   */
  readonly #walked = new Set<string>();
  constructor(lines: readonly HistoryLine[]) {
    this.#lines = lines;
    for (const line of lines) {
      const { documentSha256, previousDocumentSha256 } = line.entry;
      const same = this.#byDocument.get(documentSha256);
      if (same === undefined) this.#byDocument.set(documentSha256, [line]);
      else same.push(line);
      if (previousDocumentSha256 !== null) this.#found.add(previousDocumentSha256);
    }
  }

  holds(position: number): boolean {
    return this.#visited.has(position);
  }

  isOfChain({ documentSha256 }: ChangeLogEntry): boolean {
    return this.#walked.has(documentSha256);
  }

  /** Whether the line found a document that no line made and that is not older than the log. */
  findsUnexplained({ previousDocumentSha256: found, revision }: ChangeLogEntry): boolean {
    if (found === null || this.#walked.has(found) || this.#byDocument.has(found)) return false;
    const beginning = this.items.find(({ item }) => item.kind === 'gap' && item.isBeginning)?.item;
    return beginning?.kind !== 'gap' || revision - 1 > beginning.revision;
  }

  isProven(entry: ChangeLogEntry): boolean {
    return this.#found.has(entry.documentSha256);
  }

  /** Goes back from one document to the document that it replaced, and so on. */
  walk(documentSha256: string, revision: number): void {
    let wanted: WantedRevision | undefined = { documentSha256, revision };
    let before = Number.POSITIVE_INFINITY;
    while (wanted !== undefined) {
      this.#walked.add(wanted.documentSha256);
      const made = this.#take(wanted.documentSha256, before);
      if (made === undefined) {
        const candidates = this.#findNewestBefore(before);
        this.items.push({
          position: before - 0.5,
          item: { kind: 'gap', ...wanted, isBeginning: candidates.length === 0 },
        });
        wanted = this.#resume(candidates);
        before = candidates.find(({ position }) => this.#visited.has(position))?.position ?? before;
        continue;
      }
      before = made.position;
      const { previousDocumentSha256 } = made.entry;
      wanted =
        previousDocumentSha256 === null
          ? undefined
          : { documentSha256: previousDocumentSha256, revision: made.entry.revision - 1 };
    }
  }

  /**
   * Returns the line that made the document, or undefined if there is none, and adds it to the items together with the
   * lines that only signed the document. Two writers may have meant the same document although only one of them wrote
   * it: the first line is the `change`, the others become `same`.
   */
  #take(documentSha256: string, before: number): HistoryLine | undefined {
    const lines = (this.#byDocument.get(documentSha256) ?? []).filter(
      ({ position }) => position < before && !this.#visited.has(position),
    );
    const made = lines.find(({ entry }) => entry.previousDocumentSha256 !== documentSha256);
    for (const line of lines.filter(({ entry }) => entry.previousDocumentSha256 === documentSha256)) this.#show(line);
    if (made !== undefined) this.#show(made);
    return made;
  }

  #show(line: HistoryLine): void {
    this.#visited.add(line.position);
    this.items.push({ position: line.position, item: { kind: 'change', entry: line.entry } });
  }

  /**
   * Finds where the chain may continue after a break: with the highest revision of the older lines. Several intents may
   * have that revision.
   */
  #findNewestBefore(before: number): readonly HistoryLine[] {
    const older = this.#lines.filter(
      ({ position, entry: { previousDocumentSha256 } }) =>
        position < before &&
        !this.#visited.has(position) &&
        // An intent based on a document of the chain, which is newer than the break, was not carried out.
        !(previousDocumentSha256 !== null && this.#walked.has(previousDocumentSha256)),
    );
    const highest = older.reduce((most, { entry }) => Math.max(most, entry.revision), -1);
    return older.filter(({ entry }) => entry.revision === highest);
  }

  #resume(candidates: readonly HistoryLine[]): WantedRevision | undefined {
    const [first] = candidates;
    if (first === undefined) return undefined;
    const { documentSha256, previousDocumentSha256, revision } = first.entry;
    const isOne = candidates.every(({ entry }) => entry.documentSha256 === documentSha256);
    if (isOne && this.isProven(first.entry)) return { documentSha256, revision };
    for (const { position, entry } of candidates) {
      this.#visited.add(position);
      this.items.push({ position, item: { kind: 'uncertain', entry } });
    }
    return previousDocumentSha256 === null
      ? undefined
      : { documentSha256: previousDocumentSha256, revision: revision - 1 };
  }
}

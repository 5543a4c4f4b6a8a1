// Which document an instance decides by, from what it has read (docs/trust-sources.md, "When something goes wrong").
import type { Document } from './document.js';

/** The options of a store that decide which documents it takes. */
export type StoreOptions = Readonly<{ audience?: string; minimumRevision?: number; signedBy?: readonly string[] }>;

/**
 * A reading of a trust source: what there was, and how long ago it began, by the clock that says more. `isSigned`: by one
 * of the keys of `signedBy`.
 */
export type DocumentReading = Readonly<{
  age: number;
  content: Document | 'invalid' | 'unreachable';
  isSigned?: boolean;
}>;

const staleness = { unreachable: 86_400_000, refused: 3_600_000 } as const;

/** The last document that was taken, as long as readings fail for no longer than the limit. Undefined: nobody is admitted. */
export function findDocument(readings: readonly DocumentReading[], options: StoreOptions = {}): Document | undefined {
  let inUse: Document | undefined;
  let age = Infinity;
  let limit: number = staleness.unreachable;
  for (const { content, age: ofReading, isSigned = false } of readings) {
    if (content === 'unreachable') continue;
    const isWellSigned = options.signedBy === undefined || isSigned;
    if (content === 'invalid' || !isWellSigned || !isTaken(content, inUse, options)) limit = staleness.refused;
    else [inUse, age, limit] = [content, ofReading, staleness.unreachable];
  }
  return age > limit ? undefined : inUse;
}

function isTaken(
  content: Document,
  inUse: Document | undefined,
  { audience: app, minimumRevision = 0, signedBy }: StoreOptions,
): boolean {
  const { audience, revision } = content;
  if (audience?.some((name) => name.toLowerCase() === app?.toLowerCase()) === false) return false;
  // An old document that is signed stays signed, so that each change needs a revision of its own.
  const isReused = signedBy !== undefined && revision === inUse?.revision && content !== inUse;
  return revision >= minimumRevision && revision >= (inUse?.revision ?? 0) && !isReused;
}

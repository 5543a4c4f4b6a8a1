// The document that an instance uses, by its readings (docs/trust-sources.md, "When something goes wrong").
import type { Document } from './document.js';

/** The options of a store that decide which documents it accepts. */
export type StoreOptions = Readonly<{ audience?: string; minimumRevision?: number; signedBy?: readonly string[] }>;

/**
 * A reading of a trust source. `age`: milliseconds since it began, by the clock that shows more. `content`: what the
 * source had. `isSigned`: whether one of the keys in `signedBy` signed it.
 */
export type DocumentReading = Readonly<{
  age: number;
  content: Document | 'invalid' | 'unreachable';
  isSigned?: boolean;
}>;

const staleness = { unreachable: 86_400_000, refused: 3_600_000 } as const;

/** The last accepted document. Undefined if there is none, or if readings have failed for longer than the limit. */
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
  // With signatures, each change needs a new revision, because an older document stays signed.
  const isReused = signedBy !== undefined && revision === inUse?.revision && content !== inUse;
  return revision >= minimumRevision && revision >= (inUse?.revision ?? 0) && !isReused;
}

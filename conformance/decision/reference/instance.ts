// Which document an instance decides by, from what it has read (docs/trust-sources.md, "When something goes wrong").
import type { Document } from './document.js';

/** A reading of a trust source: what there was, and how long ago it began, by the clock that says more. */
export type DocumentReading = Readonly<{ age: number; content: Document | 'invalid' | 'unreachable' }>;

const staleness = { unreachable: 86_400_000, refused: 3_600_000 } as const;

/** The last document that was taken, as long as readings fail for no longer than the limit. Undefined: nobody is admitted. */
export function findDocument(readings: readonly DocumentReading[]): Document | undefined {
  let inUse: Document | undefined;
  let age = Infinity;
  let limit: number = staleness.unreachable;
  for (const { content, age: ofReading } of readings) {
    if (content === 'unreachable') continue;
    if (content === 'invalid' || content.revision < (inUse?.revision ?? 0)) limit = staleness.refused;
    else [inUse, age, limit] = [content, ofReading, staleness.unreachable];
  }
  return age > limit ? undefined : inUse;
}

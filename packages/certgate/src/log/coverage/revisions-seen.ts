import type { StatusLogLine } from '@certgate/core/internal';
import type { LimitFacts } from './coverage-limit.js';
import { findGaps } from './time-span.js';

const maximumSources = 1_000;

/** Collects the revisions that the status lines show, for each of at most `maximumSources` trust documents. */
export class RevisionsSeen {
  readonly #sources = new Map<string, Set<number>>();

  note(trust: NonNullable<StatusLogLine['trust']>): void {
    for (const { source, revision } of trust) {
      if (revision === undefined) continue;
      const seen = this.#sources.get(source);
      if (seen !== undefined) seen.add(revision);
      else if (this.#sources.size < maximumSources) this.#sources.set(source, new Set([revision]));
    }
  }

  /** The revisions that no line shows, although lines show an earlier and a later one of the same document. */
  findUnseen(): readonly LimitFacts[] {
    return [...this.#sources].flatMap(([source, seen]): readonly LimitFacts[] => {
      const gaps = findGaps([...seen].map((revision) => ({ from: revision, until: revision + 1 })));
      const revisions = gaps
        .filter(({ until }) => until !== Number.POSITIVE_INFINITY)
        .map(({ from, until }) => ({ from, through: until - 1 }));
      return revisions.length === 0 ? [] : [{ code: 'revisions_not_seen', source, revisions }];
    });
  }
}

import type { PathCertificate, PathCheck } from '@certgate/core/internal';

/** One path that was tried, or a beginning of one above which the search found nothing. */
export interface TracedPath {
  /** Undefined: it never came to one. */
  readonly trustAnchor: PathCertificate | undefined;
  /** From the highest to the target. */
  readonly certificates: readonly PathCertificate[];
  readonly checks: readonly PathCheck[];
}

/** Hears a validator, and sorts what it says by the path that it is about, in the order in which they were tried. */
export class PathTrace {
  readonly #paths = new Map<string, TracedPath & { readonly checks: PathCheck[] }>();

  hear(check: PathCheck): void {
    const { trustAnchor, certificates } = check;
    const key = [trustAnchor, ...certificates].map((each) => each?.thumbprintSha256 ?? '').join('\n');
    const path = this.#paths.get(key) ?? { trustAnchor, certificates, checks: [] };
    path.checks.push(check);
    this.#paths.set(key, path);
  }

  get paths(): readonly TracedPath[] {
    return [...this.#paths.values()];
  }
}

/** A line that is written or left out. */
export interface LineKind {
  /** Lines with the same key share a limit. */
  readonly key: string;
  /** The identity of the trust document that the line is about, if there is one. */
  readonly identity?: string | undefined;
  /** The thumbprint of an unknown caller's certificate. */
  readonly certificate?: string | undefined;
  /** The line is written however many there are, unless `certificate` has reached its limit. */
  readonly isExempt?: boolean;
}

const windowMilliseconds = 60_000;
const linesPerKey = 20;
const linesPerCertificate = 3;
const linesInAll = 300;
/**
 * The limit of pairs of key and identity in a minute. Calls of a real document don't reach it, but a custom trust store
 * may make up names.
 */
const maximumIdentities = 10_000;

/**
 * Decides which lines are written in a minute. Each identity of the document has a limit of its own for each key, in a
 * table that no unknown caller can fill, and its first line with each key is written. Unknown callers share a limit for
 * each key. Except for those first lines and exempt ones, `linesInAll` limits all lines together. Only a line that is
 * written adds a certificate to a table.
 */
export class LineBudget {
  #beganAt = Number.NEGATIVE_INFINITY;
  #lines = 0;
  readonly #byKey = new Map<string, number>();
  readonly #byIdentity = new Map<string, number>();
  readonly #byCertificate = new Map<string, number>();

  /**
   * Whether the line should be written. If so, it is counted as written. `now` is in milliseconds of a clock that never
   * goes back.
   */
  spend({ key, identity, certificate, isExempt = false }: LineKind, now: number): boolean {
    if (!(now - this.#beganAt < windowMilliseconds)) this.#begin(now);
    const name = identity === undefined ? key : `${key} ${identity}`;
    const isListed =
      identity !== undefined && (this.#byIdentity.has(name) || this.#byIdentity.size < maximumIdentities);
    const written = (isListed ? this.#byIdentity.get(name) : this.#byKey.get(key)) ?? 0;
    const isFirst = isListed && written === 0;
    const isLeft = written < linesPerKey && this.#lines < linesInAll;
    if (!isExempt && !isFirst && !isLeft) return false;
    // This is checked last, because the thumbprint text of an unknown caller must be hashed for it.
    const ofCertificate = certificate === undefined ? 0 : (this.#byCertificate.get(certificate) ?? 0);
    if (ofCertificate >= linesPerCertificate) return false;
    this.#lines += 1;
    if (isListed) this.#byIdentity.set(name, written + 1);
    else this.#byKey.set(key, written + 1);
    if (certificate !== undefined) this.#byCertificate.set(certificate, ofCertificate + 1);
    return true;
  }

  #begin(now: number): void {
    this.#beganAt = now;
    this.#lines = 0;
    for (const table of [this.#byKey, this.#byIdentity, this.#byCertificate]) table.clear();
  }
}

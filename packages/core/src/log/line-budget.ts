/** One line that may be written or left out. */
export interface LineKind {
  /** What is counted together. */
  readonly key: string;
  /** Of a caller of the trust document. */
  readonly identity?: string | undefined;
  /** Of a stranger's certificate. */
  readonly certificate?: string | undefined;
  /** Written, however many there are. */
  readonly isExempt?: boolean;
}

const windowMilliseconds = 60_000;
const linesPerKey = 20;
const linesPerCertificate = 3;
const linesInAll = 300;
/** No document comes near it in a minute; a trust store of the app's own may make up names. */
const maximumIdentities = 10_000;

/**
 * Which lines are written in a minute. A listed caller has a limit of its own, in a table that no stranger can enter, and
 * its first line is always written. Strangers share theirs. Only a line that is written makes an entry for a certificate.
 */
export class LineBudget {
  #beganAt = Number.NEGATIVE_INFINITY;
  #lines = 0;
  readonly #byKey = new Map<string, number>();
  readonly #byIdentity = new Map<string, number>();
  readonly #byCertificate = new Map<string, number>();

  /** Whether the line is to be written, at `now` (milliseconds of a clock that never goes back). Then it counts as written. */
  spend({ key, identity, certificate, isExempt = false }: LineKind, now: number): boolean {
    if (!(now - this.#beganAt < windowMilliseconds)) this.#begin(now);
    const name = identity === undefined ? key : `${key} ${identity}`;
    const isListed =
      identity !== undefined && (this.#byIdentity.has(name) || this.#byIdentity.size < maximumIdentities);
    const written = (isListed ? this.#byIdentity.get(name) : this.#byKey.get(key)) ?? 0;
    const isFirst = isListed && written === 0;
    const isLeft = written < linesPerKey && this.#lines < linesInAll;
    if (!isExempt && !isFirst && !isLeft) return false;
    // Looked up last: the text of a stranger's certificate has to be hashed for it.
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

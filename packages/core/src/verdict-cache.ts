import type { ClientIdentity } from './client-identity.js';

/** Who a certificate belongs to, and for how long that holds. Never whether a call is allowed. */
export interface Verdict {
  readonly identity: ClientIdentity;
  /** The trust version it was reached under. */
  readonly version: string;
  /** [validFrom, validUntil) in milliseconds: the intersection of all intervals that bear on it. */
  readonly validFrom: number;
  readonly validUntil: number;
}

interface Entry extends Verdict {
  readonly text: string;
}

/** The signature's tail: differs between any two certificates that are not made to collide. */
const tailLength = 64;

/**
 * Remembers who trusted certificates belong to. The key is the tail of the header's text, confirmed by comparing the
 * whole: cheaper than hashing it all. A tail that matches with another text is a miss: never a denial, never an eviction,
 * so that nobody can push a trusted caller out. Only certificates of an identity enter, and it is bounded all the same.
 */
export class VerdictCache {
  readonly #entries = new Map<string, Entry>();
  readonly #capacity: number;

  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(text: string, version: string, now: number): ClientIdentity | undefined {
    const entry = this.#entries.get(text.slice(-tailLength));
    if (entry === undefined || entry.text !== text || entry.version !== version) return undefined;
    return now >= entry.validFrom && now < entry.validUntil ? entry.identity : undefined;
  }

  remember(text: string, verdict: Verdict): void {
    const tail = text.slice(-tailLength);
    const present = this.#entries.get(tail);
    if (present !== undefined && present.text !== text) {
      // Two trusted certificates with one tail: the first stays, unless what it says is of the past.
      if (present.version === verdict.version) return;
    } else if (present === undefined && this.#entries.size >= this.#capacity) {
      this.#forgetOldest();
    }
    // Flat copies: a slice would keep the whole request's memory alive.
    this.#entries.set(copyText(tail), Object.freeze({ ...verdict, text: copyText(text) }));
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}

function copyText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

import { hashHex } from '@certgate/x509/internal';
import { hashTail } from '../certificate-header/certificate-header.js';
import { type Denial, isMomentary } from '../denial.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { ClientIdentity } from './decision.js';

/** Who a certificate belongs to, and for how long that holds. Never whether a call is allowed. */
export interface RememberedIdentity {
  readonly identity: ClientIdentity;
  /** The trust version it was reached under. */
  readonly version: string;
  /** [validFrom, validUntil) in milliseconds: the intersection of all intervals that bear on it. */
  readonly validFrom: number;
  readonly validUntil: number;
}

interface Entry extends RememberedIdentity {
  readonly text: string;
}

/**
 * Remembers who trusted certificates belong to. The key is a hash of the header's tail, confirmed by comparing the whole
 * text: cheaper than hashing it all. A key that matches with another text is a miss: never a denial, never an eviction,
 * so that nobody can push a trusted caller out. Only certificates of an identity enter, and it is bounded anyway.
 */
export class IdentityCache {
  readonly #entries = new Map<number, Entry>();
  readonly #capacity: number;
  readonly #textCapacity: number;
  #textLength = 0;
  #oldest: MapIterator<[number, Entry]> | undefined;

  /** `capacity` counts certificates, `textCapacity` the characters of their headers. */
  constructor(capacity = 4096, textCapacity: number = 8 * 1024 * 1024) {
    this.#capacity = capacity;
    this.#textCapacity = textCapacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(text: string, version: string, now: number): ClientIdentity | undefined {
    const entry = this.#entries.get(hashTail(text));
    if (entry === undefined || entry.text !== text || entry.version !== version) return undefined;
    return now >= entry.validFrom && now < entry.validUntil ? entry.identity : undefined;
  }

  remember(text: string, remembered: RememberedIdentity): void {
    const key = hashTail(text);
    const present = this.#entries.get(key);
    // Two trusted certificates with one key: the first stays, unless what it says is of the past.
    if (present !== undefined && present.text !== text && present.version === remembered.version) return;
    if (present !== undefined) {
      this.#forget(key, present);
      // An iterator keeps what was deleted since it was last asked.
      this.#oldest = undefined;
    }
    // A flat copy: a slice would keep the whole request's memory alive.
    this.#entries.set(key, Object.freeze({ ...remembered, text: copyText(text) }));
    this.#textLength += text.length;
    // Whoever holds a pinned key can make any number of certificates, each as large as the header may be.
    while (this.#entries.size > this.#capacity || this.#textLength > this.#textCapacity) this.#forgetOldest();
  }

  /** A new iterator first passes over all entries that were deleted: of 4,096, that is a microsecond for each new one. */
  #forgetOldest(): void {
    this.#oldest ??= this.#entries.entries();
    const next = this.#oldest.next();
    if (next.done === true) this.#oldest = undefined;
    else this.#forget(...next.value);
  }

  #forget(key: number, entry: Entry): void {
    this.#entries.delete(key);
    this.#textLength -= entry.text.length;
  }
}

function copyText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

interface RefusalEntry {
  readonly version: string;
  /** Of the text of the chain that came with the certificate: with another chain, there may be a path. */
  readonly chainSha256: string | undefined;
  readonly denial: Denial;
  /** [rememberedAt, endsAt) in milliseconds. */
  readonly rememberedAt: number;
  readonly endsAt: number;
}

/** What doesn't hold now may hold a moment later, when one of the certificates begins. */
const lifetimeMilliseconds = 30_000;

/**
 * Remembers refusals for which a certificate was decoded, or a certification path looked for, so that a stranger's second
 * request costs one hash. By the SHA-256 of the certificate and the version of what decided; bounded, and for half a
 * minute. It can only refuse.
 */
export class RefusalCache {
  readonly #entries = new Map<string, RefusalEntry>();
  readonly #capacity: number;

  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  find({ thumbprintSha256, chain }: RefusedCertificate, version: string, now: number): Denial | undefined {
    // Where no authority is trusted, nothing ever enters.
    if (this.#entries.size === 0) return undefined;
    const entry = this.#entries.get(thumbprintSha256);
    if (entry === undefined || entry.version !== version) return undefined;
    if (!(now >= entry.rememberedAt && now < entry.endsAt)) return undefined;
    return entry.chainSha256 === hashChain(chain) ? entry.denial : undefined;
  }

  /** `finding` is what the store said. */
  remember(
    { thumbprintSha256, chain }: RefusedCertificate,
    version: string,
    finding: TrustFinding,
    denial: Denial,
    now: number,
  ): void {
    if (!isWorthRemembering(finding, denial)) return;
    this.#entries.delete(thumbprintSha256);
    const endsAt = now + lifetimeMilliseconds;
    const chainSha256 = hashChain(chain);
    this.#entries.set(thumbprintSha256, Object.freeze({ version, chainSha256, denial, rememberedAt: now, endsAt }));
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** What a refusal is remembered by. */
interface RefusedCertificate {
  readonly thumbprintSha256: string;
  /** The text of the chain that came with it. */
  readonly chain: string | undefined;
}

function hashChain(chain: string | undefined): string | undefined {
  return chain === undefined ? undefined : hashHex('sha256', Buffer.from(chain, 'latin1'));
}

/** Whether a refusal may have cost more than a look into a table, and will last. */
export function isWorthRemembering(finding: TrustFinding, { code }: Denial): boolean {
  return isCostly(finding) && !isMomentary(code);
}

/**
 * A certificate whose issuer is known was decoded and its names compared: no other that isn't found has a detail. One that
 * was nominated was verified too. A certificate that was found is somebody's, and costs no more than its decoding.
 */
function isCostly(finding: TrustFinding): boolean {
  if (finding.outcome === 'notFound') return finding.detail !== undefined;
  return finding.outcome === 'denied' || finding.outcome === 'nominated';
}

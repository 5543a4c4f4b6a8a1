import { hashHex } from '@certgate/x509/internal';
import { hashTail } from '../certificate-header/certificate-header.js';
import { type Denial, isMomentary } from '../denial.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { ClientIdentity } from './decision.js';

/** The identity that a certificate belongs to, and for how long. Never whether a call is allowed. */
export interface RememberedIdentity {
  readonly identity: ClientIdentity;
  /** The version of the trust store under which the identity was found. */
  readonly version: string;
  /**
   * The identity is valid in [validFrom, validUntil), in milliseconds since 1970-01-01T00:00:00Z: the intersection of
   * all intervals on which it depends.
   */
  readonly validFrom: number;
  readonly validUntil: number;
}

interface MemoryEntry extends RememberedIdentity {
  readonly text: string;
}

/**
 * Remembers the identities of trusted certificates. The key is a hash of the end of the certificate's text. The whole
 * text is compared afterwards, which is cheaper than hashing it. If the key matches but the text differs, the look-up
 * is a miss: never a denial and never an eviction. Only certificates that belong to an identity enter, so that an
 * unknown caller cannot push a trusted one out. Their number is bounded.
 */
export class IdentityCache {
  readonly #entries = new Map<number, MemoryEntry>();
  readonly #capacity: number;
  readonly #textCapacity: number;
  #textLength = 0;
  #oldest: MapIterator<[number, MemoryEntry]> | undefined;

  /** `capacity` limits the number of certificates, `textCapacity` the characters of all their texts. */
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
    // If two trusted certificates have the same key, the first one stays, unless it was remembered under another
    // version.
    if (present !== undefined && present.text !== text && present.version === remembered.version) return;
    if (present !== undefined) {
      this.#forget(key, present);
      // A Map iterator can keep deleted entries alive until its next use.
      this.#oldest = undefined;
    }
    // A flat copy, because a slice would keep the text that it was cut from in memory.
    this.#entries.set(key, Object.freeze({ ...remembered, text: copyText(text) }));
    this.#textLength += text.length;
    // The owner of a pinned key can make any number of certificates, each as large as the header may be.
    while (this.#entries.size > this.#capacity || this.#textLength > this.#textCapacity) this.#forgetOldest();
  }

  /**
   * Forgets the oldest entry. The iterator is kept, because a new one would first pass over the deleted entries: with
   * 4,096 entries, that would cost microseconds for each new certificate.
   */
  #forgetOldest(): void {
    this.#oldest ??= this.#entries.entries();
    const next = this.#oldest.next();
    if (next.done === true) this.#oldest = undefined;
    else this.#forget(...next.value);
  }

  #forget(key: number, entry: MemoryEntry): void {
    this.#entries.delete(key);
    this.#textLength -= entry.text.length;
  }
}

function copyText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

interface RefusalEntry {
  readonly version: string;
  /**
   * The SHA-256 of the text of the chain that came with the certificate. Undefined if no chain came, or if the app
   * accepts none. The refusal applies only to this chain, because another one may give a path.
   */
  readonly chainSha256: string | undefined;
  readonly denial: Denial;
  /** The refusal is used in [rememberedAt, endsAt), in milliseconds since 1970-01-01T00:00:00Z. */
  readonly rememberedAt: number;
  readonly endsAt: number;
}

/**
 * How long a refusal is remembered. It may be wrong a moment later, when one of the certificates begins to be valid.
 */
const lifetimeMilliseconds = 30_000;

/**
 * Remembers refusals that may have cost more than a look-up, so that the next request with the same certificate and
 * chain costs little more than hashing them. The key is the SHA-256 of the certificate; the chain and the version of
 * the trust store must be the same too. The cache is bounded, and each entry is used for at most half a minute. It can
 * only refuse.
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

  find({ thumbprintSha256, chain }: RefusalKey, version: string, now: number): Denial | undefined {
    // The usual case: no costly refusal was remembered.
    if (this.#entries.size === 0) return undefined;
    const entry = this.#entries.get(thumbprintSha256);
    if (entry === undefined || entry.version !== version) return undefined;
    if (!(now >= entry.rememberedAt && now < entry.endsAt)) return undefined;
    return entry.chainSha256 === hashChain(chain) ? entry.denial : undefined;
  }

  /** `finding` is the trust store's answer. */
  remember(
    { thumbprintSha256, chain }: RefusalKey,
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

/** The certificate and chain by which a refusal is remembered. */
interface RefusalKey {
  readonly thumbprintSha256: string;
  /** The text of the chain that came with the certificate. Undefined if no chain came, or if the app accepts none. */
  readonly chain: string | undefined;
}

function hashChain(chain: string | undefined): string | undefined {
  return chain === undefined ? undefined : hashHex('sha256', Buffer.from(chain, 'latin1'));
}

/** Whether a refusal may have cost more than a look-up, and has a code that `isMomentary` doesn't exclude. */
export function isWorthRemembering(finding: TrustFinding, { code }: Denial): boolean {
  return isCostly(finding) && !isMomentary(code);
}

/**
 * Whether the trust store or the gate may have done more than a look-up. A trust document's `notFound` has a detail
 * only if the store read more than the issuer's name: the rest of the certificate, or its chain. After a nomination,
 * the gate decodes the certificate, and a path may be validated. A certificate that was found belongs to somebody, so
 * its refusal is not remembered.
 */
function isCostly(finding: TrustFinding): boolean {
  if (finding.outcome === 'notFound') return finding.detail !== undefined;
  return finding.outcome === 'denied' || finding.outcome === 'nominated';
}

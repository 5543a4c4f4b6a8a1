import type { Denial } from './denial.js';
import type { TrustFinding } from './trust-finding.js';

interface Entry {
  readonly version: string;
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
  readonly #entries = new Map<string, Entry>();
  readonly #capacity: number;

  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(thumbprintSha256: string, version: string, now: number): Denial | undefined {
    const entry = this.#entries.get(thumbprintSha256);
    if (entry === undefined || entry.version !== version) return undefined;
    return now >= entry.rememberedAt && now < entry.endsAt ? entry.denial : undefined;
  }

  /** `finding` is what the store said. Kept if it may have cost it more than a look into a table. */
  remember(thumbprintSha256: string, version: string, finding: TrustFinding, denial: Denial, now: number): void {
    if (!isCostly(finding)) return;
    this.#entries.delete(thumbprintSha256);
    const endsAt = now + lifetimeMilliseconds;
    this.#entries.set(thumbprintSha256, Object.freeze({ version, denial, rememberedAt: now, endsAt }));
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/**
 * Whose issuer is known has been decoded, and his names were compared: nobody else who isn't found has a detail. What an
 * entry of the document says of its dates is exact to the millisecond, and what has no revocation information now may have
 * it at once: those aren't kept.
 */
function isCostly(finding: TrustFinding): boolean {
  if (finding.outcome === 'notFound') return finding.detail !== undefined;
  return finding.outcome === 'denied' && /^(?:path|certificate)_/.test(finding.code);
}

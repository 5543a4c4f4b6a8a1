import type { Denial } from './denial.js';

interface Entry {
  readonly version: string;
  readonly denial: Denial;
  /** [rememberedAt, endsAt) in milliseconds. */
  readonly rememberedAt: number;
  readonly endsAt: number;
}

/** A path that doesn't hold now may hold a moment later, when one of its certificates begins. */
const lifetimeMilliseconds = 30_000;

/**
 * Remembers refusals that took a certification path to come to, so that a stranger's second request costs one hash. By the
 * SHA-256 of the certificate and the version of what decided; bounded, and for half a minute. It can only refuse.
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

  /** Keeps the refusal if it is one of those that cost signatures; the others are cheaper to come to again. */
  remember(thumbprintSha256: string, version: string, denial: Denial, now: number): void {
    if (!isCostly(denial)) return;
    this.#entries.delete(thumbprintSha256);
    const endsAt = now + lifetimeMilliseconds;
    this.#entries.set(thumbprintSha256, Object.freeze({ version, denial, rememberedAt: now, endsAt }));
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** What has no revocation information now may have it at once; that isn't kept. */
function isCostly({ code }: Denial): boolean {
  return code.startsWith('path_') || code === 'certificate_revoked';
}

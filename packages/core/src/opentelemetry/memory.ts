import type { Clock } from '../trust-store/read-history.js';
import type { RevocationListEvent } from '../trust-store/revocation-channel.js';
import type { TrustRefreshEvent } from '../trust-store/trust-channel.js';

/**
 * Half of what OpenTelemetry's SDK keeps per instrument by default: it forgets no series until the process ends, and what
 * exceeds its limit is lumped together.
 */
const maximumCertificates = 1000;
const dayMilliseconds = 86_400_000;

interface Use {
  readonly identityName: string;
  readonly endsAt: number;
  readonly seenAt: number;
}

/** Which certificates were admitted during the last day, and when their access ends. */
export class CertificatesInUse {
  /** The one that was seen longest ago comes first. */
  readonly #uses = new Map<string, Use>();

  note(identityName: string, thumbprintSha256: string, endsAt: number, now: number): void {
    const key = `${thumbprintSha256} ${identityName}`;
    this.#uses.delete(key);
    this.#uses.set(key, { identityName, endsAt, seenAt: now });
    if (this.#uses.size <= maximumCertificates) return;
    const [oldest] = this.#uses.keys();
    if (oldest !== undefined) this.#uses.delete(oldest);
  }

  /**
   * Seconds until the first of an identity's certificates ends, by identity, so that a rotation makes no series of its
   * own; 0 where all have ended. One that has ended counts no longer beside one that hasn't: it is nobody's concern.
   */
  listSecondsToExpiry(now: number): ReadonlyMap<string, number> {
    const seconds = new Map<string, number>();
    for (const [key, { identityName, endsAt, seenAt }] of this.#uses) {
      if (now - seenAt > dayMilliseconds) {
        this.#uses.delete(key);
        continue;
      }
      const left = Math.max(0, (endsAt - now) / 1000);
      seconds.set(identityName, chooseFirstEnd(seconds.get(identityName) ?? 0, left));
    }
    return seconds;
  }
}

function chooseFirstEnd(one: number, other: number): number {
  return one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other);
}

/** No app has as many stores; a bound anyway, since the names come through a channel that anybody may publish to. */
const maximumSources = 100;

interface Read {
  readonly revision: number | undefined;
  readonly hasRevocationFault: boolean;
  /** How old the snapshot was when the event came, and when that was. */
  readonly ageThen: number | undefined;
  readonly monotonicThen: number;
  readonly lastSuccessAt: number | undefined;
}

export interface TrustState {
  readonly source: string;
  readonly revision: number | undefined;
  readonly hasRevocationFault: boolean;
  /** Undefined as long as nothing was read. */
  readonly ageSeconds: number | undefined;
}

/** The latest read of each trust source. */
export class TrustReads {
  readonly #clock: Clock;
  readonly #reads = new Map<string, Read>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ source, revision, revocationFault, lastSuccessAt }: TrustRefreshEvent): void {
    if (!this.#reads.has(source) && this.#reads.size >= maximumSources) return;
    const ageThen = lastSuccessAt === undefined ? undefined : this.#clock.wall() - lastSuccessAt;
    const hasRevocationFault = revocationFault !== undefined;
    const monotonicThen = this.#clock.monotonic();
    this.#reads.set(source, { revision, hasRevocationFault, ageThen, monotonicThen, lastSuccessAt });
  }

  list(): readonly TrustState[] {
    return [...this.#reads].map(([source, read]) => {
      const { revision, hasRevocationFault } = read;
      return { source, revision, hasRevocationFault, ageSeconds: this.#age(read) };
    });
  }

  /** The larger of the two clocks' answers, as the store itself reckons: one may have stood still or been set back. */
  #age({ ageThen, monotonicThen, lastSuccessAt }: Read): number | undefined {
    if (ageThen === undefined || lastSuccessAt === undefined) return undefined;
    const byMonotonic = ageThen + this.#clock.monotonic() - monotonicThen;
    return Math.max(0, this.#clock.wall() - lastSuccessAt, byMonotonic) / 1000;
  }
}

/** No app has as many; a bound anyway, as of sources. */
const maximumLists = 100;

/** The revocation lists in use, and when they end. */
export class RevocationEnds {
  readonly #lists = new Map<string, Pick<RevocationListEvent, 'issuer' | 'end'>>();

  note({ code, authority, issuer, isDelta, end }: RevocationListEvent): void {
    const key = JSON.stringify([authority, issuer, isDelta]);
    if (code === 'revocation_forgotten') this.#lists.delete(key);
    else if (this.#lists.has(key) || this.#lists.size < maximumLists) this.#lists.set(key, { issuer, end });
  }

  /** Seconds until the first list of an issuer ends; 0 where it has ended. */
  listSecondsToEnd(now: number): ReadonlyMap<string, number> {
    const seconds = new Map<string, number>();
    for (const { issuer, end } of this.#lists.values()) {
      const left = Math.max(0, (end - now) / 1000);
      seconds.set(issuer, Math.min(seconds.get(issuer) ?? left, left));
    }
    return seconds;
  }
}

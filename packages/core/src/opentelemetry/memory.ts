import type { Attributes } from '@opentelemetry/api';
import type { StatusEvent } from '../log/status-channel.js';
import type { Clock } from '../trust-store/read-history.js';
import type { RevocationListEvent } from '../trust-store/revocation-channel.js';
import type { TrustRefreshEvent } from '../trust-store/trust-channel.js';

/**
 * Half of what OpenTelemetry's SDK keeps per instrument by default. The SDK forgets no series until the process ends,
 * and merges those beyond its limit into one.
 */
const maximumCertificates = 1000;
const dayMilliseconds = 86_400_000;

interface Use {
  readonly identityName: string;
  readonly endsAt: number;
  readonly seenAt: number;
}

/**
 * Which certificates were admitted during the last day, and when their access ends; at most the 1,000 that were seen
 * last.
 */
export class CertificatesInUse {
  /** The uses, with the one that was seen longest ago first. */
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
   * The seconds until the first of an identity's certificates ends, by identity, so that a rotation creates no new
   * series. 0 if all have ended. A certificate that has ended is ignored if the identity has another one that has not.
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

/** The limit of trust sources, because anybody may publish to the channel that the names come from. */
const maximumSources = 100;

interface Read {
  readonly event: TrustRefreshEvent;
  /** How old the snapshot was when the event came (milliseconds), and when that was by the monotonic clock. */
  readonly ageThen: number | undefined;
  readonly monotonicThen: number;
}

export interface TrustState extends TrustRefreshEvent {
  /** The age of the last good read, in seconds. Undefined if there was none. */
  readonly ageSeconds: number | undefined;
}

/** When a CA certificate of an authority ends. */
export interface AuthorityEnd {
  readonly authority: string;
  readonly subject: string;
  /** The seconds until then; 0 if it has ended. */
  readonly seconds: number;
}

/** The latest read of each trust source. */
export class TrustReads {
  readonly #clock: Clock;
  readonly #reads = new Map<string, Read>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(event: TrustRefreshEvent): void {
    const { source, lastSuccessAt } = event;
    if (!this.#reads.has(source) && this.#reads.size >= maximumSources) return;
    const ageThen = lastSuccessAt === undefined ? undefined : this.#clock.wall() - lastSuccessAt;
    this.#reads.set(source, { event, ageThen, monotonicThen: this.#clock.monotonic() });
  }

  list(): readonly TrustState[] {
    return [...this.#reads.values()].map((read) => ({ ...read.event, ageSeconds: this.#age(read) }));
  }

  /** The ends of all sources' authorities. If there are too many, those that end last are left out. */
  listAuthorityEnds(): readonly AuthorityEnd[] {
    const now = this.#clock.wall();
    const ends = new Map<string, AuthorityEnd>();
    for (const { event } of this.#reads.values()) {
      for (const { authority, subject, notAfter } of event.authorityCertificates) {
        const key = JSON.stringify([authority, subject]);
        const left = Math.max(0, (notAfter - now) / 1000);
        ends.set(key, { authority, subject, seconds: chooseFirstEnd(ends.get(key)?.seconds ?? 0, left) });
      }
    }
    return [...ends.values()].sort((one, other) => one.seconds - other.seconds).slice(0, maximumCertificates);
  }

  /**
   * The larger of the ages by the two clocks, as the store computes it, because a clock may have stopped or been set
   * back.
   */
  #age({ event: { lastSuccessAt }, ageThen, monotonicThen }: Read): number | undefined {
    if (ageThen === undefined || lastSuccessAt === undefined) return undefined;
    const byMonotonic = ageThen + this.#clock.monotonic() - monotonicThen;
    return Math.max(0, this.#clock.wall() - lastSuccessAt, byMonotonic) / 1000;
  }
}

/** The limit of gates in one process. Gates with the same version, host and front end are one. */
const maximumGates = 100;

/** The version, host and front end of each gate, as attributes. */
export class Gates {
  readonly #gates = new Map<string, Attributes>();

  note({ version, host, frontEnd }: StatusEvent): void {
    const attributes = {
      'certgate.gate.version': version,
      'certgate.gate.host': host,
      ...(frontEnd === undefined ? {} : { 'certgate.gate.front_end': frontEnd }),
    };
    if (this.#gates.size < maximumGates) this.#gates.set(JSON.stringify(attributes), attributes);
  }

  list(): readonly Attributes[] {
    return [...this.#gates.values()];
  }
}

/** The limit of lists, because anybody may publish to the channel that they come from. */
const maximumLists = 100;

/** The revocation lists in use, and when they end. */
export class RevocationEnds {
  readonly #lists = new Map<string, Pick<RevocationListEvent, 'issuer' | 'end'>>();

  note({ code, authority, issuer, isDelta, end }: RevocationListEvent): void {
    const key = JSON.stringify([authority, issuer, isDelta]);
    if (code === 'revocation_forgotten') this.#lists.delete(key);
    else if (this.#lists.has(key) || this.#lists.size < maximumLists) this.#lists.set(key, { issuer, end });
  }

  /** The seconds until the first list of an issuer ends, by issuer. 0 if it has ended. */
  listSecondsToEnd(now: number): ReadonlyMap<string, number> {
    const seconds = new Map<string, number>();
    for (const { issuer, end } of this.#lists.values()) {
      const left = Math.max(0, (end - now) / 1000);
      seconds.set(issuer, Math.min(seconds.get(issuer) ?? left, left));
    }
    return seconds;
  }
}

import type { Attributes, Counter, Meter, Observable, ObservableCallback } from '@opentelemetry/api';
import type { DecisionEvent } from '../log/decision-channel.js';
import type { RevocationReadFailure } from '../trust-store/revocation-channel.js';
import type { TrustRefreshEvent } from '../trust-store/trust-channel.js';
import type { CertificatesInUse, Gates, RevocationEnds, TrustReads, TrustState } from './memory.js';
import type { Clock } from '../trust-store/read-history.js';

/** What the observer has learnt from events, for the gauges. */
export interface GateMemory {
  readonly gates: Gates;
  readonly certificates: CertificatesInUse;
  readonly reads: TrustReads;
  readonly lists: RevocationEnds;
}

/**
 * The limit of names in attributes, because each name has several outcomes, and OpenTelemetry's SDK keeps a limited
 * number of series per instrument. A document may list more.
 */
const maximumNames = 500;

type Gauge = readonly [Observable, ObservableCallback];

/** The values of a gauge with their attributes. A series without a value is left out. */
type Shown = readonly (readonly [value: number | undefined, attributes: Attributes])[];

/**
 * The instruments, by OpenTelemetry's semantic conventions: no units in names, counted things in the plural, times in
 * seconds. docs/observability.md lists them.
 */
export class GateMetrics {
  readonly #instance: Attributes;
  readonly #decisions: Counter;
  readonly #byIdentity: Counter;
  readonly #identities = new Set<string>();
  readonly #refreshes: Counter;
  readonly #readFailures: Counter;
  readonly #listSources = new Set<string>();
  readonly #gauges: readonly Gauge[];

  /** `instance` is added to the attributes of every value. */
  constructor(meter: Meter, { gates, certificates, reads, lists }: GateMemory, clock: Clock, instance: Attributes) {
    this.#instance = instance;
    const count = (name: string, description: string, unit: string): Counter =>
      meter.createCounter(name, { description, unit });
    this.#decisions = count('certgate.decisions', 'Decisions about calls of closed functions', '{decision}');
    this.#byIdentity = count(
      'certgate.identity.decisions',
      'Decisions about callers of the trust document',
      '{decision}',
    );
    this.#refreshes = count('certgate.trust.refreshes', 'Looks at a trust source', '{refresh}');
    this.#readFailures = count(
      'certgate.revocation.read_failures',
      'Reads of a revocation list that gave none, or one that is not accepted',
      '{failure}',
    );
    const gauge = (name: string, description: string, unit: string, list: () => Shown): Gauge => {
      const created = meter.createObservableGauge(name, { description, unit });
      const callback: ObservableCallback = (result) => {
        for (const [value, attributes] of list())
          if (value !== undefined) result.observe(value, { ...attributes, ...instance });
      };
      created.addCallback(callback);
      return [created, callback];
    };
    const ofSources = (read: (state: TrustState) => number | undefined) => (): Shown =>
      reads.list().map((state) => [read(state), { 'certgate.trust.source': state.source }]);
    this.#gauges = [
      gauge('certgate.gate.info', 'Version, host and front end of a gate (always 1)', '{gate}', () =>
        gates.list().map((attributes) => [1, attributes]),
      ),
      gauge('certgate.revocation.time_to_end', 'Until the first end of a revocation list in use', 's', () =>
        [...lists.listSecondsToEnd(clock.wall())].map(([issuer, left]) => [
          left,
          { 'certgate.revocation.issuer': issuer },
        ]),
      ),
      gauge(
        'certgate.certificate.time_to_expiry',
        'Until the first end of a certificate in use, its pin or its identity',
        's',
        () =>
          [...certificates.listSecondsToExpiry(clock.wall())].map(([name, left]) => [
            left,
            { 'certgate.identity.name': name },
          ]),
      ),
      gauge('certgate.authority.time_to_expiry', 'Until the end of a CA certificate of an authority in use', 's', () =>
        reads
          .listAuthorityEnds()
          .map(({ authority, subject, seconds }) => [
            seconds,
            { 'certgate.authority.name': authority, 'certgate.authority.subject': subject },
          ]),
      ),
      gauge(
        'certgate.trust.age',
        'Since the last good read of a trust source began',
        's',
        ofSources(({ ageSeconds }) => ageSeconds),
      ),
      gauge(
        'certgate.trust.revision',
        'The revision of the trust document in use',
        '{revision}',
        ofSources(({ revision }) => revision),
      ),
      gauge(
        'certgate.trust.adopted',
        'When the trust document in use was adopted, since 1970-01-01T00:00:00Z',
        's',
        ofSources(({ adoptedAt }) => adoptedAt && adoptedAt / 1000),
      ),
      gauge(
        'certgate.trust.digest',
        'The first 12 digits of the SHA-256 of the trust document in use, as a number',
        '{digest}',
        ofSources(({ sha256 }) => (sha256 === undefined ? undefined : Number.parseInt(sha256.slice(0, 12), 16))),
      ),
      gauge(
        'certgate.revocation.faults',
        'Whether revocation lists have a fault (1) or not (0)',
        '{fault}',
        ofSources(({ revocationFault }) => (revocationFault === undefined ? 0 : 1)),
      ),
    ];
  }

  /**
   * Counts a decision. No attribute may have a value that an unknown caller chooses, because each combination of values
   * is a series for as long as the process lives.
   */
  countDecision({ outcome, code, functionName, identityName, reportOnly }: DecisionEvent): void {
    this.#count(this.#decisions, {
      'certgate.decision.outcome': outcome,
      'certgate.decision.code': code,
      'certgate.function.name': functionName,
      ...(reportOnly === undefined ? {} : { 'certgate.report_only.code': reportOnly.code }),
      ...(outcome === 'denied' ? { 'error.type': code } : {}),
    });
    if (identityName === undefined) return;
    const named = nameFirst(this.#identities, 'certgate.identity.name', identityName);
    this.#count(this.#byIdentity, { 'certgate.decision.outcome': outcome, ...named });
  }

  countRefresh({ source, outcome }: TrustRefreshEvent): void {
    this.#count(this.#refreshes, { 'certgate.trust.source': source, 'certgate.trust.refresh.outcome': outcome });
  }

  countReadFailure({ source }: RevocationReadFailure): void {
    this.#count(this.#readFailures, nameFirst(this.#listSources, 'certgate.revocation.source', source));
  }

  #count(counter: Counter, attributes: Attributes): void {
    counter.add(1, { ...attributes, ...this.#instance });
  }

  remove(): void {
    for (const [gauge, callback] of this.#gauges) gauge.removeCallback(callback);
  }
}

/** The attribute, if the name is one of the first names. Later names have none. */
function nameFirst(names: Set<string>, attribute: string, name: string): Attributes {
  if (names.size < maximumNames) names.add(name);
  return names.has(name) ? { [attribute]: name } : {};
}

import type { Counter, Meter, Observable, ObservableCallback } from '@opentelemetry/api';
import type { DecisionEvent } from '../log/decision-channel.js';
import type { TrustRefreshEvent } from '../trust-store/trust-channel.js';
import type { CertificatesInUse, RevocationEnds, TrustReads } from './memory.js';
import type { Clock } from '../trust-store/read-history.js';

/** What was heard, for the gauges. */
export interface GateMemory {
  readonly certificates: CertificatesInUse;
  readonly reads: TrustReads;
  readonly lists: RevocationEnds;
}

/** Half of what OpenTelemetry's SDK keeps per instrument, since each has two outcomes. A document may list more. */
const maximumIdentities = 500;

type Gauge = readonly [Observable, ObservableCallback];

/**
 * The instruments, after OpenTelemetry's semantic conventions: no unit in a name, counted things in the plural, seconds.
 * docs/observability.md lists them.
 */
export class GateMetrics {
  readonly #decisions: Counter;
  readonly #byIdentity: Counter;
  readonly #identities = new Set<string>();
  readonly #refreshes: Counter;
  readonly #gauges: readonly Gauge[];

  constructor(meter: Meter, { certificates, reads, lists }: GateMemory, clock: Clock) {
    const count = (name: string, description: string, unit: string): Counter =>
      meter.createCounter(name, { description, unit });
    this.#decisions = count('certgate.decisions', 'Decisions about calls of closed functions', '{decision}');
    this.#byIdentity = count(
      'certgate.identity.decisions',
      'Decisions about callers of the trust document',
      '{decision}',
    );
    this.#refreshes = count('certgate.trust.refreshes', 'Looks at a trust source', '{refresh}');
    const gauge = (name: string, description: string, unit: string, callback: ObservableCallback): Gauge => {
      const created = meter.createObservableGauge(name, { description, unit });
      created.addCallback(callback);
      return [created, callback];
    };
    this.#gauges = [
      gauge('certgate.revocation.time_to_end', 'Until the first end of a revocation list in use', 's', (result) => {
        for (const [issuer, seconds] of lists.listSecondsToEnd(clock.wall()))
          result.observe(seconds, { 'certgate.revocation.issuer': issuer });
      }),
      gauge(
        'certgate.certificate.time_to_expiry',
        'Until the first end of a certificate in use, its pin or its identity',
        's',
        (result) => {
          for (const [name, seconds] of certificates.listSecondsToExpiry(clock.wall()))
            result.observe(seconds, { 'certgate.identity.name': name });
        },
      ),
      gauge('certgate.trust.age', 'Since the last good read of a trust source began', 's', (result) => {
        for (const { source, ageSeconds } of reads.list())
          if (ageSeconds !== undefined) result.observe(ageSeconds, { 'certgate.trust.source': source });
      }),
      gauge('certgate.trust.revision', 'The revision of the trust document in use', '{revision}', (result) => {
        for (const { source, revision } of reads.list())
          if (revision !== undefined) result.observe(revision, { 'certgate.trust.source': source });
      }),
      gauge(
        'certgate.revocation.faults',
        'Whether revocation lists have a fault (1) or not (0)',
        '{fault}',
        (result) => {
          for (const { source, hasRevocationFault } of reads.list())
            result.observe(hasRevocationFault ? 1 : 0, { 'certgate.trust.source': source });
        },
      ),
    ];
  }

  /** No attribute that a stranger chooses: each combination of values is a series for as long as the process lives. */
  countDecision({ outcome, code, functionName, identityName, reportOnly }: DecisionEvent): void {
    this.#decisions.add(1, {
      'certgate.decision.outcome': outcome,
      'certgate.decision.code': code,
      'certgate.function.name': functionName,
      ...(reportOnly === undefined ? {} : { 'certgate.report_only.code': reportOnly.code }),
      ...(outcome === 'denied' ? { 'error.type': code } : {}),
    });
    if (identityName !== undefined) this.#countIdentity(identityName, outcome);
  }

  #countIdentity(name: string, outcome: DecisionEvent['outcome']): void {
    if (this.#identities.size < maximumIdentities) this.#identities.add(name);
    const known = this.#identities.has(name) ? { 'certgate.identity.name': name } : {};
    this.#byIdentity.add(1, { 'certgate.decision.outcome': outcome, ...known });
  }

  countRefresh({ source, outcome }: TrustRefreshEvent): void {
    this.#refreshes.add(1, { 'certgate.trust.source': source, 'certgate.trust.refresh.outcome': outcome });
  }

  remove(): void {
    for (const [gauge, callback] of this.#gauges) gauge.removeCallback(callback);
  }
}

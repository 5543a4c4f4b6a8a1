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

/**
 * The instruments, after OpenTelemetry's semantic conventions: no unit in a name, counted things in the plural, seconds.
 * docs/observability.md lists them.
 */
export class GateMetrics {
  readonly #decisions: Counter;
  readonly #byIdentity: Counter;
  readonly #identities = new Set<string>();
  readonly #refreshes: Counter;
  readonly #gauges: readonly (readonly [Observable, ObservableCallback])[];

  constructor(meter: Meter, { certificates, reads, lists }: GateMemory, clock: Clock) {
    this.#decisions = meter.createCounter('certgate.decisions', {
      description: 'Decisions about calls of closed functions',
      unit: '{decision}',
    });
    this.#byIdentity = meter.createCounter('certgate.identity.decisions', {
      description: 'Decisions about callers of the trust document',
      unit: '{decision}',
    });
    this.#refreshes = meter.createCounter('certgate.trust.refreshes', {
      description: 'Looks at a trust source',
      unit: '{refresh}',
    });
    const timeToExpiry = meter.createObservableGauge('certgate.certificate.time_to_expiry', {
      description: 'Until the first end of a certificate in use, its pin or its identity',
      unit: 's',
    });
    const age = meter.createObservableGauge('certgate.trust.age', {
      description: 'Since the last good read of a trust source began',
      unit: 's',
    });
    const revision = meter.createObservableGauge('certgate.trust.revision', {
      description: 'The revision of the trust document in use',
      unit: '{revision}',
    });
    const timeToEnd = meter.createObservableGauge('certgate.revocation.time_to_end', {
      description: 'Until the first end of a revocation list in use',
      unit: 's',
    });
    this.#gauges = [
      [
        timeToEnd,
        (result): void => {
          for (const [issuer, seconds] of lists.listSecondsToEnd(clock.wall()))
            result.observe(seconds, { 'certgate.revocation.issuer': issuer });
        },
      ],
      [
        timeToExpiry,
        (result): void => {
          for (const [name, seconds] of certificates.listSecondsToExpiry(clock.wall())) {
            result.observe(seconds, { 'certgate.identity.name': name });
          }
        },
      ],
      [
        age,
        (result): void => {
          for (const { source, ageSeconds } of reads.list()) {
            if (ageSeconds !== undefined) result.observe(ageSeconds, { 'certgate.trust.source': source });
          }
        },
      ],
      [
        revision,
        (result): void => {
          for (const { source, revision: value } of reads.list()) {
            if (value !== undefined) result.observe(value, { 'certgate.trust.source': source });
          }
        },
      ],
    ];
    for (const [gauge, callback] of this.#gauges) gauge.addCallback(callback);
  }

  /** No attribute that a stranger chooses: each combination of values is a series for as long as the process lives. */
  countDecision({ outcome, code, functionName, identityName, reportOnly }: DecisionEvent): void {
    this.#decisions.add(1, {
      'certgate.decision.outcome': outcome,
      'certgate.decision.code': code,
      'certgate.function.name': functionName,
      ...(reportOnly === undefined ? {} : { 'certgate.report_only.code': reportOnly.code }),
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

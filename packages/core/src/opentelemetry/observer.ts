// opentelemetry/: metrics and span attributes, from the events of the gate.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type Attributes,
  type AttributeValue,
  context,
  createNoopMeter,
  diag,
  type MeterProvider,
  metrics,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { decisionChannelName, type DecisionEvent } from '../log/decision-channel.js';
import { revocationChannelName, trustChannelName, type TrustRefreshEvent } from '../trust-store/trust-channel.js';
import { packageVersion, statusChannelName, type StatusEvent } from '../log/status-channel.js';
import type { RevocationListEvent, RevocationReadFailure } from '../trust-store/revocation-channel.js';
import { nameInstance } from './instance-id.js';
import { CertificatesInUse, Gates, RevocationEnds, TrustReads } from './memory.js';
import type { Clock } from '../trust-store/read-history.js';
import { type GateMemory, GateMetrics } from './metrics.js';

export interface ObserverOptions {
  readonly meterProvider: MeterProvider | undefined;
  readonly tracerProvider: TracerProvider | undefined;
  readonly decisionSpans: boolean;
  readonly clock: Clock;
}

/** The name of the meter and of the tracer: this package, whichever adapter decides. */
const scopeName = '@certgate/core';

/** Listens to the channels. Some listeners run inside a decision, so nothing that they call may throw out of them. */
export class GateObserver {
  readonly #options: ObserverOptions;
  readonly #memory: GateMemory;
  #metrics: GateMetrics | undefined;
  #hasReportedFault = false;

  /** Throws what the given meter provider throws, because that is a mistake of the app at its start. */
  constructor(options: ObserverOptions) {
    this.#options = options;
    const [certificates, lists] = [new CertificatesInUse(), new RevocationEnds()];
    this.#memory = { gates: new Gates(), certificates, reads: new TrustReads(options.clock), lists };
    this.#findMetrics();
    subscribe(decisionChannelName, this.#onDecision);
    subscribe(trustChannelName, this.#onRefresh);
    subscribe(revocationChannelName, this.#onList);
    subscribe(statusChannelName, this.#onStatus);
  }

  stop(): void {
    unsubscribe(decisionChannelName, this.#onDecision);
    unsubscribe(trustChannelName, this.#onRefresh);
    unsubscribe(revocationChannelName, this.#onList);
    unsubscribe(statusChannelName, this.#onStatus);
    this.#attempt(() => this.#metrics?.remove());
  }

  readonly #onDecision = (message: unknown): void => {
    this.#attempt(() => {
      if (!isDecisionEvent(message)) return;
      this.#noteUse(message);
      this.#attempt(() => this.#findMetrics()?.countDecision(message));
      this.#markSpan(message);
    });
  };

  readonly #onRefresh = (message: unknown): void => {
    this.#attempt(() => {
      if (!isTrustRefreshEvent(message)) return;
      this.#memory.reads.note(message);
      this.#findMetrics()?.countRefresh(message);
    });
  };

  readonly #onList = (message: unknown): void => {
    this.#attempt(() => {
      if (isReadFailure(message)) this.#findMetrics()?.countReadFailure(message);
      if (!isListEvent(message)) return;
      this.#memory.lists.note(message);
      this.#findMetrics();
    });
  };

  readonly #onStatus = (message: unknown): void => {
    this.#attempt(() => {
      if (!isStatus(message)) return;
      this.#memory.gates.note(message);
      this.#findMetrics();
    });
  };

  #noteUse({ outcome, identityName, thumbprintSha256, accessEndsAt }: DecisionEvent): void {
    if (outcome !== 'allowed' || identityName === undefined || accessEndsAt === undefined) return;
    if (!Number.isFinite(accessEndsAt)) return;
    this.#memory.certificates.note(identityName, thumbprintSha256 ?? '', accessEndsAt, this.#options.clock.wall());
  }

  #markSpan(event: DecisionEvent): void {
    const span = trace.getActiveSpan();
    if (span?.isRecording() === true) {
      span.setAttributes(createSpanAttributes(event));
    } else if (this.#options.decisionSpans) {
      const tracer = (this.#options.tracerProvider ?? trace).getTracer(scopeName, packageVersion);
      tracer.startSpan('certgate.decision', { attributes: createSpanAttributes(event) }, context.active()).end();
    }
  }

  /**
   * Returns the metrics if an SDK is registered. Until then, the API returns meters that will never do anything, so
   * such a meter is not kept, and the next event asks again.
   */
  #findMetrics(): GateMetrics | undefined {
    if (this.#metrics !== undefined) return this.#metrics;
    const provider = this.#options.meterProvider ?? metrics.getMeterProvider();
    const meter = provider.getMeter(scopeName, packageVersion);
    if (meter === createNoopMeter()) return undefined;
    this.#metrics = new GateMetrics(meter, this.#memory, this.#options.clock, nameInstance(provider));
    return this.#metrics;
  }

  /**
   * Runs the work and catches its errors. Node makes an uncaught exception of what a subscriber throws, which would end
   * the worker.
   */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#reportFault(error);
    }
  }

  #reportFault(error: unknown): void {
    if (this.#hasReportedFault) return;
    this.#hasReportedFault = true;
    try {
      diag.error('Certgate could not record telemetry; decisions are not touched by it.', error);
    } catch {
      // The app's own diagnostic logger failed, and there is nowhere else to report it.
    }
  }
}

/**
 * The shape must be checked, because anybody may publish to a channel, and another version of the package may use
 * another shape.
 */
function isDecisionEvent(message: unknown): message is DecisionEvent {
  return hasVersion1(message) && typeof message['functionName'] === 'string' && typeof message['code'] === 'string';
}

function isTrustRefreshEvent(message: unknown): message is TrustRefreshEvent {
  const isRead =
    hasVersion1(message) && typeof message['source'] === 'string' && typeof message['outcome'] === 'string';
  return isRead && Array.isArray(message['authorityCertificates']);
}

function isReadFailure(message: unknown): message is RevocationReadFailure {
  return hasVersion1(message) && message['code'] === 'revocation_read_failed' && typeof message['source'] === 'string';
}

function isStatus(message: unknown): message is StatusEvent {
  return isObject(message) && typeof message['version'] === 'string' && typeof message['host'] === 'string';
}

function isListEvent(message: unknown): message is RevocationListEvent {
  return hasVersion1(message) && typeof message['issuer'] === 'string' && typeof message['end'] === 'number';
}

function hasVersion1(message: unknown): message is Readonly<Record<string, unknown>> {
  return isObject(message) && message['version'] === 1;
}

function isObject(message: unknown): message is Readonly<Record<string, unknown>> {
  return typeof message === 'object' && message !== null;
}

/**
 * The attributes of a span about a decision. They contain no certificate and no `detail`, which is text for the log.
 */
function createSpanAttributes(event: DecisionEvent): Attributes {
  const attributes: Readonly<Record<string, AttributeValue | undefined>> = {
    'certgate.decision.outcome': event.outcome,
    'certgate.decision.code': event.code,
    'certgate.report_only.code': event.reportOnly?.code,
    // OpenTelemetry's own attribute. The span's status is not set, because by OpenTelemetry's conventions a 401 is not
    // an error of an HTTP server.
    'error.type': event.outcome === 'denied' ? event.code : undefined,
    'certgate.function.name': event.functionName,
    'certgate.correlation_id': event.correlationId,
    'certgate.identity.name': event.identityName,
    'certgate.identity.owner': event.owner,
    'certgate.identity.roles': event.roles === undefined ? undefined : [...event.roles],
    'certgate.certificate.thumbprint_sha256': event.thumbprintSha256,
    'certgate.certificate.matched_by': event.matchedBy,
    'certgate.certificate.matched': event.matched,
    'certgate.trust.revision': event.trustRevision,
    'certgate.trust.sha256': event.trustSha256,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

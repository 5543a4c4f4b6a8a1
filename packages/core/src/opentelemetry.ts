import { CertgateError, invalidArgument } from '@certgate/x509/internal';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { systemClock } from './trust-store/read-history.js';
import { GateObserver } from './opentelemetry/observer.js';

export { CertgateError, type CertgateErrorCode } from '@certgate/x509/internal';

/** The options of `observeGate`. */
export interface ObserveGateOptions {
  /** The meter provider to use instead of the one that the app's OpenTelemetry SDK has registered. */
  readonly meterProvider?: MeterProvider;
  /**
   * The tracer provider to use for `decisionSpans` instead of the one that the app's OpenTelemetry SDK has registered.
   */
  readonly tracerProvider?: TracerProvider;
  /**
   * Whether to record a span `certgate.decision` if no span is being recorded around the decision. That is normal in
   * Azure Functions, where the host's process records the invocation's own span, not the worker. False by default.
   */
  readonly decisionSpans?: boolean;
}

/** A running observation, as `observeGate` returns it. */
export interface GateObservation {
  /** Stops recording. The SDK keeps what was already counted. */
  stop(): void;
}

/**
 * Turns the gate's decisions and its reads of the trust document into OpenTelemetry metrics and span attributes;
 * docs/observability.md lists them. Call it once, in the file that is loaded first, before or after the SDK registers
 * itself. A second call with the same options returns the first call's observation, so that an app of several bundles
 * counts nothing twice.
 *
 * Recording never changes a decision. If recording fails, the first failure is reported to OpenTelemetry's `diag`.
 *
 * @example
 * ```ts
 * import { observeGate } from '@certgate/azure-functions/opentelemetry';
 *
 * observeGate();
 * ```
 *
 * @throws {CertgateError} if an option is unknown or its value is not allowed.
 * @throws {CertgateError} if the same meter provider is already observed with other options.
 */
export function observeGate(options: ObserveGateOptions = {}): GateObservation {
  const { meterProvider, tracerProvider, decisionSpans = false } = readOptions(options);
  const key = meterProvider ?? globalThis;
  const present = observations.get(key);
  if (present !== undefined) {
    if (present.decisionSpans === decisionSpans && present.tracerProvider === tracerProvider)
      return present.observation;
    throw new CertgateError(
      'CERTGATE_ALREADY_INSTALLED',
      'observeGate was called twice with different options; call it once, in the file loaded first.',
    );
  }
  const observer = new GateObserver({ meterProvider, tracerProvider, decisionSpans, clock: systemClock });
  const observation: GateObservation = Object.freeze({
    stop: (): void => {
      observer.stop();
      if (observations.get(key)?.observation === observation) observations.delete(key);
    },
  });
  observations.set(key, { decisionSpans, tracerProvider, observation });
  return observation;
}

interface Present {
  readonly decisionSpans: boolean;
  readonly tracerProvider: TracerProvider | undefined;
  readonly observation: GateObservation;
}

/**
 * Two loaded copies of this package listen to the same channels, so each must find the other's observations. `v1` names
 * the shape of the shared value.
 */
const observations = getObservations(Symbol.for('certgate/opentelemetry-observations/v1'));

function getObservations(key: symbol): WeakMap<object, Present> {
  const holder = globalThis as unknown as Record<symbol, WeakMap<object, Present> | undefined>;
  const present = holder[key];
  if (present !== undefined) return present;
  const created = new WeakMap<object, Present>();
  Object.defineProperty(globalThis, key, { value: created, enumerable: false });
  return created;
}

const knownOptions = ['meterProvider', 'tracerProvider', 'decisionSpans'];

function readOptions(options: unknown): ObserveGateOptions {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('The options of observeGate are an object.');
  const unknown = Reflect.ownKeys(options).find((key) => !knownOptions.some((known) => known === key));
  if (unknown !== undefined) {
    throw invalidArgument(`observeGate does not know "${String(unknown)}"; it knows ${knownOptions.join(', ')}.`);
  }
  const { meterProvider, tracerProvider, decisionSpans } = options as Readonly<Record<string, unknown>>;
  expectProvider('meterProvider', meterProvider, 'getMeter');
  expectProvider('tracerProvider', tracerProvider, 'getTracer');
  if (decisionSpans !== undefined && typeof decisionSpans !== 'boolean') {
    throw invalidArgument('decisionSpans of observeGate is true or false.');
  }
  return options;
}

function expectProvider(name: string, provider: unknown, method: string): void {
  if (provider === undefined) return;
  if (typeof provider === 'object' && provider !== null && typeof Reflect.get(provider, method) === 'function') return;
  throw invalidArgument(`${name} of observeGate is an object with ${method}: see OpenTelemetry's API.`);
}

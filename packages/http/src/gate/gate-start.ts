import {
  type CertificateText,
  type Denial,
  deny,
  describeFault,
  type GateStatus,
  type ReportingGate,
  warnAtStart,
} from '@certgate/core';
import { type CertificateSource, type GateSettings, resolveCertificateSource } from './gate-settings.js';

/** How the caller's certificate is found, or why every call is refused. */
export type Readiness = Extract<CertificateSource, { outcome: 'known' }> | Denial;

/** How long a decision waits for the start. `AccessGate` waits for an answer of the store for the same time. */
const startTimeoutMilliseconds = 15_000;

/**
 * The delay before the next attempt after a failed start. It doubles with every failure, up to the longest delay below.
 */
const firstRetryMilliseconds = 1_000;
const longestRetryMilliseconds = 30_000;

/**
 * Loads a gate's trust. A store that says that its content is not valid is not asked about callers. It is started
 * again, while the gate is called or asked whether it is ready, until its content is valid.
 */
export class GateStart {
  readonly #settings: GateSettings;
  readonly #gate: ReportingGate;
  #running: Promise<void> | undefined;
  #source: CertificateSource | undefined;
  #failure: Denial | undefined;
  #failureCount = 0;
  #failedAt = { wall: 0, monotonic: 0 };

  constructor(settings: GateSettings, gate: ReportingGate) {
    this.#settings = settings;
    this.#gate = gate;
  }

  /** How certificates are found, or why all calls are refused. Undefined if callers must wait for `settle`. */
  get readiness(): Readiness | undefined {
    if (this.#source !== undefined) return this.#source;
    return this.#running !== undefined || this.#isDue() ? undefined : this.#failure;
  }

  /** The header field in which the gate reads the caller's certificate. Undefined if the gate reads no field. */
  get certificateField(): string | undefined {
    const source = this.#findSource();
    return source.outcome === 'known' ? source.certificateField : undefined;
  }

  #findSource(): CertificateSource {
    return this.#source ?? resolveCertificateSource(this.#settings);
  }

  /** Describes the gate for the status lines. */
  describe(): GateStatus {
    const { functionName, anonymousRoutes } = this.#settings;
    const source = this.#findSource();
    const frontEnd = source.outcome === 'known' ? source.frontEnd : { frontEndFault: source.code };
    return { host: 'server', ...frontEnd, closed: [functionName], open: anonymousRoutes.list() };
  }

  /** Starts the gate, or starts it again after a failure. Rejects if the trust is not valid. */
  async start(): Promise<void> {
    if (this.#source !== undefined) return;
    await (this.#running ??= this.#load().finally(() => (this.#running = undefined)));
  }

  /** Waits until the start has succeeded or failed, but only as long as a call may wait. Never rejects. */
  async settle(): Promise<Readiness> {
    const settled = this.start().catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, startTimeoutMilliseconds)));
    await Promise.race([settled, late]);
    clearTimeout(timer);
    return this.#source ?? this.#failure ?? deny('trust_unavailable', { fault: notStartedDetail });
  }

  async #load(): Promise<void> {
    try {
      const source = resolveCertificateSource(this.#settings);
      if (this.#failureCount > 0) await this.#gate.startAgain();
      else await this.#gate.start(source.outcome === 'denied' ? source : undefined);
      this.#source = source;
    } catch (error) {
      const detail = `The gate could not start, so every call of a closed route is refused with 503: ${describeFault(error)}. Correct that; later calls make the gate try again.`;
      if (this.#failureCount === 0) warnAtStart('trust_unavailable', detail);
      this.#failure = deny('trust_unavailable', { fault: detail });
      this.#failureCount += 1;
      this.#failedAt = { wall: Date.now(), monotonic: performance.now() };
      throw error;
    }
  }

  /**
   * Whether the next attempt is due, by the clock that shows the greater age, because one may have been set back and
   * the other may have stopped.
   */
  #isDue(): boolean {
    const { wall, monotonic } = this.#failedAt;
    const age = Math.max(Date.now() - wall, performance.now() - monotonic);
    const delay = firstRetryMilliseconds * 2 ** Math.min(this.#failureCount - 1, 30);
    return this.#failureCount === 0 || age >= Math.min(delay, longestRetryMilliseconds);
  }
}

const notStartedDetail = `The trust store did not start within ${startTimeoutMilliseconds} ms of the call.`;

/**
 * A certificate of nobody, whose key was thrown away. The gate's answer to it shows whether the trust store can answer
 * at all, whatever kind of store it is.
 */
export const unknownCallersCertificate: CertificateText = Object.freeze({
  outcome: 'extracted',
  leaf:
    'MIIBPDCB76ADAgECAhR4kQLKPnT5oOEUxvShQvW/sPAyZTAFBgMrZXAwFDESMBAGA1UEAwwJcmVhZGluZXNzMB4XDTI2MTEyODA2NTEyMFoXDTI2MTEy' +
    'OTA2NTEyMFowFDESMBAGA1UEAwwJcmVhZGluZXNzMCowBQYDK2VwAyEAPAfoB06mizhykXe0y92g5vXX5AWyPXuwQmiVooHfPyOjUzBRMB0GA1UdDgQW' +
    'BBSRaH7c1v7hEkPi4uTDfG2uT9qIvTAfBgNVHSMEGDAWgBSRaH7c1v7hEkPi4uTDfG2uT9qIvTAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAFy283HB' +
    'fYnMo2Zf3UyZELDJ74ZuMxrIgQGBD8haCNce2AeNAn3IuLjn5yhkz8wD0gWPgzWbQiSwFoOxHQHYDAE=',
  encoding: 'base64',
  chain: undefined,
});

import { type Decision, authenticate, authorize } from './access-decision.js';
import type { FunctionRequirement } from './authorization.js';
import { readCertificateHeader, trimHeader } from './certificate-header.js';
import { type Denial, deny } from './denial.js';
import { type PresentedCertificate, presentCertificate } from './presented-certificate.js';
import { readTrustFinding } from './trust-answer.js';
import type { TrustFinding } from './trust-finding.js';
import type { TrustStore } from './trust-store.js';
import { VerdictCache } from './verdict-cache.js';

export interface AccessGateOptions {
  readonly trustStore: TrustStore;
  /** How long a store may take to answer one request, in milliseconds; 15,000 by default. */
  readonly findTimeoutMilliseconds?: number;
}

/**
 * The path of a request with a memory: the steps of `decideAccess`, over a trust store that may answer later. It answers
 * at once where it can, and never throws: a fault of its own or of the store is a denial.
 */
export class AccessGate {
  readonly #trustStore: TrustStore;
  readonly #findTimeout: number;
  readonly #verdicts = new VerdictCache();

  constructor({ trustStore, findTimeoutMilliseconds = 15_000 }: AccessGateOptions) {
    this.#trustStore = trustStore;
    this.#findTimeout = findTimeoutMilliseconds;
  }

  /** `header` is the certificate header's text; `now` is in milliseconds. */
  decide(
    header: string | null | undefined,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    try {
      const text = trimHeader(header);
      const version = this.#trustStore.version;
      if (text !== undefined && version !== undefined) {
        const identity = this.#verdicts.find(text, version, now);
        if (identity !== undefined) return authorize(identity, requirement);
      }
      return this.#decideAnew(text, version, requirement, now);
    } catch (error) {
      return denyFault(error);
    }
  }

  #decideAnew(
    text: string | undefined,
    version: string | undefined,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    const reading = readCertificateHeader(text);
    if (reading.outcome === 'denied' || text === undefined)
      return reading.outcome === 'denied' ? reading : denyFault(undefined);
    const presented = presentCertificate(reading.der);
    const conclude = (finding: TrustFinding): Decision =>
      this.#conclude(text, version, presented, finding, requirement, now);
    const finding = this.#askStore(presented, now);
    return finding instanceof Promise ? finding.then(conclude).catch(denyFault) : conclude(finding);
  }

  #askStore(presented: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding> {
    try {
      const answer: unknown = this.#trustStore.find(presented, now);
      return isThenable(answer) ? this.#awaitAnswer(answer) : readTrustFinding(answer);
    } catch (error) {
      return describeStoreFault(error);
    }
  }

  async #awaitAnswer(answer: PromiseLike<unknown>): Promise<TrustFinding> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<TrustFinding>((resolve) => {
      const detail = `The trust store did not answer within ${this.#findTimeout} ms.`;
      timer = setTimeout(resolve, this.#findTimeout, { outcome: 'unavailable', detail });
    });
    try {
      return await Promise.race([Promise.resolve(answer).then(readTrustFinding), late]);
    } catch (error) {
      return describeStoreFault(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #conclude(
    text: string,
    version: string | undefined,
    presented: PresentedCertificate,
    finding: TrustFinding,
    requirement: FunctionRequirement,
    now: number,
  ): Decision {
    const authentication = authenticate(presented, finding, now);
    if (authentication.outcome === 'denied') return authentication;
    // Remembered only when the store's content was the same before and after it answered.
    if (version !== undefined && version === this.#trustStore.version) {
      const { identity, validFrom, validUntil } = authentication;
      this.#verdicts.remember(text, { identity, version, validFrom, validUntil });
    }
    return authorize(authentication.identity, requirement);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function describeStoreFault(error: unknown): TrustFinding {
  return { outcome: 'unavailable', detail: `The trust store failed: ${describeError(error)}.` };
}

function denyFault(error: unknown): Denial {
  return deny('internal_fault', `Certgate failed while deciding, so the call is refused: ${describeError(error)}.`);
}

function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no Error was thrown';
}

// access/: the decision from top to bottom, the gate that remembers decisions, and authorization.

import { type Decision, authenticate, authorize } from './access-decision.js';
import type { FunctionRequirement } from './authorization.js';
import { readCertificateHeader, trimHeader } from '../certificate-header/certificate-header.js';
import { type Denial, deny } from '../denial.js';
import { describeFault } from '../encoding/shown-text.js';
import { readKnownOptions, readMember } from '../encoding/known-options.js';
import { type PresentedCertificate, presentCertificate } from '../trust-snapshot/presented-certificate.js';
import {
  describeStoreFault,
  readTrustFinding,
  readTrustVersion,
  type TrustStore,
  TrustVersionError,
} from '../trust-store/trust-store.js';
import { RefusalCache, VerdictCache } from './decision-memory.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';

export interface AccessGateOptions {
  readonly trustStore: TrustStore;
  /** How long a store may take to answer one request, in milliseconds; 15,000 by default. */
  readonly findTimeoutMilliseconds?: number;
}

/** A longer delay makes a timer fire at once. */
const maximumTimerMilliseconds = 2 ** 31 - 1;

/**
 * The path of a request with a memory: the steps of `decideAccess`, over a trust store that may answer later. It answers
 * at once where it can, and never throws: a fault of its own or of the store is a denial.
 */
export class AccessGate {
  readonly #trustStore: TrustStore;
  readonly #findTimeout: number;
  readonly #verdicts = new VerdictCache();
  readonly #refusals = new RefusalCache();

  /** @throws {TypeError} for an unknown option; {RangeError} for a timeout that no timer can keep. */
  constructor(options: AccessGateOptions) {
    const known = ['trustStore', 'findTimeoutMilliseconds'];
    const { trustStore, findTimeoutMilliseconds = 15_000 } = readKnownOptions(options, known, 'AccessGate');
    // Of another type, a timer would take it for 1 ms.
    const isTimeout = Number.isFinite(findTimeoutMilliseconds) && findTimeoutMilliseconds > 0;
    if (!isTimeout || findTimeoutMilliseconds > maximumTimerMilliseconds) {
      throw new RangeError(`findTimeoutMilliseconds must be a positive number up to ${maximumTimerMilliseconds}.`);
    }
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
      // Every comparison with a time that is no number is false.
      if (!Number.isFinite(now)) return deny('internal_fault', 'The time of the call is not a number.');
      const text = trimHeader(header);
      const version = readTrustVersion(this.#trustStore);
      if (text !== undefined && version !== undefined) {
        const identity = this.#verdicts.find(text, version, now);
        if (identity !== undefined) return authorize(identity, requirement, now);
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
    const refusal = version && this.#refusals.find(presented.thumbprintSha256, version, now);
    if (refusal) return refusal;
    const conclude = (finding: TrustFinding): Decision =>
      this.#conclude(text, version, presented, finding, requirement, now);
    const finding = this.#askStore(presented, now);
    return isThenable(finding) ? concludeLater(finding, conclude) : conclude(finding);
  }

  #askStore(presented: PresentedCertificate, now: number): TrustFinding | PromiseLike<TrustFinding> {
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
    // Remembered only when the store's content was the same before and after it answered.
    const isSettled = version !== undefined && version === readTrustVersion(this.#trustStore);
    if (authentication.outcome === 'denied') {
      if (isSettled) this.#refusals.remember(presented.thumbprintSha256, version, finding, authentication, now);
      return authentication;
    }
    if (isSettled) {
      const { identity, validFrom, validUntil } = authentication;
      this.#verdicts.remember(text, { identity, version, validFrom, validUntil });
    }
    return authorize(authentication.identity, requirement, now);
  }
}

async function concludeLater(
  finding: PromiseLike<TrustFinding>,
  conclude: (finding: TrustFinding) => Decision,
): Promise<Decision> {
  try {
    return conclude(await finding);
  } catch (error) {
    return denyFault(error);
  }
}

/** By its `then`: where a library has put its own Promise in the global's place, an async function's is no instance of it. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (typeof value !== 'object' || value === null || !('then' in value)) return false;
  return typeof readMember(value, 'then') === 'function';
}

function denyFault(error: unknown): Denial {
  if (error instanceof TrustVersionError) return deny('trust_unavailable', error.message);
  return deny('internal_fault', `Certgate failed while deciding, so the call is refused: ${describeFault(error)}.`);
}

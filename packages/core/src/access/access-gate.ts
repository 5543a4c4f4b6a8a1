// access/: the decision from top to bottom, the gate that remembers decisions, and authorization.
//
//   the front end's text of the certificate, requirement, time
//     │ trust-store            the version can't be read                503 trust_unavailable
//     │ IdentityCache          same bytes, same version: on to authorization
//     │ certificate-header     not one certificate, strictly encoded    401 certificate_missing, certificate_malformed …
//     │ RefusalCache           refused a moment ago                     the same refusal
//     │ store.find             denied or unknown                        401 certificate_not_trusted, pin_expired …
//     │                        locked, unavailable, late, throws        503 trust_locked, trust_unavailable …
//     │ verifyFinding          certificate unsuitable for a client      401 certificate_expired …
//     │ finding.confirm        after a nomination only: path refused    401 path_not_found, certificate_revoked …
//     │                        revocation or trust unavailable          503 revocation_unavailable …
//     │ concludeIdentity       names of no identity, or of several      401 identity_ambiguous …
//     │ IdentityCache          remembers the identity; RefusalCache remembers refusals
//     │ authorize              role or function missing                 403 role_missing, function_not_allowed
//     ▼ allowed, with the identity
//
//   Any other fault in a step                                           503 internal_fault

import { awaitAnswer } from './awaited-answer.js';
import { authorize } from './authorization.js';
import { concludeIdentity, type VerifiedCertificate, verifyFinding } from './authentication.js';
import {
  denyMissing,
  extractBase64,
  type PresentedCertificate,
  readCertificateText,
  trimHeader,
} from '../certificate-header/certificate-header.js';
import type { CertificateExtraction, CertificateText } from '../certificate-header/certificate-text.js';
import { type Denial, deny } from '../denial.js';
import { describeFault } from '../encoding/describe-fault.js';
import { readKnownOptions, invalidArgument } from '@certgate/x509/internal';
import {
  describeStoreFault,
  hasLastingVersion,
  isThenable,
  readTrustFinding,
  readVersion,
  type TrustStore,
  TrustVersionError,
} from '../trust-store/trust-store.js';
import { AgeKeeper, type Clock, type Moment, systemClock } from '../trust-store/read-history.js';
import type { Decision, FunctionRequirement } from './decision.js';
import { isWorthRemembering, RefusalCache, IdentityCache } from './decision-memory.js';
import type { ConfirmedFinding, NominatedFinding, TrustFinding } from '../trust-snapshot/trust-finding.js';

/** The options of `AccessGate`. */
export interface AccessGateOptions {
  readonly trustStore: TrustStore;
  /**
   * How long a store may take for one answer, in milliseconds; 15,000 by default. A nomination needs two answers: the
   * look-up, and its `confirm`.
   */
  readonly findTimeoutMilliseconds?: number;
}

/** The longest delay of a timer, in milliseconds. A timer with a longer delay fires after 1 ms. */
const maximumTimerMilliseconds = 2 ** 31 - 1;

/**
 * The path of a request with a memory: the same steps as `decideAccess`, over a trust store that may answer later. The
 * gate answers synchronously if it can. A decision never throws or rejects: a fault of the gate or of the store becomes
 * a denial.
 *
 * @example
 * ```ts
 * import { AccessGate, trustStoreFromFile } from '@certgate/core';
 *
 * const gate = new AccessGate({ trustStore: trustStoreFromFile('trust.json') });
 * export const decide = (header: string | null) =>
 *   gate.decide(header, { functionName: 'Orders', roles: [['orders.read']] }, Date.now());
 * ```
 */
export class AccessGate {
  readonly #trustStore: TrustStore;
  readonly #isVersionLasting: boolean;
  readonly #findTimeout: number;
  readonly #ages: AgeKeeper;
  readonly #identities = new IdentityCache();
  readonly #refusals = new RefusalCache();

  /**
   * Only tests pass a clock of their own.
   *
   * @throws {CertgateError} if an option is unknown, or if the timeout is not positive or longer than a timer can wait.
   */
  constructor(options: AccessGateOptions, clock: Clock = systemClock) {
    const known = ['trustStore', 'findTimeoutMilliseconds'];
    const { trustStore, findTimeoutMilliseconds = 15_000 } = readKnownOptions(options, known, 'AccessGate');
    // A timer would take a value that is not a number for 1 ms.
    const isTimeout = Number.isFinite(findTimeoutMilliseconds) && findTimeoutMilliseconds > 0;
    if (!isTimeout || findTimeoutMilliseconds > maximumTimerMilliseconds) {
      throw invalidArgument(`findTimeoutMilliseconds must be a positive number up to ${maximumTimerMilliseconds}.`);
    }
    this.#trustStore = trustStore;
    this.#isVersionLasting = hasLastingVersion(trustStore);
    this.#findTimeout = findTimeoutMilliseconds;
    this.#ages = new AgeKeeper(clock);
  }

  /** Decides by the text of App Service's certificate header. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  decide(
    header: string | null | undefined,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    try {
      const leaf = trimHeader(header);
      const extraction: CertificateExtraction = leaf === undefined ? denyMissing() : extractBase64(leaf);
      return this.decideExtracted(extraction, requirement, now);
    } catch (error) {
      return denyFault(error);
    }
  }

  /**
   * Decides by what a front end said about the caller: the text of a certificate, or a denial. `now` is in milliseconds
   * since 1970-01-01T00:00:00Z.
   */
  decideExtracted(
    extraction: CertificateExtraction | Denial,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    try {
      // `now < end` and `now >= begin` are both false for a time that is not a number.
      if (!Number.isFinite(now)) return deny('internal_fault', { problem: 'time_not_a_number' });
      const version = readVersion(this.#trustStore, this.#isVersionLasting);
      if (extraction.outcome === 'denied') return extraction;
      if (version !== undefined) {
        const identity = this.#identities.find(extraction.leaf, version, now);
        if (identity !== undefined) return authorize(identity, requirement, now);
      }
      return this.#decideAnew(extraction, version, requirement, now);
    } catch (error) {
      return denyFault(error);
    }
  }

  #decideAnew(
    text: CertificateText,
    version: string | undefined,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    const reading = readCertificateText(text);
    if (reading.outcome === 'denied') return reading;
    const { certificate: presented } = reading;
    const { leaf } = text;
    const chain = text.chain?.text;
    const { thumbprintSha256 } = presented;
    const refusal = version && this.#refusals.find({ thumbprintSha256, chain }, version, now);
    if (refusal) return refusal;
    const asked: UnrememberedRequest = { leaf, chain, version, presented, requirement, now };
    const finding = this.#find(presented, now);
    return isThenable(finding) ? this.#verifyLater(asked, finding) : this.#verify(asked, finding);
  }

  /**
   * Asks the store. Neither this method nor `#confirm` rejects. They are methods because creating a closure for each
   * call would be a measurable part of the cost of an unknown caller.
   */
  #find(presented: PresentedCertificate, now: number): TrustFinding | PromiseLike<TrustFinding> {
    try {
      const answer: unknown = this.#trustStore.find(presented, now);
      return isThenable(answer) ? awaitAnswer(answer, readTrustFinding, this.#findTimeout) : readTrustFinding(answer);
    } catch (error) {
      return describeStoreFault(error);
    }
  }

  #confirm({ confirm }: NominatedFinding): ConfirmedFinding | PromiseLike<ConfirmedFinding> {
    try {
      const answer = confirm();
      return isThenable(answer) ? awaitAnswer(answer, (each) => each as ConfirmedFinding, this.#findTimeout) : answer;
    } catch (error) {
      return describeStoreFault(error);
    }
  }

  async #verifyLater(asked: UnrememberedRequest, finding: PromiseLike<TrustFinding>): Promise<Decision> {
    const began = this.#ages.moment();
    try {
      const answer = await finding;
      return await this.#verify(this.#postpone(asked, began), answer);
    } catch (error) {
      return denyFault(error);
    }
  }

  /**
   * The same request at the time when the store's answer arrived. The gate decides by that time, because what the store
   * found may have ended meanwhile.
   */
  #postpone(asked: UnrememberedRequest, began: Moment): UnrememberedRequest {
    return { ...asked, now: asked.now + this.#ages.age(began) };
  }

  #verify(asked: UnrememberedRequest, finding: TrustFinding): Decision | Promise<Decision> {
    const verified = verifyFinding(asked.presented, finding, asked.now);
    if (verified.outcome === 'denied') return this.#refuse(asked, finding, verified);
    if (finding.outcome !== 'nominated') return this.#conclude(asked, verified, undefined);
    const confirmed = this.#confirm(finding);
    return isThenable(confirmed)
      ? this.#concludeLater(asked, verified, confirmed)
      : this.#conclude(asked, verified, confirmed);
  }

  async #concludeLater(
    asked: UnrememberedRequest,
    verified: VerifiedCertificate,
    confirmed: PromiseLike<ConfirmedFinding>,
  ): Promise<Decision> {
    const began = this.#ages.moment();
    try {
      const answer = await confirmed;
      const later = this.#postpone(asked, began);
      // The certificate itself may have expired while the store answered.
      const still = verifyFinding(later.presented, verified.finding, later.now);
      return still.outcome === 'denied'
        ? this.#refuse(later, verified.finding, still)
        : this.#conclude(later, still, answer);
    } catch (error) {
      return denyFault(error);
    }
  }

  #conclude(
    asked: UnrememberedRequest,
    verified: VerifiedCertificate,
    confirmed: ConfirmedFinding | undefined,
  ): Decision {
    const { leaf, version, requirement, now } = asked;
    const authentication = concludeIdentity(verified, confirmed, now);
    if (authentication.outcome === 'denied') return this.#refuse(asked, verified.finding, authentication);
    const { identity, validFrom, validUntil } = authentication;
    if (version !== undefined && this.#isSettled(version)) {
      this.#identities.remember(leaf, { identity, version, validFrom, validUntil });
    }
    return authorize(identity, requirement, now);
  }

  #refuse({ chain, version, presented, now }: UnrememberedRequest, finding: TrustFinding, denial: Denial): Denial {
    // Whether the version changed is asked last, because reading it makes the store look at its clocks, which most
    // unknown callers are not worth.
    if (version !== undefined && isWorthRemembering(finding, denial) && this.#isSettled(version)) {
      const { thumbprintSha256 } = presented;
      this.#refusals.remember({ thumbprintSha256, chain }, version, finding, denial, now);
    }
    return denial;
  }

  /** Whether the store's content was the same before and after it answered. Otherwise the gate remembers nothing. */
  #isSettled(version: string): boolean {
    return version === readVersion(this.#trustStore, this.#isVersionLasting);
  }
}

/** A request that is not answered from memory. */
interface UnrememberedRequest {
  readonly leaf: string;
  readonly chain: string | undefined;
  readonly version: string | undefined;
  readonly presented: PresentedCertificate;
  readonly requirement: FunctionRequirement;
  readonly now: number;
}

function denyFault(error: unknown): Denial {
  if (error instanceof TrustVersionError) return deny('trust_unavailable', { fault: error.message });
  return deny('internal_fault', { problem: 'failed', fault: describeFault(error) });
}

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
//   A fault in any step                                                 503 internal_fault

import { awaitAnswer } from './awaited-answer.js';
import { concludeIdentity, note, type VerifiedCertificate, verifyFinding } from './authentication.js';
import {
  denyMissing,
  extractBase64,
  type PresentedCertificate,
  readCertificateText,
  trimHeader,
} from '../certificate-header/certificate-header.js';
import type { CertificateExtraction, CertificateText } from '../certificate-header/certificate-text.js';
import { type Denial, deny, type KnownCaller } from '../denial.js';
import { describeFault } from '../encoding/describe-fault.js';
import { copyOwn, readKnownOptions, invalidArgument } from '@certgate/x509/internal';
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
import type { AuthorizationDenial, ClientIdentity, Decision, FunctionRequirement, StepListener } from './decision.js';
import { isWorthRemembering, RefusalCache, IdentityCache } from './decision-memory.js';
import type { ConfirmedFinding, NominatedFinding, TrustFinding } from '../trust-snapshot/trust-finding.js';

/** The options of `AccessGate`. */
export interface AccessGateOptions {
  readonly trustStore: TrustStore;
  /**
   * How long a store may take for one answer, in milliseconds; 15,000 by default. A nomination takes two: the look-up,
   * and its `confirm`.
   */
  readonly findTimeoutMilliseconds?: number;
}

/** A longer delay makes a timer fire at once. */
const maximumTimerMilliseconds = 2 ** 31 - 1;

/**
 * The path of a request with a memory: the steps of `decideAccess`, over a trust store that may answer later. It answers
 * at once where it can, and never throws: a fault of its own or of the store is a denial.
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
   * Another clock is for tests.
   *
   * @throws {CertgateError} for an unknown option, or a timeout that no timer can keep.
   */
  constructor(options: AccessGateOptions, clock: Clock = systemClock) {
    const known = ['trustStore', 'findTimeoutMilliseconds'];
    const { trustStore, findTimeoutMilliseconds = 15_000 } = readKnownOptions(options, known, 'AccessGate');
    // Of another type, a timer would take it for 1 ms.
    const isTimeout = Number.isFinite(findTimeoutMilliseconds) && findTimeoutMilliseconds > 0;
    if (!isTimeout || findTimeoutMilliseconds > maximumTimerMilliseconds) {
      throw invalidArgument(`findTimeoutMilliseconds must be a positive number up to ${maximumTimerMilliseconds}.`);
    }
    this.#trustStore = trustStore;
    this.#isVersionLasting = hasLastingVersion(trustStore);
    this.#findTimeout = findTimeoutMilliseconds;
    this.#ages = new AgeKeeper(clock);
  }

  /** `header` is the text of App Service's certificate header; `now` is in milliseconds. */
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

  /** By what a front end said of the caller: the text of a certificate, or a denial. `now` is in milliseconds. */
  decideExtracted(
    extraction: CertificateExtraction | Denial,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    try {
      // Every comparison with a time that is not a number is false.
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
    const asked: Asked = { leaf, chain, version, presented, requirement, now };
    const finding = this.#find(presented, now);
    return isThenable(finding) ? this.#verifyLater(asked, finding) : this.#verify(asked, finding);
  }

  /** Neither this nor `#confirm` rejects. A closure for each call would be a measurable part of a stranger's cost. */
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

  async #verifyLater(asked: Asked, finding: PromiseLike<TrustFinding>): Promise<Decision> {
    const began = this.#ages.moment();
    try {
      const answer = await finding;
      return await this.#verify(this.#postpone(asked, began), answer);
    } catch (error) {
      return denyFault(error);
    }
  }

  /** A store may take its time, and what it found is decided by the time at which it is known: its pin may have ended. */
  #postpone(asked: Asked, began: Moment): Asked {
    return { ...asked, now: asked.now + this.#ages.age(began) };
  }

  #verify(asked: Asked, finding: TrustFinding): Decision | Promise<Decision> {
    const verified = verifyFinding(asked.presented, finding, asked.now);
    if (verified.outcome === 'denied') return this.#refuse(asked, finding, verified);
    if (finding.outcome !== 'nominated') return this.#conclude(asked, verified, undefined);
    const confirmed = this.#confirm(finding);
    return isThenable(confirmed)
      ? this.#concludeLater(asked, verified, confirmed)
      : this.#conclude(asked, verified, confirmed);
  }

  async #concludeLater(
    asked: Asked,
    verified: VerifiedCertificate,
    confirmed: PromiseLike<ConfirmedFinding>,
  ): Promise<Decision> {
    const began = this.#ages.moment();
    try {
      const answer = await confirmed;
      const later = this.#postpone(asked, began);
      // The certificate itself may have ended too.
      const still = verifyFinding(later.presented, verified.finding, later.now);
      return still.outcome === 'denied'
        ? this.#refuse(later, verified.finding, still)
        : this.#conclude(later, still, answer);
    } catch (error) {
      return denyFault(error);
    }
  }

  #conclude(asked: Asked, verified: VerifiedCertificate, confirmed: ConfirmedFinding | undefined): Decision {
    const { leaf, version, requirement, now } = asked;
    const authentication = concludeIdentity(verified, confirmed, now);
    if (authentication.outcome === 'denied') return this.#refuse(asked, verified.finding, authentication);
    const { identity, validFrom, validUntil } = authentication;
    if (version !== undefined && this.#isSettled(version)) {
      this.#identities.remember(leaf, { identity, version, validFrom, validUntil });
    }
    return authorize(identity, requirement, now);
  }

  #refuse({ chain, version, presented, now }: Asked, finding: TrustFinding, denial: Denial): Denial {
    // A stranger is not worth the store's looking at its clocks once more.
    if (version !== undefined && isWorthRemembering(finding, denial) && this.#isSettled(version)) {
      const { thumbprintSha256 } = presented;
      this.#refusals.remember({ thumbprintSha256, chain }, version, finding, denial, now);
    }
    return denial;
  }

  /** Remembered only when the store's content was the same before and after it answered. */
  #isSettled(version: string): boolean {
    return version === readVersion(this.#trustStore, this.#isVersionLasting);
  }
}

/** One request that no memory knows. */
interface Asked {
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

/** From an identity to the decision; runs at every request, whatever was remembered of the certificate. */
export function authorize(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
  now: number,
  onStep?: StepListener,
): Decision {
  const denial = findAuthorizationDenial(identity, requirement);
  if (denial === undefined || !isReportOnly(requirement, now))
    return note(onStep, 'authorization', denial ?? { outcome: 'allowed', code: 'allowed', identity });
  onStep?.({ step: 'authorization', denial: undefined, deferred: denial });
  return { outcome: 'allowed', code: 'allowed', identity, deferred: denial };
}

/** May this identity call this function? Both answers are 403 to the caller. Whether one is deferred is not asked here. */
export function findAuthorizationDenial(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
): AuthorizationDenial | undefined {
  // Own keys: roles that a polluted prototype supplies might ask for nothing. This runs at every request, so no copy.
  if (!Object.hasOwn(requirement, 'functionName') || !Object.hasOwn(requirement, 'roles'))
    throw invalidArgument('A function requirement must have a functionName and roles of its own.');
  const { functionName, roles } = requirement;
  if (identity.functions !== undefined && !identity.functions.includes(functionName.toLowerCase())) {
    const facts = { identity: identity.name, functionName, functions: identity.functions };
    return deny('function_not_allowed', facts, describeCaller(identity));
  }
  const missing = roles.find((anyOf) => !anyOf.some((role) => identity.roles.includes(role)));
  if (missing === undefined) return undefined;
  const facts = { identity: identity.name, functionName, anyOf: missing, roles: identity.roles };
  return deny('role_missing', facts, describeCaller(identity));
}

/** Whether the requirement's refusals are only reported at `now` (milliseconds). An end that never comes is none. */
function isReportOnly(requirement: FunctionRequirement, now: number): boolean {
  const { reportOnlyUntil } = copyOwn(requirement);
  return reportOnlyUntil !== undefined && Number.isFinite(reportOnlyUntil) && now < reportOnlyUntil;
}

function describeCaller({ name, certificate, matched }: ClientIdentity): KnownCaller {
  const { thumbprintSha256 } = certificate;
  return { identityName: name, thumbprintSha256, ...(matched === undefined ? {} : { matched }) };
}

import type { ClientCertificate } from '@certgate/x509';
import { copyOwn, findFirstFault } from '@certgate/x509/internal';
import type { ClientIdentity, StepListener } from './decision.js';
import { type GraceCheck, judgeWithoutClientAuth } from './client-auth.js';
import { denyUnfit, denyUnprocessed } from './certificate-denial.js';
import type { ClientAuthGrace } from '../trust-snapshot/client-auth-grace.js';
import {
  type DecisionStepName,
  type Denial,
  type DenialCodeOf,
  deny,
  denyAsFound,
  type KnownCaller,
} from '../denial.js';
import type { NameClaim } from '../denial-facts.js';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { readPathAuthority } from '../trust-snapshot/authority-path.js';
import type {
  ConfirmedFinding,
  FoundFinding,
  FoundIdentity,
  NominatedFinding,
  NotFoundFinding,
  TrustFinding,
} from '../trust-snapshot/trust-finding.js';

/**
 * A certificate's identity. While the trust store's version stays the same, it is valid in [validFrom, validUntil), in
 * milliseconds since 1970-01-01T00:00:00Z.
 */
export interface Authentication {
  readonly outcome: 'authenticated';
  readonly identity: ClientIdentity;
  readonly validFrom: number;
  readonly validUntil: number;
}

/** A certificate that is fit for a client, and that the trust store found or nominated. */
export interface VerifiedCertificate {
  readonly outcome: 'verified';
  readonly presented: PresentedCertificate;
  readonly certificate: ClientCertificate;
  /** If this is a nomination, the gate needs the answer of its `confirm` to conclude the identity. */
  readonly finding: FoundFinding | NominatedFinding;
  /** Set if the certificate is fit only because of its pin's grace period. */
  readonly grace: ClientAuthGrace | undefined;
}

/**
 * Turns a trust store's finding into a verified certificate: the steps that verify no signature. A certificate that the
 * trust store does not know is never decoded here.
 */
export function verifyFinding(
  presented: PresentedCertificate,
  given: TrustFinding,
  now: number,
  onStep?: StepListener,
): VerifiedCertificate | Denial {
  const { thumbprintSha256 } = presented;

  // The copy has only own members, so that nothing on Object.prototype becomes part of the finding. A finding that
  // admits nobody is not copied.
  const isKnown = given.outcome === 'found' || given.outcome === 'nominated';
  const finding = note(onStep, 'trust-store', readTrust(isKnown ? copyOwn(given) : given, thumbprintSha256, now));
  if (finding.outcome === 'denied') return finding;
  const { identityName, claim, matched } = describeKnown(finding);
  const known = {
    thumbprintSha256,
    ...(identityName === undefined ? {} : { identityName }),
    ...(matched === undefined ? {} : { matched }),
  };

  const decoded = note(onStep, 'client-certificate', readCertificate(presented, finding, known));
  if (decoded.outcome === 'denied') return decoded;

  const { certificate } = decoded;
  const isPathExpected = finding.outcome === 'nominated' || isPathProcessed(presented, finding);
  const { fault, grace, missing } = checkFitness(certificate, finding, now, isPathExpected);
  if (fault !== undefined)
    return note(onStep, 'certificate-verification', denyUnfit({ certificate, fault, claim, missing }, known));
  note(onStep, 'certificate-verification', passed);
  return { outcome: 'verified', presented, certificate, finding, grace };
}

function checkFitness(
  certificate: ClientCertificate,
  finding: FoundFinding | NominatedFinding,
  now: number,
  isPathValidated: boolean,
): GraceCheck {
  const fault = findFirstFault(certificate, now, isPathValidated);
  return fault?.code === 'certificate_extended_key_usage_unsuitable'
    ? judgeWithoutClientAuth(fault, certificate, finding, now)
    : { fault, grace: undefined };
}

/**
 * Turns a verified certificate into an identity. `confirmed` is the answer of a nomination's `confirm`, and undefined
 * if there was no nomination.
 */
export function concludeIdentity(
  { presented, certificate, finding, grace }: VerifiedCertificate,
  confirmed: ConfirmedFinding | undefined,
  now: number,
  onStep?: StepListener,
): Authentication | Denial {
  const concluded =
    finding.outcome === 'found'
      ? finding
      : confirmPath(
          presented,
          confirmed ?? { outcome: 'unavailable', detail: 'The nomination was not confirmed.' },
          onStep,
        );
  if (concluded.outcome === 'denied') return concluded;
  const past = concluded === finding ? undefined : findIntervalDenial(concluded, presented.thumbprintSha256, now);
  if (past !== undefined) return note(onStep, 'client-identity', past);

  note(onStep, 'client-identity', passed);
  const { matchedBy, matched } = concluded;
  const validFrom = Math.max(concluded.validFrom ?? Number.NEGATIVE_INFINITY, grace?.since ?? Number.NEGATIVE_INFINITY);
  const validUntil = Math.min(
    concluded.validUntil ?? Number.POSITIVE_INFINITY,
    grace?.until ?? Number.POSITIVE_INFINITY,
  );
  const {
    currentFrom = Number.NEGATIVE_INFINITY,
    currentUntil = Number.POSITIVE_INFINITY,
    pathAuthorities,
  } = concluded;
  const by = { matchedBy, matched };
  const identity = createClientIdentity(concluded.identity, certificate, by, validFrom, validUntil, grace?.until);
  if (pathAuthorities !== undefined) authoritiesOf.set(identity, pathAuthorities);
  return {
    outcome: 'authenticated',
    identity,
    validFrom: Math.max(certificate.notBefore, validFrom, currentFrom),
    // The certificate is still valid at `notAfter` (RFC 5280 §4.1.2.5), but our intervals exclude their end.
    validUntil: Math.min(certificate.notAfter + 1, validUntil, currentUntil),
  };
}

/** The step `certification-path`, and what the store may still refuse once the path is valid. */
function confirmPath(
  presented: PresentedCertificate,
  confirmed: ConfirmedFinding,
  onStep: StepListener | undefined,
): FoundFinding | Denial {
  const { thumbprintSha256 } = presented;
  switch (confirmed.outcome) {
    case 'unavailable':
      return note(
        onStep,
        'certification-path',
        deny('trust_unavailable', { fault: confirmed.detail }, { thumbprintSha256 }),
      );
    case 'denied': {
      const { identityName } = confirmed;
      const known = { thumbprintSha256, ...(identityName === undefined ? {} : { identityName }) };
      if (confirmed.step === 'certification-path') {
        return note(onStep, 'certification-path', denyAsFound(confirmed, known));
      }
      note(onStep, 'certification-path', passed);
      return note(onStep, 'client-identity', denyAsFound(confirmed, known));
    }
    case 'notFound':
      note(onStep, 'certification-path', passed);
      return note(onStep, 'client-identity', denyUnknownCaller(confirmed, thumbprintSha256));
    case 'found': {
      const found = copyOwn(confirmed);
      const unprocessed = isPathProcessed(presented, found) ? [] : listUnknownExtensions(presented);
      if (unprocessed.length === 0) {
        note(onStep, 'certification-path', passed);
        return found;
      }
      const known = { identityName: found.identity.name, thumbprintSha256 };
      return note(onStep, 'certification-path', denyUnprocessed(unprocessed, known));
    }
  }
}

function listUnknownExtensions({ decoding }: PresentedCertificate): readonly string[] {
  return decoding.ok ? decoding.certificate.unknownCriticalExtensions : [];
}

function readTrust(
  finding: TrustFinding,
  thumbprintSha256: string,
  now: number,
): FoundFinding | NominatedFinding | Denial<DenialCodeOf<'trust-store'>> {
  switch (finding.outcome) {
    case 'found':
      return findIntervalDenial(finding, thumbprintSha256, now) ?? finding;
    case 'nominated':
      return finding;
    case 'denied':
      return denyAsFound(finding, {
        thumbprintSha256,
        ...(finding.identityName === undefined ? {} : { identityName: finding.identityName }),
      });
    case 'notFound':
      return denyUnknownCaller(finding, thumbprintSha256);
    case 'unavailable':
      return deny('trust_unavailable', { fault: finding.detail }, { thumbprintSha256 });
  }
}

function denyUnknownCaller(
  { detail, facts }: NotFoundFinding,
  thumbprintSha256: string,
): Denial<'certificate_not_trusted'> {
  const code = 'certificate_not_trusted';
  return detail === undefined
    ? deny(code, noFacts, { thumbprintSha256 })
    : denyAsFound({ code, detail, ...(facts === undefined ? {} : { facts }) }, { thumbprintSha256 });
}

const noFacts = Object.freeze({});

/** The identity that a denial names. A name in the certificate is only a claim. */
function describeKnown(finding: FoundFinding | NominatedFinding): {
  readonly identityName?: string | undefined;
  readonly claim?: NameClaim | undefined;
  readonly matched?: string | undefined;
} {
  return finding.outcome === 'found'
    ? { identityName: finding.identity.name, claim: undefined, matched: finding.matched }
    : finding;
}

/**
 * The denial if `now` is outside one of the finding's two intervals; otherwise undefined. A custom trust store may
 * answer with such a finding, and an interval may end while a store answers.
 */
function findIntervalDenial(
  { identity, validFrom, validUntil, currentFrom, currentUntil }: FoundFinding,
  thumbprintSha256: string,
  now: number,
): Denial<'revocation_unavailable' | 'pin_not_yet_valid' | 'pin_expired'> | undefined {
  const known = { identityName: identity.name, thumbprintSha256 };
  const facts = { identity: identity.name, isOfStore: true } as const;
  if ((currentFrom !== undefined && !(now >= currentFrom)) || (currentUntil !== undefined && !(now < currentUntil)))
    return deny('revocation_unavailable', facts, known);
  if (validFrom !== undefined && !(now >= validFrom)) return deny('pin_not_yet_valid', facts, known);
  if (validUntil !== undefined && !(now < validUntil)) return deny('pin_expired', facts, known);
  return undefined;
}

/**
 * Whether a certification path processed the certificate's critical extensions. Even if a custom store says that it
 * validated a path, an extension that our path validation does not process stays refused.
 */
function isPathProcessed(presented: PresentedCertificate, { isPathValidated }: FoundFinding): boolean {
  if (isPathValidated !== true) return false;
  const { pathDecoding } = presented;
  return pathDecoding.ok && pathDecoding.value.unknownCriticalExtensions.length === 0;
}

/**
 * Decodes the certificate. Path validation reads more of it than the checks of a client's certificate do, so this
 * function decodes the part for paths only after a nomination.
 */
function readCertificate(
  presented: PresentedCertificate,
  { outcome }: FoundFinding | NominatedFinding,
  known: KnownCaller,
): { readonly outcome: 'decoded'; readonly certificate: ClientCertificate } | Denial<'certificate_malformed'> {
  const { decoding } = presented;
  if (!decoding.ok) {
    return deny('certificate_malformed', { problem: 'pinned_bytes', fault: decoding.fault }, known);
  }
  const pathDecoding = outcome === 'nominated' ? presented.pathDecoding : undefined;
  if (pathDecoding?.ok === false) {
    return deny('certificate_malformed', { problem: 'path_bytes', fault: pathDecoding.fault }, known);
  }
  return { outcome: 'decoded', certificate: decoding.certificate };
}

/**
 * The CA certificates of each identity's path, in DER. They are not members of the identity, so an app that prints an
 * identity does not print them.
 */
const authoritiesOf = new WeakMap<ClientIdentity, readonly Uint8Array[]>();

/**
 * The subject of the first CA certificate of the identity's paths whose `notAfter` is earlier than `accessEndsAt`, for
 * the log. Undefined if there is none.
 */
export function findEndingAuthority(identity: ClientIdentity): string | undefined {
  for (const der of authoritiesOf.get(identity) ?? []) {
    const authority = readPathAuthority(der);
    if (authority !== undefined && authority.notAfter < identity.accessEndsAt) return authority.subjectText;
  }
  return undefined;
}

/**
 * Creates a frozen identity. What admits the certificate is valid in [trustBeginsAt, trustEndsAt), in milliseconds
 * since 1970-01-01T00:00:00Z; an infinite bound does not limit it.
 */
export function createClientIdentity(
  { name, roles, functions, owner }: FoundIdentity,
  certificate: ClientCertificate,
  { matchedBy, matched }: { readonly matchedBy: string; readonly matched?: string | undefined },
  trustBeginsAt: number = Number.NEGATIVE_INFINITY,
  trustEndsAt: number = Number.POSITIVE_INFINITY,
  withoutClientAuthUntil?: number,
): ClientIdentity {
  return Object.freeze({
    name,
    roles: Object.freeze([...roles]),
    functions: functions === undefined ? undefined : Object.freeze([...functions]),
    owner,
    certificate,
    matchedBy,
    matched,
    accessEndsAt: Math.min(certificate.notAfter, trustEndsAt),
    accessBeginsAt: Math.max(certificate.notBefore, trustBeginsAt),
    withoutClientAuthUntil,
  });
}

/** The result of a step that refuses nothing and returns nothing. */
const passed: { readonly outcome: 'passed' } = Object.freeze({ outcome: 'passed' });

/**
 * Reports to the listener how a step ended, and returns the result. It does not compile if the table of denials does
 * not allow the step to report one of the result's codes.
 */
export function note<Step extends DecisionStepName, T extends { readonly outcome: string }>(
  onStep: StepListener | undefined,
  step: Step,
  result: T & ([Extract<T, Denial>] extends [Denial<DenialCodeOf<Step>>] ? unknown : never),
): T {
  onStep?.({ step, denial: isDenial(result) ? result : undefined });
  return result;
}

function isDenial(result: { readonly outcome: string }): result is Denial {
  return result.outcome === 'denied';
}

import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import {
  aDuration,
  aFlag,
  aFunction,
  anInstant,
  type ArgumentRule,
  copyOwn,
  decodedBy,
  expectArgument,
  listOf,
  type MemberRules,
  octets,
  oneOf,
  optional,
  readMembers,
} from '../encoding/own-members.js';
import { isAboutCertificate } from './ocsp-certificate-id.js';
import { findResponder, type OcspResponderCertificate, type OcspResponderQuestion } from './ocsp-responder.js';
import type { BasicOcspResponse, OcspAnswer, OcspResponse } from './ocsp-response.js';
import type { RevocationGap, RevocationStatus } from './revocation-status.js';
import { intersect, type ValidityInterval } from './crl-statement.js';
import { areOctetsEqual } from '../encoding/der.js';

type Revoked = Extract<OcspAnswer['certificateStatus'], { status: 'revoked' }>;

/** One answer about the certificate, from a responder that may give it. */
interface OcspStatement {
  readonly response: BasicOcspResponse;
  readonly responder: OcspResponderCertificate;
  readonly answer: OcspAnswer;
}

const defaultFreshness = 10 * 60_000;

export const anOcspResponse: ArgumentRule = decodedBy('decodeOcspResponse', 'responseStatus');
export const ocspResponses: ArgumentRule = listOf(anOcspResponse);

/**
 * Asks whether these responses revoke the certificate (RFC 6960 §3.2). A revocation is accepted even if the response is
 * not current. An answer that says good must be current and understood, and must suit the nonce, if there is one.
 *
 * @throws {CertgateError} if a member of the question is missing, unknown or of another type, or if a callback returns
 * something other than true or false.
 */
export function findOcspStatus(given: OcspQuestion): RevocationStatus {
  // Made in each call, so that a bundler leaves the rules out of a program that only checks paths.
  const questionRules: MemberRules<OcspQuestion> = {
    certificate: aPathCertificate,
    issuer: aPathCertificate,
    responses: ocspResponses,
    isAlgorithmAccepted: aFunction,
    profile: oneOf(['strict', 'rfc5280']),
    now: anInstant,
    graceMilliseconds: aDuration,
    nonce: optional(octets),
    allowMissingNonce: optional(aFlag),
    freshnessMilliseconds: optional(aDuration),
    clockSkewMilliseconds: optional(aDuration),
    isResponderGood: optional(aFunction),
  };
  const question = readMembers(given, 'The question of findOcspStatus', questionRules);
  const { isAlgorithmAccepted, isResponderGood } = question;
  return askResponses({
    ...question,
    isAlgorithmAccepted: (algorithm) => expectFlag(isAlgorithmAccepted(algorithm), 'isAlgorithmAccepted'),
    isResponderGood: isResponderGood && ((responder) => expectFlag(isResponderGood(responder), 'isResponderGood')),
  });
}

/** A promise would be truthy, so a callback that returns one must fail. */
function expectFlag(value: boolean, name: string): boolean {
  expectArgument(value, aFlag, `What ${name} returns`);
  return value;
}

/**
 * `findOcspStatus` without its checks of the question, which the caller has already made.
 */
export function askResponses(given: OcspInquiry): RevocationStatus {
  const question = copyOwn(given);
  const statements: OcspStatement[] = [];
  const faults: RevocationGap[] = [];
  for (const response of question.responses) {
    if (response.responseStatus !== 'successful') {
      faults.push({ reason: 'ocsp_failure', responseStatus: response.responseStatus });
      continue;
    }
    const answers = response.answers.filter(({ certificateId }) =>
      isAboutCertificate(certificateId, question.certificate, question.issuer),
    );
    if (answers.length === 0) continue;
    const { algorithm } = response.signed;
    if (!question.isAlgorithmAccepted(algorithm)) {
      faults.push({ reason: 'ocsp_algorithm_not_accepted', signatureAlgorithm: algorithm });
      continue;
    }
    const found = findResponder(response, question);
    if ('responder' in found) {
      statements.push(...answers.map((answer) => ({ response, ...found, answer })));
      continue;
    }
    faults.push({ reason: 'ocsp_signer_unfit', signer: found.fault });
    const revocations = answers.filter(({ certificateStatus }) => certificateStatus.status === 'revoked');
    const then = revocations.length > 0 ? findResponder(response, askAsOf(response, question)) : found;
    if ('responder' in then) statements.push(...revocations.map((answer) => ({ response, ...then, answer })));
  }
  const revoked = findRevoked(statements, question);
  if (revoked !== undefined) return { status: 'revoked', reason: revoked.reason, revokedAt: revoked.revokedAt };
  return findGoodStatus(statements, faults, question);
}

/**
 * The question as of the time of the response, for a revocation: it is not forgotten when the responder's certificate
 * ends, nor if it is unknown whether that certificate is revoked, unless the question has `isResponderGood`
 * without `isResponderRevoked`.
 */
function askAsOf({ producedAt }: BasicOcspResponse, question: OcspInquiry): OcspQuestion {
  const { now, isResponderRevoked, isResponderGood = () => true } = question;
  const isNotRevoked = isResponderRevoked && ((responder: PathCertificate) => !isResponderRevoked(responder));
  return { ...question, now: Math.min(producedAt, now), isResponderGood: isNotRevoked ?? isResponderGood };
}

/** A certificate comes back only from hold, and only by a newer answer. */
function findRevoked(statements: readonly OcspStatement[], question: OcspQuestion): Revoked | undefined {
  return statements.flatMap(({ answer }) => {
    const { certificateStatus, thisUpdate } = answer;
    if (certificateStatus.status !== 'revoked') return [];
    if (certificateStatus.reason !== 'certificateHold') return [certificateStatus];
    const isLifted = statements.some(
      (newer) =>
        newer.answer.certificateStatus.status === 'good' &&
        newer.answer.thisUpdate > thisUpdate &&
        findFault(newer, question) === undefined,
    );
    return isLifted ? [] : [certificateStatus];
  })[0];
}

function findGoodStatus(
  statements: readonly OcspStatement[],
  faults: readonly RevocationGap[],
  question: OcspQuestion,
): RevocationStatus {
  const gaps = [...faults];
  const intervals: ValidityInterval[] = [];
  for (const statement of statements) {
    const fault = findFault(statement, question);
    const { status } = statement.answer.certificateStatus;
    // The responder doesn't know the certificate. Another responder that does is not a reason to admit it.
    if (fault === undefined && status === 'unknown') {
      return { status: 'unknown', gaps: [{ reason: 'ocsp_certificate_unknown' }] };
    }
    if (fault !== undefined) gaps.push(fault);
    else if (status === 'good') intervals.push(findInterval(statement, question));
  }
  const [best] = intervals.sort((left, right) => right.validUntil - left.validUntil);
  if (best !== undefined) return { status: 'good', ...best };
  return { status: 'unknown', gaps: [gaps[0] ?? { reason: 'ocsp_missing' }] };
}

/** Why an answer can't say good now. */
function findFault(statement: OcspStatement, question: OcspQuestion): RevocationGap | undefined {
  const { response, answer } = statement;
  const { now, clockSkewMilliseconds = 0 } = question;
  const [extension] = [...response.unknownCriticalExtensions, ...answer.unknownCriticalExtensions];
  if (extension !== undefined) return { reason: 'ocsp_critical_extension', extension };
  const nonceFault = findNonceFault(response, question);
  if (nonceFault !== undefined) return nonceFault;
  const { validFrom, validUntil } = findInterval(statement, question);
  // Written so that a time that is not a number is never current.
  if (!(validFrom <= now && response.producedAt - clockSkewMilliseconds <= now)) {
    return { reason: 'ocsp_from_future' };
  }
  return now < validUntil ? undefined : { reason: 'ocsp_ended' };
}

/** RFC 9654 §2.1: compares the nonce of the answer with the one that was sent. */
function findNonceFault({ nonce }: BasicOcspResponse, question: OcspQuestion): RevocationGap | undefined {
  if (question.nonce === undefined) return undefined;
  if (nonce !== undefined) {
    return areOctetsEqual(nonce, question.nonce) ? undefined : { reason: 'ocsp_nonce_differs' };
  }
  if (question.profile === 'rfc5280' || question.allowMissingNonce === true) return undefined;
  return { reason: 'ocsp_nonce_missing' };
}

/** [validFrom, validUntil), limited by the answer and by the responder's certificate. */
function findInterval({ answer, responder }: OcspStatement, question: OcspQuestion): ValidityInterval {
  const { issuer, graceMilliseconds, freshnessMilliseconds = defaultFreshness, clockSkewMilliseconds = 0 } = question;
  const ofAnswer = {
    validFrom: answer.thisUpdate - clockSkewMilliseconds,
    validUntil: (answer.nextUpdate ?? answer.thisUpdate + freshnessMilliseconds) + graceMilliseconds,
  };
  // The path checks the issuer's own validity.
  if (responder === issuer) return ofAnswer;
  // §4.1.2.5: notAfter belongs to the validity.
  return intersect(ofAnswer, { validFrom: responder.notBefore, validUntil: responder.notAfter + 1 });
}

/** A question that also distinguishes a responder that is known to be revoked from one whose status is unknown. */
export interface OcspInquiry extends OcspQuestion {
  readonly isResponderRevoked?: ((responder: PathCertificate) => boolean) | undefined;
}

/** Asks whether these responses revoke the certificate. */
export interface OcspQuestion extends OcspResponderQuestion {
  /** Any responses. Those about other certificates are ignored. */
  readonly responses: readonly OcspResponse[];
  /** How many milliseconds an answer stays current after its end. */
  readonly graceMilliseconds: number;
  /** The nonce of the request that the responses must still be compared with. Undefined if there is none. */
  readonly nonce?: Uint8Array | undefined;
  /**
   * If true, a response without a nonce is accepted although one was sent, as it always is in `rfc5280`. Default:
   * false.
   */
  readonly allowMissingNonce?: boolean | undefined;
  /** How many milliseconds an answer without nextUpdate is current. Default: 10 minutes. */
  readonly freshnessMilliseconds?: number | undefined;
  /** By how many milliseconds the responder's clock may be ahead of ours. Default: 0. */
  readonly clockSkewMilliseconds?: number | undefined;
}

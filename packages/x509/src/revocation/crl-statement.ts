import { areNamesEqual } from '../certificate/distinguished-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { describeSignatureAlgorithm, type SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import { isSignedBy, recallSignature } from '../certificate/signature-verification.js';
import { type CertificateRevocationList, crlExtensionTypes } from './certificate-revocation-list.js';
import { findCoveredReasons } from './crl-scope.js';

/** A list that speaks of the certificate, and whose signature holds. That it is current, it doesn't say. */
export interface CrlStatement {
  readonly crl: CertificateRevocationList;
  /** A mask of `allReasons`; never 0. */
  readonly reasons: number;
  readonly signer: PathCertificate;
}

export interface CrlStatements {
  readonly statements: readonly CrlStatement[];
  /** Why lists that speak of the certificate don't count. */
  readonly faults: readonly string[];
}

/** RFC 5280 §6.3.3 (b), (d), (f) and (g), for every list: one that says "revoked" is to be found wherever it is. */
export function findCrlStatements(question: CrlQuestion): CrlStatements {
  const statements: CrlStatement[] = [];
  const faults: string[] = [];
  for (const crl of question.crls) {
    if (question.useDeltas === false && crl.deltaBaseNumber !== undefined) continue;
    const reasons = findCoveredReasons(crl, question.certificate);
    if (reasons === 0) continue;
    const { algorithm } = crl.signed;
    const signer = question.isAlgorithmAccepted(algorithm) ? findSigner(crl, question) : undefined;
    if (signer !== undefined) statements.push({ crl, reasons, signer });
    else if (question.isAlgorithmAccepted(algorithm)) faults.push('A CRL is signed by nobody who may sign it.');
    else
      faults.push(`A CRL is signed with an algorithm that is not accepted (${describeSignatureAlgorithm(algorithm)}).`);
  }
  return { statements, faults };
}

/** Do both lists speak of the same certificates, signed by the same key (§6.3.3 (c), (h))? */
export function isSameScope(left: CrlStatement, right: CrlStatement): boolean {
  return (
    areNamesEqual(left.crl.issuer, right.crl.issuer) &&
    isSameExtension(left.crl, right.crl, crlExtensionTypes.issuingDistributionPoint) &&
    isSameExtension(left.crl, right.crl, crlExtensionTypes.authorityKeyIdentifier) &&
    Buffer.compare(
      left.signer.verificationKey.subjectPublicKeyInfo,
      right.signer.verificationKey.subjectPublicKeyInfo,
    ) === 0
  );
}

function isSameExtension(left: CertificateRevocationList, right: CertificateRevocationList, type: string): boolean {
  const [one, other] = [left.extensions.get(type), right.extensions.get(type)];
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one.value, other.value) === 0;
}

/** §6.3.3 (f), (g). The certificate's issuer first: nearly always it is the one. */
function findSigner(crl: CertificateRevocationList, question: CrlQuestion): PathCertificate | undefined {
  return [question.issuer, ...question.signers].find((signer) => {
    if (!areNamesEqual(signer.subject, crl.issuer) || !maySignCrls(signer, question)) return false;
    // The path before the signature: a stranger's certificate must not buy the hash of megabytes.
    if (recallSignature(crl, signer.verificationKey) === false) return false;
    return (signer === question.issuer || question.isSignerValid(signer)) && isSignedBy(crl, signer.verificationKey);
  });
}

/**
 * §6.3.3 (f): where there is a key usage, it includes cRLSign. Where there is none, the RFC allows any certificate of the
 * name; here it must be a CA's or the certificate's issuer.
 */
function maySignCrls(signer: PathCertificate, { issuer }: CrlQuestion): boolean {
  if (signer.keyUsage !== undefined) return signer.keyUsage.includes('cRLSign');
  return signer === issuer || signer.basicConstraints?.isCertificateAuthority === true;
}

/** Is this certificate revoked, by these lists? */
export interface CrlQuestion {
  readonly certificate: PathCertificate;
  /** Its issuer, already validated; may be the trust anchor. */
  readonly issuer: PathCertificate;
  /** Any lists: those that don't speak of the certificate are passed over. */
  readonly crls: readonly CertificateRevocationList[];
  /** Who else may have signed them: intermediates, anchors, CRL issuers' certificates. */
  readonly signers: readonly PathCertificate[];
  /** Does the signer have a valid path to the certificate's own trust anchor (RFC 5280 §6.3.3 (f))? Cycles end there. */
  readonly isSignerValid: (signer: PathCertificate) => boolean;
  readonly isAlgorithmAccepted: (algorithm: SignatureAlgorithm) => boolean;
  /** `strict`: a list without nextUpdate is never current. */
  readonly profile: 'strict' | 'rfc5280';
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** For so long after its nextUpdate a list is current still. */
  readonly graceMilliseconds: number;
  /** True where it is left out. */
  readonly useDeltas?: boolean;
}

/** [validFrom, validUntil) in milliseconds. */
export interface ValidityInterval {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** Undefined: the list is not current, or it has a critical extension that might say so. */
export function findCurrentInterval(
  crl: CertificateRevocationList,
  question: CrlQuestion,
): ValidityInterval | undefined {
  const { thisUpdate, nextUpdate } = crl;
  // §5.1.2.5 requires it; the strict profile insists.
  if (nextUpdate === undefined && question.profile === 'strict') return undefined;
  const validUntil = nextUpdate === undefined ? Infinity : nextUpdate + question.graceMilliseconds;
  const isCurrent = thisUpdate <= question.now && question.now < validUntil;
  return isCurrent ? { validFrom: thisUpdate, validUntil } : undefined;
}

/** May the list be taken for it that a certificate is *not* revoked (§5.2, §5.3: unknown critical extensions)? */
export function findUsableInterval(
  crl: CertificateRevocationList,
  question: CrlQuestion,
): ValidityInterval | undefined {
  if (crl.unknownCriticalExtensions.length > 0 || isMisnumbered(crl, question)) return undefined;
  return findCurrentInterval(crl, question);
}

/** §5.2.3: the number must be there, and not be critical. Without it nobody can tell that a list was put back. */
export function isMisnumbered({ extensions }: CertificateRevocationList, { profile }: CrlQuestion): boolean {
  return profile === 'strict' && extensions.get(crlExtensionTypes.crlNumber)?.isCritical !== false;
}

export function intersect(left: ValidityInterval, right: ValidityInterval): ValidityInterval {
  return {
    validFrom: Math.max(left.validFrom, right.validFrom),
    validUntil: Math.min(left.validUntil, right.validUntil),
  };
}

/** RFC 5280 §5.2.4, §6.3.3 (c): may the delta be applied to that list? A delta is no base. */
export function isDeltaOf(delta: CrlStatement, base: CrlStatement): boolean {
  const { deltaBaseNumber, crlNumber } = delta.crl;
  const baseNumber = base.crl.crlNumber;
  if (base.crl.deltaBaseNumber !== undefined || deltaBaseNumber === undefined) return false;
  if (crlNumber === undefined || baseNumber === undefined) return false;
  // The same number where both were issued at once.
  return deltaBaseNumber <= baseNumber && baseNumber <= crlNumber && isSameScope(delta, base);
}

/** The interval of the newest delta that can be applied to the list now. What deltas name as revoked is found before. */
export function findDeltaInterval(
  base: CrlStatement,
  statements: readonly CrlStatement[],
  question: CrlQuestion,
): ValidityInterval | undefined {
  return statements
    .filter((delta) => isDeltaOf(delta, base))
    .flatMap((delta) => findUsableInterval(delta.crl, question) ?? [])
    .sort((left, right) =>
      left.validFrom === right.validFrom ? left.validUntil - right.validUntil : right.validFrom - left.validFrom,
    )[0];
}

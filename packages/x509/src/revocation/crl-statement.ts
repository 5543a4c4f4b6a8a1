import { areNamesEqual, type CanonicalName } from '../certificate/distinguished-name.js';
import type {
  DistributionPoint,
  DistributionPointName,
  IssuingDistributionPoint,
} from '../certificate/distribution-point.js';
import { type GeneralName, toGeneralNameKey } from '../certificate/general-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import type { SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import { isSignedBy, recallSignature } from '../certificate/signature-verification.js';
import { type CertificateRevocationList, crlExtensionTypes } from './certificate-revocation-list.js';
import type { RevocationGap } from './revocation-status.js';

/** A list that speaks of the certificate, and whose signature holds. That it is current, it doesn't say. */
export interface CrlStatement {
  readonly crl: CertificateRevocationList;
  /** A mask of `allReasons`; never 0. */
  readonly reasons: number;
  readonly signer: PathCertificate;
  /** False: the list only revokes. It never shows that a certificate is not revoked, and lifts no hold. */
  readonly mayClear: boolean;
}

export interface CrlStatements {
  readonly statements: readonly CrlStatement[];
  /** Why lists that speak of the certificate don't count. */
  readonly faults: readonly RevocationGap[];
}

/**
 * RFC 5280 §6.3.3 (b), (d), (f) and (g), for every list: one that says "revoked" is to be found wherever it is. The
 * signature before the distribution points: whoever can replace a list chooses how many names there are to be compared.
 */
export function findCrlStatements(question: CrlQuestion): CrlStatements {
  const statements: CrlStatement[] = [];
  const faults: RevocationGap[] = [];
  const { crls, revokingCrls = [] } = question;
  for (const crl of [...crls, ...revokingCrls]) {
    if (question.useDeltas === false && crl.deltaBaseNumber !== undefined) continue;
    if (!isIssuerCovered(crl, question.certificate)) continue;
    const { algorithm } = crl.signed;
    if (!question.isAlgorithmAccepted(algorithm)) {
      faults.push({ reason: 'crl_algorithm_not_accepted', signatureAlgorithm: algorithm });
      continue;
    }
    const found = findSigner(crl, question);
    if (found?.isValid !== true) faults.push({ reason: 'crl_signer_unfit' });
    const reasons = found && findCoveredReasons(crl, question.certificate, question.spendComparisons);
    if (found === undefined || reasons === undefined || reasons === 0) continue;
    statements.push({ crl, reasons, signer: found.signer, mayClear: found.isValid && !revokingCrls.includes(crl) });
  }
  return { statements, faults };
}

/** Do both lists speak of the same certificates, signed by the same key (§6.3.3 (c), (h))? */
export function isSameScope(left: CrlStatement, right: CrlStatement): boolean {
  return isOneNumbering(left, right) && isSameExtension(left.crl, right.crl, crlExtensionTypes.authorityKeyIdentifier);
}

/** Do both lists belong to one sequence of CRL numbers (§5.2.3)? The key says so, whatever the lists say of it. */
export function isOneNumbering(left: CrlStatement, right: CrlStatement): boolean {
  return (
    areNamesEqual(left.crl.issuer, right.crl.issuer) &&
    isSameExtension(left.crl, right.crl, crlExtensionTypes.issuingDistributionPoint) &&
    isSameKey(left.signer, right.signer)
  );
}

function isSameKey(left: PathCertificate, right: PathCertificate): boolean {
  return Buffer.compare(left.verificationKey.subjectPublicKeyInfo, right.verificationKey.subjectPublicKeyInfo) === 0;
}

/**
 * May the list be taken for it that the certificate is *not* revoked, as far as its signer goes? A CA with a renewed key
 * may publish a list for each of its keys, and each names what that key has issued. RFC 5280 takes any of them; `strict`
 * takes the list of the key that signed the certificate, and of a CRL issuer of another name (an indirect list).
 */
export function isOfIssuingKey({ crl, signer }: CrlStatement, question: CrlQuestion): boolean {
  const { certificate, issuer, profile } = question;
  if (profile === 'rfc5280' || !areNamesEqual(crl.issuer, certificate.issuer)) return true;
  return isSameKey(signer, issuer);
}

function isSameExtension(left: CertificateRevocationList, right: CertificateRevocationList, type: string): boolean {
  const [one, other] = [left.extensions.get(type), right.extensions.get(type)];
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one.value, other.value) === 0;
}

/**
 * §6.3.3 (f), (g). The certificate's issuer first: nearly always it is the one. A revocation outlives its signer: otherwise
 * the end of one certificate, or the theft of its key, would readmit everybody whom its lists name. So a signer that has no
 * valid path now, or is revoked, counts by the path that it had when it signed; its lists only revoke.
 */
function findSigner(
  crl: CertificateRevocationList,
  question: CrlQuestion,
): { readonly signer: PathCertificate; readonly isValid: boolean } | undefined {
  const find = (isTaken: (signer: PathCertificate) => boolean): PathCertificate | undefined =>
    [question.issuer, ...question.signers].find((signer) => {
      if (!areNamesEqual(signer.subject, crl.issuer) || !maySignCrls(signer, question)) return false;
      // The path before the signature: a stranger's certificate must not buy the hash of megabytes.
      if (recallSignature(crl, signer.verificationKey) === false) return false;
      return isTaken(signer) && isSignedBy(crl, signer.verificationKey);
    });
  const valid = find((signer) => signer === question.issuer || question.isSignerValid(signer));
  if (valid !== undefined) return { signer: valid, isValid: true };
  const signedAt = Math.min(crl.thisUpdate, question.now);
  const former = find((signer) => question.isSignerValid(signer, signedAt));
  return former && { signer: former, isValid: false };
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
  /** More lists, which only revoke; left out: none. */
  readonly revokingCrls?: readonly CertificateRevocationList[] | undefined;
  /** Who else may have signed them: intermediates, anchors, CRL issuers' certificates. */
  readonly signers: readonly PathCertificate[];
  /**
   * Does the signer have a valid path to the certificate's own trust anchor (RFC 5280 §6.3.3 (f)), and is it not revoked?
   * Cycles end there. With a time: did it have such a path then, whether or not it is revoked?
   */
  readonly isSignerValid: (signer: PathCertificate, then?: number) => boolean;
  readonly isAlgorithmAccepted: (algorithm: SignatureAlgorithm) => boolean;
  /** `strict`: a list without nextUpdate is never current. */
  readonly profile: 'strict' | 'rfc5280';
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** For so long after its nextUpdate a list is current still. */
  readonly graceMilliseconds: number;
  /** True where it is left out. */
  readonly useDeltas?: boolean;
  /** May so many names be compared? False ends it: the caller knows that the answer is none. Left out: as many as there are. */
  readonly spendComparisons?: ((count: number) => boolean) | undefined;
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

/** ReasonFlags (RFC 5280 §4.2.1.13) as bits of a number: 1, keyCompromise, to 8, aACompromise; 0 is unused. */
export const allReasons = 0b1_1111_1110;

/**
 * RFC 5280 §6.3.3 (b), (d): for which reasons would the list name the certificate? 0: the list doesn't speak of it.
 * Taken over all of the certificate's distribution points.
 */
export function findCoveredReasons(
  crl: CertificateRevocationList,
  certificate: PathCertificate,
  spendComparisons?: (count: number) => boolean,
): number {
  const idp = crl.issuingDistributionPoint;
  if (!isKindCovered(idp, certificate)) return 0;
  const points = [...(certificate.crlDistributionPoints ?? []), findLocalPoint(certificate)];
  const isCompared = idp !== undefined && (idp.name !== undefined || idp.isIndirect);
  if (isCompared && spendComparisons?.(countNames(points, certificate) + countNamesOfList(crl)) === false) return 0;
  return points
    .filter((point) => isPointOfList(point, crl, certificate.issuer))
    .reduce((reasons, point) => reasons | findReasonsAt(point, idp), 0);
}

/** Could the list speak of the certificate, by the names of their issuers alone? */
function isIssuerCovered(crl: CertificateRevocationList, { issuer, crlDistributionPoints }: PathCertificate): boolean {
  if (areNamesEqual(crl.issuer, issuer)) return true;
  if (crl.issuingDistributionPoint?.isIndirect !== true) return false;
  return crlDistributionPoints?.some(({ crlIssuer }) => isAmong(crl.issuer, crlIssuer)) === true;
}

function isAmong(issuer: CanonicalName, names: readonly GeneralName[] | undefined): boolean {
  return names?.some((name) => 'name' in name && areNamesEqual(name.name, issuer)) === true;
}

/** As many as are looked at; a relative name has the issuer's before it. */
function countNames(points: readonly DistributionPoint[], { issuer }: PathCertificate): number {
  return points.reduce((count, { name, crlIssuer = [] }) => {
    const ofName = name === undefined ? 0 : 'fullName' in name ? name.fullName.length : issuer.relativeNames.length + 1;
    return count + ofName + crlIssuer.length;
  }, 0);
}

/** Once: the keys of its names are kept. */
function countNamesOfList(crl: CertificateRevocationList): number {
  const { issuingDistributionPoint } = crl;
  if (issuingDistributionPoint?.name === undefined || pointKeys.has(issuingDistributionPoint)) return 0;
  return expandPointName(issuingDistributionPoint.name, crl.issuer).length;
}

/** §6.3.3, its last paragraph: a list of the certificate's issuer counts even if no distribution point names it. */
function findLocalPoint(certificate: PathCertificate): DistributionPoint {
  const fullName: readonly GeneralName[] = [{ form: 'directoryName', name: certificate.issuer }];
  return { name: { fullName }, reasons: undefined, crlIssuer: undefined };
}

/** §6.3.3 (b) (2) (ii) to (iv). */
function isKindCovered(idp: IssuingDistributionPoint | undefined, certificate: PathCertificate): boolean {
  if (idp === undefined) return true;
  const isAuthority = certificate.basicConstraints?.isCertificateAuthority === true;
  if (idp.onlyContainsAttributeCertificates) return false;
  return !(isAuthority ? idp.onlyContainsUserCertificates : idp.onlyContainsAuthorityCertificates);
}

/** §6.3.3 (b) (1), (2) (i). */
function isPointOfList(
  point: DistributionPoint,
  crl: CertificateRevocationList,
  certificateIssuer: CanonicalName,
): boolean {
  const idp = crl.issuingDistributionPoint;
  if (point.crlIssuer === undefined) {
    if (!areNamesEqual(crl.issuer, certificateIssuer)) return false;
  } else {
    if (idp?.isIndirect !== true || !isAmong(crl.issuer, point.crlIssuer)) return false;
  }
  if (idp?.name === undefined) return true;
  const ofList = findPointKeys(idp, idp.name, crl.issuer);
  return listPointNames(point, certificateIssuer).some((name) => ofList.has(toGeneralNameKey(name)));
}

const pointKeys = new WeakMap<IssuingDistributionPoint, ReadonlySet<string>>();

/** Of the list's names, which may be twenty thousand; a list is asked for one certificate after the other. */
function findPointKeys(
  idp: IssuingDistributionPoint,
  name: DistributionPointName,
  issuer: CanonicalName,
): ReadonlySet<string> {
  let keys = pointKeys.get(idp);
  if (keys === undefined) {
    keys = new Set(expandPointName(name, issuer).map(toGeneralNameKey));
    pointKeys.set(idp, keys);
  }
  return keys;
}

function listPointNames(
  { name, crlIssuer }: DistributionPoint,
  certificateIssuer: CanonicalName,
): readonly GeneralName[] {
  if (name === undefined) return crlIssuer ?? [];
  if (crlIssuer === undefined) return expandPointName(name, certificateIssuer);
  const [issuer, ...others] = crlIssuer.flatMap((general) => ('name' in general ? [general.name] : []));
  // §4.2.1.13: with several issuers there must be no relative name: it would mean several things.
  return issuer === undefined || (others.length > 0 && !('fullName' in name)) ? [] : expandPointName(name, issuer);
}

function expandPointName(name: DistributionPointName, issuer: CanonicalName): readonly GeneralName[] {
  if ('fullName' in name) return name.fullName;
  const relativeNames = [...issuer.relativeNames, name.nameRelativeToCrlIssuer];
  // As decodeCanonicalName makes the key.
  return [{ form: 'directoryName', name: { relativeNames, key: relativeNames.join('/') } }];
}

/** §6.3.3 (d). */
function findReasonsAt(point: DistributionPoint, idp: IssuingDistributionPoint | undefined): number {
  return toMask(point.reasons) & toMask(idp?.onlySomeReasons);
}

function toMask(reasons: readonly number[] | undefined): number {
  if (reasons === undefined) return allReasons;
  return reasons.filter((bit) => bit <= 8).reduce((mask, bit) => mask | (1 << bit), 0) & allReasons;
}

import { areNamesEqual, type CanonicalName } from '../certificate/distinguished-name.js';
import type {
  DistributionPoint,
  DistributionPointName,
  IssuingDistributionPoint,
} from '../certificate/distribution-point.js';
import { type GeneralName, toGeneralNameKey } from '../certificate/general-name.js';
import { haveSameKey, type PathCertificate } from '../certificate/path-certificate.js';
import type { SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import { isSignedBy, recallSignature } from '../certificate/signature-verification.js';
import { type CertificateRevocationList, crlExtensionTypes } from './certificate-revocation-list.js';
import type { RevocationGap } from './revocation-status.js';
import { areOctetsEqual } from '../encoding/der.js';

/** A list that covers the certificate and has a valid signature. Whether it is current is not checked yet. */
export interface CrlStatement {
  readonly crl: CertificateRevocationList;
  /** The reasons that the list covers for the certificate, as a mask of `allReasons`; never 0. */
  readonly reasons: number;
  readonly signer: PathCertificate;
  /** If false, the list only revokes: it never shows that a certificate is not revoked, and lifts no hold. */
  readonly mayClear: boolean;
}

export interface CrlStatements {
  readonly statements: readonly CrlStatement[];
  /** Why lists that could cover the certificate can't be used, or can only revoke. */
  readonly faults: readonly RevocationGap[];
}

/**
 * RFC 5280 §6.3.3 (b), (d), (f) and (g), for every list, so that no revocation is overlooked. The signature is verified
 * before the distribution points are compared: somebody who can replace a list chooses how many names it has.
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

/** Whether both lists cover the same certificates and are signed by the same key (§6.3.3 (c), (h)). */
export function isSameScope(left: CrlStatement, right: CrlStatement): boolean {
  return isOneNumbering(left, right) && isSameExtension(left.crl, right.crl, crlExtensionTypes.authorityKeyIdentifier);
}

/**
 * Whether both lists belong to one sequence of CRL numbers (§5.2.3): same issuer, same issuing distribution point, and
 * the same key of the signer, whatever their authority key identifiers say.
 */
export function isOneNumbering(left: CrlStatement, right: CrlStatement): boolean {
  return (
    areNamesEqual(left.crl.issuer, right.crl.issuer) &&
    isSameExtension(left.crl, right.crl, crlExtensionTypes.issuingDistributionPoint) &&
    haveSameKey(left.signer, right.signer)
  );
}

/**
 * Whether the list's signer lets it show that the certificate is *not* revoked. A CA with a renewed key may publish a
 * list for each of its keys, and each names only certificates that this key issued. RFC 5280 accepts any of them.
 * `strict` accepts the list of the key that signed the certificate, and a list of a CRL issuer with another name (an
 * indirect list).
 */
export function isOfIssuingKey({ crl, signer }: CrlStatement, question: CrlQuestion): boolean {
  const { certificate, issuer, profile } = question;
  if (profile === 'rfc5280' || !areNamesEqual(crl.issuer, certificate.issuer)) return true;
  return haveSameKey(signer, issuer);
}

function isSameExtension(left: CertificateRevocationList, right: CertificateRevocationList, type: string): boolean {
  const [one, other] = [left.extensions.get(type), right.extensions.get(type)];
  if (one === undefined || other === undefined) return one === other;
  return areOctetsEqual(one.value, other.value);
}

/**
 * §6.3.3 (f), (g). Tries the certificate's issuer first, because it is usually the signer. A revocation outlives
 * its signer: otherwise, when a CA certificate ends or its key is stolen, everybody on its lists would be admitted
 * again. So if a signer has no valid path now, or is revoked, the path that it had when it signed decides, and its
 * lists only revoke.
 */
function findSigner(
  crl: CertificateRevocationList,
  question: CrlQuestion,
): { readonly signer: PathCertificate; readonly isValid: boolean } | undefined {
  const find = (isTaken: (signer: PathCertificate) => boolean): PathCertificate | undefined =>
    [question.issuer, ...question.signers].find((signer) => {
      if (!areNamesEqual(signer.subject, crl.issuer) || !maySignCrls(signer, question)) return false;
      // Asks for the path before the signature: an unknown caller's certificate must not make us hash megabytes.
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
 * §6.3.3 (f): if there is a key usage, it must include cRLSign. If there is none, the RFC allows any certificate with
 * that name; here it must be a CA certificate or the certificate's issuer.
 */
function maySignCrls(signer: PathCertificate, { issuer }: CrlQuestion): boolean {
  if (signer.keyUsage !== undefined) return signer.keyUsage.includes('cRLSign');
  return signer === issuer || signer.basicConstraints?.isCertificateAuthority === true;
}

/** Asks whether these lists revoke the certificate. */
export interface CrlQuestion {
  readonly certificate: PathCertificate;
  /** Its issuer, already validated. It may be the trust anchor. */
  readonly issuer: PathCertificate;
  /** Any lists. Lists that don't cover the certificate are ignored. */
  readonly crls: readonly CertificateRevocationList[];
  /** More lists, which can only revoke. Default: none. */
  readonly revokingCrls?: readonly CertificateRevocationList[] | undefined;
  /** Certificates of others who may have signed the lists: intermediates, anchors, CRL issuers. */
  readonly signers: readonly PathCertificate[];
  /**
   * Whether the signer has a valid path to the certificate's own trust anchor (RFC 5280 §6.3.3 (f)) and is not revoked.
   * The callback must end cycles. With `then`, a time in milliseconds since 1970-01-01T00:00:00Z: whether it had a
   * valid path to any trust anchor at that time, revoked or not.
   */
  readonly isSignerValid: (signer: PathCertificate, then?: number) => boolean;
  readonly isAlgorithmAccepted: (algorithm: SignatureAlgorithm) => boolean;
  /** `strict` requires more of a list: see `isOfIssuingKey`, `findCurrentInterval` and `isMisnumbered`. */
  readonly profile: 'strict' | 'rfc5280';
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** How many milliseconds a list stays current after its nextUpdate. */
  readonly graceMilliseconds: number;
  /** Whether deltas are used. Default: true. */
  readonly useDeltas?: boolean;
  /**
   * Called with the number of names before they are compared. If it returns false, they are not compared, and the
   * caller must not use the answer. If absent, the number is not limited.
   */
  readonly spendComparisons?: ((count: number) => boolean) | undefined;
}

/** [validFrom, validUntil) in milliseconds since 1970-01-01T00:00:00Z. */
export interface ValidityInterval {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** The interval that limits nothing. */
export const always: ValidityInterval = Object.freeze({ validFrom: -Infinity, validUntil: Infinity });

export function intersect(left: ValidityInterval, right: ValidityInterval): ValidityInterval {
  return {
    validFrom: Math.max(left.validFrom, right.validFrom),
    validUntil: Math.min(left.validUntil, right.validUntil),
  };
}

/**
 * The interval in which the list is current. Undefined if the list is not current at `now`. In `strict`, a list without
 * nextUpdate never is.
 */
export function findCurrentInterval(
  crl: CertificateRevocationList,
  question: CrlQuestion,
): ValidityInterval | undefined {
  const { thisUpdate, nextUpdate } = crl;
  // §5.1.2.5 requires nextUpdate, and the strict profile insists on it.
  if (nextUpdate === undefined && question.profile === 'strict') return undefined;
  const validUntil = nextUpdate === undefined ? Infinity : nextUpdate + question.graceMilliseconds;
  const isCurrent = thisUpdate <= question.now && question.now < validUntil;
  return isCurrent ? { validFrom: thisUpdate, validUntil } : undefined;
}

/**
 * The interval in which the list may show that a certificate is *not* revoked. Undefined if it is not current, if it
 * has an unknown critical extension (§5.2, §5.3), or if it is misnumbered.
 */
export function findUsableInterval(
  crl: CertificateRevocationList,
  question: CrlQuestion,
): ValidityInterval | undefined {
  if (crl.unknownCriticalExtensions.length > 0 || isMisnumbered(crl, question)) return undefined;
  return findCurrentInterval(crl, question);
}

/**
 * §5.2.3: in `strict`, the number must be present and not critical. Without it, nobody would notice that an older list
 * was put back.
 */
export function isMisnumbered({ extensions }: CertificateRevocationList, { profile }: CrlQuestion): boolean {
  return profile === 'strict' && extensions.get(crlExtensionTypes.crlNumber)?.isCritical !== false;
}

/** ReasonFlags (RFC 5280 §4.2.1.13) as a bit mask: bit 1, keyCompromise, to bit 8, aACompromise; bit 0 is unused. */
export const allReasons = 0b1_1111_1110;

/**
 * RFC 5280 §6.3.3 (b), (d): the reasons for which the list would name the certificate, over all of the certificate's
 * distribution points and that of `findLocalPoint`. 0 if it doesn't cover the certificate, or if comparing the names
 * would cost too much.
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

/** Whether the list is one of the certificate's issuer, or an indirect list of a CRL issuer that the certificate names. */
function isIssuerCovered(crl: CertificateRevocationList, { issuer, crlDistributionPoints }: PathCertificate): boolean {
  if (areNamesEqual(crl.issuer, issuer)) return true;
  if (crl.issuingDistributionPoint?.isIndirect !== true) return false;
  return crlDistributionPoints?.some(({ crlIssuer }) => isAmong(crl.issuer, crlIssuer)) === true;
}

function isAmong(issuer: CanonicalName, names: readonly GeneralName[] | undefined): boolean {
  return names?.some((name) => 'name' in name && areNamesEqual(name.name, issuer)) === true;
}

/** The number of names that will be compared. A relative name has the issuer's name before it. */
function countNames(points: readonly DistributionPoint[], { issuer }: PathCertificate): number {
  return points.reduce((count, { name, crlIssuer = [] }) => {
    const ofName = name === undefined ? 0 : 'fullName' in name ? name.fullName.length : issuer.relativeNames.length + 1;
    return count + ofName + crlIssuer.length;
  }, 0);
}

/** Counted once for each list, because the keys of its names are kept. */
function countNamesOfList(crl: CertificateRevocationList): number {
  const { issuingDistributionPoint } = crl;
  if (issuingDistributionPoint?.name === undefined || pointKeys.has(issuingDistributionPoint)) return 0;
  return expandPointName(issuingDistributionPoint.name, crl.issuer).length;
}

/** §6.3.3, last paragraph: a list of the certificate's issuer is used even if no distribution point names it. */
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

/**
 * The keys of the list's names. There may be twenty thousand, and the list is asked about one certificate after
 * another, so they are kept.
 */
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
  // §4.2.1.13: with several issuers, a relative name is not allowed, because it would be ambiguous.
  return issuer === undefined || (others.length > 0 && !('fullName' in name)) ? [] : expandPointName(name, issuer);
}

function expandPointName(name: DistributionPointName, issuer: CanonicalName): readonly GeneralName[] {
  if ('fullName' in name) return name.fullName;
  const relativeNames = [...issuer.relativeNames, name.nameRelativeToCrlIssuer];
  // The same key as decodeCanonicalName makes.
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

import { type CanonicalName, areNamesEqual } from '../certificate/distinguished-name.js';
import { type GeneralName, areGeneralNamesEqual } from '../certificate/general-name.js';
import type { CertificateRevocationList } from './certificate-revocation-list.js';
import type {
  DistributionPoint,
  DistributionPointName,
  IssuingDistributionPoint,
} from '../certificate/distribution-point.js';
import type { PathCertificate } from '../certificate/path-certificate.js';

/** ReasonFlags (RFC 5280 §4.2.1.13) as bits of a number: 1, keyCompromise, to 8, aACompromise; 0 is unused. */
export const allReasons = 0b1_1111_1110;

/**
 * RFC 5280 §6.3.3 (b), (d): for which reasons would the list name the certificate? 0: the list doesn't speak of it.
 * Taken over all of the certificate's distribution points.
 */
export function findCoveredReasons(crl: CertificateRevocationList, certificate: PathCertificate): number {
  if (!isKindCovered(crl.issuingDistributionPoint, certificate)) return 0;
  const points = [...(certificate.crlDistributionPoints ?? []), findLocalPoint(certificate)];
  return points
    .filter((point) => isPointOfList(point, crl, certificate.issuer))
    .reduce((reasons, point) => reasons | findReasonsAt(point, crl.issuingDistributionPoint), 0);
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
    const isNamed = point.crlIssuer.some((name) => 'name' in name && areNamesEqual(name.name, crl.issuer));
    if (!isNamed || idp?.isIndirect !== true) return false;
  }
  if (idp?.name === undefined) return true;
  const ofList = expandPointName(idp.name, crl.issuer);
  const ofPoint = listPointNames(point, certificateIssuer);
  return ofList.some((left) => ofPoint.some((right) => areGeneralNamesEqual(left, right)));
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

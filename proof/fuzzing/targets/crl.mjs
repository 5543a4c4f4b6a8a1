// Decodes revocation lists. @peculiar/asn1-x509 must read every accepted list as well, with the same dates and entries.
// A signature must be valid only for the octets that were signed.
import { AsnConvert } from '@peculiar/asn1-schema';
import { CertificateList } from '@peculiar/asn1-x509';
import { decodeCertificateRevocationList, decodeCrlFile, decodePathCertificate, isSignedBy } from '@certgate/x509/path';
import { assert, certificates, inTime, lists, valueOf } from '../oracles.mjs';

export const maximumLength = 4000;
export const seeds = () => lists;

const authorities = certificates
  .map((der) => valueOf(decodePathCertificate(der)))
  .filter((each) => each?.basicConstraints);
const signed = new Set(lists.map((der) => hexOf(valueOf(decodeCertificateRevocationList(der)).signed.data)));

export function fuzz(data) {
  const [list, file] = inTime(data.length, () => [
    valueOf(decodeCertificateRevocationList(data)),
    valueOf(decodeCrlFile(data)),
  ]);
  if (list === undefined) return;
  assert.ok(file !== undefined);
  const isAuthentic = authorities.some(
    (each) => each.subject.key === list.issuer.key && isSignedBy(list, each.verificationKey),
  );
  if (isAuthentic) assert.ok(signed.has(hexOf(list.signed.data)));
  const tbsCertList = readByPeculiar(data);
  // We compare an attribute that is not a text in its encoded form, but @peculiar/asn1-x509 refuses it.
  if (tbsCertList === undefined) return assert.match(list.issuerText, /(?:^|[,+])[\w.]+=#/);
  assert.equal(list.thisUpdate, tbsCertList.thisUpdate.getTime().getTime());
  assert.equal(list.nextUpdate, tbsCertList.nextUpdate?.getTime().getTime());
  if (list.issuingDistributionPoint?.isIndirect === true) return;
  for (const { userCertificate, revocationDate } of tbsCertList.revokedCertificates ?? []) {
    const found = list.entries.find(hexOf(userCertificate), list.issuer);
    assert.ok(found.some(({ revokedAt }) => revokedAt === revocationDate.getTime().getTime()));
  }
}

function hexOf(bytes) {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

function readByPeculiar(der) {
  try {
    return AsnConvert.parse(der, CertificateList).tbsCertList;
  } catch {
    return undefined;
  }
}

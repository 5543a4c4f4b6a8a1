// Decodes the DER of one certificate. If OpenSSL (node:crypto) can't read it, it must never be fit to be a client's,
// whether it is pinned or issued by an authority. If OpenSSL can read it, both must read the same, and so must
// @peculiar/asn1-x509, field by field.
import { createHash, X509Certificate } from 'node:crypto';
import { decodeClientCertificate, findCertificateFault } from '@certgate/x509';
import { decodePathCertificate } from '@certgate/x509/path';
import { findDecodingDifference } from '@certgate/x509/test-support/peculiar-fields.js';
import { assert, certificates, inTime, valueOf } from '../oracles.mjs';

export const maximumLength = 4000;
export const seeds = () => certificates;

export function fuzz(data) {
  const [client, path] = inTime(data.length, () => [
    valueOf(decodeClientCertificate(data)),
    valueOf(decodePathCertificate(data)),
  ]);
  if (path !== undefined) assert.equal(findDecodingDifference(data, path), undefined);
  if (client === undefined) return;
  const theirs = readByOpenssl(data);
  // An attribute that is not a text is compared in its encoded form and never decoded, but OpenSSL refuses some of
  // them.
  const attributes = [client.issuerName, client.subjectName].flat(2);
  if (theirs === undefined && attributes.some(({ isEncoded }) => isEncoded === true)) return;
  if (theirs === undefined) {
    for (const isPathValidated of [true, false])
      assert.ok(findCertificateFault(client, client.notBefore, { isPathValidated }) !== undefined);
    return;
  }
  assert.equal(
    theirs.fingerprint256.replaceAll(':', ''),
    createHash('sha256').update(data).digest('hex').toUpperCase(),
  );
  assert.equal(readSerial(client.serialNumber), readSerial(theirs.serialNumber, client.serialNumber.length));
  assert.deepEqual(
    [client.notBefore, client.notAfter],
    [theirs.validFrom, theirs.validTo].map((text) => Date.parse(text)),
  );
}

/**
 * OpenSSL writes a serial number as negative if its first bit is set. The octets are the same, and RFC 5280 §4.1.2.2
 * allows readers to accept them.
 */
function readSerial(digits, length = 0) {
  return digits.startsWith('-') ? (1n << BigInt(length * 4)) - BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}

function readByOpenssl(der) {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

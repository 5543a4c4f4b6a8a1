// The DER of one certificate: what OpenSSL can't read (node:crypto) is never fit to call, whoever pins or issued it; of what
// it reads, both say the same; and so does @peculiar/asn1-x509, field by field.
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
  // An attribute that is no text is compared as it is encoded, and never looked into; OpenSSL refuses some.
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

/** OpenSSL writes a minus sign where the first bit is set; the octets are the same (RFC 5280 §4.1.2.2 lets readers take them). */
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

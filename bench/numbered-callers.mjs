// Makes any number of callers, each with a certificate of its own, for benchmarks of first sights (the first decisions
// about a caller).
import { X509Certificate, createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';

/**
 * Self-signed certificates that differ in the last octets of their signatures, which the gate doesn't verify for pinned
 * certificates.
 */
export function createPinnedCallers() {
  const { der } = makeCertificate({ name: ['CN = caller'] });
  const number = (index) => {
    der.writeUInt32BE(index, der.length - 8);
    return der;
  };
  return {
    header: (index) => number(index).toString('base64'),
    thumbprint: (index) => createHash('sha256').update(number(index)).digest('hex').toUpperCase(),
  };
}

/**
 * P-256 certificates of one authority, which differ in their serial numbers, and a document that trusts the authority.
 */
export function createIssuedCallers(count) {
  const authority = issueCertificate({
    name: ['CN = Corp CA'],
    extensions: [...authorityExtensions, 'subjectKeyIdentifier = hash'],
  });
  const template = issueCertificate(
    {
      name: ['CN = caller'],
      extensions: ['extendedKeyUsage = clientAuth', 'authorityKeyIdentifier = keyid', 'subjectAltName = DNS:a.example'],
    },
    authority,
  ).certificate.der;
  const key = createPrivateKey(readFileSync(authority.keyPath));
  const pem = readFileSync(authority.pemPath, 'utf8');
  const headers = Array.from({ length: count }, (_, index) => renumber(template, index, key).toString('base64'));
  if (!new X509Certificate(Buffer.from(headers[1], 'base64')).verify(new X509Certificate(pem).publicKey)) {
    throw new Error('The certificates are not signed by the authority.');
  }
  return { document: describeIssued(pem), header: (index) => headers[index % count] };
}

function describeIssued(pem) {
  const authority = { name: 'corp', trustAnchors: [pem], revocation: { mode: 'off' } };
  const names = [{ issuedBy: 'corp', dns: 'a.example' }];
  return {
    schemaVersion: 1,
    revision: 1,
    authorities: [authority],
    identities: [{ name: 'caller', roles: [], names }],
  };
}

/**
 * The certificate with another serial number, signed again. Its three parts are the TBSCertificate, the algorithm and
 * the signature (RFC 5280 §4.1).
 */
function renumber(template, index, key) {
  const [tbs, algorithm] = readElements(readElements(template)[0].content);
  const fields = readElements(tbs.content);
  const serial = Buffer.from(fields[1].content);
  serial.writeUInt32BE(index, serial.length - 4);
  const others = fields.map(({ whole }, place) => (place === 1 ? encode(0x02, serial) : whole));
  const signed = encode(0x30, Buffer.concat(others));
  const signature = encode(0x03, Buffer.concat([Buffer.of(0), sign('sha256', signed, key)]));
  return encode(0x30, Buffer.concat([signed, algorithm.whole, signature]));
}

function encode(tag, content) {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

/** Splits the bytes into the DER elements that follow each other in them. */
function readElements(bytes) {
  const elements = [];
  for (let start = 0; start < bytes.length;) {
    const first = bytes[start + 1];
    const count = first < 128 ? 0 : first & 0x7f;
    const length = count === 0 ? first : Buffer.from(bytes).readUIntBE(start + 2, count);
    const end = start + 2 + count + length;
    elements.push({ whole: bytes.subarray(start, end), content: bytes.subarray(start + 2 + count, end) });
    start = end;
  }
  return elements;
}

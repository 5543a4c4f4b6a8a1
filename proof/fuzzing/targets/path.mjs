// Validates certification paths. The input chooses a caller of the committed chains, and changes octets of its
// certificate and of the intermediates. OpenSSL's own verification (node:crypto) must confirm every path that is found,
// step by step.
import { X509Certificate } from 'node:crypto';
import { decodePathCertificate, findCertificationPath } from '@certgate/x509/path';
import { assert, certificates, inTime, valueOf } from '../oracles.mjs';

export const maximumLength = 64;

const labels = certificates.map((der) => new X509Certificate(der));
const isRoot = ({ issuer, subject, ca }) => ca && issuer === subject;
const anchors = certificates
  .filter((_, index) => isRoot(labels[index]))
  .map((der) => valueOf(decodePathCertificate(der)));
const authorities = certificates.filter((_, index) => labels[index].ca && !isRoot(labels[index]));
const now = Date.UTC(2027, 0, 1);

/** For each caller, one input without a change and two with one. */
export const seeds = () =>
  certificates.flatMap((_, index) => [
    Buffer.from([index]),
    Buffer.from([index, 0, 0, 60, index]),
    Buffer.from([index, 1, 1, 10, 255]),
  ]);

/**
 * The first octet chooses the caller. Each change follows in four octets: which certificate, the position (two octets),
 * and the new octet.
 */
export function fuzz(data) {
  const chosen = [certificates[(data[0] ?? 0) % certificates.length], ...authorities].map((der) => Buffer.from(der));
  for (let index = 1; index + 3 < data.length; index += 4) {
    const der = chosen[data[index] % chosen.length];
    der[data.readUInt16BE(index + 1) % der.length] = data[index + 3];
  }
  const [target, ...intermediates] = chosen.map((der) => valueOf(decodePathCertificate(der)));
  if (target === undefined) return;
  const found = inTime(20_000, () =>
    findCertificationPath({
      target,
      trustAnchors: anchors,
      intermediates: intermediates.filter((each) => each !== undefined),
      now,
      revocation: 'off',
    }),
  );
  if (found.outcome === 'invalid') return;
  const path = [found.trustAnchor, ...found.certificates].map(({ der }) => new X509Certificate(der));
  assert.ok(path.length > 1);
  for (const [index, certificate] of path.slice(1).entries()) {
    const parent = path[index];
    assert.ok(parent.ca && certificate.checkIssued(parent) && certificate.verify(parent.publicKey));
    assert.ok(Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo));
  }
}

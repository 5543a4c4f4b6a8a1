import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import type { GeneralName } from '../certificate/general-name.js';
import { createRandom, listRandomChains, listSingleFlaws } from '../test-support/flawed-chains.js';
import { isStrongKey } from '../certificate/certificate-verification.js';
import { type CertificateFields, readByPeculiar } from '../test-support/peculiar-fields.js';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import { countRuns } from '../test-support/random-runs.js';

// Generated certificates, and such with octets changed: what we read, @peculiar/asn1-x509 reads as well. It takes much that
// is no DER, so that a refusal of ours shows nothing; what we accept must mean the same to both.
const seed = randomInt(1, 2 ** 31);
const random = createRandom(seed);
const originals = [...listSingleFlaws(1000), ...listRandomChains(5000, 100, random)].flatMap(
  ({ written }) => written.certificates,
);

function readByUs(certificate: PathCertificate, keyLength: number): CertificateFields {
  const { basicConstraints, keyUsage, nameConstraints, policyConstraints, authorityKeyIdentifier } = certificate;
  return {
    version: certificate.version,
    serialNumber: certificate.serialNumber,
    // RFC 4514 §2.4 puts a # before a value that is no text; the other decoder leaves it out.
    subject: certificate.subjectName.flatMap((relative) =>
      relative.map(({ type, value, isEncoded }) => `${type}=${isEncoded === true ? value.slice(1) : value}`),
    ),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    // The key itself: a BIT STRING at the end.
    publicKey: toHex(certificate.verificationKey.subjectPublicKeyInfo.subarray(-keyLength)),
    signature: toHex(certificate.signed.signature),
    extensions: [...certificate.extensions].map(
      ([type, { isCritical, value }]) => `${type} ${isCritical} ${toHex(value)}`,
    ),
    basicConstraints: basicConstraints && [basicConstraints.isCertificateAuthority, basicConstraints.pathLength],
    keyUsage: keyUsage?.toSorted(),
    extendedKeyUsage: certificate.extendedKeyUsage,
    alternativeNames: certificate.subjectAlternativeNames?.map(showGeneralName),
    permitted: nameConstraints?.permitted?.map(showGeneralName),
    excluded: nameConstraints?.excluded.map(showGeneralName),
    policies: certificate.certificatePolicies,
    requireExplicitPolicy: policyConstraints?.requireExplicitPolicy,
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    authorityKeyIdentifier: authorityKeyIdentifier?.keyIdentifier,
  };
}

function showGeneralName(name: GeneralName): string {
  return 'text' in name ? name.text : 'another form';
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

interface Disagreement {
  readonly why: string;
  readonly applies: (certificate: PathCertificate) => boolean;
  /** One octet of `example`, which makes it happen. */
  readonly change: readonly [from: string, to: string];
}

const opaqueAttribute: Disagreement = {
  why: 'An attribute value is of ANY type (RFC 5280 §4.1.2.4): one that is no text we compare as it is encoded, and never look into it.',
  applies: (certificate) => {
    const directories = listGeneralNames(certificate).flatMap((name) => ('name' in name ? [name.name] : []));
    return [certificate.issuer, certificate.subject, ...directories].some(({ relativeNames }) =>
      relativeNames.some((relative) => /(?:^|\+)[\d.]+#/.test(relative)),
    );
  },
  change: ['06035504030c', '0603550403ac'],
};

/** Where the other decoder refuses what we accept, or reads another subject, and why. */
const disagreements: readonly Disagreement[] = [
  opaqueAttribute,
  {
    why: 'Names of forms that nothing processes (otherName, x400Address, ediPartyName) we keep as encoded; under a constraint on their form they are refused.',
    applies: (certificate) => listGeneralNames(certificate).some((name) => 'encoded' in name),
    change: ['8213636c69656e74', 'a313636c69656e74'],
  },
  {
    why: 'An algorithm’s parameters are of ANY type: a key of an unknown algorithm or curve is left to OpenSSL, which verifies nothing with it, and strict refuses it.',
    applies: ({ publicKey }) => !isStrongKey(publicKey),
    change: ['06082a8648ce3d0301', 'ac082a8648ce3d0301'],
  },
];

function listGeneralNames({ nameConstraints, subjectAlternativeNames = [] }: PathCertificate): readonly GeneralName[] {
  return [...(nameConstraints?.permitted ?? []), ...(nameConstraints?.excluded ?? []), ...subjectAlternativeNames];
}

const seen = new Set<Disagreement>();

/** Ours is decoded: is it what the other reads? The issuer's attributes we keep in canonical form alone. */
function compare(der: Uint8Array, ours: PathCertificate): void {
  const about = `${toHex(der)} (seed ${seed})`;
  let theirs: CertificateFields;
  try {
    theirs = readByPeculiar(der);
  } catch (error) {
    const explained = disagreements.find(({ applies }) => applies(ours));
    assert.ok(explained !== undefined, `${String(error)}: ${about}`);
    seen.add(explained);
    return;
  }
  const read = readByUs(ours, String(theirs['publicKey']).length / 2);
  const unread = opaqueAttribute.applies(ours) ? { issuer: undefined, subject: undefined } : { issuer: undefined };
  assert.deepEqual({ ...read, ...unread }, { ...theirs, ...unread }, about);
}

describe('certificates, beside @peculiar/asn1-x509', () => {
  it('generated ones: every field is the same', () => {
    let count = 0;
    for (const der of originals) {
      const decoding = decodePathCertificate(der);
      if (!decoding.ok) continue;
      compare(der, decoding.value);
      count += 1;
    }
    assert.ok(count > 500, String(count));
  });

  it('changed ones: whatever we accept means the same to both', () => {
    let accepted = 0;
    let refused = 0;
    for (let index = 0; index < countRuns(2500); index += 1) {
      const der = Buffer.from(originals[index % originals.length] ?? []);
      for (let left = 1 + Math.floor(random() * 2); left > 0; left -= 1) {
        der[Math.floor(random() * der.length)] = Math.floor(random() * 256);
      }
      const decoding = decodePathCertificate(der);
      if (decoding.ok) {
        compare(der, decoding.value);
        accepted += 1;
      } else refused += 1;
    }
    assert.ok(accepted > 250 && refused > 250, `${accepted} accepted, ${refused} refused`);
  });

  it('every listed disagreement happens', () => {
    const example = originals.find((der) => der.includes('client.good.example'))?.toString('hex') ?? '';
    for (const { change, why } of disagreements) {
      assert.ok(example.includes(change[0]), why);
      const der = Buffer.from(example.replace(...change), 'hex');
      const decoding = decodePathCertificate(der);
      assert.ok(decoding.ok, why);
      compare(der, decoding.value);
    }
    assert.equal(seen.size, disagreements.length);
  });
});

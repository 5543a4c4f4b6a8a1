import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { createRandom, listRandomChains, listSingleFlaws } from '../test-support/flawed-chains.js';
import { type Disagreement, disagreements, findDecodingDifference } from '../test-support/peculiar-fields.js';
import { decodeClientCertificate } from '../certificate/client-certificate.js';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import { countRuns } from '../test-support/random-runs.js';

// Compares our reading of generated and changed certificates with that of @peculiar/asn1-x509. That library accepts
// much that is not DER, so a refusal of ours shows nothing. What we accept must mean the same to both, unless the
// disagreement is on the list.
const seed = randomInt(1, 2 ** 31);
const random = createRandom(seed);
const originals = [...listSingleFlaws(1000), ...listRandomChains(5000, 100, random)].flatMap(
  ({ written }) => written.certificates,
);

const seen = new Set<Disagreement>();

function compare(der: Uint8Array, ours: PathCertificate): void {
  const difference = findDecodingDifference(der, ours, seen);
  assert.equal(difference, undefined, `${difference}: ${Buffer.from(der).toString('hex')} (seed ${seed})`);
}

describe('certificates, compared with @peculiar/asn1-x509', () => {
  it('generated ones have the same fields', () => {
    let count = 0;
    for (const der of originals) {
      const decoding = decodePathCertificate(der);
      if (!decoding.ok) continue;
      compare(der, decoding.value);
      count += 1;
    }
    assert.ok(count > 500, String(count));
  });

  it('changed ones that we accept mean the same to both, and to us if they were decoded before', () => {
    let accepted = 0;
    let refused = 0;
    for (let index = 0; index < countRuns(1200); index += 1) {
      const der = Buffer.from(originals[index % originals.length] ?? []);
      for (let left = 1 + Math.floor(random() * 2); left > 0; left -= 1) {
        der[Math.floor(random() * der.length)] = Math.floor(random() * 256);
      }
      const decoding = decodePathCertificate(der);
      const client = decodeClientCertificate(der);
      if (client.ok) assert.deepEqual(decodePathCertificate(client.certificate), decoding, der.toString('hex'));
      if (decoding.ok) {
        compare(der, decoding.value);
        accepted += 1;
      } else refused += 1;
    }
    assert.ok(accepted > 250 && refused > 250, `${accepted} accepted, ${refused} refused`);
  });

  it('every listed disagreement occurs', () => {
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

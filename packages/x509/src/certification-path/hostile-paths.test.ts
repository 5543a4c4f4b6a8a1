import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { extension, makeWritingKey } from '../test-support/certificate-writing.js';
import { encodeElement } from '../test-support/der-editing.js';
import { clientExtensions } from '../test-support/extension-writing.js';
import { askManyPoints } from '../test-support/hostile-lists.js';
import { hostilePaths } from '../test-support/hostile-paths.js';
import { askAbout, newName, write, writeAuthority, writeClient } from '../test-support/written-path.js';
import { decodeCertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import { findCertificationPath } from './certification-path.js';
import { decodeOcspResponse } from '../revocation/ocsp-response.js';
import { decodePathCertificate } from '../certificate/path-certificate.js';
import { describePathFault } from './path-fault-sentence.js';

// What certificates can be made to cost (docs/threat-model.md). These tests count steps; bench/certification-path.mjs
// measures time.
describe('paths that are made to be expensive', () => {
  for (const { name, ask, expected, suffices } of hostilePaths) {
    it(`${name}: ${expected}`, () => {
      const verdict = findCertificationPath({ ...ask(), ...(suffices && { limits: suffices }) });
      assert.equal(verdict.outcome === 'valid' ? 'valid' : verdict.code, expected);
    });
  }

  it('show the operator only the beginning of what an unknown caller wrote', () => {
    const root = newName('Root');
    const subject = { name: 'n'.repeat(3000), key: makeWritingKey() };
    const critical = Array.from({ length: 100 }, (_, index) =>
      extension(`1.2.3.${index}`, true, Buffer.from('0500', 'hex')),
    );
    for (const more of [[], critical]) {
      const extensions = [...clientExtensions(newName('Other').key), ...more];
      const target = write({ subject, issuer: { ...root, key: makeWritingKey() }, extensions });
      const verdict = findCertificationPath(askAbout(target, writeAuthority(root)));
      if (verdict.outcome === 'valid') return assert.fail();
      assert.match(describePathFault(verdict), /^The certificate "CN=n{197}…" /);
      assert.ok(describePathFault(verdict).length < 600, describePathFault(verdict));
    }
  });

  it('are refused as too expensive whichever budget runs out, and for no other reason', () => {
    const root = newName('Root');
    const question = askAbout(writeClient(root), writeAuthority(root));
    const ample = { steps: 1, signatures: 1, comparisons: 10 };
    assert.equal(findCertificationPath({ ...question, limits: ample }).outcome, 'valid');
    for (const limits of [
      { ...ample, steps: 0 },
      // Made anew, because a signature that was verified once is free.
      { ...ample, signatures: 0 },
    ]) {
      const again = askAbout(writeClient(root), writeAuthority(root));
      const verdict = findCertificationPath({ ...again, limits });
      assert.equal(verdict.outcome === 'invalid' && verdict.code, 'path_budget_exhausted', JSON.stringify(limits));
    }
  });

  it('report only a revocation if too many distribution points have names', () => {
    const limits = { steps: 1, signatures: 2, comparisons: 500 };
    for (const [isRevoked, expected] of [
      [true, 'certificate_revoked'],
      [false, 'path_budget_exhausted'],
    ] as const) {
      const verdict = findCertificationPath({ ...askManyPoints(100, 1000, { isRevoked }), limits });
      assert.equal(verdict.outcome === 'invalid' && verdict.code, expected);
    }
  });

  it('an ordinary path takes at most three steps, and no signature the second time', () => {
    const [root, intermediate] = [newName('Root'), newName('Intermediate')];
    const question = askAbout(writeClient(intermediate), writeAuthority(root), {
      intermediates: [writeAuthority(intermediate, root)],
    });
    const limits = { steps: 3, signatures: 2, comparisons: 10 };
    assert.equal(findCertificationPath({ ...question, limits }).outcome, 'valid');
    assert.equal(findCertificationPath({ ...question, limits: { ...limits, signatures: 0 } }).outcome, 'valid');
  });
});

describe('bytes that are not a certificate, list or response', () => {
  const nested = (depth: number): Buffer =>
    Array.from({ length: depth }).reduce<Buffer>((inner) => encodeElement(0x30, inner), Buffer.alloc(0));
  const garbage: readonly Buffer[] = [
    Buffer.alloc(0),
    Buffer.from([0x30, 0x80]),
    // Lengths that promise more octets than there are.
    Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    nested(2000),
    Buffer.alloc(64 * 1024, 0x30),
    encodeElement(0x30, Buffer.alloc(200_000)),
    ...Array.from({ length: 200 }, (_, index) => randomBytes(index * 3)),
  ];
  const decoders = { decodePathCertificate, decodeCertificateRevocationList, decodeOcspResponse };
  for (const [name, decode] of Object.entries(decoders)) {
    it(`${name} refuses them with a reason`, () => {
      for (const bytes of garbage) {
        const decoding = decode(bytes);
        const fault = decoding.ok ? 'accepted' : decoding.fault;
        assert.doesNotMatch(
          fault,
          /^accepted|RangeError|TypeError|CertgateError/,
          bytes.subarray(0, 40).toString('hex'),
        );
      }
    });
  }
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import {
  findInSnapshot,
  parseTrustDocument,
  presentCertificate,
  type PresentedCertificate,
  type TrustDocument,
  type TrustDocumentPin,
} from '@certgate/core/internal';
import { createTemporaryFolder, makeOpensslPair } from '../../../certificates/test-support/openssl.js';
import { MemoryLocation } from '../test-support/memory-location.js';
import { updateTrustDocument } from '../update-trust-document.js';
import { setPinWindow, type PinWindowChange } from './pin-window.js';

const hash = 'A'.repeat(64);

const makeDocument = (pin: TrustDocumentPin): TrustDocument => ({
  schemaVersion: 1,
  revision: 1,
  identities: [{ name: 'Billing', roles: ['a'], pins: [{ thumbprintSha256: 'B'.repeat(64) }, pin] }],
});

const change = (pin: TrustDocumentPin, window: PinWindowChange): TrustDocumentPin | undefined =>
  setPinWindow(makeDocument(pin), 'billing', ['aaaaaaaa'], window).identities[0]?.pins?.[1];

describe("a pin's window", () => {
  const from2030 = '2030-01-01T00:00:00Z';
  const from2031 = '2031-01-01T00:00:00Z';

  it('is set, moved and cleared bound by bound; the rest of the pin and the other pins stay', () => {
    const pin = { thumbprintSha256: hash, enabled: false, notBefore: from2030 };
    assert.deepEqual(change(pin, { notAfter: from2031 }), { ...pin, notAfter: from2031 });
    assert.deepEqual(change({ ...pin, notAfter: from2031 }, { notAfter: null }), pin);
    assert.deepEqual(change(pin, { notBefore: null }), { thumbprintSha256: hash, enabled: false });
    assert.deepEqual(change(pin, { notBefore: null, notAfter: from2030 }), {
      thumbprintSha256: hash,
      enabled: false,
      notAfter: from2030,
    });
    const document = setPinWindow(makeDocument(pin), 'billing', ['AAAAAAAA'], { notAfter: from2031 });
    assert.deepEqual(document.identities[0]?.pins?.[0], { thumbprintSha256: 'B'.repeat(64) });
  });

  it('is never one that no moment is in', () => {
    for (const [pin, window] of [
      [{ notBefore: from2031 }, { notAfter: from2030 }],
      [{ notAfter: from2030 }, { notBefore: from2030 }],
      [{}, { notBefore: from2031, notAfter: from2030 }],
    ] as const) {
      assert.throws(
        () => change({ thumbprintSha256: hash, ...pin }, window),
        /would never be valid\. Nothing was written/,
      );
    }
  });

  it('of a public key has an end, or an authority', () => {
    const pin = { publicKeySha256: hash, notAfter: from2030 };
    assert.deepEqual(change(pin, { notAfter: from2031 }), { ...pin, notAfter: from2031 });
    assert.throws(() => change(pin, { notAfter: null }), /needs an end, because anybody who has the key/);
    assert.deepEqual(change({ ...pin, issuedBy: 'corp' }, { notAfter: null }), {
      publicKeySha256: hash,
      issuedBy: 'corp',
    });
  });

  it('asks for a pin that is there', () => {
    const document = makeDocument({ thumbprintSha256: hash });
    assert.throws(() => setPinWindow(document, 'billing', ['CCCCCCCC'], { notAfter: null }), /has no pin that begins/);
    assert.throws(() => setPinWindow(document, 'nobody', ['AAAAAAAA'], { notAfter: null }), /no identity "nobody"/);
  });

  describe('of a caller who calls all the time', () => {
    const folder = createTemporaryFolder();
    let certificate: PresentedCertificate;
    before(() => {
      const pem = readFileSync(makeOpensslPair(folder, 'caller').certificate);
      certificate = presentCertificate(new X509Certificate(pem).raw);
    });
    after(() => {
      folder.remove();
    });

    it('is changed in one write: every version that was ever stored admits it', async () => {
      const now = Date.parse('2030-06-01T00:00:00Z');
      const { thumbprintSha256 } = certificate;
      const location = new MemoryLocation(
        JSON.stringify(makeDocument({ thumbprintSha256, notBefore: from2030, notAfter: from2031 })),
      );
      const versions = [location.text];
      const write = location.write.bind(location);
      location.write = async (...args) => {
        const outcome = await write(...args);
        versions.push(location.text);
        return outcome;
      };
      const log = { verb: 'set', by: 'me', reason: 'longer' };
      const { comparison, revision } = await updateTrustDocument(location, log, (document) =>
        setPinWindow(document, 'billing', [thumbprintSha256], { notAfter: '2032-01-01T00:00:00Z' }),
      );
      assert.equal(revision, 2);
      assert.equal(versions.length, 2);
      for (const version of versions) {
        assert.equal(findInSnapshot(parseTrustDocument(version), certificate, now).outcome, 'found');
      }
      assert.deepEqual(
        comparison.changes.map(({ aspect, effect }) => [aspect, effect]),
        [['pinWindow', 'gains']],
      );
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrustDocument, TrustDocumentPin } from '@certgate/core/internal';
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

  it('is refused if it contains no moment', () => {
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

  it('needs an end or an authority if the pin is of a public key', () => {
    const pin = { publicKeySha256: hash, notAfter: from2030 };
    assert.deepEqual(change(pin, { notAfter: from2031 }), { ...pin, notAfter: from2031 });
    assert.throws(() => change(pin, { notAfter: null }), /needs an end, because anybody who has the key/);
    assert.deepEqual(change({ ...pin, issuedBy: 'corp' }, { notAfter: null }), {
      publicKeySha256: hash,
      issuedBy: 'corp',
    });
  });

  it('is changed only for a pin that is there', () => {
    const document = makeDocument({ thumbprintSha256: hash });
    assert.throws(() => setPinWindow(document, 'billing', ['CCCCCCCC'], { notAfter: null }), /has no pin that begins/);
    assert.throws(() => setPinWindow(document, 'nobody', ['AAAAAAAA'], { notAfter: null }), /no identity "nobody"/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer, at, content, good, judge, responder } from '../test-support/ocsp-questions.js';
import { findOcspStatus, type OcspQuestion } from './ocsp-status.js';
import { decodeOcspResponse, maximumOcspResponseLength } from './ocsp-response.js';

describe('OCSP: decoding', () => {
  it("returns the responder's failures", () => {
    for (const [code, name] of [
      [1, 'malformedRequest'],
      [2, 'internalError'],
      [3, 'tryLater'],
      [5, 'sigRequired'],
      [6, 'unauthorized'],
    ] as const) {
      const decoding = decodeOcspResponse(Buffer.from([0x30, 3, 0x0a, 1, code]));
      assert.equal(decoding.ok && decoding.value.responseStatus, name);
    }
    const responses = [{ responseStatus: 'tryLater' as const }];
    assert.match(judge([], { responses }), /unknown: .*tryLater/);
  });

  it('refuses a response that is not strict DER', () => {
    for (const hex of ['', '30030a0104', '30030a0107', '30030a0100', '30020a00', '30050a0103a000']) {
      assert.equal(decodeOcspResponse(Buffer.from(hex, 'hex')).ok, false, hex);
    }
    assert.equal(decodeOcspResponse(Buffer.concat([good, Buffer.from([0])])).ok, false);
    assert.equal(decodeOcspResponse(good.subarray(0, -1)).ok, false);
    assert.equal(decodeOcspResponse(new Uint8Array(maximumOcspResponseLength + 1)).ok, false);
  });

  it('if any byte changes, a revoked certificate is never good, and a good one not for longer', () => {
    const [delegated, revoked] = [answer({ responder }), answer({ responder, index: { 10: 'R' } })];
    // Takes the time from the response: the file that all tests of this process share may be minutes older.
    const now = at(delegated) + 60_000;
    const expected = findOcspStatus(ask(delegated, now));
    assert.equal(expected.status, 'good');
    for (const changed of listChanges(revoked)) {
      assert.notEqual(findOcspStatus(ask(changed, at(revoked) + 60_000)).status, 'good');
    }
    for (const changed of listChanges(delegated)) {
      const status = findOcspStatus(ask(changed, now));
      if (status.status === 'good') assert.deepEqual(status, expected);
    }
  });

  function ask(der: Uint8Array, now: number): OcspQuestion {
    const decoding = decodeOcspResponse(der);
    const responses = decoding.ok ? [decoding.value] : [];
    const isAlgorithmAccepted = (): boolean => true;
    return {
      ...content,
      responses,
      isAlgorithmAccepted,
      profile: 'strict',
      now,
      graceMilliseconds: 0,
    };
  }

  function* listChanges(der: Buffer): Generator<Buffer> {
    for (let position = 0; position < der.length; position += 1) {
      const changed = Buffer.from(der);
      changed.writeUInt8(changed.readUInt8(position) ^ (0x01 << (position % 8)), position);
      yield changed;
    }
  }
});

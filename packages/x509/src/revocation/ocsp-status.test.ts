import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getChildren, getNode, parseTree } from '../test-support/der-editing.js';
import { editOcsp, noCheck, readOcsp, responderExtensions } from '../test-support/ocsp.js';
import {
  always,
  answer,
  at,
  authority,
  begin,
  content,
  end,
  good,
  hour,
  judge,
  make,
  nonce,
  revoked,
  stranger,
  withNonce,
} from '../test-support/ocsp-questions.js';
import { encodeExtension, issue } from '../test-support/revocation.js';
import { createOcspNonce, encodeOcspRequest } from './ocsp-request.js';
import { findOcspStatus } from './ocsp-status.js';

describe('OCSP: answers', () => {
  it('say good, and for how long', () => {
    const response = readOcsp(good);
    const now = response.producedAt;
    const isAlgorithmAccepted = (): boolean => true;
    const question = { ...content, responses: [response], isAlgorithmAccepted, profile: 'strict', now } as const;
    assert.deepEqual(findOcspStatus({ ...question, graceMilliseconds: 5000 }), {
      status: 'good',
      validFrom: begin(good),
      validUntil: end(good) + 5000,
    });
  });

  it('say revoked, even if they are not current', () => {
    assert.equal(judge([revoked]), 'revoked: keyCompromise');
    assert.equal(judge([revoked], { now: at(revoked) + 10 * hour }), 'revoked: keyCompromise');
    assert.equal(judge([good, revoked]), 'revoked: keyCompromise');
    assert.equal(judge([revoked], { nonce }), 'revoked: keyCompromise');
  });

  it('say that the responder doesn\'t know the certificate, which outweighs another "good"', () => {
    const unknown = answer({ index: {} });
    assert.match(judge([unknown]), /unknown: .*doesn’t know/);
    assert.match(judge([good, unknown], { now: at(unknown) }), /unknown: .*doesn’t know/);
  });

  it('are current from thisUpdate until before nextUpdate and the grace period', () => {
    assert.match(judge([good], { now: begin(good) - 1 }), /unknown: .*future/);
    assert.match(judge([good], { now: at(good) - 1 }), /unknown: .*future/);
    assert.equal(judge([good], { now: at(good) - 1, clockSkewMilliseconds: 1000 }), 'good');
    assert.equal(judge([good], { now: end(good) - 1 }), 'good');
    assert.match(judge([good], { now: end(good) }), /unknown: .*no longer current/);
    assert.equal(judge([good], { now: end(good), graceMilliseconds: 1 }), 'good');
    const produced = editOcsp(good, authority, (data) => {
      getNode(data, 1).content = Buffer.from('99980101000000Z');
    });
    assert.match(judge([produced], { now: at(good) }), /unknown: .*future/);
    assert.match(judge([good], { now: NaN }), /unknown/);
  });

  it('are current only for minutes if they have no nextUpdate', () => {
    const endless = answer({ options: [] });
    const now = begin(endless);
    assert.equal(judge([endless], { now: now + 10 * 60_000 - 1 }), 'good');
    assert.match(judge([endless], { now: now + 10 * 60_000 }), /unknown: .*no longer current/);
    assert.equal(judge([endless], { now: now + hour, freshnessMilliseconds: hour + 1 }), 'good');
  });

  it('let a certificate come back from hold, if they are newer', () => {
    const held = answer({ index: { 10: 'R certificateHold' } });
    assert.equal(judge([held]), 'revoked: certificateHold');
    const earlier = editOcsp(held, authority, (data) => {
      const single = getNode(data, 2, 0);
      getNode(single, 2).content = Buffer.from('20200101000000Z');
      getNode(single, 3, 0).content = Buffer.from('20200102000000Z');
    });
    assert.equal(judge([earlier]), 'revoked: certificateHold');
    assert.equal(judge([good, earlier]), 'good');
    const before = editOcsp(good, authority, (data) => {
      getNode(data, 2, 0, 2).content = Buffer.from('20200101000000Z');
    });
    assert.equal(judge([before], { now: at(held) }), 'good');
    assert.equal(judge([before, held], { now: at(held) }), 'revoked: certificateHold');
    assert.equal(judge([good, earlier], { now: end(good) }), 'revoked: certificateHold');
  });

  const dated = (der: Uint8Array, thisUpdate: string, nextUpdate?: string, signer = authority): Buffer =>
    editOcsp(der, signer, (data) => {
      const single = getNode(data, 2, 0);
      getNode(single, 2).content = Buffer.from(thisUpdate);
      if (nextUpdate !== undefined) getNode(single, 3, 0).content = Buffer.from(nextUpdate);
    });
  const [past, farEnd] = ['20200101000000Z', '99980101000000Z'];

  it('take back only a hold, and only by a later answer that says good', () => {
    assert.equal(judge([dated(revoked, past), good], { now: at(good) }), 'revoked: keyCompromise');
    const held = answer({ index: { 10: 'R certificateHold' } });
    const doesNotKnow = answer({ index: {} });
    assert.equal(judge([dated(held, past, farEnd), doesNotKnow], { now: at(doesNotKnow) }), 'revoked: certificateHold');
    const [sameTime, one] = [dated(held, past, farEnd), dated(good, past, farEnd)];
    assert.equal(judge([sameTime, one], { now: at(good) }), 'revoked: certificateHold');
  });

  it('are used as long as the longest "good" lasts; others never shorten or lengthen that', () => {
    const lifted = dated(answer({ index: { 10: 'R certificateHold' } }), past, farEnd);
    const longer = dated(good, '20200102000000Z', '99970101000000Z');
    const shorter = dated(good, '20200103000000Z');
    for (const ders of [
      [longer, shorter, lifted],
      [shorter, longer, lifted],
      [lifted, shorter, longer],
    ]) {
      const responses = ders.map(readOcsp);
      const isAlgorithmAccepted = (): boolean => true;
      const question = { ...content, responses, isAlgorithmAccepted, profile: 'strict', now: at(lifted) } as const;
      assert.deepEqual(findOcspStatus({ ...question, graceMilliseconds: 0 }), {
        status: 'good',
        validFrom: Date.UTC(2020, 0, 2),
        validUntil: Date.UTC(9997, 0, 1),
      });
    }
    // An old answer that doesn't know the certificate is not used now.
    const old = dated(answer({ index: {} }), past, '20200102000000Z');
    assert.equal(judge([good, old], { now: at(old) }), 'good');
    assert.match(judge([old], { now: at(old) }), /no longer current/);
    assert.match(judge([dated(good, farEnd, '99990101000000Z')], { now: at(good) }), /from the future/);
  });

  it("are current while the responder's certificate is; the path checks the issuer's", () => {
    const isAlgorithmAccepted = (): boolean => true;
    const ask = (der: Uint8Array, issuer: typeof content.issuer): ReturnType<typeof findOcspStatus> =>
      findOcspStatus({
        ...content,
        issuer,
        responses: [readOcsp(der)],
        isAlgorithmAccepted,
        profile: 'strict',
        now: at(der),
        graceMilliseconds: 0,
      });
    const issuer = { ...content.issuer, notBefore: at(good), notAfter: at(good) };
    assert.deepEqual(ask(good, issuer), { status: 'good', validFrom: begin(good), validUntil: end(good) });
    const brief = make({
      name: 'brief',
      key: 'p-384',
      serialNumber: '30',
      extensions: [...responderExtensions, noCheck],
      notBefore: '20200101000000Z',
      notAfter: '90000101000000Z',
    });
    const der = dated(answer({ responder: brief }), '20100101000000Z', farEnd, brief);
    const expected = { status: 'good', validFrom: Date.UTC(2020, 0, 1), validUntil: Date.UTC(9000, 0, 1) + 1 };
    assert.deepEqual(ask(der, content.issuer), expected);
  });

  it('apply only to exactly this certificate', () => {
    const certificate = make({ name: 'client', serialNumber: '11' }).certificate;
    assert.match(judge([good], { certificate }), /unknown: No OCSP response is about/);
    const sameName = issue({ name: 'authority', key: 'p-384', ...always });
    const other = issue({ name: 'client', issuer: sameName, serialNumber: '10', extensions: [], ...always });
    const ofOther = { certificate: other.certificate, issuer: sameName.certificate };
    assert.match(judge([good], ofOther), /unknown: No OCSP response is about/);
    // The same key under another name.
    const renamed = issue({ name: 'renamed', ...always });
    const below = issue({ name: 'client', issuer: renamed, serialNumber: '10', extensions: [], ...always });
    const ofRenamed = { certificate: below.certificate, issuer: renamed.certificate };
    assert.match(judge([good], ofRenamed), /unknown: No OCSP response is about/);
    assert.match(judge([good], { issuer: stranger.certificate }), /unknown: No OCSP response is about/);
    assert.match(judge([]), /unknown: No OCSP response is about/);
  });

  it('identify the certificate by SHA-256 as well', () => {
    assert.equal(judge([answer({ request: encodeOcspRequest({ ...content, digest: 'sha256' }) })]), 'good');
  });

  it('with unknown critical extensions never say good', () => {
    const unknown = parseTree(encodeExtension('2a0304', true, Buffer.from('0500', 'hex')));
    const tagged = { tag: 0xa1, content: Buffer.alloc(0), children: [{ ...unknown, tag: 0x30, children: [unknown] }] };
    const ofAnswer = editOcsp(good, authority, (data) => getChildren(data, 2, 0).push(tagged));
    const ofResponse = editOcsp(good, authority, (data) => data.children?.push(tagged));
    for (const der of [ofAnswer, ofResponse]) assert.match(judge([der]), /unknown: .*1\.2\.3\.4/);
  });
});

describe('OCSP: nonces', () => {
  const answered = answer({ request: withNonce });

  it('are compared if one was sent', () => {
    assert.equal(judge([answered], { nonce }), 'good');
    assert.equal(judge([answered]), 'good');
    assert.match(judge([answered], { nonce: createOcspNonce() }), /unknown: .*another request/);
    assert.match(judge([answered], { nonce: createOcspNonce(), profile: 'rfc5280' }), /unknown: .*another request/);
    assert.match(judge([answered], { nonce: createOcspNonce(), allowMissingNonce: true }), /unknown: .*another/);
  });

  it('may be missing if the caller allows that', () => {
    assert.match(judge([good], { nonce }), /unknown: .*lacks the nonce/);
    assert.equal(judge([good], { nonce, allowMissingNonce: true }), 'good');
    assert.equal(judge([good], { nonce, profile: 'rfc5280' }), 'good');
  });
});

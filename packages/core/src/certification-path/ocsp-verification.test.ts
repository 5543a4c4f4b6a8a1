import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getChildren, getNode, parseTree } from '../test-support/der-editing.js';
import {
  type OcspAnswering,
  answerOcsp,
  editOcsp,
  noCheck,
  readOcsp,
  responderExtensions,
} from '../test-support/ocsp.js';
import { type IssueRequest, type MadeAuthority, encodeExtension, issue } from '../test-support/revocation.js';
import { createOcspNonce, encodeOcspRequest } from './ocsp-request.js';
import type { OcspQuestion } from './ocsp-question.js';
import { decodeOcspResponse, maximumOcspResponseLength } from './ocsp-response.js';
import { findOcspStatus } from './ocsp-verification.js';

/** openssl answers at the time of the call, whenever that is. */
const always = { notBefore: '20000101000000Z', notAfter: '99991231235959Z' };
const authority = issue({ name: 'authority', ...always });
const stranger = issue({ name: 'stranger', key: 'p-384', ...always });
const make = (request: Partial<IssueRequest>): MadeAuthority =>
  issue({ name: 'made', issuer: authority, extensions: [], ...always, ...request });
const client = make({ name: 'client', serialNumber: '10' });
const responder = make({
  name: 'responder',
  serialNumber: '20',
  key: 'p-384',
  extensions: [...responderExtensions, noCheck],
});
const nonce = createOcspNonce();
const content = { certificate: client.certificate, issuer: authority.certificate };
const request = encodeOcspRequest(content);
const withNonce = encodeOcspRequest({ ...content, nonce });

function answer(changes: Partial<OcspAnswering> = {}): Buffer {
  return answerOcsp({ authority, request, index: { 10: 'V' }, ...changes });
}

/** At the time of the first response, to the second. */
function judge(ders: readonly Uint8Array[], changes: Partial<OcspQuestion> = {}): string {
  const responses = ders.map(readOcsp);
  const status = findOcspStatus({
    ...content,
    responses,
    isAlgorithmAccepted: ({ scheme }) => scheme !== 'unknown',
    profile: 'strict',
    now: responses[0]?.producedAt ?? 0,
    graceMilliseconds: 0,
    ...changes,
  });
  if (status.status === 'good') return 'good';
  return status.status === 'revoked' ? `revoked: ${status.reason}` : `unknown: ${status.detail}`;
}

const good = answer();
const revoked = answer({ index: { 10: 'R keyCompromise' } });
/** openssl looks at the clock for each of the three. */
const at = (der: Uint8Array): number => readOcsp(der).producedAt;
const begin = (der: Uint8Array): number => readOcsp(der).answers[0]?.thisUpdate ?? NaN;
const end = (der: Uint8Array): number => readOcsp(der).answers[0]?.nextUpdate ?? NaN;
const hour = 3_600_000;

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

  it('say revoked, whether they are current or not', () => {
    assert.equal(judge([revoked]), 'revoked: keyCompromise');
    assert.equal(judge([revoked], { now: at(revoked) + 10 * hour }), 'revoked: keyCompromise');
    assert.equal(judge([good, revoked]), 'revoked: keyCompromise');
    assert.equal(judge([revoked], { nonce }), 'revoked: keyCompromise');
  });

  it('say that the responder doesn’t know, which outweighs another who does', () => {
    const unknown = answer({ index: {} });
    assert.match(judge([unknown]), /unknown: .*doesn’t know/);
    assert.match(judge([good, unknown], { now: at(unknown) }), /unknown: .*doesn’t know/);
  });

  it('are current from thisUpdate until before nextUpdate and the grace', () => {
    assert.match(judge([good], { now: begin(good) - 1 }), /unknown: .*future/);
    assert.match(judge([good], { now: at(good) - 1 }), /unknown: .*future/);
    assert.equal(judge([good], { now: at(good) - 1, clockSkewMilliseconds: 1000 }), 'good');
    assert.equal(judge([good], { now: end(good) - 1 }), 'good');
    assert.match(judge([good], { now: end(good) }), /unknown: .*no longer current/);
    assert.equal(judge([good], { now: end(good), graceMilliseconds: 1 }), 'good');
    assert.match(judge([good], { now: NaN }), /unknown/);
  });

  it('are current for minutes only where they don’t say for how long', () => {
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
    assert.equal(judge([good, earlier], { now: end(good) }), 'revoked: certificateHold');
  });

  it('count for the very certificate alone', () => {
    const certificate = make({ name: 'client', serialNumber: '11' }).certificate;
    assert.match(judge([good], { certificate }), /unknown: No OCSP response is about/);
    const sameName = issue({ name: 'authority', key: 'p-384', ...always });
    const other = issue({ name: 'client', issuer: sameName, serialNumber: '10', extensions: [], ...always });
    const ofOther = { certificate: other.certificate, issuer: sameName.certificate };
    assert.match(judge([good], ofOther), /unknown: No OCSP response is about/);
    assert.match(judge([good], { issuer: stranger.certificate }), /unknown: No OCSP response is about/);
    assert.match(judge([]), /unknown: No OCSP response is about/);
  });

  it('name it by SHA-256 as well', () => {
    assert.equal(judge([answer({ request: encodeOcspRequest({ ...content, digest: 'sha256' }) })]), 'good');
  });

  it('with critical extensions that are not understood say nothing good', () => {
    const unknown = parseTree(encodeExtension('2a0304', true, Buffer.from('0500', 'hex')));
    const tagged = { tag: 0xa1, content: Buffer.alloc(0), children: [{ ...unknown, tag: 0x30, children: [unknown] }] };
    const ofAnswer = editOcsp(good, authority, (data) => getChildren(data, 2, 0).push(tagged));
    const ofResponse = editOcsp(good, authority, (data) => data.children?.push(tagged));
    for (const der of [ofAnswer, ofResponse]) assert.match(judge([der]), /unknown: .*1\.2\.3\.4/);
  });
});

describe('OCSP: nonces', () => {
  const answered = answer({ request: withNonce });

  it('are compared where one was sent', () => {
    assert.equal(judge([answered], { nonce }), 'good');
    assert.equal(judge([answered]), 'good');
    assert.match(judge([answered], { nonce: createOcspNonce() }), /unknown: .*another request/);
    assert.match(judge([answered], { nonce: createOcspNonce(), profile: 'rfc5280' }), /unknown: .*another request/);
    assert.match(judge([answered], { nonce: createOcspNonce(), allowMissingNonce: true }), /unknown: .*another/);
  });

  it('may be missing where the caller says so', () => {
    assert.match(judge([good], { nonce }), /unknown: .*without the nonce/);
    assert.equal(judge([good], { nonce, allowMissingNonce: true }), 'good');
    assert.equal(judge([good], { nonce, profile: 'rfc5280' }), 'good');
  });
});

describe('OCSP: responders', () => {
  const by = (made: MadeAuthority, ...options: readonly string[]): Buffer =>
    answer({ responder: made, options: ['-nmin', '60', ...options] });
  const nobody = /unknown: .*nobody who may answer/;
  let serial = 0x30;
  const delegate = (changes: Partial<IssueRequest>): MadeAuthority =>
    make({
      name: 'delegate',
      key: 'p-384',
      serialNumber: (serial += 1).toString(16),
      extensions: [...responderExtensions, noCheck],
      ...changes,
    });

  it('are the issuer, or whom it delegated, by name or by key', () => {
    assert.equal(judge([by(authority)]), 'good');
    assert.equal(judge([by(authority, '-resp_key_id')]), 'good');
    assert.equal(judge([by(authority, '-resp_no_certs')]), 'good');
    assert.equal(judge([by(responder)]), 'good');
    assert.equal(judge([by(responder, '-resp_key_id')]), 'good');
    assert.match(judge([by(responder, '-resp_no_certs')]), nobody);
  });

  it('are nobody else: another CA, its delegate, a certificate without the usage', () => {
    assert.match(judge([by(stranger)]), nobody);
    assert.match(judge([by(delegate({ issuer: stranger }))]), nobody);
    const [basic = '', usage = ''] = responderExtensions;
    assert.match(judge([by(delegate({ extensions: [basic, usage, noCheck] }))]), nobody);
    for (const purpose of ['clientAuth', 'anyExtendedKeyUsage']) {
      const extensions = [basic, usage, `extendedKeyUsage = ${purpose}`, noCheck];
      assert.match(judge([by(delegate({ extensions }))]), nobody);
    }
    // Of the issuer's name, by another key.
    const impostor = issue({ name: 'authority', key: 'p-384', ...always });
    assert.match(judge([by(delegate({ issuer: impostor }))]), nobody);
    assert.match(judge([by(impostor)]), nobody);
  });

  it('are no delegate’s delegate', () => {
    const below = make({ name: 'below', key: 'p-521', serialNumber: '60', extensions: ['basicConstraints = CA:TRUE'] });
    assert.match(judge([by(delegate({ issuer: below }))]), nobody);
  });

  it('have a certificate that is valid now, for signatures', () => {
    const [basic = '', , purpose = ''] = responderExtensions;
    assert.match(judge([by(delegate({ notAfter: '20210101000000Z' }))]), nobody);
    assert.match(judge([by(delegate({ notBefore: '99980101000000Z' }))]), nobody);
    const unsuitable = [basic, 'keyUsage = critical, keyAgreement', purpose, noCheck];
    assert.match(judge([by(delegate({ extensions: unsuitable }))]), nobody);
    const unknown = [...responderExtensions, noCheck, '1.2.3.4 = critical, DER:0500'];
    assert.match(judge([by(delegate({ extensions: unknown }))]), nobody);
    assert.equal(judge([by(delegate({ extensions: [basic, purpose, noCheck] }))]), 'good');
  });

  it('limit how long their answer counts by their own validity', () => {
    const now = at(good);
    const notAfter = new Date(now + hour / 2).toISOString().replace(/[-:T]|\.000/g, '');
    const response = readOcsp(by(delegate({ notAfter })));
    const isAlgorithmAccepted = (): boolean => true;
    const question = { ...content, responses: [response], isAlgorithmAccepted, profile: 'strict' } as const;
    const status = findOcspStatus({ ...question, now: response.producedAt, graceMilliseconds: hour });
    assert.equal(status.status === 'good' && status.validUntil, now + hour / 2 + 1);
  });

  it('without ocsp-nocheck count where somebody knows that they are not revoked', () => {
    const unchecked = by(delegate({ extensions: responderExtensions }));
    assert.match(judge([unchecked]), nobody);
    assert.equal(judge([unchecked], { isResponderGood: ({ subjectText }) => subjectText === 'CN=delegate' }), 'good');
    assert.match(judge([unchecked], { isResponderGood: () => false }), nobody);
    assert.match(judge([unchecked], { isResponderGood: () => false, profile: 'rfc5280' }), nobody);
    assert.equal(judge([unchecked], { profile: 'rfc5280' }), 'good');
  });

  it('don’t vouch for themselves', () => {
    const own = encodeOcspRequest({ certificate: responder.certificate, issuer: authority.certificate });
    const der = answer({ responder, request: own, index: { 20: 'V' } });
    assert.match(judge([der], { certificate: responder.certificate }), nobody);
  });

  it('have strong keys in the strict profile, and sign by algorithms that the caller accepts', () => {
    const weak = by(delegate({ key: 'secp256k1' }));
    assert.match(judge([weak]), nobody);
    assert.equal(judge([weak], { profile: 'rfc5280' }), 'good');
    const isAlgorithmAccepted: OcspQuestion['isAlgorithmAccepted'] = (algorithm) =>
      'digest' in algorithm && algorithm.digest !== 'sha1';
    assert.match(judge([by(responder, '-rmd', 'sha1')], { isAlgorithmAccepted }), nobody);
    assert.equal(judge([by(responder)], { isAlgorithmAccepted }), 'good');
  });
});

describe('OCSP: decoding', () => {
  it('gives the responder’s failures back as they are', () => {
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

  it('refuses what is no strict response', () => {
    for (const hex of ['', '30030a0104', '30030a0107', '30030a0100', '30020a00', '30050a0103a000']) {
      assert.equal(decodeOcspResponse(Buffer.from(hex, 'hex')).ok, false, hex);
    }
    assert.equal(decodeOcspResponse(Buffer.concat([good, Buffer.from([0])])).ok, false);
    assert.equal(decodeOcspResponse(good.subarray(0, -1)).ok, false);
    assert.equal(decodeOcspResponse(new Uint8Array(maximumOcspResponseLength + 1)).ok, false);
  });

  it('survives every byte changed: a revoked certificate is never good, a good one no longer than it was', () => {
    const delegated = answer({ responder });
    const expected = findOcspStatus(ask(delegated));
    assert.equal(expected.status, 'good');
    for (const changed of listChanges(answer({ responder, index: { 10: 'R' } }))) {
      assert.notEqual(findOcspStatus(ask(changed)).status, 'good');
    }
    for (const changed of listChanges(delegated)) {
      const status = findOcspStatus(ask(changed));
      if (status.status === 'good') assert.deepEqual(status, expected);
    }
  });

  function ask(der: Uint8Array): OcspQuestion {
    const decoding = decodeOcspResponse(der);
    const responses = decoding.ok ? [decoding.value] : [];
    const isAlgorithmAccepted = (): boolean => true;
    return {
      ...content,
      responses,
      isAlgorithmAccepted,
      profile: 'strict',
      now: at(good) + 60_000,
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

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getNode, parseTree } from '../test-support/der-editing.js';
import { editOcsp, noCheck, readOcsp, responderExtensions } from '../test-support/ocsp.js';
import {
  always,
  answer,
  at,
  authority,
  content,
  good,
  hour,
  judge,
  make,
  responder,
  stranger,
} from '../test-support/ocsp-questions.js';
import { issue, type IssueRequest, type MadeAuthority } from '../test-support/revocation.js';
import { encodeOcspRequest } from './ocsp-request.js';
import { findOcspStatus, type OcspQuestion } from './ocsp-status.js';

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

  it('are who the response says, by a certificate of the issuer’s name and key', () => {
    // Signed by the issuer in the responder's name, and the other way round.
    assert.match(judge([editOcsp(by(responder), authority, () => undefined)]), nobody);
    const [issuerId] = getNode(parseTree(getNode(parseTree(good), 1, 0, 1).content), 0).children ?? [];
    assert.ok(issuerId);
    const swapped = editOcsp(by(responder), responder, (data) => data.children?.splice(0, 1, issuerId));
    assert.match(judge([swapped]), nobody);
    const renamed = issue({ name: 'renamed', ...always });
    assert.match(judge([by(delegate({ issuer: renamed }))]), nobody);
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
    assert.match(judge([by(responder, '-rmd', 'sha1')], { isAlgorithmAccepted }), /not accepted \(ecdsa with sha1\)/);
    assert.equal(judge([by(responder)], { isAlgorithmAccepted }), 'good');
    const old = by(delegate({ settings: ['default_md = sha1'] }));
    assert.match(judge([old], { isAlgorithmAccepted }), nobody);
    assert.equal(judge([old]), 'good');
  });
});

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
  const refused = (why: string): RegExp =>
    new RegExp(`^unknown: The signer of an OCSP response may not answer for the issuer: .*${why}.*\\.$`);
  let serial = 0x30;
  const delegate = (changes: Partial<IssueRequest>): MadeAuthority =>
    make({
      name: 'delegate',
      key: 'p-384',
      serialNumber: (serial += 1).toString(16),
      extensions: [...responderExtensions, noCheck],
      ...changes,
    });

  it('are the issuer, or a responder that it delegated to, identified by name or by key', () => {
    assert.equal(judge([by(authority)]), 'good');
    assert.equal(judge([by(authority, '-resp_key_id')]), 'good');
    assert.equal(judge([by(authority, '-resp_no_certs')]), 'good');
    assert.equal(judge([by(responder)]), 'good');
    assert.equal(judge([by(responder, '-resp_key_id')]), 'good');
    assert.match(
      judge([by(responder, '-resp_no_certs')]),
      refused('it came without the certificate of the responder that it names'),
    );
  });

  it('are not another CA, its delegate, or a certificate without the usage', () => {
    assert.match(judge([by(stranger)]), refused('"CN=stranger" has no extended key usage'));
    assert.match(judge([by(delegate({ issuer: stranger }))]), refused('"CN=delegate" has another issuer'));
    const [basic = '', usage = ''] = responderExtensions;
    assert.match(
      judge([by(delegate({ extensions: [basic, usage, noCheck] }))]),
      refused('"CN=delegate" has no extended key usage for OCSP signing'),
    );
    for (const purpose of ['clientAuth', 'anyExtendedKeyUsage']) {
      const extensions = [basic, usage, `extendedKeyUsage = ${purpose}`, noCheck];
      assert.match(
        judge([by(delegate({ extensions }))]),
        refused('"CN=delegate" has no extended key usage for OCSP signing'),
      );
    }
    // A CA with the issuer's name and another key.
    const impostor = issue({ name: 'authority', key: 'p-384', ...always });
    assert.match(
      judge([by(delegate({ issuer: impostor }))]),
      refused('"CN=delegate" has a certificate that the issuer did not sign'),
    );
    assert.match(judge([by(impostor)]), refused('"CN=authority" has no extended key usage'));
  });

  it("are who the response names, with a certificate of the issuer's name and key", () => {
    // Signed by the issuer but with the responder's name, and the other way round.
    assert.match(
      judge([editOcsp(by(responder), authority, () => undefined)]),
      refused('"CN=responder" did not sign it'),
    );
    const [issuerId] = getNode(parseTree(getNode(parseTree(good), 1, 0, 1).content), 0).children ?? [];
    assert.ok(issuerId);
    const swapped = editOcsp(by(responder), responder, (data) => data.children?.splice(0, 1, issuerId));
    assert.match(judge([swapped]), refused('it names the issuer, whose key did not sign it'));
    const renamed = issue({ name: 'renamed', ...always });
    assert.match(judge([by(delegate({ issuer: renamed }))]), refused('"CN=delegate" has another issuer'));
  });

  it('verify nothing with their key before the issuer is known to have signed their certificate', () => {
    const impostor = issue({ name: 'authority', key: 'p-384', ...always });
    for (const [issuer, expected] of [
      [impostor, 0],
      [authority, 1],
    ] as const) {
      let reads = 0;
      const response = readOcsp(by(delegate({ issuer })));
      const { signature, ...signed } = response.signed;
      const counted = {
        ...signed,
        get signature(): Uint8Array {
          reads += 1;
          return signature;
        },
      };
      judge([], { responses: [{ ...response, signed: counted }], now: response.producedAt });
      assert.equal(reads, expected);
    }
  });

  it('are not the delegate of a delegate', () => {
    const below = make({ name: 'below', key: 'p-521', serialNumber: '60', extensions: ['basicConstraints = CA:TRUE'] });
    assert.match(judge([by(delegate({ issuer: below }))]), refused('"CN=delegate" has another issuer'));
  });

  it('have a certificate that is valid now and may sign', () => {
    const [basic = '', , purpose = ''] = responderExtensions;
    assert.match(
      judge([by(delegate({ notAfter: '20210101000000Z' }))]),
      refused('"CN=delegate" expired at 2021-01-01T00:00:00Z'),
    );
    assert.match(
      judge([by(delegate({ notBefore: '99980101000000Z' }))]),
      refused('"CN=delegate" is valid from 9998-01-01T00:00:00Z'),
    );
    const unsuitable = [basic, 'keyUsage = critical, keyAgreement', purpose, noCheck];
    assert.match(
      judge([by(delegate({ extensions: unsuitable }))]),
      refused('"CN=delegate" has a key usage without digitalSignature'),
    );
    const unknown = [...responderExtensions, noCheck, '1.2.3.4 = critical, DER:0500'];
    assert.match(
      judge([by(delegate({ extensions: unknown }))]),
      refused('"CN=delegate" has the critical extension 1.2.3.4'),
    );
    // The policy 1.2.3.4 with the qualifier 1.2.3.5.
    const policies = 'DER:3013301106032a0304300a300806032a03050c0178';
    const qualified = [...responderExtensions, noCheck, `2.5.29.32 = critical, ${policies}`];
    assert.match(
      judge([by(delegate({ extensions: qualified }))]),
      refused('"CN=delegate" has the critical extension 2.5.29.32'),
    );
    assert.equal(
      judge([by(delegate({ extensions: [...responderExtensions, noCheck, `2.5.29.32 = ${policies}`] }))]),
      'good',
    );
    assert.equal(judge([by(delegate({ extensions: [basic, purpose, noCheck] }))]), 'good');
  });

  it('limit how long their answer is used by their own validity', () => {
    const now = at(good);
    const notAfter = new Date(now + hour / 2).toISOString().replace(/[-:T]|\.000/g, '');
    const response = readOcsp(by(delegate({ notAfter })));
    const isAlgorithmAccepted = (): boolean => true;
    const question = { ...content, responses: [response], isAlgorithmAccepted, profile: 'strict' } as const;
    const status = findOcspStatus({ ...question, now: response.producedAt, graceMilliseconds: hour });
    assert.equal(status.status === 'good' && status.validUntil, now + hour / 2 + 1);
  });

  it('have revoked what they revoked, even if their own certificate has ended', () => {
    const notAfter = new Date(at(good) + hour / 2).toISOString().replace(/[-:T]|\.000/g, '');
    const made = delegate({ notAfter });
    const answerOf = (status: string): Buffer => answer({ responder: made, index: { 10: status } });
    const [revoked, hold, lifted] = [answerOf('R keyCompromise'), answerOf('R certificateHold'), answerOf('V')];
    for (const now of [at(revoked), at(revoked) + hour, at(revoked) + 1000 * hour]) {
      assert.equal(judge([revoked], { now }), 'revoked: keyCompromise');
      assert.equal(judge([hold], { now }), 'revoked: certificateHold');
    }
    assert.match(judge([lifted], { now: at(lifted) + hour }), refused('expired'));
    assert.match(
      judge([answer({ responder: delegate({ notAfter: '20210101000000Z' }), index: { 10: 'R' } })]),
      refused('expired'),
    );
    // First it is unknown whether the responder is revoked, then it is known.
    const unchecked = answer({ responder: delegate({ extensions: responderExtensions }), index: { 10: 'R' } });
    assert.equal(judge([unchecked]), 'revoked: unspecified');
    assert.match(judge([unchecked], { isResponderGood: () => false }), refused('without ocsp-nocheck'));
  });

  it('without ocsp-nocheck are accepted if they are known not to be revoked', () => {
    const unchecked = by(delegate({ extensions: responderExtensions }));
    assert.match(judge([unchecked]), refused('"CN=delegate" has a certificate without ocsp-nocheck'));
    assert.equal(judge([unchecked], { isResponderGood: ({ subjectText }) => subjectText === 'CN=delegate' }), 'good');
    assert.match(
      judge([unchecked], { isResponderGood: () => false }),
      refused('"CN=delegate" has a certificate without ocsp-nocheck'),
    );
    assert.match(
      judge([unchecked], { isResponderGood: () => false, profile: 'rfc5280' }),
      refused('"CN=delegate" has a certificate without ocsp-nocheck'),
    );
    assert.equal(judge([unchecked], { profile: 'rfc5280' }), 'good');
  });

  it("don't vouch for themselves", () => {
    const own = encodeOcspRequest({ certificate: responder.certificate, issuer: authority.certificate });
    const der = answer({ responder, request: own, index: { 20: 'V' } });
    assert.match(
      judge([der], { certificate: responder.certificate }),
      refused('"CN=responder" is the certificate in question'),
    );
  });

  it('need strong keys in the strict profile, and algorithms that the caller accepts', () => {
    const weak = by(delegate({ key: 'secp256k1' }));
    assert.match(judge([weak]), refused('"CN=delegate" has a key .EC 1.3.132.0.10. that is not accepted'));
    assert.equal(judge([weak], { profile: 'rfc5280' }), 'good');
    const isAlgorithmAccepted: OcspQuestion['isAlgorithmAccepted'] = (algorithm) =>
      'digest' in algorithm && algorithm.digest !== 'sha1';
    assert.match(judge([by(responder, '-rmd', 'sha1')], { isAlgorithmAccepted }), /not accepted \(ecdsa with sha1\)/);
    assert.equal(judge([by(responder)], { isAlgorithmAccepted }), 'good');
    const old = by(delegate({ digest: 'sha1' }));
    assert.match(
      judge([old], { isAlgorithmAccepted }),
      refused('"CN=delegate" has a certificate signed with ecdsa with sha1, which is not accepted'),
    );
    assert.equal(judge([old]), 'good');
  });
});

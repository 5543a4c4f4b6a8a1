import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  authority,
  empty,
  end,
  judge,
  make,
  question,
  scope,
  stranger,
  withPoint,
} from '../test-support/crl-questions.js';
import {
  encodeCertificateIssuer,
  encodeEntry,
  issue,
  makeCrl,
  readCrl,
  replaceEntries,
} from '../test-support/revocation.js';
import { findCrlStatus } from './crl-status.js';

describe('CRL processing: scopes', () => {
  const ca = issue({ name: 'below', issuer: authority, serialNumber: '20', key: 'p-384' });
  const byName = 'fullname = URI:http://crl.example/a';

  it('separates user certificates from authorities', () => {
    const [users, authorities, attributes] = ['onlyuser', 'onlyCA', 'onlyAA'].map((kind) =>
      make(scope(`${kind} = TRUE`)),
    );
    assert.ok(users && authorities && attributes);
    const ofAuthority = { certificate: ca.certificate };
    assert.equal(judge([users]), 'good');
    assert.match(judge([authorities]), /unknown/);
    assert.match(judge([attributes]), /unknown/);
    assert.equal(judge([authorities], ofAuthority), 'good');
    assert.match(judge([users], ofAuthority), /unknown/);
    assert.match(judge([attributes], ofAuthority), /unknown/);
  });

  it('compares the distribution point’s names', () => {
    const list = make(scope(byName));
    assert.equal(judge([list], withPoint(byName)), 'good');
    assert.match(judge([list], withPoint('fullname = URI:http://crl.example/b')), /unknown/);
    assert.match(judge([list]), /unknown/);
    assert.equal(judge([empty], withPoint(byName)), 'good');
  });

  it('compares a relative name with a full one', () => {
    const relative = ['relativename = rdn', '[rdn]', 'OU = lists'];
    const full = ['fullname = dirName:dir', '[dir]', 'CN = authority', 'OU = lists'];
    const other = ['fullname = dirName:dir', '[dir]', 'CN = authority', 'OU = others'];
    assert.equal(judge([make(scope(...relative))], withPoint(...relative)), 'good');
    assert.equal(judge([make(scope(...relative))], withPoint(...full)), 'good');
    assert.equal(judge([make(scope(...full))], withPoint(...relative)), 'good');
    assert.match(judge([make(scope(...other))], withPoint(...relative)), /unknown/);
  });

  it('combines the reasons of lists until all are covered', () => {
    const one = make(scope('onlysomereasons = keyCompromise, CACompromise'));
    const rest =
      'affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, AACompromise';
    const two = make(scope(`onlysomereasons = ${rest}`));
    assert.match(judge([one]), /unknown: .*every reason/);
    assert.match(judge([two]), /unknown: .*every reason/);
    assert.equal(judge([one, two]), 'good');
    const short = make({ ...scope(`onlysomereasons = ${rest}`), nextUpdate: '20270120000000Z' });
    const status = findCrlStatus({ ...question, crls: [one, short].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 0, 20));
    const point = withPoint('fullname = URI:http://crl.example/a', 'reasons = keyCompromise');
    assert.match(judge([make(scope(byName))], point), /unknown: .*every reason/);
  });
});

describe('CRL processing: indirect lists', () => {
  const lister = issue({ name: 'lister', issuer: authority, key: 'p-384' });
  const template = makeCrl({ authority: lister, ...scope('indirectCRL = TRUE') });
  const clear = replaceEntries(template, [encodeEntry('10')], lister);
  const naming = replaceEntries(template, [encodeEntry('10', encodeCertificateIssuer(authority))], lister);
  const trusting = { signers: [lister.certificate], isSignerValid: () => true };
  const delegated = withPoint('CRLissuer = dirName:dir', '[dir]', 'CN = lister');

  it('apply to certificates that name their issuer', () => {
    assert.equal(judge([clear], { ...trusting, ...delegated }), 'good');
    assert.equal(judge([naming], { ...trusting, ...delegated }), 'revoked: unspecified');
    assert.match(judge([clear], trusting), /unknown: No CRL/);
    assert.match(judge([naming], trusting), /unknown: No CRL/);
    assert.match(
      judge([clear], { ...delegated, signers: trusting.signers }),
      /unknown: .*signer of a CRL may not sign/,
    );
  });

  it('are not found by a relative name if there are several issuers', () => {
    const relative = ['relativename = rdn', '[rdn]', 'OU = lists'];
    const one = withPoint('CRLissuer = dirName:a', ...relative, '[a]', 'CN = lister');
    const two = withPoint('CRLissuer = dirName:a, dirName:b', ...relative, '[a]', 'CN = lister', '[b]', 'CN = other');
    const named = makeCrl({ authority: lister, ...scope('indirectCRL = TRUE', ...relative) });
    assert.equal(judge([named], { ...trusting, ...one }), 'good');
    assert.match(judge([named], { ...trusting, ...two }), /unknown: No CRL/);
  });

  it('must be marked as indirect', () => {
    assert.match(judge([makeCrl({ authority: lister })], { ...trusting, ...delegated }), /unknown: No CRL/);
  });

  it("do not change the entries of the issuer's own certificates", () => {
    const own = replaceEntries(
      make(scope('indirectCRL = TRUE')),
      [encodeEntry('11'), encodeEntry('10', encodeCertificateIssuer(stranger))],
      authority,
    );
    assert.equal(judge([own]), 'good');
    const certificate = issue({ name: 'client', issuer: authority, serialNumber: '11', extensions: end }).certificate;
    assert.equal(judge([own], { certificate }), 'revoked: unspecified');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CrlRequest,
  editCrl,
  encodeCertificateIssuer,
  encodeEntry,
  encodeExtension,
  issue,
  makeCrl,
  readCertificate,
  readCrl,
  replaceEntries,
} from '../test-support/revocation.js';
import { findCrlStatus } from './crl-processing.js';
import type { CrlQuestion } from './crl-question.js';

const authority = issue({ name: 'authority' });
const stranger = issue({ name: 'stranger', key: 'p-384' });
const end = ['basicConstraints = critical, CA:FALSE', 'keyUsage = critical, digitalSignature'];
const client = issue({ name: 'client', issuer: authority, serialNumber: '10', extensions: end });
const now = Date.UTC(2027, 0, 15);
const question: CrlQuestion = {
  certificate: client.certificate,
  issuer: authority.certificate,
  crls: [],
  signers: [],
  isSignerValid: () => false,
  isAlgorithmAccepted: ({ scheme }) => scheme !== 'unknown',
  profile: 'strict',
  now,
  graceMilliseconds: 0,
};

/** The status of `client`, or another, by lists. */
function judge(lists: readonly Uint8Array[], changes: Partial<CrlQuestion> = {}): string {
  const status = findCrlStatus({ ...question, crls: lists.map((der) => readCrl(der)), ...changes });
  if (status.status === 'good') return 'good';
  return status.status === 'revoked' ? `revoked: ${status.reason}` : `unknown: ${status.detail}`;
}

const make = (request: Omit<CrlRequest, 'authority'> = {}): Buffer => makeCrl({ authority, ...request });
const names = (reason?: string): Pick<CrlRequest, 'revoked'> => ({
  revoked: [reason === undefined ? { serialNumber: '10' } : { serialNumber: '10', reason }],
});
const scope = (...lines: readonly string[]): Pick<CrlRequest, 'extensions' | 'sections'> => ({
  extensions: ['issuingDistributionPoint = critical, @idp'],
  sections: ['[idp]', ...lines],
});
const delta = (base: string): Pick<CrlRequest, 'extensions'> => ({
  extensions: [`2.5.29.27 = critical, DER:0201${base}`],
});
const withPoint = (...lines: readonly string[]): Pick<CrlQuestion, 'certificate'> => ({
  certificate: issue({
    name: 'client',
    issuer: authority,
    serialNumber: '10',
    extensions: [...end, 'crlDistributionPoints = point'],
    sections: ['[point]', ...lines],
  }).certificate,
});

const empty = make();

describe('CRL processing: one complete list', () => {
  it('says good, and for how long', () => {
    const status = findCrlStatus({ ...question, crls: [readCrl(empty)], graceMilliseconds: 1000 });
    assert.deepEqual(status, {
      status: 'good',
      validFrom: Date.UTC(2027, 0, 1),
      validUntil: Date.UTC(2027, 1, 1) + 1000,
    });
  });

  it('says revoked, why and since when', () => {
    const status = findCrlStatus({ ...question, crls: [readCrl(make(names('keyCompromise')))] });
    assert.deepEqual(status, { status: 'revoked', reason: 'keyCompromise', revokedAt: Date.UTC(2026, 5, 1) });
  });

  it('is current from thisUpdate until before nextUpdate and the grace', () => {
    const at = (instant: number, graceMilliseconds = 0): string => judge([empty], { now: instant, graceMilliseconds });
    assert.match(at(Date.UTC(2027, 0, 1) - 1), /unknown: .*future/);
    assert.equal(at(Date.UTC(2027, 0, 1)), 'good');
    assert.equal(at(Date.UTC(2027, 1, 1) - 1), 'good');
    assert.match(at(Date.UTC(2027, 1, 1)), /unknown: .*2027-02-01/);
    assert.equal(at(Date.UTC(2027, 1, 1), 1), 'good');
    assert.match(at(NaN), /unknown/);
  });

  it('knows nothing without a list, or with another issuer’s', () => {
    assert.match(judge([]), /unknown: No CRL/);
    assert.match(judge([makeCrl({ authority: stranger })]), /unknown: No CRL/);
    assert.match(judge([empty], { issuer: stranger.certificate }), /unknown: .*another issuer/);
  });

  it('takes no list that the issuer’s key did not sign', () => {
    const impostor = issue({ name: 'authority', key: 'p-256-again' });
    const forged = makeCrl({ authority: impostor, ...names() });
    assert.match(judge([makeCrl({ authority: impostor })]), /unknown: .*nobody/);
    assert.match(judge([forged]), /unknown: .*nobody/);
    assert.match(judge([forged], { signers: [impostor.certificate] }), /unknown: .*nobody/);
    assert.equal(judge([forged, empty], { signers: [impostor.certificate] }), 'good');
  });

  it('takes no algorithm that the caller doesn’t', () => {
    const isAlgorithmAccepted: CrlQuestion['isAlgorithmAccepted'] = (algorithm) =>
      'digest' in algorithm && algorithm.digest !== 'sha1';
    assert.match(judge([make({ digest: 'sha1' })], { isAlgorithmAccepted }), /unknown: .*ecdsa with sha1/);
    assert.equal(judge([empty], { isAlgorithmAccepted }), 'good');
  });

  it('takes no list without nextUpdate in the strict profile', () => {
    const endless = editCrl(empty, authority, (fields) => fields.toSpliced(4, 1));
    assert.match(judge([endless]), /unknown: .*next one/);
    assert.equal(judge([endless], { profile: 'rfc5280' }), 'good');
  });

  it('does not forget a revocation when its list is old, beside a newer one that leaves it out', () => {
    const old = make({ ...names('keyCompromise'), lastUpdate: '20260701000000Z', nextUpdate: '20260801000000Z' });
    assert.equal(judge([old]), 'revoked: keyCompromise');
    assert.equal(judge([make({ number: '02' }), old]), 'revoked: keyCompromise');
  });

  it('lets a certificate come back from hold by a newer current list only', () => {
    const held = make({ ...names('certificateHold'), number: '05', lastUpdate: '20261201000000Z' });
    assert.equal(judge([held]), 'revoked: certificateHold');
    assert.equal(judge([held, make({ number: '06' })]), 'good');
    assert.equal(judge([make({ number: '06' }), held]), 'good');
    assert.equal(judge([held, make({ number: '04' })]), 'revoked: certificateHold');
    const stale = make({ number: '06', lastUpdate: '20261202000000Z', nextUpdate: '20270102000000Z' });
    assert.equal(judge([held, stale]), 'revoked: certificateHold');
  });

  it('takes removeFromCRL for a revocation where it doesn’t belong', () => {
    assert.equal(judge([make(names('removeFromCRL'))]), 'revoked: removeFromCRL');
  });
});

describe('CRL processing: what is not understood', () => {
  const unknown = encodeExtension('2a0304', true, Buffer.from('0500', 'hex'));

  it('is never taken for good', () => {
    const ofList = { extensions: ['1.2.3.4 = critical, DER:0500'] };
    assert.match(judge([make(ofList)]), /unknown: .*1\.2\.3\.4/);
    assert.equal(judge([make({ ...ofList, ...names() })]), 'revoked: unspecified');
    assert.match(judge([replaceEntries(empty, [encodeEntry('11', unknown)], authority)]), /unknown: .*1\.2\.3\.4/);
    assert.equal(judge([replaceEntries(empty, [encodeEntry('10', unknown)], authority)]), 'revoked: unspecified');
  });
});

describe('CRL processing: scopes', () => {
  const ca = issue({ name: 'below', issuer: authority, serialNumber: '20', key: 'p-384' });
  const byName = 'fullname = URI:http://crl.example/a';

  it('keeps user certificates and authorities apart', () => {
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

  it('adds reasons up until all are covered', () => {
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

describe('CRL processing: signers', () => {
  const rolled = issue({ name: 'authority', key: 'p-384' });
  const list = makeCrl({ authority: rolled });

  it('takes another key of the issuer, where its path is valid', () => {
    assert.equal(judge([list], { signers: [rolled.certificate], isSignerValid: () => true }), 'good');
    assert.match(judge([list], { signers: [rolled.certificate] }), /unknown: .*nobody/);
    assert.match(judge([list], { isSignerValid: () => true }), /unknown: .*nobody/);
  });

  it('wants cRLSign in a key usage, and an authority where there is none', () => {
    const signers = [
      ['keyUsage = critical, keyCertSign', 'basicConstraints = critical, CA:TRUE'],
      ['keyUsage = critical, digitalSignature'],
      ['basicConstraints = critical, CA:FALSE'],
    ].map((extensions) => issue({ name: 'authority', key: 'p-384', extensions }));
    const valid = (signer: (typeof signers)[number]): Partial<CrlQuestion> => ({
      signers: [signer.certificate],
      isSignerValid: () => true,
    });
    for (const signer of signers) assert.match(judge([list], valid(signer)), /unknown: .*nobody/);
    const bare = issue({ name: 'authority', key: 'p-384', extensions: ['basicConstraints = critical, CA:TRUE'] });
    assert.equal(judge([list], valid(bare)), 'good');
    const mute = issue({ name: 'authority', extensions: ['keyUsage = critical, keyCertSign'] });
    assert.match(judge([empty], { issuer: mute.certificate }), /unknown: .*nobody/);
  });

  it('asks for the path of nobody whose signature is known to be none', () => {
    const crl = readCrl(list);
    const stranger = issue({ name: 'authority', key: 'p-521' }).certificate;
    let asked = 0;
    const isSignerValid = (): boolean => (asked += 1) > 0;
    for (let round = 0; round < 3; round += 1) {
      assert.equal(findCrlStatus({ ...question, crls: [crl], signers: [stranger], isSignerValid }).status, 'unknown');
    }
    assert.equal(asked, 1);
  });

  it('verifies the signature of a list once for each key', () => {
    const crl = readCrl(empty);
    let reads = 0;
    const { signature, ...signed } = crl.signed;
    const counted = {
      ...crl,
      signed: {
        ...signed,
        get signature(): Uint8Array {
          reads += 1;
          return signature;
        },
      },
    };
    for (let round = 0; round < 3; round += 1) {
      assert.equal(findCrlStatus({ ...question, crls: [counted] }).status, 'good');
    }
    assert.equal(reads, 1);
  });
});

describe('CRL processing: indirect lists', () => {
  const lister = issue({ name: 'lister', issuer: authority, key: 'p-384' });
  const template = makeCrl({ authority: lister, ...scope('indirectCRL = TRUE') });
  const clear = replaceEntries(template, [encodeEntry('10')], lister);
  const naming = replaceEntries(template, [encodeEntry('10', encodeCertificateIssuer(authority))], lister);
  const trusting = { signers: [lister.certificate], isSignerValid: () => true };
  const delegated = withPoint('CRLissuer = dirName:dir', '[dir]', 'CN = lister');

  it('count for certificates that name their issuer', () => {
    assert.equal(judge([clear], { ...trusting, ...delegated }), 'good');
    assert.equal(judge([naming], { ...trusting, ...delegated }), 'revoked: unspecified');
    assert.match(judge([clear], trusting), /unknown: No CRL/);
    assert.match(judge([naming], trusting), /unknown: No CRL/);
    assert.match(judge([clear], { ...delegated, signers: trusting.signers }), /unknown: .*nobody/);
  });

  it('must say that they are', () => {
    assert.match(judge([makeCrl({ authority: lister })], { ...trusting, ...delegated }), /unknown: No CRL/);
  });

  it('leave the issuer’s own entries as they are', () => {
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

describe('CRL processing: deltas', () => {
  const base = make({ number: '05' });
  const held = make({ number: '05', ...names('certificateHold') });

  it('are no base', () => {
    assert.match(judge([make({ number: '06', ...delta('05') })]), /unknown: .*without its base/);
  });

  it('revoke, and shorten what is good', () => {
    assert.equal(judge([base, make({ number: '06', ...delta('05'), ...names('superseded') })]), 'revoked: superseded');
    const short = make({ number: '06', ...delta('05'), nextUpdate: '20270116000000Z' });
    const status = findCrlStatus({ ...question, crls: [base, short].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 0, 16));
  });

  it('take back a hold, and nothing else, where they fit the base', () => {
    const removal = { ...names('removeFromCRL') };
    assert.equal(judge([held, make({ number: '06', ...delta('05'), ...removal })]), 'good');
    assert.equal(judge([held, make({ number: '06', ...delta('04'), ...removal })]), 'good');
    // Based on a later list than ours.
    assert.equal(judge([held, make({ number: '07', ...delta('06'), ...removal })]), 'revoked: certificateHold');
    assert.equal(judge([held, make({ number: '04', ...delta('03'), ...removal })]), 'revoked: certificateHold');
    const stale = make({ number: '06', ...delta('05'), ...removal, nextUpdate: '20270102000000Z' });
    assert.equal(judge([held, stale]), 'revoked: certificateHold');
    const compromised = make({ number: '05', ...names('keyCompromise') });
    assert.equal(judge([compromised, make({ number: '06', ...delta('05'), ...removal })]), 'revoked: keyCompromise');
  });

  it('must have the base’s scope', () => {
    const { extensions, sections } = scope('onlyuser = TRUE');
    const scoped = make({
      number: '06',
      ...names('removeFromCRL'),
      extensions: [...(extensions ?? []), ...(delta('05').extensions ?? [])],
      sections: sections ?? [],
    });
    assert.equal(judge([held, scoped]), 'revoked: certificateHold');
  });

  it('are passed over where the caller says so', () => {
    const revoking = make({ number: '06', ...delta('05'), ...names() });
    assert.equal(judge([base, revoking], { useDeltas: false }), 'good');
  });
});

it('a byte changed anywhere in a CRL never makes a revoked certificate good, and throws nothing', () => {
  const der = make(names('keyCompromise'));
  for (let position = 0; position < der.length; position += 1) {
    for (const change of [0x01, 0x80, 0xff]) {
      const changed = Buffer.from(der);
      changed.writeUInt8(changed.readUInt8(position) ^ change, position);
      assert.doesNotMatch(judgeBytes(changed), /good/);
    }
  }
});

function judgeBytes(der: Buffer): string {
  try {
    return judge([der], { certificate: readCertificate(client.der) });
  } catch (error) {
    // The decoder's own refusal, as readCrl says it.
    assert.ok(error instanceof Error && error.constructor === Error);
    return 'refused';
  }
}

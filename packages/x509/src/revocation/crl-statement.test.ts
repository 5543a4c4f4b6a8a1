import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authority, empty, judge, names, question, scope, stranger } from '../test-support/crl-questions.js';
import { type CrlRequest, issue, makeCrl, readCrl } from '../test-support/revocation.js';
import type { CertificateRevocationList } from './certificate-revocation-list.js';
import { prepareCrl } from './crl-file.js';
import { findCrlStatus } from './crl-status.js';
import type { CrlQuestion } from './crl-statement.js';

describe('CRL processing: signers', () => {
  const rolled = issue({ name: 'authority', key: 'p-384' });
  const list = makeCrl({ authority: rolled });

  /** RFC 5280 accepts any key with the issuer's name, and so asks for that key's path. */
  const profile = 'rfc5280';

  it('accepts another key of the issuer, if its path is valid', () => {
    assert.equal(judge([list], { profile, signers: [rolled.certificate], isSignerValid: () => true }), 'good');
    assert.match(judge([list], { profile, signers: [rolled.certificate] }), /unknown: .*signer of a CRL may not sign/);
    assert.match(judge([list], { profile, isSignerValid: () => true }), /unknown: .*signer of a CRL may not sign/);
  });

  it("does not clear a certificate by another key's list in the strict profile, but accepts its revocations", () => {
    const both = { signers: [rolled.certificate], isSignerValid: () => true };
    const of = (key: typeof rolled, request: Omit<CrlRequest, 'authority'> = {}): Buffer =>
      makeCrl({ authority: key, ...request });
    assert.match(judge([list], both), /unknown: .*other keys of the CA.*add the list of that key/);
    assert.equal(judge([of(rolled, names('keyCompromise'))], both), 'revoked: keyCompromise');
    // In every order, although the other key's list is newer and stays current for longer.
    const newer = of(rolled, { number: '09', lastUpdate: '20270110000000Z', nextUpdate: '20270301000000Z' });
    for (const [own, expected] of [
      [empty, /^good$/],
      [of(authority, names('superseded')), /^revoked: superseded$/],
      [of(authority, { nextUpdate: '20270110000000Z' }), /unknown: .*due to be replaced at 2027-01-10/],
      [of(authority, { number: null }), /unknown: .*no number/],
      [of(authority, scope('onlyCA = TRUE')), /unknown: .*other keys/],
      [of(authority, scope('onlysomereasons = keyCompromise')), /unknown: .*every reason/],
    ] as const) {
      for (const lists of [
        [own, newer],
        [newer, own],
      ])
        assert.match(judge(lists, both), expected);
    }
    const until = findCrlStatus({ ...question, ...both, crls: [newer, empty].map((der) => readCrl(der)) });
    assert.equal(until.status === 'good' && until.validUntil, Date.UTC(2027, 1, 1));
  });

  it("accepts the list of the issuer's key, whichever of its certificates may sign lists", () => {
    const mute = issue({ name: 'authority', extensions: ['keyUsage = critical, keyCertSign'] });
    const signers = [authority.certificate];
    assert.match(judge([empty], { issuer: mute.certificate }), /unknown: .*signer of a CRL may not sign/);
    assert.equal(judge([empty], { issuer: mute.certificate, signers, isSignerValid: () => true }), 'good');
  });

  it('requires cRLSign in a key usage, and a CA if there is no key usage', () => {
    const signers = [
      ['keyUsage = critical, keyCertSign', 'basicConstraints = critical, CA:TRUE'],
      ['keyUsage = critical, digitalSignature'],
      ['basicConstraints = critical, CA:FALSE'],
    ].map((extensions) => issue({ name: 'authority', key: 'p-384', extensions }));
    const valid = (signer: (typeof signers)[number]): Partial<CrlQuestion> => ({
      profile,
      signers: [signer.certificate],
      isSignerValid: () => true,
    });
    for (const signer of signers) assert.match(judge([list], valid(signer)), /unknown: .*signer of a CRL may not sign/);
    const bare = issue({ name: 'authority', key: 'p-384', extensions: ['basicConstraints = critical, CA:TRUE'] });
    assert.equal(judge([list], valid(bare)), 'good');
    const mute = issue({ name: 'authority', extensions: ['keyUsage = critical, keyCertSign'] });
    assert.match(judge([empty], { issuer: mute.certificate }), /unknown: .*signer of a CRL may not sign/);
  });

  it('asks for no path of a signer whose signature is known to be invalid', () => {
    const crl = readCrl(list);
    const stranger = issue({ name: 'authority', key: 'p-521' }).certificate;
    let asked = 0;
    const isSignerValid = (): boolean => (asked += 1) > 0;
    for (let round = 0; round < 3; round += 1) {
      assert.equal(findCrlStatus({ ...question, crls: [crl], signers: [stranger], isSignerValid }).status, 'unknown');
    }
    assert.equal(asked, 1);
  });

  /** A list that counts how often its signature is read. */
  function count(crl: CertificateRevocationList): {
    readonly crl: CertificateRevocationList;
    readonly reads: () => number;
  } {
    let reads = 0;
    const { signature, ...signed } = crl.signed;
    const counted = {
      ...signed,
      get signature(): Uint8Array {
        reads += 1;
        return signature;
      },
    };
    return { crl: { ...crl, signed: counted }, reads: () => reads };
  }

  it('verifies the signature of a list once for each key', () => {
    const { crl, reads } = count(readCrl(empty));
    for (let round = 0; round < 3; round += 1) {
      assert.equal(findCrlStatus({ ...question, crls: [crl] }).status, 'good');
    }
    assert.equal(reads(), 1);
  });

  it('reads the distribution points of a list only after its signature was verified', () => {
    const impostor = issue({ name: 'authority', key: 'p-256-again' });
    for (const [signer, expected] of [
      [authority, true],
      [impostor, false],
    ] as const) {
      let spent = 0;
      const spendComparisons = (count: number): boolean => (spent += count) > 0;
      const list = readCrl(makeCrl({ authority: signer, ...scope('fullname = URI:http://crl.example/a') }));
      assert.equal(findCrlStatus({ ...question, crls: [list], spendComparisons }).status, 'unknown');
      assert.equal(spent > 0, expected);
    }
  });

  it('verifies nothing again that was verified in advance, and accepts nothing because of that', async () => {
    const { crl, reads } = count(readCrl(empty));
    const impostor = issue({ name: 'authority', key: 'p-256-again' });
    const forged = count(readCrl(makeCrl({ authority: impostor })));
    await prepareCrl(crl, [stranger.certificate, authority.certificate]);
    await prepareCrl(forged.crl, [authority.certificate]);
    assert.equal(findCrlStatus({ ...question, crls: [crl] }).status, 'good');
    assert.equal(findCrlStatus({ ...question, crls: [forged.crl] }).status, 'unknown');
    assert.deepEqual([reads(), forged.reads()], [1, 1]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  authority,
  client,
  delta,
  empty,
  judge,
  make,
  names,
  question,
  scope,
  stranger,
} from '../test-support/crl-questions.js';
import {
  editCrl,
  encodeEntry,
  encodeExtension,
  issue,
  makeCrl,
  readCertificate,
  readCrl,
  replaceEntries,
} from '../test-support/revocation.js';
import { findCrlStatus } from './crl-status.js';
import type { CrlQuestion } from './crl-statement.js';

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

  it('is current from thisUpdate until before nextUpdate and the grace period', () => {
    const at = (instant: number, graceMilliseconds = 0): string => judge([empty], { now: instant, graceMilliseconds });
    assert.match(at(Date.UTC(2027, 0, 1) - 1), /unknown: .*future/);
    assert.equal(at(Date.UTC(2027, 0, 1)), 'good');
    assert.equal(at(Date.UTC(2027, 1, 1) - 1), 'good');
    assert.match(at(Date.UTC(2027, 1, 1)), /unknown: .*2027-02-01/);
    assert.equal(at(Date.UTC(2027, 1, 1), 1), 'good');
    assert.match(at(NaN), /unknown/);
  });

  it('is unknown without a list, and with a list of another issuer', () => {
    assert.match(judge([]), /unknown: No CRL/);
    assert.match(judge([makeCrl({ authority: stranger })]), /unknown: No CRL/);
    assert.match(judge([empty], { issuer: stranger.certificate }), /unknown: .*another issuer/);
  });

  it("ignores a list that the issuer's key did not sign", () => {
    const impostor = issue({ name: 'authority', key: 'p-256-again' });
    const forged = makeCrl({ authority: impostor, ...names() });
    assert.match(judge([makeCrl({ authority: impostor })]), /unknown: .*signer of a CRL may not sign/);
    assert.match(judge([forged]), /unknown: .*signer of a CRL may not sign/);
    assert.match(judge([forged], { signers: [impostor.certificate] }), /unknown: .*signer of a CRL may not sign/);
    assert.equal(judge([forged, empty], { signers: [impostor.certificate] }), 'good');
  });

  it("ignores a list with an algorithm that the caller doesn't accept", () => {
    const isAlgorithmAccepted: CrlQuestion['isAlgorithmAccepted'] = (algorithm) =>
      'digest' in algorithm && algorithm.digest !== 'sha1';
    assert.match(judge([make({ digest: 'sha1' })], { isAlgorithmAccepted }), /unknown: .*ecdsa with sha1/);
    assert.equal(judge([empty], { isAlgorithmAccepted }), 'good');
  });

  it('ignores a list without nextUpdate in the strict profile', () => {
    const endless = editCrl(empty, authority, (fields) => fields.toSpliced(4, 1));
    assert.match(judge([endless]), /unknown: .*next one/);
    assert.equal(judge([endless], { profile: 'rfc5280' }), 'good');
  });

  it('does not forget a revocation in an old list, even if a newer one leaves it out', () => {
    const old = make({ ...names('keyCompromise'), lastUpdate: '20260701000000Z', nextUpdate: '20260801000000Z' });
    assert.equal(judge([old]), 'revoked: keyCompromise');
    assert.equal(judge([make({ number: '02' }), old]), 'revoked: keyCompromise');
  });

  it('lets a certificate come back from hold only by a newer current list', () => {
    const held = make({ ...names('certificateHold'), number: '05', lastUpdate: '20261201000000Z' });
    assert.equal(judge([held]), 'revoked: certificateHold');
    assert.equal(judge([held, make({ number: '06' })]), 'good');
    assert.equal(judge([make({ number: '06' }), held]), 'good');
    assert.equal(judge([held, make({ number: '04' })]), 'revoked: certificateHold');
    const stale = make({ number: '06', lastUpdate: '20261202000000Z', nextUpdate: '20270102000000Z' });
    assert.equal(judge([held, stale]), 'revoked: certificateHold');
  });

  it('never says "good" by a list once a newer one of its numbering is known, even if that one ended first', () => {
    const week = make({ number: '05' });
    const day = { number: '06', lastUpdate: '20270102000000Z', nextUpdate: '20270103000000Z' };
    for (const lists of [
      [week, make(day)],
      [make(day), week],
    ])
      assert.match(judge(lists), /unknown: .*due to be replaced at 2027-01-03/);
    assert.equal(judge([week, make({ ...day, ...scope('onlyuser = TRUE') })]), 'good');
    const future = { number: '06', lastUpdate: '20270120000000Z' };
    const status = findCrlStatus({ ...question, crls: [week, make(future)].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 0, 20));
  });

  it('treats removeFromCRL as a revocation where it is not allowed', () => {
    assert.equal(judge([make(names('removeFromCRL'))]), 'revoked: removeFromCRL');
  });
});

describe('CRL processing: what is not understood', () => {
  const unknown = encodeExtension('2a0304', true, Buffer.from('0500', 'hex'));

  it('never makes a certificate good', () => {
    const ofList = { extensions: ['1.2.3.4 = critical, DER:0500'] };
    assert.match(judge([make(ofList)]), /unknown: .*1\.2\.3\.4/);
    assert.equal(judge([make({ ...ofList, ...names() })]), 'revoked: unspecified');
    assert.match(judge([replaceEntries(empty, [encodeEntry('11', unknown)], authority)]), /unknown: .*1\.2\.3\.4/);
    assert.equal(judge([replaceEntries(empty, [encodeEntry('10', unknown)], authority)]), 'revoked: unspecified');
  });
});

it('does not depend on the order of lists', () => {
  const held = make({ number: '05', ...names('certificateHold'), lastUpdate: '20261201000000Z' });
  const lists = [
    held,
    make({ number: '06' }),
    make({ number: '07', ...delta('06') }),
    make({ number: '06', ...scope('onlyuser = TRUE') }),
    makeCrl({ authority: stranger }),
    make({ number: '04', lastUpdate: '20260101000000Z', nextUpdate: '20260201000000Z' }),
  ].map((der) => readCrl(der));
  const revoking = readCrl(
    make({ ...names('superseded'), lastUpdate: '20260101000000Z', nextUpdate: '20260201000000Z' }),
  );
  const order = fc.shuffledSubarray(lists);
  fc.assert(
    fc.property(order, order, (crls, others) => {
      const sorted = [...crls].sort((left, right) => lists.indexOf(left) - lists.indexOf(right));
      assert.deepEqual(findCrlStatus({ ...question, crls }), findCrlStatus({ ...question, crls: sorted }));
      const status = findCrlStatus({ ...question, crls: [...crls, revoking, ...others] });
      assert.equal(status.status === 'revoked' && status.reason, 'superseded');
    }),
  );
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
    // The refusal of the decoder, which readCrl throws as an Error.
    assert.ok(error instanceof Error && error.constructor === Error);
    return 'refused';
  }
}

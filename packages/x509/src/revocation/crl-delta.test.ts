import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeTree } from '../test-support/der-editing.js';
import { authority, delta, judge, make, names, question, scope, stranger } from '../test-support/crl-questions.js';
import { type CrlRequest, editCrl, makeCrl, readCrl } from '../test-support/revocation.js';
import { findDeltaInterval, findSuccessor, getCompleteNumber, isDeltaOf } from './crl-delta.js';
import type { CrlStatement } from './crl-statement.js';
import { findCrlStatus } from './crl-status.js';

describe('CRL processing: deltas', () => {
  const base = make({ number: '05' });
  const held = make({ number: '05', ...names('certificateHold') });

  it('are never used as a base', () => {
    assert.match(judge([make({ number: '06', ...delta('05') })]), /unknown: .*without its base/);
  });

  it('revoke certificates, and shorten a good answer', () => {
    assert.equal(judge([base, make({ number: '06', ...delta('05'), ...names('superseded') })]), 'revoked: superseded');
    const short = make({ number: '06', ...delta('05'), nextUpdate: '20270116000000Z' });
    const status = findCrlStatus({ ...question, crls: [base, short].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 0, 16));
  });

  it('only take back a hold, and only if they fit the base', () => {
    const removal = { ...names('removeFromCRL') };
    assert.equal(judge([held, make({ number: '06', ...delta('05'), ...removal })]), 'good');
    assert.equal(judge([held, make({ number: '06', ...delta('04'), ...removal })]), 'good');
    // A delta to a later list than ours.
    assert.equal(judge([held, make({ number: '07', ...delta('06'), ...removal })]), 'revoked: certificateHold');
    assert.equal(judge([held, make({ number: '04', ...delta('03'), ...removal })]), 'revoked: certificateHold');
    const stale = make({ number: '06', ...delta('05'), ...removal, nextUpdate: '20270102000000Z' });
    assert.equal(judge([held, stale]), 'revoked: certificateHold');
    const compromised = make({ number: '05', ...names('keyCompromise') });
    assert.equal(judge([compromised, make({ number: '06', ...delta('05'), ...removal })]), 'revoked: keyCompromise');
  });

  it("must have the base's scope", () => {
    const scoped = ofUsers({ number: '06', ...names('removeFromCRL') }, '05');
    assert.equal(judge([held, scoped]), 'revoked: certificateHold');
  });

  it('do not change a base that is newer than they are', () => {
    const short = make({ number: '04', ...delta('03'), nextUpdate: '20270116000000Z' });
    const status = findCrlStatus({ ...question, crls: [base, short].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 1, 1));
  });

  it('of a newer base show that the complete list is outdated, until that base is there', () => {
    const newer = make({ number: '07', ...delta('06') });
    const missing = /unknown: .*complete CRL 6 is newer than the CRL 5/;
    assert.match(judge([base, newer]), missing);
    assert.match(judge([newer, base]), missing);
    for (const number of ['06', '07', '08']) assert.equal(judge([base, newer, make({ number })]), 'good');
    // A newer base exists even if its delta has ended, or has an unknown critical extension.
    assert.match(judge([base, make({ number: '07', ...delta('06'), nextUpdate: '20270102000000Z' })]), missing);
    const strange = ['2.5.29.27 = critical, DER:020106', '1.2.3.4 = critical, DER:0500'];
    assert.match(judge([base, make({ number: '07', extensions: strange })]), missing);
    // A delta from the future is not used yet, nor one with another scope or another issuer.
    const future = make({ number: '07', ...delta('06'), lastUpdate: '20270116000000Z' });
    const status = findCrlStatus({ ...question, crls: [base, future].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 0, 16));
    assert.match(judge([base, future], { now: Date.UTC(2027, 0, 16) }), missing);
    assert.equal(judge([base, ofUsers({ number: '07' }, '06')]), 'good');
    assert.equal(judge([base, makeCrl({ authority: stranger, number: '07', ...delta('06') })]), 'good');
    assert.equal(judge([base, newer], { useDeltas: false }), 'good');
  });

  it('of a newer base show that, whatever authority key identifier they have', () => {
    const unidentified = withoutKeyIdentifier(make({ number: '07', ...delta('06') }));
    assert.match(judge([base, unidentified]), /unknown: .*complete CRL 6 is newer/);
  });

  it('of a newer base readmit nobody whom an older delta has revoked or put on hold', () => {
    const newer = make({ number: '07', ...delta('06') });
    for (const reason of ['superseded', 'certificateHold'] as const) {
      const named = make({ number: '05', ...delta('01'), ...names(reason) });
      const first = make({ number: '01' });
      assert.equal(judge([first, named, newer]), `revoked: ${reason}`);
      const removal = make({ number: '07', ...delta('06'), ...names('removeFromCRL') });
      assert.equal(judge([first, named, removal]), `revoked: ${reason}`);
    }
  });

  it('and newer lists must have the authority key identifier of what they replace', () => {
    const newer = make({ number: '06' });
    const unidentified = withoutKeyIdentifier(newer);
    assert.equal(judge([held, newer]), 'good');
    assert.equal(judge([held, unidentified]), 'revoked: certificateHold');
    assert.equal(judge([unidentified]), 'good');
  });

  it('are ignored if the caller says so', () => {
    const revoking = make({ number: '06', ...delta('05'), ...names() });
    assert.equal(judge([base, revoking], { useDeltas: false }), 'good');
  });
});

describe('the numbers of CRLs', () => {
  const plain = readCrl(make());
  const ofNumber = (crlNumber: bigint | undefined, deltaBaseNumber?: bigint, changes: object = {}): CrlStatement => {
    const crl = { ...plain, crlNumber, deltaBaseNumber, ...changes };
    return { crl, reasons: 1, signer: authority.certificate, mayClear: true };
  };

  it('decide which list a delta may be applied to', () => {
    for (const [deltaNumber, deltaBase, baseNumber, expected] of [
      [6n, 5n, 5n, true],
      [6n, 5n, 6n, true],
      [6n, 5n, 7n, false],
      [6n, 5n, 4n, false],
      [6n, 6n, 6n, true],
      [undefined, 5n, 5n, false],
      [6n, undefined, 5n, false],
      [6n, 5n, undefined, false],
      [undefined, 5n, undefined, false],
    ] as const)
      assert.equal(isDeltaOf(ofNumber(deltaNumber, deltaBase), ofNumber(baseNumber)), expected);
    assert.equal(isDeltaOf(ofNumber(6n, 5n), ofNumber(5n, 4n)), false);
    assert.equal(isDeltaOf(ofNumber(6n), ofNumber(5n, 4n)), false);
  });

  it('are those of the complete list', () => {
    assert.equal(getCompleteNumber(ofNumber(6n)), 6n);
    assert.equal(getCompleteNumber(ofNumber(6n, 5n)), 5n);
    assert.equal(getCompleteNumber(ofNumber(undefined)), -1n);
  });

  it('show that a list is newer, and which of several is the first', () => {
    const base = ofNumber(5n);
    const [later, earlier] = [ofNumber(6n, undefined, { thisUpdate: 2 }), ofNumber(8n, 7n, { thisUpdate: 1 })];
    assert.equal(findSuccessor(base, [base, later, earlier]), earlier);
    assert.equal(findSuccessor(base, [earlier, later]), earlier);
    assert.equal(findSuccessor(base, [base, ofNumber(4n), ofNumber(9n, 5n)]), undefined);
    assert.equal(findSuccessor(ofNumber(undefined), [later]), undefined);
    // A list without a number is never the newer one.
    assert.equal(findSuccessor(ofNumber(0n), [ofNumber(undefined)]), undefined);
  });

  it('choose the interval of the newest delta, and the shorter of two with one number', () => {
    const base = ofNumber(5n);
    const of = (thisUpdate: number, nextUpdate: number): CrlStatement => ofNumber(6n, 5n, { thisUpdate, nextUpdate });
    const { now } = question;
    const [old, long, short] = [of(now - 9, now + 1), of(now - 3, now + 9), of(now - 3, now + 5)];
    const [ended, foreign] = [of(now - 1, now), ofNumber(9n, 8n, { thisUpdate: now, nextUpdate: now + 2 })];
    for (const statements of [
      [old, long, short, ended, foreign],
      [short, long, old, foreign, ended],
      [long, old, short],
    ])
      assert.deepEqual(findDeltaInterval(base, statements, question), { validFrom: now - 3, validUntil: now + 5 });
    assert.equal(findDeltaInterval(base, [ended, foreign], question), undefined);
  });
});

function withoutKeyIdentifier(crl: Uint8Array): Buffer {
  return editCrl(crl, authority, (fields) => {
    const list = fields.at(-1)?.children?.[0];
    assert.ok(list);
    list.children = list.children?.filter((extension) => !encodeTree(extension).includes('551d23', 0, 'hex'));
    return fields;
  });
}

/** A delta whose scope is narrower than the scope of the other lists. */
function ofUsers(request: Omit<CrlRequest, 'authority'>, base: string): Buffer {
  const { extensions = [], sections = [] } = scope('onlyuser = TRUE');
  return make({ ...request, extensions: [...extensions, ...(delta(base).extensions ?? [])], sections });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeTree } from '../test-support/der-editing.js';
import { authority, delta, judge, make, names, question, scope, stranger } from '../test-support/crl-questions.js';
import { type CrlRequest, editCrl, makeCrl, readCrl } from '../test-support/revocation.js';
import { findCrlStatus } from './crl-status.js';

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
    const scoped = ofUsers({ number: '06', ...names('removeFromCRL') }, '05');
    assert.equal(judge([held, scoped]), 'revoked: certificateHold');
  });

  it('that are older than the base leave it as it is', () => {
    const short = make({ number: '04', ...delta('03'), nextUpdate: '20270116000000Z' });
    const status = findCrlStatus({ ...question, crls: [base, short].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 1, 1));
  });

  it('of a newer base tell that the complete list is no longer current, until that base is there', () => {
    const newer = make({ number: '07', ...delta('06') });
    const missing = /unknown: .*belongs to the complete CRL 6, and the one at hand is 5/;
    assert.match(judge([base, newer]), missing);
    assert.match(judge([newer, base]), missing);
    for (const number of ['06', '07', '08']) assert.equal(judge([base, newer, make({ number })]), 'good');
    // The base exists also when its delta has ended, or has an extension that nobody understands.
    assert.match(judge([base, make({ number: '07', ...delta('06'), nextUpdate: '20270102000000Z' })]), missing);
    const strange = ['2.5.29.27 = critical, DER:020106', '1.2.3.4 = critical, DER:0500'];
    assert.match(judge([base, make({ number: '07', extensions: strange })]), missing);
    // One of the future doesn't count yet, nor one of another scope or of somebody else.
    const future = make({ number: '07', ...delta('06'), lastUpdate: '20270116000000Z' });
    const status = findCrlStatus({ ...question, crls: [base, future].map((der) => readCrl(der)) });
    assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 0, 16));
    assert.match(judge([base, future], { now: Date.UTC(2027, 0, 16) }), missing);
    assert.equal(judge([base, ofUsers({ number: '07' }, '06')]), 'good');
    assert.equal(judge([base, makeCrl({ authority: stranger, number: '07', ...delta('06') })]), 'good');
    assert.equal(judge([base, newer], { useDeltas: false }), 'good');
  });

  it('of a newer base tell so whatever authority key identifier they have', () => {
    const unidentified = withoutKeyIdentifier(make({ number: '07', ...delta('06') }));
    assert.match(judge([base, unidentified]), /unknown: .*belongs to the complete CRL 6/);
  });

  it('of a newer base let nobody back in whom an older delta has revoked, or holds', () => {
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

  it('are passed over where the caller says so', () => {
    const revoking = make({ number: '06', ...delta('05'), ...names() });
    assert.equal(judge([base, revoking], { useDeltas: false }), 'good');
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

/** A delta whose scope is narrower than that of the other lists. */
function ofUsers(request: Omit<CrlRequest, 'authority'>, base: string): Buffer {
  const { extensions = [], sections = [] } = scope('onlyuser = TRUE');
  return make({ ...request, extensions: [...extensions, ...(delta(base).extensions ?? [])], sections });
}

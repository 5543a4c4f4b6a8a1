import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeTree } from '../test-support/der-editing.js';
import { authority, delta, judge, make, names, question, scope } from '../test-support/crl-questions.js';
import { editCrl, readCrl } from '../test-support/revocation.js';
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
    const { extensions, sections } = scope('onlyuser = TRUE');
    const scoped = make({
      number: '06',
      ...names('removeFromCRL'),
      extensions: [...(extensions ?? []), ...(delta('05').extensions ?? [])],
      sections: sections ?? [],
    });
    assert.equal(judge([held, scoped]), 'revoked: certificateHold');
  });

  it('that are older than the base, or of a later one, leave it as it is', () => {
    for (const [number, of] of [
      ['04', '03'],
      ['07', '06'],
    ] as const) {
      const short = make({ number, ...delta(of), nextUpdate: '20270116000000Z' });
      const status = findCrlStatus({ ...question, crls: [base, short].map((der) => readCrl(der)) });
      assert.equal(status.status === 'good' && status.validUntil, Date.UTC(2027, 1, 1));
    }
  });

  it('and newer lists must have the authority key identifier of what they replace', () => {
    const newer = make({ number: '06' });
    const unidentified = editCrl(newer, authority, (fields) => {
      const list = fields.at(-1)?.children?.[0];
      assert.ok(list);
      list.children = list.children?.filter((extension) => !encodeTree(extension).includes('551d23', 0, 'hex'));
      return fields;
    });
    assert.equal(judge([held, newer]), 'good');
    assert.equal(judge([held, unidentified]), 'revoked: certificateHold');
    assert.equal(judge([unidentified]), 'good');
  });

  it('are passed over where the caller says so', () => {
    const revoking = make({ number: '06', ...delta('05'), ...names() });
    assert.equal(judge([base, revoking], { useDeltas: false }), 'good');
  });
});

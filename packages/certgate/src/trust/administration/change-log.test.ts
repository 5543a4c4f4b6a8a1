import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChangeLogEntry, formatChangeLogEntry, parseChangeLogEntry } from './change-log.js';
import { maximumLogLineBytes } from './location/trust-location.js';

const entry: ChangeLogEntry = {
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  verb: 'lock',
  by: 'ada',
  reason: 'line\nbreak',
  revision: 2,
  documentSha256: 'b',
  previousDocumentSha256: null,
  signed: false,
  changes: ['one', 'two'],
  marks: '+-',
  identities: ['a'],
};

describe('a line of the log', () => {
  it('is read as it was written, and stays one line', () => {
    const line = formatChangeLogEntry(entry);
    assert.deepEqual(parseChangeLogEntry(line), entry);
    assert.doesNotMatch(line, /[\r\n]/);
  });

  it('is short enough for one append: it leaves out sentences first, then names', () => {
    const changes = Array.from({ length: 100_000 }, (_, index) => `"caller ${index}" is disabled: ${'ä'.repeat(50)}`);
    const names = Array.from({ length: 100_000 }, (_, index) => `caller-number-${index}`);
    const line = formatChangeLogEntry({ ...entry, changes, marks: '-'.repeat(changes.length), identities: names });
    assert.ok(Buffer.byteLength(line) <= maximumLogLineBytes);
    const read = parseChangeLogEntry(line);
    assert.deepEqual(read?.identities, names);
    assert.equal(read.changes.length + (read.changesLeftOut ?? 0), changes.length);
    assert.ok(read.changes.length > 0);
    assert.equal(read.marks?.length, read.changes.length);

    const huge = Array.from({ length: 100_000 }, () => 'x'.repeat(60));
    const shortened = formatChangeLogEntry({ ...entry, changes, identities: huge });
    assert.ok(Buffer.byteLength(shortened) <= maximumLogLineBytes);
    assert.equal(parseChangeLogEntry(shortened)?.identities, undefined);
  });

  it('leaves out the names of concerned identities, and their roles, before the names of disabled ones', () => {
    const touches = Array.from({ length: 100_000 }, (_, index) => `caller-number-${index}-${'x'.repeat(30)}`);
    const roles = [{ identity: 'a', gained: ['r'], lost: [] }];
    const small: ChangeLogEntry = { ...entry, touches: ['a'], mayTouchOthers: true, roles };
    assert.deepEqual(parseChangeLogEntry(formatChangeLogEntry(small)), small);
    assert.deepEqual(parseChangeLogEntry(formatChangeLogEntry({ ...small, touches })), entry);
    assert.equal(parseChangeLogEntry(formatChangeLogEntry({ ...entry, touches: 'all' }))?.touches, 'all');
  });

  it('is not read from a line of another shape', () => {
    for (const value of [
      null,
      1,
      [],
      {},
      { ...entry, version: 2 },
      { ...entry, changes: [1] },
      { ...entry, by: 1 },
      { ...entry, marks: 1 },
      { ...entry, touches: 'some' },
      { ...entry, touches: [], mayTouchOthers: false },
      { ...entry, touches: [], roles: [{ identity: 'a', gained: ['r'] }] },
    ]) {
      assert.equal(parseChangeLogEntry(JSON.stringify(value)), undefined);
    }
    assert.equal(parseChangeLogEntry('{'), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTrustHistory, type HistoryItem } from './trust-history.js';

function line(document: string, previous: string | null, revision: number, more: object = {}): string {
  return JSON.stringify({
    version: 1,
    at: '2026-01-01T00:00:00.000Z',
    verb: 'add',
    by: 'ada',
    reason: `to ${document}`,
    revision,
    documentSha256: document,
    previousDocumentSha256: previous,
    signed: false,
    changes: [],
    ...more,
  });
}

function summarise(items: readonly HistoryItem[]): readonly string[] {
  return items.map((item) => {
    if (item.kind === 'gap') return `gap ${item.revision}${item.isBeginning ? ' beginning' : ''}`;
    return item.kind === 'damaged' ? 'damaged' : `${item.kind} ${item.entry.documentSha256}`;
  });
}

const at = (documentSha256: string, revision: number): { documentSha256: string; revision: number } => ({
  documentSha256,
  revision,
});

describe('the history of a trust document', () => {
  it('is the chain from the document in force back to the first', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2), line('c', 'b', 3)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('c', 3))), ['change a', 'change b', 'change c']);
  });

  it('leaves out intents that came to nothing, whichever stood first', () => {
    const lines = [
      line('a', null, 1),
      line('lost', 'a', 2),
      line('b', 'a', 2),
      line('late', 'a', 2),
      line('c', 'b', 3),
    ];
    const items = readTrustHistory(lines, at('c', 3));
    assert.deepEqual(summarise(items), ['change a', 'lost lost', 'change b', 'lost late', 'change c']);
  });

  it('shows loudly that something else changed the document last', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('x', 9))), ['change a', 'change b', 'gap 9']);
  });

  it('shows where in the middle it was changed by something else', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2), line('d', 'x', 4)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('d', 4))), ['change a', 'change b', 'gap 3', 'change d']);
  });

  it('says of two intents before a gap that it can not tell which was made', () => {
    const lines = [line('a', null, 1), line('b1', 'a', 2), line('b2', 'a', 2), line('d', 'x', 4)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('d', 4))), [
      'change a',
      'uncertain b1',
      'uncertain b2',
      'gap 3',
      'change d',
    ]);
  });

  it('tells a document that was there before the log from one that was changed', () => {
    const lines = [line('b', 'a', 8), line('c', 'b', 9)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('c', 9))), ['gap 7 beginning', 'change b', 'change c']);
    assert.deepEqual(summarise(readTrustHistory([], at('c', 9))), ['gap 9 beginning']);
  });

  it('does not take a lost race on the first known document for what came before it', () => {
    const lines = [line('lost', 'a', 2), line('b', 'a', 2), line('c', 'b', 3)];
    const items = summarise(readTrustHistory(lines, at('c', 3)));
    assert.deepEqual(items, ['lost lost', 'gap 1 beginning', 'change b', 'change c']);
  });

  it('goes on before a document whose revision was set back by hand', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2), line('d', 'x', 1)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('d', 1))), ['change a', 'change b', 'gap 0', 'change d']);
  });

  it('shows changes that were undone by putting an older document back', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2), line('c', 'b', 3), line('d', 'c', 4)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('b', 2))), [
      'change a',
      'change b',
      // Found by the one after it, so it was in force; of the last one nobody knows.
      'undone c',
      'lost d',
    ]);
  });

  it('keeps signatures with the document that they sign', () => {
    const lines = [line('a', null, 1), line('a', 'a', 1, { verb: 'sign' }), line('b', 'a', 2)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('b', 2))), ['change a', 'change a', 'change b']);
  });

  it('shows lines that can not be read, and goes on', () => {
    const lines = [line('a', null, 1), '{"version":1,"at":"2026', line('b', 'a', 2), 'null', line('c', 'b', 3)];
    const items = summarise(readTrustHistory(lines, at('c', 3)));
    assert.deepEqual(items, ['change a', 'damaged', 'change b', 'damaged', 'change c']);
  });

  it('takes a line that was appended twice for one', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2), line('b', 'a', 2)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('b', 2))), ['change a', 'change b']);
  });

  it('ends on a log that goes round in a circle', () => {
    const lines = [line('a', 'b', 1), line('b', 'a', 2)];
    assert.ok(readTrustHistory(lines, at('b', 2)).length >= 2);
  });
});

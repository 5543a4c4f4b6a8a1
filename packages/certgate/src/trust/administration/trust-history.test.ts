import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import fc from 'fast-check';
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

  it('says of two intents before a gap that it cannot tell which was made', () => {
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

  it('shows lines that cannot be read, and goes on', () => {
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

describe('lines that mean the same document', () => {
  it('are not tampering, also after the next change', () => {
    const twice = [line('a', null, 1), line('b', 'a', 2), line('b', 'a', 2, { by: 'bob' })];
    assert.deepEqual(summarise(readTrustHistory(twice, at('b', 2))), ['change a', 'change b', 'same b']);
    const next = [...twice, line('c', 'b', 3)];
    assert.deepEqual(summarise(readTrustHistory(next, at('c', 3))), ['change a', 'change b', 'same b', 'change c']);
    const late = [...next, line('b', 'a', 2, { by: 'eve' })];
    assert.deepEqual(summarise(readTrustHistory(late, at('c', 3))), [...summarise(readTrustHistory(next, at('c', 3))), 'same b']); // prettier-ignore
    const created = [line('a', null, 1), line('a', null, 1, { by: 'bob' }), line('b', 'a', 2)];
    assert.deepEqual(summarise(readTrustHistory(created, at('b', 2))), ['change a', 'same a', 'change b']);
  });

  it('and a signature that lost a race against a change are not tampering', () => {
    const lines = [line('a', null, 1), line('b', 'a', 2), line('a', 'a', 1, { verb: 'sign' }), line('c', 'b', 3)];
    assert.deepEqual(summarise(readTrustHistory(lines, at('c', 3))), ['change a', 'change b', 'same a', 'change c']);
  });

  it('do not hide what something else changed before, between or after them', () => {
    const pair = (document: string, previous: string, revision: number): readonly string[] => [
      line(document, previous, revision),
      line(document, previous, revision, { by: 'bob' }),
    ];
    const lines = [line('a', null, 1), ...pair('b', 'a', 2), ...pair('d', 'x', 4), line('e', 'd', 5)];
    const chain = ['change a', 'change b', 'same b', 'gap 3', 'change d', 'same d', 'change e'];
    assert.deepEqual(summarise(readTrustHistory(lines, at('e', 5))), chain);
    assert.deepEqual(summarise(readTrustHistory(lines, at('y', 6))), [...chain, 'gap 6']);
    const backAndAgain = [line('a', null, 1), ...pair('b', 'a', 2), line('c', 'b', 3), line('d', 'c', 4), line('b', 'a', 2, { by: 'eve' }), line('f', 'b', 3)]; // prettier-ignore
    assert.deepEqual(summarise(readTrustHistory(backAndAgain, at('f', 3))), [
      ...['change a', 'change b', 'same b', 'undone c', 'lost d', 'same b', 'change f'],
    ]);
    // From a document that somebody put there in between.
    const elsewhere = [line('a', null, 1), line('b', 'a', 2), line('b', 'x', 2), line('y', 'x', 2), line('c', 'b', 3)];
    assert.deepEqual(summarise(readTrustHistory(elsewhere, at('c', 3))), [
      ...['change a', 'change b', 'gap 1', 'same b', 'gap 1', 'lost y', 'change c'],
    ]);
  });

  /**
   * Writers that read, log and write in any order, and often mean the same; `put` is something else that writes, a new
   * document or one of those before.
   */
  const steps = fc.array(
    fc.record({
      writer: fc.nat({ max: 2 }),
      action: fc.constantFrom('read', 'log', 'write', 'write and crash', 'put'),
      meaning: fc.nat({ max: 1 }),
      back: fc.nat({ max: 4 }),
    }),
    { minLength: 5, maxLength: 40, size: 'max' },
  );

  function play(script: typeof steps extends fc.Arbitrary<infer T> ? T : never, mayPut: boolean) {
    let current = { id: 'first', revision: 1 };
    const lines = [line(current.id, null, 1)];
    const inForce = [current];
    const writers = [0, 1, 2].map(() => ({ read: current, intent: undefined as typeof current | undefined }));
    let puts = 0;
    let isFound = false;
    let isLast = false;
    for (const { writer: index, action, meaning, back } of script) {
      const writer = writers[index];
      if (writer === undefined) continue;
      if (action === 'read') Object.assign(writer, { read: current, intent: undefined });
      else if (action === 'log') {
        const { id, revision } = writer.read;
        const next = createHash('sha256').update(`${id} ${meaning}`).digest('hex').slice(0, 8);
        writer.intent = { id: next, revision: revision + 1 };
        lines.push(line(writer.intent.id, id, revision + 1, { by: `writer ${index}`, at: String(lines.length) }));
      } else if (action !== 'put') {
        if (writer.intent !== undefined && writer.read.id === current.id) {
          current = writer.intent;
          inForce.push(current);
          isFound ||= isLast;
          isLast = false;
        }
        if (action === 'write') writer.intent = undefined;
      } else if (mayPut) {
        puts += 1;
        const isNew = back === 0;
        current = isNew ? { id: `put ${puts}`, revision: current.revision + 1 } : (inForce.at(-back) ?? current);
        isLast = isNew;
      }
    }
    return { history: readTrustHistory(lines, at(current.id, current.revision)), isTampered: isLast || isFound };
  }
  const isHarmless = (item: HistoryItem): boolean => ['change', 'same', 'lost'].includes(item.kind);

  it('however writers follow each other, nobody else is blamed', () => {
    const seen = { same: 0 };
    fc.assert(
      fc.property(steps, (script) => {
        const { history } = play(script, false);
        seen.same += history.filter(({ kind }) => kind === 'same').length;
        assert.deepEqual(history.filter((item) => !isHarmless(item)), []); // prettier-ignore
      }),
      { numRuns: countRuns(500) },
    );
    assert.ok(seen.same > 20, JSON.stringify(seen));
  });

  it('however writers follow each other, a document of somebody else is found', () => {
    const seen = { tampered: 0 };
    fc.assert(
      fc.property(steps, (script) => {
        const { history, isTampered } = play(script, true);
        if (!isTampered) return;
        seen.tampered += 1;
        assert.ok(!history.every(isHarmless));
      }),
      { numRuns: countRuns(500) },
    );
    assert.ok(seen.tampered > 20, JSON.stringify(seen));
  });
});

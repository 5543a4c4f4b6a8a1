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

/** Summarizes the history that the lines show. The last line's document is in force unless `current` is given. */
function read(lines: readonly string[], current?: { documentSha256: string; revision: number }): readonly string[] {
  return summarise(readTrustHistory(lines, current ?? (JSON.parse(lines.at(-1) ?? '') as ReturnType<typeof at>)));
}

describe('the history of a trust document', () => {
  const [a, b, c] = [line('a', null, 1), line('b', 'a', 2), line('c', 'b', 3)];
  type Case = readonly [lines: readonly string[], expected: readonly string[], current?: ReturnType<typeof at>];
  const cases: Readonly<Record<string, Case>> = {
    'is the chain from the document in force back to the first': [
      [a, b, c],
      ['change a', 'change b', 'change c'],
    ],
    'leaves out intents that came to nothing, whichever stood first': [
      [a, line('lost', 'a', 2), b, line('late', 'a', 2), c],
      ['change a', 'lost lost', 'change b', 'lost late', 'change c'],
    ],
    'shows loudly that something else changed the document last': [
      [a, b],
      ['change a', 'uncertain b', 'gap 9'],
      at('x', 9),
    ],
    'does not say that the last intent before a gap was carried out, unless a later line found its document': [
      [a, b, line('b', 'b', 2, { verb: 'sign' }), line('d', 'x', 4), line('e', 'd', 5)],
      ['change a', 'change b', 'change b', 'gap 3', 'change d', 'uncertain e', 'gap 9'],
      at('y', 9),
    ],
    'shows where in the middle it was changed by something else': [
      [a, b, line('d', 'x', 4)],
      ['change a', 'uncertain b', 'gap 3', 'change d'],
    ],
    'says of two intents before a gap that it cannot tell which was made': [
      [a, line('b1', 'a', 2), line('b2', 'a', 2), line('d', 'x', 4)],
      ['change a', 'uncertain b1', 'uncertain b2', 'gap 3', 'change d'],
    ],
    'tells a document that was there before the log from one that was changed': [
      [line('b', 'a', 8), line('c', 'b', 9)],
      ['gap 7 beginning', 'change b', 'change c'],
    ],
    'begins with the document where there are no lines': [[], ['gap 9 beginning'], at('c', 9)],
    'does not take a lost race on the first known document for what came before it': [
      [line('lost', 'a', 2), b, c],
      ['lost lost', 'gap 1 beginning', 'change b', 'change c'],
    ],
    'goes on before a document whose revision was set back by hand': [
      [a, b, line('d', 'x', 1)],
      ['change a', 'uncertain b', 'gap 0', 'change d'],
    ],
    // A later line found `c`, so it was in force. Whether the last document was ever written is unknown.
    'shows changes that were undone by putting an older document back': [
      [a, b, c, line('d', 'c', 4)],
      ['change a', 'change b', 'undone c', 'lost d'],
      at('b', 2),
    ],
    'keeps signatures with the document that they sign': [
      [a, line('a', 'a', 1, { verb: 'sign' }), b],
      ['change a', 'change a', 'change b'],
    ],
    'shows lines that cannot be read, and goes on': [
      [a, '{"version":1,"at":"2026', b, 'null', c],
      ['change a', 'damaged', 'change b', 'damaged', 'change c'],
    ],
    'takes a line that was appended twice for one': [
      [a, b, b],
      ['change a', 'change b'],
    ],
  };
  for (const [what, [lines, expected, current]] of Object.entries(cases)) {
    it(what, () => {
      assert.deepEqual(read(lines, current), expected);
    });
  }

  it('comes to an end for a log whose hashes form a circle', () => {
    assert.ok(read([line('a', 'b', 1), b]).length >= 2);
  });
});

describe('lines that mean the same document', () => {
  const pair = (document: string, previous: string, revision: number): readonly string[] => [
    line(document, previous, revision),
    line(document, previous, revision, { by: 'bob' }),
  ];
  const [a, b, c] = [line('a', null, 1), line('b', 'a', 2), line('c', 'b', 3)];

  it('are not shown as tampering, even after the next change', () => {
    const twice = [a, ...pair('b', 'a', 2)];
    const chain = ['change a', 'change b', 'same b'];
    assert.deepEqual(read(twice), chain);
    assert.deepEqual(read([...twice, c]), [...chain, 'change c']);
    assert.deepEqual(read([...twice, c, line('b', 'a', 2, { by: 'eve' })], at('c', 3)), [
      ...chain,
      'change c',
      'same b',
    ]);
    assert.deepEqual(read([a, line('a', null, 1, { by: 'bob' }), b]), ['change a', 'same a', 'change b']);
  });

  it('are not shown as tampering if a signature lost a race against a change', () => {
    const lines = [a, b, line('a', 'a', 1, { verb: 'sign' }), c];
    assert.deepEqual(read(lines), ['change a', 'change b', 'same a', 'change c']);
  });

  it('do not hide changes from outside before, between or after them', () => {
    const lines = [a, ...pair('b', 'a', 2), ...pair('d', 'x', 4), line('e', 'd', 5)];
    const chain = ['change a', 'uncertain b', 'uncertain b', 'gap 3', 'change d', 'same d'];
    assert.deepEqual(read(lines), [...chain, 'change e']);
    assert.deepEqual(read(lines, at('y', 6)), [...chain, 'uncertain e', 'gap 6']);
    const again = [line('d', 'c', 4), line('b', 'a', 2, { by: 'eve' }), line('f', 'b', 3)];
    assert.deepEqual(read([a, ...pair('b', 'a', 2), c, ...again]), [
      ...['change a', 'change b', 'same b', 'undone c', 'lost d', 'same b', 'change f'],
    ]);
    // The second `b` and `y` are based on a document that somebody else put there in between.
    assert.deepEqual(read([a, b, line('b', 'x', 2), line('y', 'x', 2), c]), [
      ...['change a', 'change b', 'gap 1', 'same b', 'gap 1', 'lost y', 'change c'],
    ]);
  });

  /**
   * Writers read, log and write in any order, and often mean the same document. `put` is a write by something other
   * than the tool: a new document, or one that was in force before.
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

  it('never show a change from outside if only the tool wrote, in any order of writers', () => {
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

  it('never hide a document that something else wrote, in any order of writers', () => {
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

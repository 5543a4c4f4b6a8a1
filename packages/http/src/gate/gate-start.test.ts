import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { firstOf, type TrustStore, trustStoreFromDocument, trustStoreFromFile } from '@certgate/core';
import { createStage, fieldsOf, operator, type Stage, stranger, trustDocument } from '../test-support/gate-stage.js';

const good = JSON.stringify(trustDocument);

/** Stops the clock, so that an attempt is due only when a test advances the clock. */
function stopClock(context: TestContext): (milliseconds: number) => void {
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const monotonic = performance.now();
  context.mock.method(performance, 'now', () => monotonic);
  return (milliseconds) => {
    context.mock.timers.tick(milliseconds);
  };
}

function listStartLines(context: TestContext): () => readonly string[] {
  const warn = context.mock.method(console, 'warn', () => undefined);
  return () => warn.mock.calls.map(({ arguments: [line] }) => (JSON.parse(String(line)) as { code: string }).code);
}

interface FileStage extends Stage {
  readonly write: (text: string) => void;
  readonly code: (caller?: typeof operator) => Promise<string>;
}

function createFileStage(context: TestContext, text: string | undefined): FileStage {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-gate-start-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, 'trust.json');
  const write = (content: string): void => {
    writeFileSync(file, content);
  };
  if (text !== undefined) write(text);
  const stage = createStage(context, { trustStore: trustStoreFromFile(file, { audience: 'orders' }) });
  const code = async (caller = operator): Promise<string> => (await stage.gate.decide(fieldsOf(caller))).code;
  return { ...stage, write, code };
}

const bad: readonly (readonly [string, string])[] = [
  ['an unknown key', JSON.stringify({ ...trustDocument, identitys: [] })],
  ['a document that is cut off', good.slice(0, -20)],
  ['an empty file', ''],
  ['the document of another app', JSON.stringify({ ...trustDocument, audience: ['billing'] })],
];

describe('a gate that started on a document that is not valid', () => {
  for (const [what, text] of bad) {
    it(`admits callers once a valid one follows: ${what}`, async (context) => {
      const readStartLines = listStartLines(context);
      const { code, gate, write, lines } = createFileStage(context, text);
      const tick = stopClock(context);
      for (let turn = 0; turn < 3; turn += 1) assert.equal(await code(), 'trust_unavailable');
      assert.equal(await gate.isReady(), false);
      assert.deepEqual(readStartLines(), ['trust_unavailable']);
      write(good);
      assert.equal(await code(), 'trust_unavailable');
      tick(1_000);
      assert.equal(await code(), 'allowed');
      assert.equal(await code(stranger), 'certificate_not_trusted');
      assert.equal(await gate.isReady(), true);
      assert.deepEqual(
        lines.filter(({ event }) => event === 'trust').map(({ code: each }) => each),
        ['trust_refreshed'],
      );
      assert.deepEqual(readStartLines(), ['trust_unavailable']);
    });
  }

  it('recovers even if nobody calls but somebody asks whether it is ready', async (context) => {
    listStartLines(context);
    const { code, gate, write } = createFileStage(context, '{}');
    const tick = stopClock(context);
    await assert.rejects(gate.start());
    assert.equal(await gate.isReady(), false);
    write(good);
    tick(1_000);
    assert.equal(await gate.isReady(), true);
    assert.equal(await code(), 'allowed');
  });

  it('refuses as long as there is none, and tries again less and less often', async (context) => {
    listStartLines(context);
    const tick = stopClock(context);
    let starts = 0;
    const store: TrustStore = {
      start: () => {
        starts += 1;
        return Promise.reject(new Error('not valid'));
      },
      // The store must not be asked, whatever it would answer.
      find: () => ({ outcome: 'found', identity: { name: 'a', roles: [] }, matchedBy: 'x' }),
    };
    const { gate } = createStage(context, { trustStore: store });
    const seen: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      const decisions = await Promise.all([1, 2, 3].map(async () => gate.decide(fieldsOf(operator))));
      assert.ok(decisions.every(({ code }) => code === 'trust_unavailable'));
      if (starts > seen.length) seen.push(second);
      tick(1_000);
    }
    assert.deepEqual(seen, [0, 1, 3, 7, 15, 31, 61, 91]);
  });

  it('loads a valid one when it is started once more', async (context) => {
    listStartLines(context);
    const { code, gate, write } = createFileStage(context, '{}');
    stopClock(context);
    await assert.rejects(gate.start());
    write(good);
    await gate.start();
    assert.equal(await code(), 'allowed');
  });
});

describe('isReady', () => {
  const never: TrustStore = {
    find: () => ({ outcome: 'unavailable', detail: 'not yet' }),
    report: () => ({ description: 'own', revision: undefined, warnings: [], fault: undefined }),
  };
  const failing: TrustStore = {
    find: () => {
      throw new Error('no');
    },
  };
  const documents = trustStoreFromDocument(trustDocument);
  const locked = { since: '2026-01-01T00:00:00Z', by: 'Ann', reason: 'a test' };
  for (const [what, trustStore, expected] of [
    ['a document', documents, true],
    ['a document that is locked', trustStoreFromDocument({ ...trustDocument, locked }), true],
    ['a store that has none yet', never, false],
    ['a store that has none yet, and another', firstOf(documents, never), false],
    ['a store that fails', failing, false],
  ] as const) {
    it(`is ${String(expected)} with ${what}`, async (context) => {
      listStartLines(context);
      const { gate, lines } = createStage(context, { trustStore });
      assert.equal(await gate.isReady(), expected);
      assert.deepEqual(lines, []);
    });
  }

  it('writes only the lines of the start, once', async (context) => {
    const readStartLines = listStartLines(context);
    const { gate, lines } = createFileStage(context, undefined);
    for (let question = 0; question < 3; question += 1) assert.equal(await gate.isReady(), false);
    assert.deepEqual([readStartLines(), lines], [['trust_unavailable'], []]);
  });

  it('shows that a source was unavailable and is available again', async (context) => {
    listStartLines(context);
    const { code, gate, write } = createFileStage(context, undefined);
    const tick = stopClock(context);
    assert.equal(await gate.isReady(), false);
    assert.equal(await code(), 'trust_unavailable');
    write(good);
    tick(1_001);
    assert.equal(await gate.isReady(), true);
    assert.equal(await code(), 'allowed');
  });

  it('is false once the document is too old to decide, and without a front end', async (context) => {
    listStartLines(context);
    const { gate, write } = createFileStage(context, good);
    const tick = stopClock(context);
    assert.equal(await gate.isReady(), true);
    write('{}');
    tick(3_601_000);
    assert.equal(await gate.isReady(), false);
    const { gate: unproven } = createStage(context, { frontEnd: 'nginx' });
    assert.equal(await unproven.isReady(), false);
  });
});

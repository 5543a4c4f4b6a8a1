import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  certificate,
  createLoadedStage,
  lookAt,
  pinned,
  second,
  type Stage,
} from '../test-support/refreshing-stage.js';
import { settle, textOf } from '../test-support/scripted-source.js';

describe('a document that is read in slices', () => {
  test('is refused if it is not UTF-8, even if a slice ends inside a character', async () => {
    const stage = await createLoadedStage();
    const filler = ' '.repeat(1024 * 1024 - 1);
    const whole = Buffer.from(`${filler}${textOf(2, { ...pinned, owner: 'é' })}`);
    for (const bytes of [Buffer.from([0x80]), Buffer.concat([Buffer.from(filler), Buffer.from([0xc3])])]) {
      await refresh(stage, bytes);
      assert.match(stage.store.report().fault ?? '', /not UTF-8/);
    }
    await refresh(stage, whole);
    assert.equal(stage.store.report().fault, undefined);
    assert.equal(stage.store.report().revision, 2);
  });
  test('makes requests wait that must not be decided by the old document, while it is parsed', async () => {
    const { source, store, clock } = await createLoadedStage();
    const many = Array.from({ length: 20_000 }, (_, index) => ({
      name: `n${index}`,
      pins: [{ thumbprintSha256: index.toString(16).padStart(64, '0') }],
    }));
    clock.sleep(3_600_000);
    const first = store.find(certificate, clock.wall());
    source.takePending().answer({ changed: true, bytes: Buffer.from(textOf(2, ...many)), version: undefined });
    const findings = [Promise.resolve(first)];
    const isDone = findings[0]?.then(() => true);
    while (!(await Promise.race([isDone, new Promise((resolve) => setImmediate(resolve, false))]))) {
      findings.push(Promise.resolve(store.find(certificate, clock.wall())));
    }
    assert.ok(findings.length > 3, `asked ${findings.length} times`);
    const outcomes = (await Promise.all(findings)).map(({ outcome }) => outcome);
    assert.deepEqual(new Set(outcomes), new Set(['notFound']));
  });
});

/** Waits for many turns of the event loop, because several slices take several turns. */
async function refresh({ source, store, clock }: Stage, content: Buffer): Promise<void> {
  clock.pass(31 * second);
  lookAt(store);
  await source.answer(content);
  const { length } = source.reads;
  for (let turn = 0; turn < 50; turn += 1) await settle();
  assert.equal(source.reads.length, length);
  assert.notEqual(store.version, undefined);
}

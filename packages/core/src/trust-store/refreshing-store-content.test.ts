import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import { maximumDocumentLength } from '../trust-document/document-error.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import {
  certificate,
  createLoadedStage,
  createStage,
  known,
  lookAt,
  pinned,
  second,
  type Stage,
  unknown,
} from '../test-support/refreshing-stage.js';
import { ManualClock, ScriptedSource, settle, textOf } from '../test-support/scripted-source.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { type TrustRefreshEvent, trustChannelName } from './trust-channel.js';

async function refresh({ store, clock }: Stage, answer: () => Promise<void>): Promise<void> {
  clock.pass(31 * second);
  lookAt(store);
  await answer();
  await settle();
}

describe('what a source brings', () => {
  test('the same bytes under another name keep the version, and with it what was remembered', async () => {
    const stage = await createLoadedStage();
    const { version } = stage.store;
    await refresh(stage, () => stage.source.answer(known(1), 'v2'));
    assert.equal(stage.store.version, version);
    await refresh(stage, () => stage.source.answerUnchanged());
    assert.equal(stage.source.takePending().lastVersion, 'v2');
  });
  test('another content under the same revision is taken, and said', async () => {
    const stage = await createLoadedStage({}, known(5));
    await refresh(stage, () => stage.source.answer(unknown(5)));
    assert.equal(await stage.ask(), 'notFound');
    const said = (): readonly string[] => stage.store.report().warnings.map(({ code }) => code);
    assert.deepEqual(said(), ['identity_without_pins', 'revision_reused']);
    await refresh(stage, () => stage.source.answer(known(6)));
    assert.deepEqual(said(), []);
  });
  test('more bytes than a document may have are refused, whatever the source thinks', async () => {
    const stage = await createLoadedStage();
    await refresh(stage, () => stage.source.answer(new Uint8Array(maximumDocumentLength + 1)));
    assert.equal(await stage.ask(), 'found');
    assert.match(stage.store.report().fault ?? '', /larger than 67108864 bytes/);
  });
  test('bytes that are not UTF-8 are refused, also where a slice ends in a character', async () => {
    const stage = await createLoadedStage();
    const filler = ' '.repeat(1024 * 1024 - 1);
    const whole = Buffer.from(`${filler}${textOf(2, { ...pinned, owner: 'é' })}`);
    for (const bytes of [Buffer.from([0x80]), Buffer.concat([Buffer.from(filler), Buffer.from([0xc3])])]) {
      await refresh(stage, () => stage.source.answer(bytes));
      await untilRead(stage);
      assert.match(stage.store.report().fault ?? '', /not UTF-8/);
    }
    await refresh(stage, () => stage.source.answer(whole));
    await untilRead(stage);
    assert.equal(stage.store.report().fault, undefined);
    assert.equal(stage.store.report().revision, 2);
  });
  test('minimumRevision keeps an old document out, also at the first load, and is no reason not to start', async () => {
    const { source, store, clock, ask } = createStage({ minimumRevision: 5 });
    const started = store.start();
    await source.answer(known(4));
    await started;
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /revision 4, lower than minimumRevision \(5\)/);
    clock.pass(31 * second);
    const finding = store.find(certificate, clock.wall());
    await source.answer(known(5));
    assert.equal((await finding).outcome, 'found');
  });
  test('minimumRevision is a whole number from 0, and an absent one is no default', () => {
    for (const minimumRevision of [-1, 0.5, Number.NaN, '3', null, undefined]) {
      const options = { minimumRevision } as object;
      assert.throws(() => new RefreshingTrustStore(new ScriptedSource(), options), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
    }
  });
  test('while a large document is parsed, one that must not be decided by the old one waits for the new', async () => {
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

/** A document of several slices takes several turns. */
async function untilRead({ source, store }: Stage): Promise<void> {
  const { length } = source.reads;
  for (let turn = 0; turn < 50; turn += 1) await settle();
  assert.equal(source.reads.length, length);
  assert.notEqual(store.version, undefined);
}

describe('the channel certgate:trust', () => {
  test('tells of every read at its end', async () => {
    const events: unknown[] = [];
    const listen = (message: unknown): void => {
      const event = message as TrustRefreshEvent;
      if (event.source === 'script') events.push(event);
    };
    subscribe(trustChannelName, listen);
    try {
      const source = new ScriptedSource();
      const clock = new ManualClock(now);
      const store = new RefreshingTrustStore(source, {}, { wall: clock.wall, monotonic: clock.monotonic });
      const started = store.start();
      await source.fail();
      await started;
      for (const answer of [
        () => source.answer(known(1), 'v1'),
        () => source.answerUnchanged(),
        () => source.answer(known(1), 'v2'),
        () => source.answer(unknown(2)),
        () => source.answer(known(1)),
      ]) {
        clock.pass(31 * second);
        const finding = store.find(certificate, clock.wall());
        await answer();
        await finding;
      }
    } finally {
      unsubscribe(trustChannelName, listen);
    }
    const at = (count: number): number => now + count * 31 * second;
    const good = (count: number): object => ({ lastSuccessAt: at(count), usableUntil: at(count) + 86_400_000 });
    const none = { lastSuccessAt: undefined, usableUntil: undefined };
    const afterRefusal = { lastSuccessAt: at(4), usableUntil: at(4) + 3_600_000 };
    const common = { version: 1, source: 'script' };
    const lower = 'the document has revision 1, lower than 2 which is in use; raise its revision';
    assert.deepEqual(events, [
      { ...common, outcome: 'failed', revision: undefined, fault: 'unreachable', ...none },
      { ...common, outcome: 'changed', revision: 1, fault: undefined, ...good(1) },
      { ...common, outcome: 'unchanged', revision: 1, fault: undefined, ...good(2) },
      { ...common, outcome: 'unchanged', revision: 1, fault: undefined, ...good(3) },
      { ...common, outcome: 'changed', revision: 2, fault: undefined, ...good(4) },
      { ...common, outcome: 'refused', revision: 2, fault: lower, ...afterRefusal },
    ]);
    assert.ok(events.every(Object.isFrozen));
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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
  second,
  type Stage,
  unknown,
} from '../test-support/refreshing-stage.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { until } from '@certgate/x509/test-support/until.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { type TrustRefreshEvent, trustChannelName } from './trust-channel.js';

async function refresh({ store, clock }: Stage, answer: () => Promise<void>): Promise<void> {
  clock.pass(31 * second);
  lookAt(store);
  await answer();
  await settle();
}

describe('what a source gives', () => {
  test('the same bytes under another version of the source keep the store’s version, so remembered answers stay valid', async () => {
    const stage = await createLoadedStage();
    const { version } = stage.store;
    await refresh(stage, () => stage.source.answer(known(1), 'v2'));
    assert.equal(stage.store.version, version);
    await refresh(stage, () => stage.source.answerUnchanged());
    assert.equal(stage.source.takePending().lastVersion, 'v2');
  });
  test('other content under the same revision is used, and a warning says so', async () => {
    const stage = await createLoadedStage({}, known(5));
    await refresh(stage, () => stage.source.answer(unknown(5)));
    assert.equal(await stage.ask(), 'notFound');
    const said = (): readonly string[] => stage.store.report().warnings.map(({ code }) => code);
    assert.deepEqual(said(), ['identity_without_pins', 'revision_reused']);
    await refresh(stage, () => stage.source.answer(known(6)));
    assert.deepEqual(said(), []);
  });
  test('more bytes than a document may have are refused, whatever the source allows', async () => {
    const stage = await createLoadedStage();
    await refresh(stage, () => stage.source.answer(new Uint8Array(maximumDocumentLength + 1)));
    await until(() => stage.store.report().fault !== undefined);
    assert.equal(await stage.ask(), 'found');
    assert.match(stage.store.report().fault ?? '', /larger than 67108864 bytes/);
  });
  test('minimumRevision refuses an old document, also at the first load, and does not keep the app from starting', async () => {
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
  test('minimumRevision must be a whole number from 0, and undefined is refused', () => {
    for (const minimumRevision of [-1, 0.5, Number.NaN, '3', null, undefined]) {
      const options = { minimumRevision } as object;
      assert.throws(() => new RefreshingTrustStore(new ScriptedSource(), options), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
    }
  });
});

describe('the channel certgate:trust', () => {
  test('publishes every read when it has ended', async () => {
    // An own description, because other stores' reads may end meanwhile.
    const description = 'what is listened to';
    const events: unknown[] = [];
    const listen = (message: unknown): void => {
      const event = message as TrustRefreshEvent;
      if (event.source === description) events.push(event);
    };
    subscribe(trustChannelName, listen);
    try {
      const source = Object.assign(new ScriptedSource(), { description });
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
    const none = { sha256: undefined, adoptedAt: undefined, lastSuccessAt: undefined, usableUntil: undefined };
    const adopted = (document: string, count: number): object => ({
      sha256: createHash('sha256').update(document).digest('hex').toUpperCase(),
      adoptedAt: at(count),
    });
    const [before, after] = [adopted(known(1), 1), adopted(unknown(2), 4)];
    const afterRefusal = { lastSuccessAt: at(4), usableUntil: at(4) + 3_600_000 };
    const common = { version: 1, source: description, authorityCertificates: [], revocationFault: undefined };
    const lower = 'the document has revision 1, lower than 2 which is in use; raise its revision';
    assert.deepEqual(events, [
      { ...common, outcome: 'failed', revision: undefined, fault: 'unreachable', ...none },
      { ...common, outcome: 'changed', revision: 1, fault: undefined, ...before, ...good(1) },
      { ...common, outcome: 'unchanged', revision: 1, fault: undefined, ...before, ...good(2) },
      { ...common, outcome: 'unchanged', revision: 1, fault: undefined, ...before, ...good(3) },
      { ...common, outcome: 'changed', revision: 2, fault: undefined, ...after, ...good(4) },
      { ...common, outcome: 'refused', revision: 2, fault: lower, ...after, ...afterRefusal },
    ]);
    assert.ok(events.every(Object.isFrozen));
  });
});

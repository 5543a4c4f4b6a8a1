import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { now } from '@certgate/x509/test-support/certificates.js';
import {
  certificate,
  createFailedStage,
  createLoadedStage,
  createStage,
  known,
  lookAt,
  outcomeNow,
  second,
  unknown,
} from '../test-support/refreshing-stage.js';
import { settle } from '../test-support/scripted-source.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

describe('the next read is due', () => {
  test('between 90 and 100 % of the interval, and never later', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (share) => {
        const { source, store, clock } = await createLoadedStage({}, known(1), () => share);
        clock.pass(27 * second - 1);
        lookAt(store);
        assert.equal(source.reads.length, 1);
        clock.pass(3 * second + 2);
        lookAt(store);
        assert.equal(source.reads.length, 2);
      }),
      { numRuns: countRuns(30) },
    );
  });
  test('at a moment that is drawn anew after each read', async () => {
    const shares = [0, 0.99];
    const { source, store, clock } = await createLoadedStage({}, known(1), () => shares.shift() ?? 0);
    clock.pass(28 * second);
    lookAt(store);
    assert.equal(source.reads.length, 1);
    clock.pass(2 * second + 1);
    lookAt(store);
    await source.answerUnchanged();
    clock.pass(28 * second);
    lookAt(store);
    assert.equal(source.reads.length, 3);
  });
  test('sooner while there is no document: after 1, 2, 4 seconds and so on, up to the interval', async () => {
    const { source, clock, ask } = await createFailedStage();
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      const { length } = source.reads;
      clock.pass(seconds * second);
      for (let count = 0; count < 10; count += 1) assert.equal(await ask(), 'unavailable');
      assert.equal(source.reads.length, length, `asked before ${seconds} s were over`);
      clock.pass(1);
      assert.equal(await ask(), 'waiting');
      assert.equal(source.reads.length, length + 1);
      await source.fail();
    }
  });
  test('after retry pauses that are spread too, but never longer', async () => {
    const { source, clock, ask } = await createFailedStage({}, () => 0.99);
    clock.pass(0.9 * second);
    assert.equal(await ask(), 'unavailable');
    clock.pass(0.1 * second);
    assert.equal(await ask(), 'waiting');
    await source.fail();
  });
  test('after at most a minute while there is no document, even if the interval is long', async () => {
    const { source, clock, ask } = await createFailedStage({ refreshIntervalSeconds: 3_600 });
    for (let count = 0; count < 10; count += 1) {
      clock.pass(60 * second + 1);
      assert.equal(await ask(), 'waiting');
      await source.fail();
    }
    assert.equal(source.reads.length, 11);
  });
  test('after a second if a good read took longer than its document may be used', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const { source, store, clock, ask } = createStage({ maximumStalenessSeconds: 30 });
    const started = store.start();
    await settle();
    for (let passed = 0; passed < 31; passed += 1) {
      clock.pass(second);
      context.mock.timers.tick(second);
    }
    await source.answer(known(1));
    await started;
    clock.pass(second);
    assert.equal(await ask(), 'unavailable');
    assert.equal(source.reads.length, 1);
    clock.pass(1);
    assert.equal(await ask(), 'waiting');
    await source.answerUnchanged();
    assert.equal(await ask(), 'found');
  });
  test('at the normal interval again after the first success', async () => {
    const { source, store, clock } = await createFailedStage();
    clock.pass(second + 1);
    const finding = store.find(certificate, clock.wall());
    await source.answer(known(1));
    assert.equal(await outcomeNow(finding), 'found');
    clock.pass(30 * second);
    lookAt(store);
    assert.equal(source.reads.length, 2);
  });
});

describe('a process that was frozen during a read', () => {
  for (const outcome of ['a good answer', 'a failure'] as const) {
    test(`for ten short intervals does not treat ${outcome} from before as new`, async () => {
      const { source, store, clock } = await createLoadedStage({ refreshIntervalSeconds: 0.3 });
      clock.pass(301);
      lookAt(store);
      // Less time than a read may take, so that the time limit does not end the read.
      clock.pass(3 * second);
      await (outcome === 'a failure' ? source.fail() : source.answerUnchanged());
      assert.equal(store.version, undefined);
      const finding = store.find(certificate, clock.wall());
      assert.equal(await outcomeNow(finding), 'waiting');
      await source.answer(unknown(2));
      assert.equal(await outcomeNow(finding), 'notFound');
    });
  }
  test('for no longer than an interval uses the answer as a new one', async () => {
    const { source, store, clock } = await createLoadedStage({ refreshIntervalSeconds: 0.3 });
    clock.pass(301);
    lookAt(store);
    clock.pass(300);
    await source.answerUnchanged();
    clock.pass(1);
    lookAt(store);
    assert.equal(source.reads.length, 2);
  });
  test('is distinguished from a source that is slow', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const { source, store, clock } = await createLoadedStage({ refreshIntervalSeconds: 0.4 });
    clock.pass(401);
    lookAt(store);
    for (let passed = 0; passed < 3 * second; passed += 100) {
      clock.pass(100);
      context.mock.timers.tick(100);
    }
    await source.answerUnchanged();
    assert.notEqual(store.version, undefined);
  });
});

describe('a clock that is set', () => {
  test('back, while the other clock may have stood still, makes the next request read first', async () => {
    const { source, store, clock } = await createLoadedStage();
    clock.set(now - 3_600_000);
    assert.equal(store.version, undefined);
    const finding = store.find(certificate, clock.wall());
    await source.answer(unknown(2));
    assert.equal(await outcomeNow(finding), 'notFound');
    assert.notEqual(store.version, undefined);
    assert.equal(source.reads.length, 2);
  });
  test('back, while the source cannot be reached, leaves the last good document in use', async () => {
    const { source, store, clock } = await createLoadedStage();
    clock.set(now - 3_600_000);
    const finding = store.find(certificate, clock.wall());
    await source.fail();
    assert.equal(await outcomeNow(finding), 'found');
    assert.notEqual(store.version, undefined);
  });
  test('back by a small correction changes nothing', async () => {
    const { source, store, clock } = await createLoadedStage();
    clock.set(now - second);
    lookAt(store);
    assert.equal(source.reads.length, 1);
  });
  test('forward makes the next request read first, and the one after it does not wait', async () => {
    const { source, store, clock } = await createLoadedStage();
    clock.set(now + 7_200_000);
    assert.equal(store.version, undefined);
    const finding = store.find(certificate, clock.wall());
    await source.answerUnchanged();
    assert.equal(await outcomeNow(finding), 'found');
    lookAt(store);
    assert.equal(source.reads.length, 2);
  });
});

describe('whatever the clocks and the source do', () => {
  type Step = readonly [what: 'pass' | 'sleep' | 'revoke' | 'outage' | 'recover', milliseconds: number];
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constantFrom('pass' as const, 'sleep' as const), fc.integer({ min: 0, max: 100_000 })),
    fc.tuple(fc.constantFrom('revoke' as const, 'outage' as const, 'recover' as const), fc.constant(0)),
  );
  test('no caller is admitted two intervals after a reachable source removed it, and known callers stay admitted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { source, store, clock } = await createLoadedStage();
        let isRevoked = false;
        let isAway = false;
        // The time since which the caller is removed and the source can be read, by a clock that never stops.
        let deniedSince: number | undefined;
        let elapsed = 0;
        const answerAll = async (): Promise<void> => {
          await settle();
          const answered = new Set<unknown>();
          for (let count = 0; count < 3; count += 1) {
            const pending = source.takePending();
            if (answered.has(pending)) return;
            answered.add(pending);
            const bytes = Buffer.from(isRevoked ? unknown(2) : known(1));
            if (isAway) pending.fail(new Error('away'));
            else pending.answer({ changed: true, bytes, version: undefined });
            await settle();
          }
        };
        for (const [what, milliseconds] of steps) {
          elapsed += milliseconds;
          if (what === 'pass') clock.pass(milliseconds);
          if (what === 'sleep') clock.sleep(milliseconds);
          if (what === 'revoke') isRevoked = true;
          if (what === 'outage') isAway = true;
          if (what === 'recover') isAway = false;
          deniedSince = isRevoked && !isAway ? (deniedSince ?? elapsed) : undefined;
          const finding = store.find(certificate, clock.wall());
          await answerAll();
          const outcome = await outcomeNow(finding);
          if (!isRevoked && !isAway) assert.equal(outcome, 'found');
          if (outcome === 'found' && deniedSince !== undefined) {
            assert.ok(elapsed - deniedSince <= 60_000, `admitted ${elapsed - deniedSince} ms later`);
          }
        }
      }),
      { numRuns: countRuns(60) },
    );
  });
});

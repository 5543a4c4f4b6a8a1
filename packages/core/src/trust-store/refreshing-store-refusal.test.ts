import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  certificate,
  createLoadedStage,
  known,
  lookAt,
  outcomeNow,
  pinned,
  second,
  type Stage,
  unknown,
} from '../test-support/refreshing-stage.js';
import { ManualClock, settle, textOf } from '../test-support/scripted-source.js';
import { makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { type RefreshOptions, RefreshingTrustStore } from './refreshing-store.js';
import type { TrustSource, TrustSourceReading } from '../trust-sources/trust-source.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { until } from '@certgate/x509/test-support/until.js';

const hour = 3_600 * second;
const day = 24 * hour;
const newer = { schemaVersion: 2, revision: 9, identities: [] };

/** Lets the interval pass, makes a call that starts a read, and answers the read. */
async function read(stage: Stage, answer: () => Promise<void>): Promise<void> {
  stage.clock.pass(31 * second);
  const finding = stage.ask();
  await settle();
  await answer();
  await finding;
}

describe('a document that is there and refused', () => {
  const readings: readonly (readonly [string, string, RefreshOptions?])[] = [
    ['of a later schema version', JSON.stringify(newer)],
    ['with a key that this runtime does not know', JSON.stringify({ ...newer, schemaVersion: 1, sealed: true })],
    ['with such a key in an identity', textOf(9, { ...pinned, suspendedUntil: 'never' })],
    ['that is not valid', textOf(9, pinned, pinned)],
    ['that is not JSON', '{'],
    ['that is empty', ''],
    ['for another app', JSON.stringify({ ...newer, schemaVersion: 1, audience: ['b'] }), { audience: 'a' }],
    ['of a lower revision than the one in use', unknown(4)],
  ];
  for (const [what, text, options] of readings) {
    test(`${what}: the last good document is used for an hour, and then no caller is admitted`, async () => {
      const stage = await createLoadedStage(options, known(5));
      const { store, source, clock, ask } = stage;
      const { version } = store;
      await read(stage, () => source.answer(text));
      assert.equal(await ask(), 'found');
      assert.equal(store.version, version);
      assert.equal(store.report().failure, 'refused');
      assert.equal(store.report().usableUntil, now + hour);
      clock.set(now + hour);
      const finding = store.find(certificate, clock.wall());
      await source.answer(text);
      assert.equal(await outcomeNow(finding), 'found');
      clock.pass(1);
      assert.equal(store.version, undefined, 'what was remembered must not be used');
      const closed = await store.find(certificate, clock.wall());
      assert.equal(closed.outcome, 'unavailable');
      assert.match('detail' in closed ? closed.detail : '', /script\) was refused, .* more than 3600 s old/);
      assert.doesNotMatch('detail' in closed ? closed.detail : '', /Since then/);
    });
  }
  test('with an absent, malformed or wrong signature is refused, whatever the second read finds', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const key = makeSigningKey('ed25519');
    const signed = { text: known(1), signature: signByOpenssl(known(1), key) };
    const unsigned: readonly SignedText[] = [
      { text: unknown(2) },
      { text: unknown(2), signature: '-' },
      { text: unknown(2), signature: signed.signature },
    ];
    for (const pair of unsigned) {
      for (const secondLook of [pair, new Error('gone'), 'never' as const]) {
        const source = new SignedSource([signed, pair, secondLook]);
        const clock = new ManualClock(now);
        const options = { signedBy: key.publicKey, readTimeoutSeconds: 3_600 };
        const store = new RefreshingTrustStore(source, options, {
          wall: clock.wall,
          monotonic: clock.monotonic,
          signaturePauseMilliseconds: 1,
        });
        await store.start();
        clock.pass(hour);
        const finding = store.find(certificate, clock.wall());
        await until(() => {
          // The pause before the second read.
          context.mock.timers.tick(1);
          return source.countLeft() === 0;
        });
        if (secondLook === 'never') context.mock.timers.tick(hour);
        assert.equal((await finding).outcome, 'found');
        assert.equal(store.report().failure, 'refused', JSON.stringify(pair));
        assert.match(store.report().fault ?? '', /not signed|signature/);
        clock.pass(1);
        assert.equal(store.version, undefined);
      }
    }
  });
  test('leaves the last good document in use for a shorter time if the operator sets one', async () => {
    const stage = await createLoadedStage({ maximumStalenessAfterRefusalSeconds: 40 }, known(5));
    await read(stage, () => stage.source.answer('{'));
    stage.clock.pass(9 * second);
    assert.equal(await stage.ask(), 'found');
    stage.clock.pass(1);
    assert.equal(await stage.ask(), 'unavailable');
  });
});

interface SignedText {
  readonly text: string;
  readonly signature?: string;
}

/** A source that gives these answers one after the other. */
class SignedSource implements TrustSource {
  readonly description = 'signed';
  readonly #answers: (SignedText | Error | 'never')[];

  constructor(answers: readonly (SignedText | Error | 'never')[]) {
    this.#answers = [...answers];
  }

  countLeft(): number {
    return this.#answers.length;
  }

  read(): Promise<TrustSourceReading> {
    const answer = this.#answers.shift() ?? 'never';
    if (answer === 'never') return new Promise(() => undefined);
    if (answer instanceof Error) return Promise.reject(answer);
    const { text, signature } = answer;
    return Promise.resolve({ changed: true, bytes: Buffer.from(text), version: undefined, signature });
  }
}

describe('the limit after a refusal', () => {
  test('is not extended by reads that fail afterwards, and the detail mentions both', async () => {
    const stage = await createLoadedStage();
    await read(stage, () => stage.source.answer(JSON.stringify(newer)));
    await read(stage, () => stage.source.fail(new Error('gone')));
    assert.equal(stage.store.report().failure, 'unreachable');
    assert.equal(stage.store.report().usableUntil, now + hour);
    stage.clock.set(now + hour + 1);
    const finding = stage.store.find(certificate, stage.clock.wall());
    await stage.source.fail(new Error('gone'));
    const closed = await finding;
    assert.equal(closed.outcome, 'unavailable');
    assert.match('detail' in closed ? closed.detail : '', /schemaVersion: .* Since then it could not be read: gone/);
  });
  test('ends with a good read, even if it finds the document in use again', async () => {
    for (const answer of [
      (stage: Stage) => stage.source.answer(known(1)),
      (stage: Stage) => stage.source.answerUnchanged(),
    ]) {
      const stage = await createLoadedStage();
      await read(stage, () => stage.source.answer(JSON.stringify(newer)));
      await read(stage, () => answer(stage));
      await read(stage, () => stage.source.fail());
      assert.equal(stage.store.report().usableUntil, now + 62 * second + day);
    }
  });
});

// In each step, some time passes and a call arrives. If the call starts a read, the source answers it as the step says.
describe('whatever the source answers, in any order', () => {
  const answers = ['good', 'unchanged', 'unreachable', 'invalid', 'later schema', 'lower revision'] as const;
  type Answer = (typeof answers)[number];
  const step = fc.record({
    milliseconds: fc.oneof(
      fc.integer({ min: 1, max: 120 * second }),
      fc.integer({ min: 1, max: 3 * hour }),
      fc.integer({ min: 1, max: 2 * day }),
    ),
    isAsleep: fc.boolean(),
    answer: fc.constantFrom(...answers),
  });

  class RepeatingSource implements TrustSource {
    readonly description = 'repeating';
    answer: Answer = 'good';
    revision = 100;
    readCount = 0;

    read(): Promise<TrustSourceReading> {
      this.readCount += 1;
      switch (this.answer) {
        case 'unreachable':
          return Promise.reject(new Error('gone'));
        case 'unchanged':
          return Promise.resolve({ changed: false });
        case 'good':
          this.revision += 1;
          return this.#give(known(this.revision));
        case 'invalid':
          return this.#give('{');
        case 'later schema':
          return this.#give(JSON.stringify(newer));
        case 'lower revision':
          return this.#give(known(1));
      }
    }

    #give(text: string): Promise<TrustSourceReading> {
      return Promise.resolve({ changed: true, bytes: Buffer.from(text), version: undefined });
    }
  }

  test('no caller is admitted later than the limit after the last good read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const source = new RepeatingSource();
        const clock = new ManualClock(now);
        const store = new RefreshingTrustStore(source, {}, { wall: clock.wall, monotonic: clock.monotonic });
        await store.start();
        let lastGood = now;
        let wasRefused = false;
        for (const { milliseconds, isAsleep, answer } of steps) {
          if (isAsleep) clock.sleep(milliseconds);
          else clock.pass(milliseconds);
          source.answer = answer;
          const { readCount } = source;
          const first = await store.find(certificate, clock.wall());
          const isOpenBefore: boolean = clock.wall() - lastGood <= (wasRefused ? hour : day);
          for (let turn = 0; turn < 3; turn += 1) await settle();
          if (source.readCount > readCount) {
            const isGood = answer === 'good' || answer === 'unchanged';
            if (isGood) lastGood = clock.wall();
            wasRefused = !isGood && (wasRefused || answer !== 'unreachable');
          }
          const isOpen: boolean = clock.wall() - lastGood <= (wasRefused ? hour : day);
          assert.ok(first.outcome === 'unavailable' || isOpenBefore || isOpen);
          assert.equal(store.version !== undefined, isOpen);
          assert.equal(await outcomeNow(store.find(certificate, clock.wall())), isOpen ? 'found' : 'unavailable');
          if (isOpen) lookAt(store);
        }
      }),
      { numRuns: countRuns(60) },
    );
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { TrustDocumentError } from '../trust-document/document-error.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import {
  certificate,
  createLoadedStage,
  createStage,
  known,
  lookAt,
  outcomeNow,
  pinned,
  second,
  unknown,
} from '../test-support/refreshing-stage.js';
import { documentOf } from '../test-support/documents.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { type TrustSource, TrustSourceMisuse } from '../trust-sources/trust-source.js';

describe('the first load', () => {
  test('nothing is read before somebody asks', async () => {
    const { source, store } = createStage();
    await settle();
    assert.equal(source.reads.length, 0);
    assert.equal(store.version, undefined);
    assert.equal(source.reads.length, 0);
    assert.deepEqual(store.report().warnings, []);
  });
  test('a request before the start waits for the load', async () => {
    const { source, store, clock } = createStage();
    const finding = store.find(certificate, clock.wall());
    assert.equal(await outcomeNow(finding), 'waiting');
    await source.answer(known(1));
    assert.equal(await outcomeNow(finding), 'found');
  });
  test('an unreachable source lets the app start, and every request is unavailable', async () => {
    const { source, store, ask } = createStage();
    const started = store.start();
    await source.fail(new Error('ENOENT: no such file'));
    await started;
    assert.equal(store.version, undefined);
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /ENOENT/);
    const finding = await store.find(certificate, now);
    assert.match('detail' in finding ? finding.detail : '', /No trust document could be read yet \(script\): ENOENT/);
  });
  test('a document that is not valid, or a set-up that can never work, keeps the app from starting', async () => {
    const misused = createStage();
    const refusal = assert.rejects(misused.store.start(), TrustSourceMisuse);
    await misused.source.fail(new TrustSourceMisuse('no path'));
    await refusal;
    assert.equal(misused.store.report().fault, 'no path');
    const { source, store, ask } = createStage();
    const started = store.start();
    const refused = assert.rejects(started, (error: unknown) => {
      assert.ok(error instanceof TrustDocumentError);
      assert.match(error.message, /\(script\) is not valid: it is not JSON/);
      assert.equal(error.problems.length, 1);
      return true;
    });
    await source.answer('{"half');
    await refused;
    assert.equal(await ask(), 'unavailable');
  });
  test('a document for another app keeps the app from starting', async () => {
    const { source, store } = createStage({ audience: 'orders' });
    const refused = assert.rejects(store.start(), /for billing, not for "orders"/);
    await source.answer(JSON.stringify({ schemaVersion: 1, revision: 1, audience: ['billing'], identities: [] }));
    await refused;
  });
  test('a source that says "unchanged" before it ever gave a document is unavailable', async () => {
    const { source, store, ask } = createStage();
    const started = store.start();
    await source.answerUnchanged();
    await started;
    assert.equal(await ask(), 'unavailable');
    assert.equal(store.version, undefined);
  });
  test('a source that throws at once, and one that throws no Error', async () => {
    const throwing: TrustSource = {
      description: 'broken',
      read: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- the source is code that nobody has seen
        throw 'text';
      },
    };
    const store = new RefreshingTrustStore(throwing, {}, new ManualClock(now));
    await store.start();
    assert.equal(store.report().fault, 'something that is not an Error was thrown');
    assert.equal(await outcomeNow(store.find(certificate, now)), 'unavailable');
  });
  test('a request waits for a read that is under way, also soon after one that failed', async () => {
    const { source, store, clock } = createStage();
    const first = store.start();
    await source.fail();
    await first;
    const again = store.start();
    const finding = store.find(certificate, clock.wall());
    await source.answer(known(1));
    await again;
    assert.equal(await outcomeNow(finding), 'found');
  });
  test('once loaded, it answers at once', async () => {
    const { store, ask } = await createLoadedStage();
    const finding = store.find(certificate, now);
    // With nothing to confirm: a pin alone lets it in.
    assert.ok('outcome' in finding && !('confirm' in finding));
    assert.equal(await ask(), 'found');
    assert.deepEqual(store.report(), {
      description: 'script',
      revision: 1,
      sha256: createHash('sha256').update(known(1)).digest('hex').toUpperCase(),
      warnings: [],
      fault: undefined,
      failure: undefined,
      revocationFault: undefined,
      lastSuccessAt: now,
      ageMilliseconds: 0,
      usableUntil: now + 86_400_000,
      isLocked: false,
      signedBy: undefined,
      revocationLists: undefined,
      withdrawnRevocations: undefined,
    });
  });
  test('a document that is locked is told as such', async () => {
    const locked = { since: '2026-01-01T00:00:00Z', by: 'operator', reason: 'a test' };
    const { store } = await createLoadedStage({}, JSON.stringify(documentOf([pinned], { revision: 1, locked })));
    assert.equal(store.report().isLocked, true);
  });
});

describe('refreshing', () => {
  test('happens on a request after one interval, in the background', async () => {
    const { source, store, clock, ask } = await createLoadedStage();
    clock.pass(30 * second);
    assert.equal(await ask(), 'found');
    assert.equal(source.reads.length, 1);
    clock.pass(1);
    assert.equal(await ask(), 'found');
    assert.equal(source.reads.length, 2);
    const before = store.version;
    await source.answer(unknown(2));
    assert.notEqual(store.version, before);
    assert.equal(await ask(), 'notFound');
  });
  test('has one read in flight, however many ask', async () => {
    const { source, store, clock } = createStage();
    const findings = Array.from({ length: 100 }, () => store.find(certificate, clock.wall()));
    const started = store.start();
    await settle();
    assert.equal(source.reads.length, 1);
    await source.answer(known(1));
    await started;
    assert.deepEqual(new Set(await Promise.all(findings.map(outcomeNow))), new Set(['found']));
    clock.pass(31 * second);
    for (let count = 0; count < 100; count += 1) lookAt(store);
    await settle();
    assert.equal(source.reads.length, 2);
  });
  test('tells the source which version it has, and keeps it where nothing changed', async () => {
    const { source, store, clock, ask } = await createLoadedStage();
    const { version } = store;
    clock.pass(31 * second);
    await ask();
    const { lastVersion, withSignature } = source.takePending();
    assert.deepEqual([lastVersion, withSignature], ['v1', false]);
    await source.answerUnchanged();
    assert.equal(store.version, version);
    assert.equal(await ask(), 'found');
  });
  test('a lower revision is refused, an equal one is taken', async () => {
    const { source, store, clock, ask } = await createLoadedStage({}, known(5));
    clock.pass(31 * second);
    await ask();
    await source.answer(unknown(4));
    assert.equal(await ask(), 'found');
    assert.match(store.report().fault ?? '', /revision 4, lower than 5 which is in use; raise its revision/);
    assert.equal(store.report().revision, 5);
    clock.pass(31 * second);
    await ask();
    await source.answer(unknown(5));
    assert.equal(await ask(), 'notFound');
    assert.equal(store.report().fault, undefined);
  });
  test('a source that fails is asked once per interval, not once per request', async () => {
    const { source, clock, ask } = await createLoadedStage();
    clock.pass(31 * second);
    await ask();
    await source.fail();
    for (let count = 0; count < 10; count += 1) assert.equal(await ask(), 'found');
    assert.equal(source.reads.length, 2);
    clock.pass(30 * second);
    assert.equal(await ask(), 'found');
    assert.equal(source.reads.length, 2);
    clock.pass(1);
    assert.equal(await ask(), 'found');
    assert.equal(source.reads.length, 3);
    await source.fail();
  });
  test('a read that takes too long is given up, told so, and its late answer is not used', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { source, store, ask } = createStage({ readTimeoutSeconds: 0.01 });
    const started = store.start();
    context.mock.timers.tick(9);
    assert.equal(source.takePending().signal.aborted, false);
    context.mock.timers.tick(1);
    await started;
    assert.match(store.report().fault ?? '', /did not answer within 0\.01 s/);
    assert.equal(source.takePending().signal.aborted, true);
    await source.answer(known(1));
    assert.equal(await ask(), 'unavailable');
    assert.equal(store.version, undefined);
  });
});

describe('options', () => {
  const create = (options: object): RefreshingTrustStore => new RefreshingTrustStore(new ScriptedSource(), options);
  for (const name of [
    'refreshIntervalSeconds',
    'maximumStalenessSeconds',
    'maximumStalenessAfterRefusalSeconds',
    'readTimeoutSeconds',
  ]) {
    test(`${name} is a positive, finite number`, () => {
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '30', true]) {
        assert.throws(() => create({ [name]: value }), {
          code: 'CERTGATE_ARGUMENT_INVALID',
          message: new RegExp(name),
        });
      }
      create({ [name]: 30 });
    });
  }
  test('a read may not take longer than a timer can wait: such a timer fires at once', () => {
    assert.throws(() => create({ readTimeoutSeconds: 2_147_484 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    create({ readTimeoutSeconds: 2_147_483 });
  });
  test('a document may not be stale before it is due to be read again', () => {
    assert.throws(() => create({ maximumStalenessSeconds: 29 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /less than refreshInterval/,
    });
    assert.throws(() => create({ refreshIntervalSeconds: 86_401 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    create({ refreshIntervalSeconds: 5, maximumStalenessSeconds: 5 });
  });
  test('a refusal may not leave more time than failed reads do, and its default bends to that', () => {
    assert.throws(() => create({ maximumStalenessSeconds: 60, maximumStalenessAfterRefusalSeconds: 61 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /maximumStalenessAfterRefusalSeconds must not be more/,
    });
    assert.throws(() => create({ maximumStalenessAfterRefusalSeconds: 86_401 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    create({ maximumStalenessSeconds: 60, maximumStalenessAfterRefusalSeconds: 60 });
    create({ maximumStalenessSeconds: 60 });
    create({ maximumStalenessSeconds: 60, maximumStalenessAfterRefusalSeconds: undefined });
  });
  test('a misspelt option is an error, not the default', () => {
    assert.throws(() => create({ maximumStalenessSecond: 60 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /"maximumStalenessSecond"/,
    });
  });
  test('two stores never have one version', async () => {
    const [one, two] = await Promise.all([createLoadedStage(), createLoadedStage()]);
    assert.notEqual(one.store.version, two.store.version);
  });
});

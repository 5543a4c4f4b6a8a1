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
  test('does not happen before the store is asked', async () => {
    const { source, store } = createStage();
    await settle();
    assert.equal(source.reads.length, 0);
    assert.equal(store.version, undefined);
    assert.equal(source.reads.length, 0);
    assert.deepEqual(store.report().warnings, []);
  });
  test('is awaited by a request before the start', async () => {
    const { source, store, clock } = createStage();
    const finding = store.find(certificate, clock.wall());
    assert.equal(await outcomeNow(finding), 'waiting');
    await source.answer(known(1));
    assert.equal(await outcomeNow(finding), 'found');
  });
  test('lets the app start if the source cannot be reached, and every request is unavailable', async () => {
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
  test('keeps the app from starting if the document is not valid, or if the set-up can never work', async () => {
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
  test('keeps the app from starting if the document is for another app', async () => {
    const { source, store } = createStage({ audience: 'orders' });
    const refused = assert.rejects(store.start(), /for billing, not for "orders"/);
    await source.answer(JSON.stringify({ schemaVersion: 1, revision: 1, audience: ['billing'], identities: [] }));
    await refused;
  });
  test('leaves the store unavailable if the source answers "unchanged" before it gave a document', async () => {
    const { source, store, ask } = createStage();
    const started = store.start();
    await source.answerUnchanged();
    await started;
    assert.equal(await ask(), 'unavailable');
    assert.equal(store.version, undefined);
  });
  test('reports a fault if the source throws something that is not an Error', async () => {
    const throwing: TrustSource = {
      description: 'broken',
      read: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- the source is code that nobody has seen
        throw 'text';
      },
    };
    const store = new RefreshingTrustStore(throwing, {}, new ManualClock(now));
    await store.start();
    assert.equal(store.report().fault, 'something that is not an Error was thrown');
    assert.equal(await outcomeNow(store.find(certificate, now)), 'unavailable');
  });
  test('is awaited by a request that comes during a read, also soon after a failed read', async () => {
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
  test('lets later requests be answered at once', async () => {
    const { store, ask } = await createLoadedStage();
    const finding = store.find(certificate, now);
    // The answer is not a promise, and needs no `confirm`, because a pin admits the caller.
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
  test('reports whether the document is locked', async () => {
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
  test('has one read under way, however many requests come', async () => {
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
  test('passes the version in use to the source, and keeps the document if nothing changed', async () => {
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
  test('refuses a lower revision, and accepts the same one', async () => {
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
  test('reads from a failing source once per interval, and not once per request', async () => {
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
  test('gives up a read that takes too long, reports it, and ignores the late answer', async (context) => {
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

describe('the options of a store', () => {
  const create = (options: object): RefreshingTrustStore => new RefreshingTrustStore(new ScriptedSource(), options);
  for (const name of [
    'refreshIntervalSeconds',
    'maximumStalenessSeconds',
    'maximumStalenessAfterRefusalSeconds',
    'readTimeoutSeconds',
  ]) {
    test(`${name} must be a positive, finite number`, () => {
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '30', true]) {
        assert.throws(() => create({ [name]: value }), {
          code: 'CERTGATE_ARGUMENT_INVALID',
          message: new RegExp(name),
        });
      }
      create({ [name]: 30 });
    });
  }
  test('readTimeoutSeconds must not be longer than a timer can wait: such a timer fires at once', () => {
    assert.throws(() => create({ readTimeoutSeconds: 2_147_484 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    create({ readTimeoutSeconds: 2_147_483 });
  });
  test('maximumStalenessSeconds must not be shorter than the refresh interval', () => {
    assert.throws(() => create({ maximumStalenessSeconds: 29 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /less than refreshInterval/,
    });
    assert.throws(() => create({ refreshIntervalSeconds: 86_401 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    create({ refreshIntervalSeconds: 5, maximumStalenessSeconds: 5 });
  });
  test('maximumStalenessAfterRefusalSeconds must not exceed maximumStalenessSeconds, and its default is cut to that', () => {
    assert.throws(() => create({ maximumStalenessSeconds: 60, maximumStalenessAfterRefusalSeconds: 61 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /maximumStalenessAfterRefusalSeconds must not be more/,
    });
    assert.throws(() => create({ maximumStalenessAfterRefusalSeconds: 86_401 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    create({ maximumStalenessSeconds: 60, maximumStalenessAfterRefusalSeconds: 60 });
    create({ maximumStalenessSeconds: 60 });
    create({ maximumStalenessSeconds: 60, maximumStalenessAfterRefusalSeconds: undefined });
  });
  test('a misspelt option is an error, and not replaced by the default', () => {
    assert.throws(() => create({ maximumStalenessSecond: 60 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /"maximumStalenessSecond"/,
    });
  });
  test('two stores never have the same version', async () => {
    const [one, two] = await Promise.all([createLoadedStage(), createLoadedStage()]);
    assert.notEqual(one.store.version, two.store.version);
  });
});

import assert from 'node:assert/strict';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { now } from '@certgate/x509/test-support/certificates.js';
import {
  certificate,
  createStage,
  known,
  lookAt,
  outcomeNow,
  second,
  unknown,
} from '../test-support/refreshing-stage.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import { createFileSource } from '../trust-sources/file-source.js';
import { trustStoreFromFile } from './trust-stores.js';
import { type RefreshOptions, RefreshingTrustStore } from './refreshing-store.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { until } from '@certgate/x509/test-support/until.js';

const key = makeSigningKey('ed25519');
const stranger = makeSigningKey('ed25519');
const signedBy = key.publicKey;

/** A store over real files, with a clock that the test moves. */
function createFileStage(
  path: string,
  options: RefreshOptions = {},
): { readonly store: RefreshingTrustStore; readonly ask: () => Promise<string> } {
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const surroundings = { wall, monotonic, signaturePauseMilliseconds: 20 };
  const store = new RefreshingTrustStore(createFileSource(path), { signedBy, ...options }, surroundings);
  const ask = async (): Promise<string> => {
    clock.pass(61_000);
    return (await store.find(certificate, clock.wall())).outcome;
  };
  return { store, ask };
}

/** Writes a document, and its signature over the same bytes unless the test gives another signature. */
function put(path: string, text: string, signature = signByOpenssl(text, key)): void {
  writeFileSync(path, text);
  writeFileSync(`${path}.sig`, signature);
}

describe('a file that must be signed', () => {
  test('is accepted with its signature in the .sig file', async () => {
    const path = newTemporaryPath('.json');
    put(path, known(1), `${signByOpenssl(known(1), key)}\n`);
    const { store, ask } = createFileStage(path);
    await store.start();
    assert.equal(await ask(), 'found');
  });
  test('lets the app start without a signature, but denies until the signature is there', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(1));
    const { store, ask } = createFileStage(path);
    await store.start();
    assert.equal(await ask(), 'unavailable');
    assert.ok((store.report().fault ?? '').endsWith(`looked for in file ${path}.sig`));
    writeFileSync(`${path}.sig`, signByOpenssl(known(1), key));
    assert.equal(await ask(), 'found');
  });
  test('is refused whatever an intruder writes, and is accepted again afterwards', async () => {
    const path = newTemporaryPath('.json');
    put(path, unknown(1));
    const { store, ask } = createFileStage(path);
    await store.start();
    const { version } = store;
    const attempts: readonly (readonly [string, string | Uint8Array, string | Uint8Array | undefined, RegExp])[] = [
      ['the old signature', known(2), signByOpenssl(unknown(1), key), /was not made over these bytes/],
      ["the signer's own key", known(2), signByOpenssl(known(2), stranger), /was not made over these bytes/],
      ['no signature', known(2), undefined, /is not signed/],
      ['an empty one', known(2), '', /is not signed/],
      ['something else', known(2), '{}', /not base64 in one line/],
      ['a large file', known(2), Buffer.alloc(5_000, 'A'), /larger than 4096 bytes/],
      ['what is not a document', '{"half', signByOpenssl(known(2), key), /was not made over these bytes/],
    ];
    for (const [what, text, signature, words] of attempts) {
      writeFileSync(path, text);
      if (signature === undefined) rmSync(`${path}.sig`);
      else writeFileSync(`${path}.sig`, signature);
      assert.equal(await ask(), 'notFound', what);
      assert.match(store.report().fault ?? '', words, what);
      assert.equal(store.version, version, what);
    }
    put(path, known(2));
    assert.equal(await ask(), 'found');
  });
  test('is not read again unless it or its signature changes', async () => {
    const path = newTemporaryPath('.json');
    const old = new Date(Date.now() - 10_000);
    const putOld = (signature: string): void => {
      put(path, known(1), signature);
      for (const file of [path, `${path}.sig`]) utimesSync(file, old, old);
    };
    putOld(signByOpenssl(known(1), key));
    const request = { signal: new AbortController().signal, withSignature: true };
    const source = createFileSource(path);
    const reading = await source.read({ ...request, lastVersion: undefined });
    assert.ok(reading.changed && reading.version !== undefined && reading.signature !== undefined);
    const again = { ...request, lastVersion: reading.version };
    assert.deepEqual(await source.read(again), { changed: false });
    putOld(signByOpenssl(known(1), stranger));
    assert.equal((await source.read(again)).changed, true);
  });
  test('is read again a moment later if a writer has replaced only one of the two files', async () => {
    const path = newTemporaryPath('.json');
    put(path, unknown(1));
    const { store, ask } = createFileStage(path);
    await store.start();
    const signature = signByOpenssl(known(2), key);
    writeFileSync(path, known(2));
    const asked = ask();
    setTimeout(() => {
      writeFileSync(`${path}.sig`, signature);
    }, 5);
    assert.equal(await asked, 'found');
    assert.equal(store.report().fault, undefined);
  });
  test('is refused if it is an old document, below minimumRevision', async () => {
    const path = newTemporaryPath('.json');
    put(path, known(1));
    const { store, ask } = createFileStage(path, { minimumRevision: 2 });
    await store.start();
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /lower than minimumRevision/);
  });
  test('does not replace another signed document with the same revision', async () => {
    const path = newTemporaryPath('.json');
    for (const [first, second, outcome] of [
      [known(7), unknown(7), 'found'],
      [unknown(7), known(7), 'notFound'],
    ] as const) {
      put(path, first);
      const { store, ask } = createFileStage(path, { maximumStalenessAfterRefusalSeconds: 3_600 });
      await store.start();
      const { version } = store;
      // The two documents may also be written in turns.
      for (const text of [second, first, second]) {
        put(path, text);
        assert.equal(await ask(), outcome);
        const fault = store.report().fault ?? '';
        if (text === first) assert.equal(fault, '');
        else assert.match(fault, /has revision 7, the same as the one in use, but other content.*higher revision/);
        assert.equal(store.report().failure, text === first ? undefined : 'refused');
        assert.equal(store.version, version);
      }
    }
    put(path, unknown(8));
    const { store, ask } = createFileStage(path);
    await store.start();
    put(path, known(9));
    assert.equal(await ask(), 'found');
  });
  test('may have any signature if the store has no signedBy', async () => {
    const path = newTemporaryPath('.json');
    put(path, known(1), 'whatever');
    const store = trustStoreFromFile(path);
    await store.start?.();
    assert.equal((await store.find(certificate, now)).outcome, 'found');
  });
});

describe('a source that must be signed', () => {
  test('is asked for the signature, twice before it is refused, and is not parsed', async () => {
    const { source, store } = createStage({ signedBy });
    const started = store.start();
    for (let read = 0; read < 2; read += 1) {
      assert.equal(source.takePending().withSignature, true);
      // The document is not valid: if it were parsed, the app would not start.
      await source.answer('{"half', undefined, signByOpenssl(known(1), key));
      await until(() => source.reads.length === 2 || read === 1);
    }
    await started;
    assert.equal(source.reads.length, 2);
    assert.match(store.report().fault ?? '', /was not made over these bytes/);
  });
  test('is read again after a quarter of a second', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const source = new ScriptedSource();
    const started = new RefreshingTrustStore(source, { signedBy }, new ManualClock(now)).start();
    await source.answer(known(1));
    context.mock.timers.tick(249);
    await settle();
    assert.equal(source.reads.length, 1);
    context.mock.timers.tick(1);
    await settle();
    assert.equal(source.reads.length, 2);
    await source.answer(known(1));
    await started;
  });
  test('needs no signature if it is unchanged since it was verified', async () => {
    const { source, store, clock } = createStage({ signedBy });
    const finding = store.find(certificate, clock.wall());
    await source.answer(known(1), 'v1', signByOpenssl(known(1), key));
    assert.equal((await finding).outcome, 'found');
    clock.pass(31 * second);
    lookAt(store);
    await source.answerUnchanged();
    await settle();
    assert.equal(store.report().fault, undefined);
    assert.equal(await outcomeNow(store.find(certificate, clock.wall())), 'found');
  });
  test('never gives a document whose signature was not made with its key, whatever the signature is', async () => {
    const good = signByOpenssl(known(1), key);
    const signature = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc.base64String({ maxLength: 200 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.nat(good.length - 1).map((index) => `${good.slice(0, index)}A${good.slice(index + 1)}`),
    );
    await fc.assert(
      fc.asyncProperty(signature, async (text) => {
        fc.pre(text?.trim() !== good);
        const source = {
          description: 'script',
          read: () =>
            Promise.resolve({ changed: true, bytes: Buffer.from(known(1)), version: 'v', signature: text } as const),
        };
        const clock = new ManualClock(now);
        const { wall, monotonic } = clock;
        const store = new RefreshingTrustStore(
          source,
          { signedBy },
          { wall, monotonic, signaturePauseMilliseconds: 0 },
        );
        assert.equal((await store.find(certificate, now)).outcome, 'unavailable');
      }),
      { numRuns: countRuns(66) },
    );
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { TrustDocumentError, maximumDocumentLength } from '../trust-document/document-error.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { ManualClock, textOf } from '../test-support/scripted-source.js';
import { createFileSource } from '../trust-sources/file-source.js';
import { trustStoreFromFile } from './trust-stores.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { type TrustReadRequest, TrustSourceMisuse } from '../trust-sources/trust-source.js';

const certificate = presentCertificate(makeCertificate().der);
const known = (revision: number): string =>
  textOf(revision, { name: 'a', pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] });
const unknown = (revision: number): string => textOf(revision);

/** A store over a real file, with a clock that the test moves: each `ask` is a request 61 s after the last. */
function createStore(path: string | undefined): { store: RefreshingTrustStore; ask: () => Promise<string> } {
  const clock = new ManualClock(now);
  const store = new RefreshingTrustStore(createFileSource(path), {}, clock);
  const ask = async (): Promise<string> => {
    clock.pass(61_000);
    const finding = await store.find(certificate, clock.wall());
    return finding.outcome;
  };
  return { store, ask };
}

/** Replaces the file in one step, as careful tools do: writes another file, and renames it. */
function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

describe('a trust document in a file', () => {
  test('follows an atomic replacement', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(1));
    const { store, ask } = createStore(path);
    await store.start();
    assert.equal(await ask(), 'found');
    replaceFile(path, unknown(2));
    assert.equal(await ask(), 'notFound');
    replaceFile(path, known(3));
    assert.equal(await ask(), 'found');
    assert.equal(store.report().revision, 3);
    assert.equal(store.report().description, `file ${path}`);
  });
  test('follows a change in place with the same length and time', async () => {
    const path = newTemporaryPath('.json');
    const old = new Date(Date.now() - 3_600_000);
    writeFileSync(path, known(1));
    utimesSync(path, old, old);
    const { store, ask } = createStore(path);
    await store.start();
    writeFileSync(path, known(1).replace('"a"', '"b"'));
    utimesSync(path, old, old);
    assert.equal(await ask(), 'found');
    const finding = await store.find(certificate, now);
    assert.ok(finding.outcome === 'found');
    assert.equal(finding.identity.name, 'b');
  });
  test('stays in use after every accident, until a good version comes', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(5));
    const { store, ask } = createStore(path);
    await store.start();
    const { version } = store;
    const assertKept = async (what: string, words: RegExp): Promise<void> => {
      assert.equal(await ask(), 'found', what);
      assert.match(store.report().fault ?? '', words, what);
      assert.equal(store.version, version);
    };
    for (const [what, content, words] of [
      ['half a document', known(6).slice(0, 60), /not JSON/],
      ['an empty file', '', /not JSON/],
      ['invalid UTF-8', Buffer.concat([Buffer.from(known(6)), Buffer.from([0xff])]), /not UTF-8/],
      ['UTF-16', Buffer.from(known(6), 'utf16le'), /not JSON/],
      ['a lower revision', unknown(4), /lower than 5/],
      ['a duplicate key', known(6).replace('{', '{"revision":6,'), /twice/],
    ] as const) {
      writeFileSync(path, content);
      await assertKept(what, words);
    }
    rmSync(path);
    await assertKept('no file', /ENOENT/);
    mkdirSync(path);
    await assertKept('a directory', /is not a file/);
    rmSync(path, { recursive: true });
    replaceFile(path, unknown(5));
    assert.equal(await ask(), 'notFound');
    assert.equal(store.report().fault, undefined);
  });
  test('gives unavailable while it is missing at the start', async () => {
    const path = newTemporaryPath('.json');
    const { store, ask } = createStore(path);
    await store.start();
    assert.equal(await ask(), 'unavailable');
    writeFileSync(path, known(1));
    assert.equal(await ask(), 'found');
  });
  for (const [what, content] of [
    ['half a document', known(1).slice(0, 60)],
    ['invalid UTF-8', Buffer.concat([Buffer.from(known(1)), Buffer.from([0xc0, 0x80])])],
    ['nothing', ''],
  ] as const) {
    test(`keeps the app from starting with ${what}, and the error names the file`, async () => {
      const path = newTemporaryPath('.json');
      writeFileSync(path, content);
      const { store, ask } = createStore(path);
      await assert.rejects(store.start(), (error: unknown) => {
        assert.ok(error instanceof TrustDocumentError);
        assert.ok(error.message.includes(path));
        return true;
      });
      assert.equal(await ask(), 'unavailable');
    });
  }
  test('may have a byte order mark', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, `\ufeff${known(1)}`);
    const { ask } = createStore(path);
    assert.equal(await ask(), 'found');
  });
  test('may be longer than one chunk that is read', async () => {
    const path = newTemporaryPath('.json');
    // Lines of different lengths, so that no two chunks are alike.
    const lines = Array.from({ length: 2300 }, (_, index) => ' '.repeat(index)).join('\n');
    const text = known(1).replace('{', `{${lines}`);
    writeFileSync(path, text);
    const { store, ask } = createStore(path);
    assert.equal(await ask(), 'found');
    assert.equal(store.report().sha256, createHash('sha256').update(text).digest('hex').toUpperCase());
  });
  test('has a size limit that is checked before it is read', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, Buffer.alloc(maximumDocumentLength + 1));
    const { store, ask } = createStore(path);
    await store.start();
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /larger than/);
    rmSync(path);
  });
  test('is found by a path relative to the working directory', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(1));
    const { ask } = createStore(relative(process.cwd(), path));
    assert.equal(await ask(), 'found');
  });
  test('stays the same file after the app changes its working directory', async () => {
    const [folder, elsewhere] = [newTemporaryPath(''), newTemporaryPath('')];
    for (const [place, text] of [
      [folder, unknown(1)],
      [elsewhere, known(2)],
    ] as const) {
      mkdirSync(place);
      writeFileSync(join(place, 'trust.json'), text);
    }
    const before = process.cwd();
    try {
      process.chdir(folder);
      const { store, ask } = createStore('trust.json');
      await store.start();
      // The other folder may contain anybody's uploads.
      process.chdir(elsewhere);
      assert.equal(await ask(), 'notFound');
      assert.equal(store.report().revision, 1);
    } finally {
      process.chdir(before);
    }
  });
  test('follows a linked folder to its new target, as mounted configuration changes', async () => {
    const [first, second, link] = [newTemporaryPath(''), newTemporaryPath(''), newTemporaryPath('')];
    for (const [folder, text] of [
      [first, known(1)],
      [second, unknown(2)],
    ] as const) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'trust.json'), text);
    }
    // A junction needs no privilege on Windows; other systems ignore the word.
    symlinkSync(first, link, 'junction');
    const { ask } = createStore(join(link, 'trust.json'));
    assert.equal(await ask(), 'found');
    rmSync(link);
    symlinkSync(second, link, 'junction');
    assert.equal(await ask(), 'notFound');
  });
});

describe('a store without a path', () => {
  for (const path of [undefined, '', '  ']) {
    test(`${JSON.stringify(path)}: keeps the app from starting, and denies until then`, async () => {
      const store = trustStoreFromFile(path);
      const finding = await store.find(certificate, now);
      assert.equal(finding.outcome, 'unavailable');
      await assert.rejects(
        async () => store.start?.(),
        (error: unknown) => {
          assert.ok(error instanceof TrustSourceMisuse);
          assert.match(error.message, /no path; is the environment variable/);
          return true;
        },
      );
    });
  }
});

describe('createFileSource', () => {
  const requestOf = (lastVersion: string | undefined): TrustReadRequest => ({
    lastVersion,
    signal: new AbortController().signal,
    withSignature: false,
  });
  test('does not read a settled file again that did not change', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(1));
    const old = new Date(Date.now() - 10_000);
    utimesSync(path, old, old);
    const source = createFileSource(path);
    const reading = await source.read(requestOf(undefined));
    assert.ok(reading.changed);
    assert.notEqual(reading.version, undefined);
    assert.deepEqual(await source.read(requestOf(reading.version)), { changed: false });
    assert.equal(statSync(path).mtimeMs < Date.now() - 2_000, true);
  });
  test('gives no version to a file that may change again within its time stamp', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(1));
    for (const moment of [new Date(), new Date(Date.now() + 3_600_000)]) {
      utimesSync(path, moment, moment);
      const reading = await createFileSource(path).read(requestOf(undefined));
      assert.ok(reading.changed);
      assert.equal(reading.version, undefined);
    }
  });
  test('allocates no more than the file and one chunk, however many chunks there are', async (context) => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, Buffer.alloc(3 * 1024 * 1024 + 1, ' '));
    const allocation = context.mock.method(Buffer, 'allocUnsafeSlow');
    const reading = await createFileSource(path).read(requestOf(undefined));
    assert.ok(reading.changed);
    assert.equal(reading.bytes.length, 3 * 1024 * 1024 + 1);
    const sizes = allocation.mock.calls.map(({ arguments: [size] }) => size);
    assert.deepEqual(sizes, [3 * 1024 * 1024 + 1, 1024 * 1024]);
  });
  test('ignores a last version that it would not give', async () => {
    const path = newTemporaryPath('.json');
    writeFileSync(path, known(1));
    const reading = await createFileSource(path).read(requestOf('undefined'));
    assert.ok(reading.changed);
  });
});

describe('trustStoreFromFile', () => {
  test('reads no file before it is asked', () => {
    const store = trustStoreFromFile(newTemporaryPath('.json'));
    assert.equal(store.version, undefined);
    assert.equal(store.report?.().fault, undefined);
  });
  test('passes its options on, and refuses wrong ones', () => {
    assert.throws(() => trustStoreFromFile('x', { refreshIntervalSeconds: 0 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    assert.throws(() => trustStoreFromFile('x', { refreshSeconds: 1 } as object), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
  });
});

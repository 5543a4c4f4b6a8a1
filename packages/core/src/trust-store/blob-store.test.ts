import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { maximumDocumentLength } from '../trust-document/document-error.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { certificate, known, unknown } from '../test-support/refreshing-stage.js';
import { ManualClock, settle } from '../test-support/scripted-source.js';
import { makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import {
  type TrustBlobClient,
  type TrustBlobDownload,
  type TrustBlobDownloadOptions,
  createBlobSource,
} from '../trust-sources/blob-source.js';
import { trustStoreFromBlob } from './trust-stores.js';
import { type RefreshOptions, RefreshingTrustStore } from './refreshing-store.js';

// tests/trust-blob.test.ts tests the real SDK with a real service. These tests show what that service can't be made to
// do.

type Download = (options: TrustBlobDownloadOptions) => Promise<TrustBlobDownload>;

class ScriptedClient implements TrustBlobClient {
  readonly url: string = 'https://account.blob.core.windows.net/trust/trust.json?sv=1&sig=hidden';
  readonly asked: TrustBlobDownloadOptions[] = [];
  next: Download = () => Promise.reject(new Error('nothing was scripted'));

  download(_offset?: number, _count?: number, options: TrustBlobDownloadOptions = {}): Promise<TrustBlobDownload> {
    this.asked.push(options);
    return this.next(options);
  }

  give(text: string, more?: Partial<TrustBlobDownload>): void {
    this.next = giving(text, more);
  }

  refuse(statusCode: number): void {
    this.next = refusing({ statusCode });
  }
}

function giving(text: string, more: Partial<TrustBlobDownload> = {}): Download {
  const bytes = Buffer.from(text);
  return () => Promise.resolve({ contentLength: bytes.length, readableStreamBody: Readable.from([bytes]), ...more });
}

/** Rejects with an error that has the form of the SDK's RestError. */
function refusing(more: object): Download {
  return () => Promise.reject(Object.assign(new Error('words\nRequestId:1'), { name: 'RestError', ...more }));
}

interface BlobStage {
  readonly client: ScriptedClient;
  readonly store: RefreshingTrustStore;
  readonly ask: () => Promise<string>;
}

function createStage(options: RefreshOptions = {}): BlobStage {
  const client = new ScriptedClient();
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const surroundings = { wall, monotonic, signaturePauseMilliseconds: 1 };
  const store = new RefreshingTrustStore(createBlobSource(client), options, surroundings);
  const ask = async (): Promise<string> => {
    clock.pass(61_000);
    return (await store.find(certificate, clock.wall())).outcome;
  };
  return { client, store, ask };
}

async function createLoadedStage(options: RefreshOptions = {}): Promise<BlobStage> {
  const stage = createStage(options);
  stage.client.give(known(5), { etag: '"0x1"' });
  await stage.store.start();
  return stage;
}

describe('a trust document in a blob', () => {
  test('is requested with its ETag after it was read', async () => {
    const { client, store, ask } = await createLoadedStage();
    const { version } = store;
    client.refuse(304);
    assert.equal(await ask(), 'found');
    assert.deepEqual(
      client.asked.map(({ conditions }) => conditions),
      [{}, { ifNoneMatch: '"0x1"' }],
    );
    assert.equal(store.version, version);
    assert.equal(store.report().fault, undefined);
  });
  test('is never shown with the query of its URL', async () => {
    const { client, store } = createStage();
    client.next = () => Promise.reject(new Error('connect to https://a.example/b?sig=hidden failed, sig=hidden'));
    await store.start();
    assert.equal(store.report().description, 'blob https://account.blob.core.windows.net/trust/trust.json?…');
    assert.match(store.report().fault ?? '', /the blob can't be reached: connect to https:\/\/a\.example\/b\?… failed/);
    assert.doesNotMatch(JSON.stringify([store.report(), store.configuration]), /hidden/);
  });
  const destroyed: string[] = [];
  const watched = (name: string, body: Readable): Readable => {
    body.once('close', () => destroyed.push(name));
    return body;
  };
  const bytes = Buffer.from(known(6));
  function* breakOff(): Generator<Buffer> {
    yield bytes.subarray(0, 50);
    throw new Error('reset, sig=hidden');
  }
  function endless(this: Readable): void {
    this.push(Buffer.alloc(1024 * 1024, ' '));
  }
  const answering =
    (download: () => TrustBlobDownload): Download =>
    () =>
      Promise.resolve(download());
  const faults: readonly (readonly [string, Download, RegExp])[] = [
    [
      'the role is missing',
      refusing({ statusCode: 403, code: 'AuthorizationPermissionMismatch' }),
      /answered 403 \(AuthorizationPermissionMismatch\): the app's identity needs the role Storage Blob Data Reader/,
    ],
    [
      'nobody is logged in',
      refusing({ statusCode: 401, code: 'NoAuthenticationInformation' }),
      /Storage Blob Data Reader/,
    ],
    [
      'the container is missing',
      refusing({ statusCode: 404, code: 'ContainerNotFound' }),
      /404 \(ContainerNotFound\): the container is not there/,
    ],
    [
      'the blob is missing',
      refusing({ statusCode: 404, details: { errorCode: 'BlobNotFound' } }),
      /404 \(BlobNotFound\): the blob \(or its container\) is not there/,
    ],
    [
      'the service is busy',
      refusing({ statusCode: 503, code: 'ServerBusy' }),
      /answered 503 \(ServerBusy\): RestError: words$/,
    ],
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the client is code that nobody has seen
    ['no error is thrown', () => Promise.reject(undefined), /not an Error was thrown/],
    ['no stream comes', answering(() => ({ etag: '"2"' })), /no stream/],
    ['the body is shorter than it should be', giving(known(6), { contentLength: bytes.length + 1 }), /cut short/],
    ['the body is longer than it should be', giving(known(6), { contentLength: bytes.length - 1 }), /cut short/],
    [
      'the body breaks off',
      answering(() => ({ readableStreamBody: Readable.from(breakOff()) })),
      /could not be read to its end: reset, sig=…/,
    ],
    [
      'its length is beyond the limit',
      answering(() => ({
        contentLength: maximumDocumentLength + 1,
        readableStreamBody: watched('long', Readable.from([bytes])),
      })),
      /larger than/,
    ],
    [
      'it does not end',
      answering(() => ({ readableStreamBody: watched('endless', new Readable({ read: endless })) })),
      /larger than/,
    ],
    ['its revision is lower', giving(known(4)), /lower than 5/],
  ];
  for (const [what, download, words] of faults) {
    test(`stays in use when ${what}, until the fault is over`, async () => {
      const { client, store, ask } = await createLoadedStage();
      client.next = download;
      assert.equal(await ask(), 'found');
      assert.match(store.report().fault ?? '', words);
      client.give(unknown(6));
      assert.equal(await ask(), 'notFound');
      assert.equal(store.report().fault, undefined);
    });
  }
  test('leaves no stream open after these faults', () => {
    assert.deepEqual(destroyed, ['long', 'endless']);
  });
  test('is unavailable if the answer is 304 to a request without a condition', async () => {
    const { client, store, ask } = createStage();
    client.refuse(304);
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /304, though nothing was asked for conditionally/);
  });
  test('has its request and its body aborted if they take too long', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { client, store, ask } = await createLoadedStage({ readTimeoutSeconds: 0.05 });
    const askInVain = async (): Promise<string> => {
      const asked = ask();
      await settle();
      context.mock.timers.tick(50);
      return asked;
    };
    client.next = () => new Promise(() => undefined);
    assert.equal(await askInVain(), 'found');
    assert.equal(client.asked.at(-1)?.abortSignal?.aborted, true);
    const body = new Readable({ read: () => undefined });
    client.next = () => Promise.resolve({ readableStreamBody: body });
    assert.equal(await askInVain(), 'found');
    assert.match(store.report().fault ?? '', /did not answer within 0\.05 s/);
    assert.equal(body.destroyed, true);
  });
  test('has its signature in the blob’s metadata, in any letter case', async () => {
    const key = makeSigningKey('P-384');
    const { client, store, ask } = createStage({ signedBy: key.publicKey });
    client.give(known(1));
    await store.start();
    assert.match(store.report().fault ?? '', /not signed, .* the blob's metadata, key certgatesignature/);
    for (const name of ['certgatesignature', 'CertgateSignature']) {
      client.give(known(1), { metadata: { other: 'x', [name]: signByOpenssl(known(1), key) } });
      assert.equal(await ask(), 'found');
    }
    // A stream can be read only once, and the store reads twice before it refuses.
    client.next = () =>
      Promise.resolve({
        readableStreamBody: Readable.from([Buffer.from(unknown(2))]),
        metadata: { certgatesignature: signByOpenssl(known(1), key) },
      });
    assert.equal(await ask(), 'found');
    assert.match(store.report().fault ?? '', /was not made over these bytes/);
  });
});

describe('trustStoreFromBlob', () => {
  test('takes a BlobClient, and an error says what else it was given', () => {
    const given: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /new BlobClient\(url/],
      ['https://account.blob.core.windows.net/c/b', /new BlobClient\(url/],
      [{}, /no url and download/],
      [{ url: 'x', download: () => undefined }, /no url and download/],
      [{ url: 'https://a.example/c', getBlobClient: () => undefined }, /this is its container/],
    ];
    for (const [client, words] of given) {
      assert.throws(() => trustStoreFromBlob(client as TrustBlobClient), {
        code: 'CERTGATE_ARGUMENT_INVALID',
        message: words,
      });
    }
  });
  test('sends no request before it is asked, and its configuration names what it depends on', () => {
    const [one, two] = [new ScriptedClient(), new ScriptedClient()];
    assert.equal(trustStoreFromBlob(one).configuration, trustStoreFromBlob(two).configuration);
    assert.notEqual(
      trustStoreFromBlob(one).configuration,
      trustStoreFromBlob(two, { minimumRevision: 1 }).configuration,
    );
    assert.equal(one.asked.length, 0);
    assert.throws(() => trustStoreFromBlob(one, { refreshSeconds: 1 } as object), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
  });
});

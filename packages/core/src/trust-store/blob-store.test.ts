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

// The real SDK against a real service is in tests/trust-blob.test.ts; here is what that service can't be made to do.

type Download = (options: TrustBlobDownloadOptions) => Promise<TrustBlobDownload>;

class ScriptedClient implements TrustBlobClient {
  readonly url: string = 'https://account.blob.core.windows.net/trust/trust.json?sv=1&sig=hidden';
  readonly asked: TrustBlobDownloadOptions[] = [];
  next: Download = () => Promise.reject(new Error('nothing was scripted'));

  download(_offset?: number, _count?: number, options: TrustBlobDownloadOptions = {}): Promise<TrustBlobDownload> {
    this.asked.push(options);
    return this.next(options);
  }

  give(text: string, more: Partial<TrustBlobDownload> = {}): void {
    const bytes = Buffer.from(text);
    this.next = () =>
      Promise.resolve({ contentLength: bytes.length, readableStreamBody: Readable.from([bytes]), ...more });
  }

  /** As the SDK's RestError is. */
  refuse(statusCode: number, code?: string, message = 'words\nRequestId:1'): void {
    this.next = () => Promise.reject(Object.assign(new Error(message), { name: 'RestError', statusCode, code }));
  }
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
  test('is asked for by its ETag once it was read', async () => {
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
  test('is never shown with its query', async () => {
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
  const faults: readonly (readonly [string, (client: ScriptedClient) => void, RegExp])[] = [
    [
      'the role is missing',
      (client) => {
        client.refuse(403, 'AuthorizationPermissionMismatch');
      },
      /answered 403 \(AuthorizationPermissionMismatch\): the app's identity needs the role Storage Blob Data Reader/,
    ],
    [
      'nobody is logged in',
      (client) => {
        client.refuse(401, 'NoAuthenticationInformation');
      },
      /Storage Blob Data Reader/,
    ],
    [
      'the container is missing',
      (client) => {
        client.refuse(404, 'ContainerNotFound');
      },
      /404 \(ContainerNotFound\): the container is not there/,
    ],
    [
      'the blob is missing',
      (client) => {
        client.next = () =>
          Promise.reject(Object.assign(new Error(), { statusCode: 404, details: { errorCode: 'BlobNotFound' } }));
      },
      /404 \(BlobNotFound\): the blob \(or its container\) is not there/,
    ],
    [
      'the service is busy',
      (client) => {
        client.refuse(503, 'ServerBusy');
      },
      /answered 503 \(ServerBusy\): RestError: words$/,
    ],
    [
      'no error is thrown',
      (client) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the client is code that nobody has seen
        client.next = () => Promise.reject(undefined);
      },
      /not an Error was thrown/,
    ],
    [
      'no stream comes',
      (client) => {
        client.next = () => Promise.resolve({ etag: '"2"' });
      },
      /no stream/,
    ],
    [
      'the body is shorter than it should be',
      (client) => {
        client.give(known(6), { contentLength: bytes.length + 1 });
      },
      /cut short/,
    ],
    [
      'the body is longer than it should be',
      (client) => {
        client.give(known(6), { contentLength: bytes.length - 1 });
      },
      /cut short/,
    ],
    [
      'the body breaks off',
      (client) => {
        const body = Readable.from(
          (function* (): Generator<Buffer> {
            yield bytes.subarray(0, 50);
            throw new Error('reset, sig=hidden');
          })(),
        );
        client.next = () => Promise.resolve({ readableStreamBody: body });
      },
      /could not be read to its end: reset, sig=…/,
    ],
    [
      'its length is beyond the limit',
      (client) => {
        const body = watched('long', Readable.from([bytes]));
        client.next = () => Promise.resolve({ contentLength: maximumDocumentLength + 1, readableStreamBody: body });
      },
      /larger than/,
    ],
    [
      'it does not end',
      (client) => {
        const chunk = Buffer.alloc(1024 * 1024, ' ');
        const body = new Readable({
          read(): void {
            this.push(chunk);
          },
        });
        client.next = () => Promise.resolve({ readableStreamBody: watched('endless', body) });
      },
      /larger than/,
    ],
    [
      'its revision is lower',
      (client) => {
        client.give(known(4));
      },
      /lower than 5/,
    ],
  ];
  for (const [what, cause, words] of faults) {
    test(`when ${what}, the last good one stays in use until it heals`, async () => {
      const { client, store, ask } = await createLoadedStage();
      cause(client);
      assert.equal(await ask(), 'found');
      assert.match(store.report().fault ?? '', words);
      client.give(unknown(6));
      assert.equal(await ask(), 'notFound');
      assert.equal(store.report().fault, undefined);
    });
  }
  test('and no stream is left open', () => {
    assert.deepEqual(destroyed, ['long', 'endless']);
  });
  test('304 to a question without a condition is a fault', async () => {
    const { client, store, ask } = createStage();
    client.refuse(304);
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /304, though nothing was asked for conditionally/);
  });
  test('a request and a body that take too long are told to end', async (context) => {
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
  test('has its signature in its metadata, in any letter case', async () => {
    const key = makeSigningKey('P-384');
    const { client, store, ask } = createStage({ signedBy: key.publicKey });
    client.give(known(1));
    await store.start();
    assert.match(store.report().fault ?? '', /not signed, .* the blob's metadata, key certgatesignature/);
    for (const name of ['certgatesignature', 'CertgateSignature']) {
      client.give(known(1), { metadata: { other: 'x', [name]: signByOpenssl(known(1), key) } });
      assert.equal(await ask(), 'found');
    }
    // Each stream is read once only, and the store reads twice before it refuses.
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
  test('takes a BlobClient, and says what else it was given', () => {
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
  test('asks nothing before it is asked, and names what it depends on', () => {
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

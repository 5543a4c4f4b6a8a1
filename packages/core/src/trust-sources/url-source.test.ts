import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { maximumDocumentLength } from '../trust-document/document-error.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { until } from '@certgate/x509/test-support/until.js';
import { type DocumentServer, startDocumentServer } from '../test-support/document-server.js';
import { certificate, known, unknown } from '../test-support/refreshing-stage.js';
import { ManualClock } from '../test-support/scripted-source.js';
import { makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import { type RefreshOptions, RefreshingTrustStore } from '../trust-store/refreshing-store.js';
import { type UrlSourceOptions, createUrlSource } from './url-source.js';

let server: DocumentServer;
before(async () => {
  server = await startDocumentServer();
});
after(() => server.close());

interface Asked {
  readonly store: RefreshingTrustStore;
  /** Sends a request 61 s after the last one, so that it waits for a read. */
  readonly ask: () => Promise<string>;
}

function createStore(url: string, request: UrlSourceOptions, options: RefreshOptions = {}): Asked {
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const surroundings = { wall, monotonic, signaturePauseMilliseconds: 1 };
  const store = new RefreshingTrustStore(createUrlSource(url, request), options, surroundings);
  const ask = async (): Promise<string> => {
    clock.pass(61_000);
    return (await store.find(certificate, clock.wall())).outcome;
  };
  return { store, ask };
}

const give =
  (text: string | Buffer, headers: Record<string, string> = {}) =>
  (_: unknown, response: ServerResponse) =>
    response.writeHead(200, headers).end(text);

/** A store that has loaded a valid document before the fault. */
async function createLoaded(options: RefreshOptions = {}): Promise<Asked> {
  server.answerWith(give(known(5), { etag: '"5"' }));
  const asked = createStore(server.url, { ca: server.ca }, options);
  await asked.store.start();
  assert.equal(await asked.ask(), 'found');
  return asked;
}

describe('a trust document at a URL', () => {
  test('is read, and afterwards requested with its ETag', async () => {
    const { store, ask } = await createLoaded();
    const { version } = store;
    const { length } = server.requests;
    server.answerWith((_, response) => response.writeHead(304).end());
    assert.equal(await ask(), 'found');
    const request = server.requests.at(-1);
    assert.equal(server.requests.length, length + 1);
    assert.equal(request?.headers['if-none-match'], '"5"');
    assert.equal(request.headers['accept-encoding'], 'identity');
    assert.equal(request.headers.connection, 'close');
    assert.equal(store.version, version);
    assert.equal(store.report().fault, undefined);
    server.answerWith(give(unknown(6), { etag: '"6"' }));
    assert.equal(await ask(), 'notFound');
    assert.equal(store.report().revision, 6);
  });
  test('is read whole each time if the server gives no ETag', async () => {
    server.answerWith(give(known(1)));
    const { store, ask } = createStore(server.url, { ca: server.ca });
    assert.equal(await ask(), 'found');
    const { version } = store;
    assert.equal(await ask(), 'found');
    assert.equal(server.requests.at(-1)?.headers['if-none-match'], undefined);
    assert.equal(store.version, version);
  });
  test('is requested with headers that are computed for each read', async () => {
    server.answerWith(give(known(1)));
    let count = 0;
    const headers = (): Promise<Record<string, string>> =>
      Promise.resolve({ Authorization: `Bearer ${(count += 1)}`, Accept: 'text/plain' });
    const { ask } = createStore(server.url, { ca: server.ca, headers });
    for (const token of ['Bearer 1', 'Bearer 2']) {
      assert.equal(await ask(), 'found');
      const sent = server.requests.at(-1)?.headers;
      assert.deepEqual([sent?.authorization, sent?.accept], [token, 'text/plain']);
    }
  });
  test('is read over plain HTTP from this machine', async () => {
    const plain = await startDocumentServer('http');
    plain.answerWith(give(known(1)));
    const { ask } = createStore(plain.url, {});
    assert.equal(await ask(), 'found');
    await plain.close();
  });
});

describe('the store reports a failed read, and keeps what it had, after', () => {
  const half = known(6).slice(0, 80);
  const endless = (_: unknown, response: ServerResponse): void => {
    response.writeHead(200);
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', write);
    };
    write();
  };
  const faults: readonly (readonly [string, Parameters<DocumentServer['answerWith']>[0], RegExp])[] = [
    ['500', (_, response) => response.writeHead(500).end(known(6)), /answered 500$/],
    ['403', (_, response) => response.writeHead(403).end('secret words'), /answered 403: the app may not read it/],
    ['404', (_, response) => response.writeHead(404).end(), /answered 404: it is not there/],
    ['206', (_, response) => response.writeHead(206).end(known(6)), /answered 206$/],
    ['204', (_, response) => response.writeHead(204).end(), /answered 204$/],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: '/other.json?sig=secret' }).end(),
      /answered 302, a redirect to https:.*\/other\.json\?…; redirects are not followed/,
    ],
    ['gzip', give(gzipSync(known(6)), { 'content-encoding': 'gzip' }), /encoding gzip, which was not requested/],
    [
      'a body cut short',
      (_, response) => {
        response.writeHead(200, { 'content-length': '5000' }).write(half, () => response.destroy());
      },
      /aborted|cut short|closed/,
    ],
    [
      'a chunked body cut short',
      (_, response) => {
        response.writeHead(200).write(half, () => response.destroy());
      },
      /aborted|cut short|closed/,
    ],
    [
      'no answer but an end',
      (request) => {
        request.socket.destroy();
      },
      /can't be reached: socket hang up|ECONNRESET/,
    ],
    ['half a document', give(half), /not JSON/],
    ['a page', give('<!doctype html>'), /not JSON/],
    ['invalid UTF-8', give(Buffer.concat([Buffer.from(known(6)), Buffer.from([0xff])])), /not UTF-8/],
    ['a lower revision', give(unknown(4)), /lower than 5/],
    [
      'a length beyond the limit',
      (_, response) => {
        response.writeHead(200, { 'content-length': String(maximumDocumentLength + 1) }).write('{');
      },
      /larger than 67108864 bytes/,
    ],
    ['a body that does not end', endless, /larger than 67108864 bytes/],
  ];
  for (const [what, handle, words] of faults) {
    test(what, async () => {
      const { store, ask } = await createLoaded();
      const { version } = store;
      server.answerWith(handle);
      assert.equal(await ask(), 'found');
      const { fault = '' } = store.report();
      assert.match(fault, words);
      assert.doesNotMatch(fault, /secret/);
      assert.equal(store.version, version);
      server.answerWith(give(unknown(6)));
      assert.equal(await ask(), 'notFound');
      assert.equal(store.report().fault, undefined);
    });
  }
  test('an answer or a body that comes too slowly', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { store, ask } = await createLoaded({ readTimeoutSeconds: 0.2 });
    let closed = 0;
    for (const begin of [
      () => undefined,
      (response: ServerResponse) => response.writeHead(200, { 'content-length': '999' }).write('{'),
    ]) {
      let isBegun = false;
      const isClosed = new Promise<void>((resolve) => {
        server.answerWith((request, response) => {
          request.socket.once('close', () => {
            closed += 1;
            resolve();
          });
          begin(response);
          isBegun = true;
        });
      });
      const asked = ask();
      await until(() => isBegun);
      context.mock.timers.tick(200);
      assert.equal(await asked, 'found');
      assert.match(store.report().fault ?? '', /did not answer within 0\.2 s/);
      await isClosed;
    }
    assert.equal(closed, 2, 'the connections were let go of');
  });
  test('a server that is not running', async () => {
    const gone = await startDocumentServer();
    await gone.close();
    const { store, ask } = createStore(`${gone.url}?sig=secret`, {});
    await store.start();
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /trust\.json\?… can't be reached: connect ECONNREFUSED/);
  });
  test('304 to a request without a condition', async () => {
    server.answerWith((_, response) => response.writeHead(304).end());
    const { store, ask } = createStore(server.url, { ca: server.ca });
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /304, though nothing was asked for conditionally/);
  });
  test('headers that throw, or that are not allowed', async () => {
    const given: readonly (readonly [() => never | Record<string, string>, RegExp])[] = [
      [
        () => {
          throw new Error('no token');
        },
        /no token/,
      ],
      [() => ({ 'If-None-Match': '*' }), /headers must not give "if-none-match"/],
      [() => ({ HOST: 'other' }), /headers must not give "host"/],
    ];
    for (const [headers, words] of given) {
      const { store, ask } = createStore(server.url, { ca: server.ca, headers });
      assert.equal(await ask(), 'unavailable');
      assert.match(store.report().fault ?? '', words);
    }
  });
});

describe('a trust document over TLS', () => {
  test('is not read from a server of another authority, even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    server.answerWith(give(known(1)));
    const other = await startDocumentServer();
    const setting = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    // Node warns about this setting; the test needs it.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      for (const request of [{}, { ca: other.ca }]) {
        const { store, ask } = createStore(server.url, request);
        assert.equal(await ask(), 'unavailable');
        assert.match(store.report().fault ?? '', /can't be reached: .*(certificate|signature)/);
      }
    } finally {
      if (setting === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = setting;
      await other.close();
    }
  });
  test('is not read from a server whose certificate names another host', async () => {
    server.answerWith(give(known(1)));
    const { store, ask } = createStore(server.url.replace('127.0.0.1', 'localhost'), { ca: server.ca });
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /does not match certificate's altnames/);
  });
});

describe('the signature of a document at a URL', () => {
  const key = makeSigningKey('P-256');
  const serve = (text: string, signature: string | undefined): void => {
    server.answerWith((request, response) => {
      if (request.url === '/trust.json?v=1') response.writeHead(200, { etag: `"${text.length}"` }).end(text);
      else if (request.url === '/trust.json.sig?v=1' && signature !== undefined) response.end(`${signature}\n`);
      else response.writeHead(404).end();
    });
  };
  test('is read from the path with .sig and the same query', async () => {
    const { store, ask } = createStore(`${server.url}?v=1`, { ca: server.ca }, { signedBy: key.publicKey });
    serve(known(1), undefined);
    await store.start();
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /is not signed, .* URL https:.*trust\.json\.sig\?…$/);
    serve(known(1), signByOpenssl(known(1), key));
    assert.equal(await ask(), 'found');
    serve(unknown(2), signByOpenssl(known(1), key));
    assert.equal(await ask(), 'found');
    assert.match(store.report().fault ?? '', /was not made over these bytes/);
    serve(unknown(2), signByOpenssl(unknown(2), key));
    assert.equal(await ask(), 'notFound');
  });
  test('is reported as the fault if it can’t be read', async () => {
    const { store, ask } = createStore(server.url, { ca: server.ca }, { signedBy: key.publicKey });
    server.answerWith((request, response) =>
      request.url === '/trust.json' ? response.end(known(1)) : response.writeHead(500).end(),
    );
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', /trust\.json\.sig answered 500/);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import {
  type AdapterApp,
  type Callers,
  createAdapterApp,
  createCallers,
  readHeader,
  send,
} from './test-support/adapter-app.js';
import { makeOpensslCertificate } from './test-support/openssl.js';

// With HTTP streaming, the library builds `request.headers` from trigger metadata, in which the caller can put other
// values in place of the headers. The gate reads the certificate only from the proxied request.

let folder: string;
let callers: Callers;
/** An app for the tests that leave nothing behind in it. */
let shared: StreamingApp;
const endings: (() => unknown)[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-streaming-'));
  callers = createCallers(folder);
  shared = await startApp({ after: (ending) => endings.push(ending as () => unknown) });
});
after(async () => {
  for (const ending of endings.reverse()) await ending();
  rmSync(folder, { recursive: true, force: true });
});

const header = 'X-ARR-ClientCert';

interface StreamingApp extends AdapterApp {
  readonly url: string;
}

async function startApp(
  context: Pick<TestContext, 'after'>,
  where = 'src/a.js',
  settings: Readonly<Record<string, string>> = {},
): Promise<StreamingApp> {
  const app = createAdapterApp(context, {
    'package.json': '{ "main": "src/*.js" }',
    [where]: `require('@azure/functions').app.setup({ enableHttpStream: true });`,
    'src/m.js': `const { app } = require('@azure/functions');
      const { allowAnonymous, getClientIdentity, requireRole, secureApp, trustStoreFrom } = require('@certgate/azure-functions');
      secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
      const whoami = async (request, context) => ({ body: getClientIdentity(context).name });
      app.http('Closed', { methods: ['GET', 'POST', 'PUT'], handler: whoami });
      app.http('Route', { route: 'route/{Headers}', methods: ['GET', 'POST'], handler: whoami });
      app.http('Lower', { route: 'lower/{headers}/{x-arr-clientcert?}', methods: ['GET', 'POST'], handler: whoami });
      app.http('Role', { handler: requireRole('operator', whoami) });
      app.http('Seen', { methods: ['GET', 'POST'], handler: allowAnonymous(async (request) => ({ jsonBody: { header: request.headers.get('x-arr-clientcert') } })) });
      app.http('Echo', { methods: ['POST'], handler: async (request) => ({ body: request.body }) });
      app.http('Memory', { handler: allowAnonymous(() => { global.gc?.(); return { jsonBody: process.memoryUsage().heapUsed }; }) });`,
  });
  const host = await app.start({
    environment: { CERTGATE_TRUST: callers.trustFile, NODE_OPTIONS: '--expose-gc', ...settings },
  });
  assert.equal(host.streaming, true);
  return { ...app, url: host.url };
}

describe('HTTP streaming', () => {
  for (const [what, where] of Object.entries({ before: 'src/a.js', after: 'src/z.js' })) {
    it(`switched on ${what} secureApp, gives the same verdicts as without streaming`, async (context) => {
      const { url } = await startApp(context, where);
      const statuses = async (path: string): Promise<readonly number[]> => [
        (await send(`${url}${path}`, {})).status,
        (await send(`${url}${path}`, { [header]: callers.stranger })).status,
        (await send(`${url}${path}`, { [header]: callers.reader })).status,
        (await send(`${url}${path}`, { [header]: callers.operator })).status,
      ];
      assert.deepEqual(await statuses('/api/Closed'), [401, 401, 200, 200]);
      assert.deepEqual(await statuses('/api/Role'), [401, 401, 403, 200]);
      assert.deepEqual(await statuses('/api/Seen'), [200, 200, 200, 200]);
      assert.equal((await send(`${url}/api/Closed`, { [header]: callers.operator })).body, 'operator');
    });
  }

  it('a value elsewhere in the request does not replace the header', async () => {
    const { url } = shared;
    const allowed = callers.reader;
    const objects = [{ 'x-arr-clientcert': allowed }, { 'X-ARR-ClientCert': allowed }];
    const json = { 'content-type': 'application/json' };
    const attempts: { path: string; headers?: Record<string, string>; body?: string }[] = [];
    for (const object of objects) {
      const text = JSON.stringify(object);
      for (const name of ['Headers', 'headers', 'HEADERS']) {
        const body = JSON.stringify({ [name]: object });
        attempts.push({ path: '/api/Closed', headers: json, body });
        attempts.push({ path: '/api/Closed', headers: json, body: JSON.stringify({ [name]: text }) });
        attempts.push({ path: `/api/Closed?${name}=${encodeURIComponent(text)}` });
        attempts.push({ path: `/api/Closed?${name}[x-arr-clientcert]=${encodeURIComponent(allowed)}` });
        attempts.push({ path: '/api/Closed', headers: { ...json, [header]: callers.stranger }, body });
      }
      attempts.push({ path: `/api/route/${encodeURIComponent(text)}` });
      attempts.push({ path: `/api/lower/${encodeURIComponent(text)}/${encodeURIComponent(allowed)}` });
      attempts.push({ path: '/api/route/x', headers: json, body: JSON.stringify({ Headers: object }) });
    }
    for (const { path, headers, body } of attempts) {
      const answer = await send(`${url}${path}`, headers ?? {}, body);
      assert.notEqual(answer.status, 200, `${path} ${body ?? ''}`);
    }
    assert.ok(attempts.length > 30);
  });

  it('request.headers does contain a value from the body, so the test above could fail', async () => {
    const { url } = shared;
    const body = JSON.stringify({ Headers: { 'x-arr-clientcert': callers.reader } });
    const answer = await send(`${url}/api/Seen`, { 'content-type': 'application/json' }, body);
    assert.deepEqual(JSON.parse(answer.body), { header: callers.reader });
  });

  it('an allowed caller keeps their identity, whatever the request contains', async () => {
    const { url } = shared;
    const body = JSON.stringify({ Headers: { 'x-arr-clientcert': callers.operator }, headers: {} });
    const headers = { 'content-type': 'application/json', [header]: callers.reader };
    assert.equal((await send(`${url}/api/Closed`, headers, body)).body, 'reader');
    assert.equal((await send(`${url}/api/Closed?headers=x`, { [header]: callers.reader })).body, 'reader');
  });

  it('behind another front end, the gate reads its fields from the wire, and two lines stay two', async (context) => {
    const secret = 'S3cret-of-the-front-end-0123456789.a';
    const settings = { CERTGATE_FRONT_END: 'haproxy', CERTGATE_FRONT_END_SECRET: secret };
    const { url } = await startApp(context, 'src/a.js', settings);
    const proven = { 'X-Client-Certificate-Verification': '0', 'X-Certgate-Front-End-Secret': secret };
    const ask = async (
      headers: Readonly<Record<string, string | readonly string[]>>,
      body?: string,
    ): Promise<string> => {
      const { status, text } = await sendLines(`${url}/api/Closed`, headers, body);
      return status === 200 ? text : String(status);
    };
    assert.equal(await ask({ ...proven, 'X-Client-Certificate': callers.reader }), 'reader');
    assert.equal(await ask({ ...proven, 'X-Client-Certificate': callers.operator }), 'operator');
    assert.equal(await ask({ ...proven, 'X-Client-Certificate': callers.stranger }), '401');
    assert.equal(await ask({ ...proven, [header]: callers.reader }), '401');
    assert.equal(await ask({ ...proven, 'X-Client-Certificate': [callers.reader, callers.reader] }), '401');
    const certificate = { 'X-Client-Certificate': callers.reader };
    assert.equal(await ask({ ...certificate, 'X-Client-Certificate-Verification': '0' }), '401');
    assert.equal(await ask({ ...certificate, ...proven, 'X-Client-Certificate-Verification': ['0', '0'] }), '401');
    assert.equal(await ask({ ...certificate, ...proven, 'X-Certgate-Front-End-Secret': [secret, secret] }), '401');
    // A member of the body does not replace these fields either.
    const json = { 'content-type': 'application/json' };
    const fields = { 'x-client-certificate': callers.reader, 'x-client-certificate-verification': '0' };
    const body = JSON.stringify({ Headers: { ...fields, 'x-certgate-front-end-secret': secret } });
    assert.equal(await ask(json, body), '401');
    assert.equal(await ask({ ...json, ...proven }, body), '401');
  });

  it('behind Traefik, a second header line is not accepted as a chain', async (context) => {
    const settings = { CERTGATE_FRONT_END: 'traefik', CERTGATE_FRONT_END_ISOLATION: 'private-network' };
    const { url } = await startApp(context, 'src/a.js', settings);
    const ask = async (value: string | readonly string[]): Promise<number> =>
      (await sendLines(`${url}/api/Closed`, { 'X-Forwarded-Tls-Client-Cert': value })).status;
    const { operator, reader } = callers;
    assert.equal(await ask(reader), 200);
    // The .NET host joins the lines of a field when it proxies a request.
    for (const value of [
      [operator, reader],
      ['', reader],
      [reader, ''],
      `${operator},${reader}`,
      `${operator}, ${reader}`,
    ])
      assert.equal(await ask(value), 401);
  });

  it('an invocation id from the client changes nothing', async () => {
    const { url } = shared;
    for (const id of [randomUUID(), '', 'x'.repeat(1000)]) {
      assert.equal((await send(`${url}/api/Closed`, { 'x-ms-invocation-id': id })).status, 401);
      assert.equal(
        (await send(`${url}/api/Closed`, { 'x-ms-invocation-id': id, [header]: callers.reader })).body,
        'reader',
      );
    }
  });

  it('headers over 16 KB are refused, and the app answers the next call', async () => {
    const { url } = shared;
    const answer = await send(`${url}/api/Closed`, { [header]: callers.reader, 'x-filler': 'x'.repeat(17_000) }).catch(
      () => undefined,
    );
    assert.notEqual(answer?.status, 200);
    assert.equal((await send(`${url}/api/Closed`, { [header]: callers.reader })).status, 200);
  });

  it('bodies stream both ways in an allowed call', async () => {
    const { url } = shared;
    const body = 'y'.repeat(300_000);
    const answer = await send(`${url}/api/Echo`, { [header]: callers.reader }, body);
    assert.equal(answer.body.length, body.length);
  });

  it('a refusal does not wait for a large body', async (context) => {
    const { url } = shared;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest(`${url}/api/Closed`, { method: 'POST' });
      request.once('response', resolve).once('error', reject);
      // The body is chunked, because the host would read a body of declared length before it invokes the function. Its
      // end never comes.
      request.write(Buffer.alloc(200_000));
      context.after(() => request.destroy());
    });
    assert.equal(response.statusCode, 401);
    for (let count = 0; count < 20; count += 1) {
      const answer = await send(`${url}/api/Closed`, {}, 'z'.repeat(2_000_000));
      assert.equal(answer.status, 401);
    }
  });

  it('hundreds of refusals leak no memory', async (context) => {
    const { url } = await startApp(context);
    // A large certificate, so that a few leaked ones are enough to be noticed.
    const names = Array.from({ length: 60 }, (_, index) => `DNS:${'n'.repeat(50)}-${index}.example.com`);
    const long = makeOpensslCertificate(folder, 'long', 'ec', [`subjectAltName=${names.join(',')}`]);
    const stranger = readHeader(long);
    assert.ok(stranger.length > 5_000 && stranger.length < 10_000);
    const refuse = async (count: number): Promise<void> => {
      const workers = Array.from({ length: 20 }, async () => {
        for (let done = 0; done < count / 20; done += 1) {
          assert.equal((await send(`${url}/api/Closed`, done % 3 === 0 ? {} : { [header]: stranger })).status, 401);
        }
      });
      await Promise.all(workers);
    };
    const heap = async (): Promise<number> => Number((await send(`${url}/api/Memory`, {})).body);
    await refuse(200);
    const measureGrowth = async (): Promise<number> => {
      const before = await heap();
      await refuse(600);
      return (await heap()) - before;
    };
    // If two refusals in three kept their header, the heap would grow by 2.5 MB or more each time; if they kept the
    // request with its socket, by 3 MB. What the runtime itself keeps, such as compiled code, it keeps only once.
    let grown = await measureGrowth();
    for (let times = 1; times < 3 && grown >= 1_500_000; times += 1) grown = await measureGrowth();
    assert.ok(grown < 1_500_000, `${grown} bytes`);
  });
});

/** Sends a request. Each value of a list becomes a header line of its own. */
async function sendLines(
  url: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const lines = Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]);
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const request = httpRequest(url, {
      method,
      headers: Object.fromEntries(lines) as Record<string, string | string[]>,
    });
    request.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
    });
    request.end(body);
  });
}

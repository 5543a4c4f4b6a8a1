import assert from 'node:assert/strict';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodePfx } from '../../certificates/pfx/encode-pfx.js';
import { createClientCertificate, createServerCertificate } from '../../certificates/self-signed-certificate.js';
import { readTraceId } from '#local/functions-host/worker/invocation.js';
import { type Gateway, startGateway } from '#local/gateway/gateway.js';
import { prepareCallers } from '../../local-app/development-callers.js';
import { type Inspector, startInspector } from '../inspector.js';
import type { AddedCaller, InspectorState, TryResult } from '../../trust/views/page-views.js';
import { ask, post } from '../test-support/ask.js';

// A real gateway in front of a server of the test, which shows what is sent and answers it.

const markup = '"><script>alert(1)</script>';
const now = new Date();
let folder = '';
let upstream: Server;
let gateway: Gateway;
let inspector: Inspector;
let received: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-try-'));
  upstream = createServer((request, response) => {
    received.push({ url: request.url ?? '', headers: request.headers });
    // Reports the answer as the host does.
    const { method = '', url: path = '' } = request;
    const traceId = readTraceId(request.headers['traceparent']);
    response.once('close', () => {
      if (path === '/api/unheard') return;
      const report = { time: Date.now(), durationMilliseconds: 1, method, path, status: response.statusCode };
      inspector.noteAnswer({ ...report, ...(traceId !== undefined && { traceId }) });
    });
    if (request.url === '/api/large') {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const chunk = Buffer.alloc(65_536, 'é');
      for (let sent = 0; sent < 10 * 1_048_576; sent += chunk.length) response.write(chunk);
      response.end();
    } else if (request.url === '/api/cut') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    } else {
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['a=1', 'b=2'], 'x-markup': markup });
      response.end(`<b>\u0000\u001b[31m${markup}</b>`);
    }
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const serverCertificate = createServerCertificate({ now });
  gateway = await startGateway({
    upstream: new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`),
    clientCertificateMode: 'optional',
    serverCertificate,
  });
  const callers = await prepareCallers(folder, [], now);
  writeFileSync(join(folder, 'trust.json'), JSON.stringify({ schemaVersion: 1, revision: 1, identities: [] }));
  inspector = await startInspector({
    subject: {
      running: {
        app: {
          url: gateway.url.replace('127.0.0.1', 'localhost'),
          functions: [],
          callers,
          trust: { read: undefined, address: join(folder, 'trust.json'), setBy: 'certgate dev', unknownCallers: [] },
          serverCertificatePem: serverCertificate.certificatePem,
          developmentFolder: folder,
        },
        frontEnd: 'app-service',
        behaviour: { clientCertificateMode: 'optional', exclusionPaths: [], worstCase: false },
        namesToCall: [],
      },
    },
  });
});
after(async () => {
  await inspector.close();
  await gateway.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const request = (more: object = {}): object => ({
  functionName: 'Orders',
  method: 'GET',
  target: '/api/small',
  headers: [],
  body: null,
  caller: { id: 'none' },
  ...more,
});
const attempt = async (more: object = {}): Promise<TryResult> => {
  const { status, text } = await post(inspector, '/api/try', request(more));
  assert.equal(status, 200, text);
  return JSON.parse(text) as TryResult;
};
const thumbprintOf = (
  { headers }: { readonly headers: IncomingHttpHeaders } | undefined = { headers: {} },
): string | undefined => {
  const header = headers['x-arr-clientcert'];
  if (typeof header !== 'string') return undefined;
  return createHash('sha256').update(Buffer.from(header, 'base64')).digest('hex').toUpperCase();
};

describe('a request that is sent', () => {
  it('comes over mTLS with the certificate of its caller, and without fields in which a caller could claim one', async () => {
    const { app } = JSON.parse((await ask(inspector, '/api/state')).text) as InspectorState;
    assert.deepEqual(
      app?.callers.map(({ id }) => id),
      [
        'none',
        'denied',
        'allowed',
        'expired',
        'not-yet-valid',
        'wrong-usage',
        'ca-as-leaf',
        'lookalike',
        'forged-header',
      ],
    );
    for (const { id, thumbprintSha256 } of app.callers) {
      received = [];
      const { answer, fault } = await attempt({ caller: { id } });
      assert.equal(answer?.status, 200, `${id} ${fault ?? ''}`);
      assert.equal(thumbprintOf(received[0]), thumbprintSha256 ?? undefined, id);
    }
  });

  it("goes only to its own gateway, below the gateway's own address", async () => {
    const { host } = new URL(gateway.url.replace('127.0.0.1', 'localhost'));
    for (const target of ['//evil.example/', '/@evil.example', '/\\evil.example', '/:1/', '/..//evil.example']) {
      received = [];
      await attempt({ target });
      assert.equal(received[0]?.headers.host, host, target);
    }
    const refused = [
      ...[
        'http://evil.example/',
        'https://localhost/',
        'evil.example',
        '',
        '*',
        ':1/',
        '@evil.example/',
        '\\\\evil.example',
      ],
      ...['/a b', '/a#b', '/\r\nHost: evil.example', '/a\nb', '/\u0000', '/é', '/\u2028', `/${'x'.repeat(8192)}`],
    ];
    received = [];
    for (const target of refused) {
      const { status } = await post(inspector, '/api/try', request({ target }));
      assert.equal(status, 400, target);
    }
    assert.equal(received.length, 0);
  });

  it('contains no line that was smuggled into another, and no field of the connection', async () => {
    const pairs = [
      ...[
        ['a', 'b\r\nx: y'],
        ['a\r\nb', 'c'],
        ['a', '\u0000'],
        ['', 'a'],
        ['a b', 'c'],
        ['a:', 'b'],
        ['é', 'a'],
        ['a', '\u2028'],
      ],
      ...['Host', 'content-length', 'Transfer-Encoding', 'connection', 'Upgrade', 'expect'].map((name) => [name, '1']),
      ...[['a'], ['a', 'b', 'c'], [1, 2], 'ab', null],
    ];
    received = [];
    for (const pair of pairs) {
      const { status } = await post(inspector, '/api/try', request({ headers: [pair] }));
      assert.equal(status, 400, JSON.stringify(pair));
    }
    for (const method of ['', 'GET /', 'G\r\nX', 'x'.repeat(33)]) {
      assert.equal((await post(inspector, '/api/try', request({ method }))).status, 400);
    }
    for (const more of [
      { caller: { id: 'nobody' } },
      { caller: {} },
      { caller: { id: 'none', file: {} } },
      { more: 1 },
      { body: 1 },
    ]) {
      assert.equal((await post(inspector, '/api/try', request(more))).status, 400, JSON.stringify(more));
    }
    assert.equal(received.length, 0);
    await attempt({
      method: 'post',
      headers: [
        ['X-Twice', '1'],
        ['x-twice', '2'],
      ],
      body: 'é',
    });
    assert.equal(received[0]?.headers['x-twice'], '1, 2');
    assert.equal(received[0].headers['content-length'], '2');
  });
});

describe('an answer', () => {
  it('of 10 MB is counted to its end, and 64 KiB of it are shown', async () => {
    const { answer } = await attempt({ target: '/api/large' });
    assert.equal(answer?.bodyLength, 10 * 1_048_576);
    assert.ok(Buffer.byteLength(answer.body) <= 65_539);
    assert.match(answer.body, /^é{30000}/);
  });

  it('is text and pairs, whatever it looks like, and the page gets it as JSON', async () => {
    const { status, headers, text } = await post(inspector, '/api/try', request());
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    const { answer } = JSON.parse(text) as TryResult;
    assert.equal(answer?.body, `<b>\u0000\u001b[31m${markup}</b>`);
    assert.deepEqual(
      answer.headers.filter(([name]) => name === 'set-cookie' || name === 'x-markup'),
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['x-markup', markup],
      ],
    );
  });

  it('that breaks off is reported as a fault in words', async () => {
    const { answer, fault } = await attempt({ target: '/api/cut' });
    assert.equal(answer, null);
    assert.match(fault ?? '', /closed the connection|No answer|complete answer/);
  });

  it('is shown without a decision if the host has not reported which function answered', async () => {
    const { answer, fault } = await attempt({ target: '/api/unheard' });
    assert.equal(answer?.status, 200);
    assert.match(fault ?? '', /so the decision is not known/);
    assert.equal((await attempt({ target: '/api/plain' })).fault, null);
  });

  it('comes with the same call as lines for a terminal, in which no text becomes a command', async () => {
    const { commands } = await attempt({
      target: '/api/a?b=1&c=$(touch%20x)',
      headers: [['x-a', '`id`']],
      body: "'; id; '",
      method: 'PUT',
    });
    for (const line of Object.values(commands)) {
      assert.match(line, /'https:\/\/localhost:\d+\/api\/a\?b=1&c=\$\(touch%20x\)'/);
      assert.match(line, /'x-a: `id`'/);
      assert.match(line, /--request PUT/);
    }
    const forged = await attempt({ caller: { id: 'forged-header' } });
    assert.match(forged.commands.curl, /--header "X-ARR-ClientCert: /);
    const expired = await attempt({ caller: { id: 'expired' } });
    assert.match(expired.commands.certgate, /^# "expired" is in the memory of this certgate dev only/);
  });
});

describe('a target', () => {
  it('is explained and copied as it is sent, with dot segments resolved', async () => {
    received = [];
    const { commands } = await attempt({ target: '/public/..\\%2e%2e/api/small?a=../b' });
    assert.deepEqual(
      received.map(({ url }) => url),
      ['/api/small?a=../b'],
    );
    assert.match(commands.curl, /https:\/\/localhost:\d+\/api\/small\?a=\.\.\/b/);
  });
});

describe('files that were dropped', () => {
  const made = createClientCertificate({ name: markup, now });
  const pfx = encodePfx({ ...made, password: 'right', friendlyName: 'own' });
  const key = createPrivateKey(made.privateKeyPem);
  const lockedKey = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }).toString();
  const [certificatePem, keyPem] = [Buffer.from(made.certificatePem), Buffer.from(made.privateKeyPem)];
  const expected = new X509Certificate(made.certificatePem).fingerprint256.replaceAll(':', '');
  async function drop(
    contents: readonly Uint8Array[],
    password: string | null,
    name = 'own.pem',
  ): Promise<AddedCaller> {
    const files = contents.map((bytes) => ({ name, base64: Buffer.from(bytes).toString('base64'), password }));
    const { status, text } = await post(inspector, '/api/callers', { files });
    assert.equal(status, 200, text);
    return JSON.parse(text) as AddedCaller;
  }
  async function listDropped(): Promise<readonly string[]> {
    const { app } = JSON.parse((await ask(inspector, '/api/state')).text) as InspectorState;
    return (app?.callers ?? []).filter(({ isDropped }) => isDropped).map(({ id, label }) => `${id} ${label}`);
  }

  it('are a caller until it is forgotten: a PFX, PEM with the key, or a certificate and its key', async () => {
    for (const [contents, password] of [
      [[pfx], 'right'],
      [[Buffer.concat([certificatePem, keyPem])], null],
      [[certificatePem, keyPem], null],
      [[keyPem, made.certificateDer], null],
      [[certificatePem, Buffer.from(lockedKey)], 'right'],
    ] as const) {
      received = [];
      const { id, fault } = await drop(contents, password, 'billing.crt.pem');
      assert.equal(id, 'billing', fault ?? '');
      assert.deepEqual(await listDropped(), ['billing billing']);
      const { answer } = await attempt({ caller: { id } });
      assert.equal(answer?.status, 200);
      assert.equal(thumbprintOf(received[0]), expected);
      assert.equal((await drop([pfx], 'right')).id, 'billing', 'the same certificate is the same caller');
      await post(inspector, '/api/callers/forget', { id });
      assert.deepEqual(await listDropped(), []);
    }
    assert.equal((await drop([pfx], 'right', 'none.pfx')).id, 'none-2');
  });

  it('are refused in words if the password is wrong or missing, or if there is no key or no certificate', async () => {
    const cases = [
      [[pfx], 'wrong', /password/i],
      [[pfx], null, /password/i],
      [[certificatePem, Buffer.from(lockedKey)], null, /password/i],
      [[certificatePem], null, /not its private key/],
      [[keyPem], null, /no certificate/],
      [[Buffer.from('hello')], null, /contains no certificate/],
      [[Buffer.alloc(0)], null, /is empty/],
    ] as const;
    const before = await listDropped();
    for (const [contents, password, message] of cases) {
      const { id, fault } = await drop(contents, password, markup);
      assert.equal(id, null);
      assert.match(fault ?? '', message);
    }
    assert.deepEqual(await listDropped(), before);
    assert.equal((await post(inspector, '/api/callers', { files: [] })).status, 400);
  });
});

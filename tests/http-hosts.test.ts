import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type Caller, type Certificates, makeCertificates } from './front-ends/callers.js';
import { type RunningProxy, reasonToSkip, startProxy } from './front-ends/proxies.js';
import { TlsConnection } from './front-ends/tls-connection.js';
import { wireForms } from './front-ends/wire-forms.js';
import { cleanEnvironment, collect, root } from './test-support/certgate.js';
import {
  type HttpHostName,
  hostsBehindFrontEnds,
  hostsOnNodeHttp,
  hostsWithTls,
  type InstalledHosts,
  installHttpHosts,
  listHttpHosts,
  type RunningHost,
} from './test-support/http-hosts.js';

// Tests the servers of examples/http-hosts, each with its real framework: behind nginx with its file from
// examples/front-ends, and with direct-tls, where callers connect to the server itself.

const frontEndSecret = 'AZaz09._~+/=-for-the-tests-of-hosts';

let folder: string;
let certificates: Certificates;
let hosts: InstalledHosts;
let settings: Readonly<Record<string, string>>;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-http-hosts-test-'));
  certificates = makeCertificates(folder);
  settings = { CERTGATE_TRUST: writeTrust(folder, certificates) };
  hosts = await installHttpHosts();
});

after(() => {
  hosts.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a trust document with `pinned` as an operator, `issued` without a role, and none of the others. */
function writeTrust(into: string, { callers }: Certificates): string {
  const pin = ({ certificates: [leaf] }: Caller): object => ({
    thumbprintSha256: createHash('sha256')
      .update(leaf?.der ?? '')
      .digest('hex'),
  });
  const identities = [
    { name: 'Ann', roles: ['operator'], pins: [pin(callers.pinned)] },
    { name: 'Bob', roles: [], pins: [pin(callers.issued)] },
  ];
  const file = join(into, 'trust.json');
  writeFileSync(file, JSON.stringify({ schemaVersion: 1, revision: 1, identities }));
  return file;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

async function ask(options: RequestOptions): Promise<Answer> {
  const request = (options.ca === undefined ? requestHttp : requestHttps)({ host: '127.0.0.1', ...options });
  request.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

function askAs(caller: Caller | undefined, port: number, path: string, more: RequestOptions = {}): Promise<Answer> {
  const own = caller === undefined ? {} : { cert: caller.cert, key: caller.key };
  return ask({ port, path, servername: 'localhost', ca: certificates.server.cert, ...own, ...more });
}

/** What each caller gets from each route. The path `/nowhere` has no handler. */
function listExpected(): readonly (readonly [Caller | undefined, Readonly<Record<string, string | number>>])[] {
  const { pinned, issued, stranger } = certificates.callers;
  const refused = { '/public': 'open to all\n', '/closed': 401, '/role': 401, '/nowhere': 401 };
  return [
    [pinned, { '/public': 'open to all\n', '/closed': 'hello Ann\n', '/role': 'operator Ann\n', '/nowhere': 404 }],
    [issued, { '/public': 'open to all\n', '/closed': 'hello Bob\n', '/role': 403, '/nowhere': 404 }],
    [stranger, refused],
    [undefined, refused],
  ];
}

function expectAnswer({ status, body, headers }: Answer, expected: string | number | undefined, what: string): void {
  if (typeof expected === 'string') {
    assert.deepEqual([status, body], [200, expected], what);
    return;
  }
  assert.equal(status, expected, `${what}: ${body}`);
  if (expected === 404) return;
  assert.equal(headers['content-type'], 'application/problem+json', what);
  assert.equal(headers['cache-control'], 'no-store', what);
  assert.equal((JSON.parse(body) as { status: number }).status, expected, what);
}

async function expectTable(send: (caller: Caller | undefined, path: string) => Promise<Answer>): Promise<void> {
  for (const [caller, routes] of listExpected()) {
    for (const [path, expected] of Object.entries(routes)) {
      expectAnswer(await send(caller, path), expected, `${caller?.name ?? 'nobody'} ${path}`);
    }
  }
}

/** Calls `expectUnmixed` over TLS, where each caller has its own connections. */
async function expectUnmixedOverTls(port: number): Promise<void> {
  const agents = new Map<Caller | undefined, HttpsAgent>();
  for (const [caller] of listExpected()) {
    const own = caller === undefined ? {} : { cert: caller.cert, key: caller.key };
    agents.set(caller, new HttpsAgent({ keepAlive: true, maxSockets: 8, ...own }));
  }
  await expectUnmixed((caller, path) => askAs(caller, port, path, { agent: agents.get(caller) }));
  for (const agent of agents.values()) agent.destroy();
}

/**
 * Sends many requests at a time over the connections that `send` shares. Each caller must get its own answer. With more
 * requests, no more of them are under way at once, because the connections are few.
 */
async function expectUnmixed(send: (caller: Caller | undefined, path: string) => Promise<Answer>): Promise<void> {
  const table = listExpected();
  const paths = ['/closed', '/role', '/closed', '/public', '/nowhere'];
  await Promise.all(
    Array.from({ length: 250 }, async (_, index) => {
      const [caller, routes] = table[(index * 7) % table.length]!;
      const path = paths[index % paths.length] ?? '';
      expectAnswer(await send(caller, path), routes[path], `${index}: ${caller?.name ?? 'nobody'} ${path}`);
    }),
  );
}

it("docs/http-hosts.md shows, word for word, how each host's example requires a role", () => {
  const page = readFileSync(join(root, 'docs', 'http-hosts.md'), 'utf8');
  const sources = new Map(
    listHttpHosts().map((name) => [
      name,
      readFileSync(join(root, 'examples', 'http-hosts', 'src', `${name}.ts`), 'utf8'),
    ]),
  );
  // docs.test.ts compiles the other code blocks that have imports.
  const wholeServers = [...sources.values()];
  const shown = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)]
    .map(([, code = '']) => code)
    .filter((code) => !code.includes('import ') || wholeServers.includes(code));
  for (const code of shown)
    assert.ok(
      wholeServers.some((source) => source.includes(code)),
      code,
    );
  const [without, whole] = [
    [...sources].filter(([, source]) => !shown.some((code) => source.includes(code))),
    [...sources].filter(([, source]) => shown.includes(source)),
  ];
  // The page has a program of its own for TLS. The plain Node.js server has no routes. For it, the page describes the
  // third argument of `requireRole`.
  assert.deepEqual(without.map(([name]) => name).toSorted(), ['direct-tls', 'node-http']);
  assert.deepEqual(whole.map(([name]) => name).toSorted(), ['fastify', 'hono']);
});

describe('docs/http-hosts.md, "Close an Express app behind nginx"', { skip: reasonToSkip('nginx') }, () => {
  it('works word for word: 200 for the caller, 401 without a certificate, 200 on the public route', async () => {
    const page = readFileSync(join(root, 'docs', 'http-hosts.md'), 'utf8');
    const [, section = ''] = page.split('\n## ');
    const [appPort, tlsPort] = [await findFreePort(), await findFreePort()];
    const blocks = [...section.replace(/^ {3}/gm, '').matchAll(/^```(sh|js)\n([^]*?)^```$/gm)].map(
      ([, language = '', code = '']) => ({
        language,
        code: code
          .replaceAll('3000', String(appPort))
          .replaceAll('8443', String(tlsPort))
          .replaceAll('<certgate>', `'${root}'`)
          .replaceAll(
            'npx --no-install certgate',
            `node '${join(root, 'packages', 'certgate', 'bin', 'certgate.js')}'`,
          ),
      }),
    );
    // The app is below the folder in which Express and the tarball are installed.
    const app = join(hosts.folder, 'page');
    mkdirSync(app);
    const [program] = blocks.filter(({ language }) => language === 'js');
    writeFileSync(join(app, 'server.mjs'), program?.code ?? '');
    const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${name};`,
    );
    writeFileSync(
      join(app, 'nginx.conf'),
      `daemon off; pid nginx.pid; error_log stderr; events {}\nhttp { access_log off; ${temporaryPaths.join(' ')} include app.conf; }\n`,
    );
    writeFileSync(
      join(app, '.curlrc'),
      'silent\noutput = /dev/null\nwrite-out = "%{http_code}\\n"\nretry = 40\nretry-delay = 1\nretry-connrefused\n',
    );
    const commands = blocks.filter(({ language, code }) => language === 'sh' && !code.startsWith('npm install '));
    const lines = commands.flatMap(({ code }) => code.split('\n'));
    const steps = lines.map((line) =>
      line.startsWith('sudo cp app.conf ') ? '/usr/sbin/nginx -e stderr -p "$PWD" -c nginx.conf &' : line,
    );
    assert.ok(steps.some((line) => line.includes('nginx.conf &')));
    // The trap ends the programs that the page's commands leave running.
    const script = ['set -eu', "trap 'kill $(jobs -p)' EXIT", ...steps].join('\n');
    const child = spawn('bash', ['-c', script], { cwd: app, env: { ...cleanEnvironment(), CURL_HOME: app } });
    child.stdin.end();
    const { exitCode, stdout, stderr } = await collect(child);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.deepEqual(stdout.match(/^\d{3}$/gm), ['200', '401', '200'], stdout + stderr);
  });
});

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

for (const name of [...hostsBehindFrontEnds, ...hostsOnNodeHttp]) {
  describe(`${name} behind nginx`, () => {
    describeBehindNginx(name);
  });
}

function describeBehindNginx(name: HttpHostName): void {
  let host: RunningHost;
  before(async () => {
    const ofFrontEnd = { CERTGATE_FRONT_END: 'nginx', CERTGATE_FRONT_END_SECRET: frontEndSecret };
    host = await hosts.start(name, { ...settings, ...ofFrontEnd });
  });
  after(() => host.stop());

  /** The header fields that nginx sends for a caller, for requests that don't go through nginx. */
  const getFields = (caller: Caller | undefined): OutgoingHttpHeaders => ({
    'SSL-Client-Verify': 'UNVERIFIED',
    'X-Certgate-Front-End-Secret': frontEndSecret,
    ...(caller === undefined ? {} : wireForms.nginx.encode(caller.certificates)),
  });

  describe('with real handshakes', { skip: reasonToSkip('nginx') }, () => {
    let proxy: RunningProxy;
    before(async () => {
      proxy = await startProxy('nginx', 'any-certificate', { certificates, upstreamPort: host.port, frontEndSecret });
    });
    after(() => proxy.stop());

    it('answers each caller by its certificate', async () => {
      await expectTable((caller, path) => askAs(caller, proxy.port, path));
    });

    it('mixes up no identities in 250 requests at a time', () => expectUnmixedOverTls(proxy.port));
  });

  it('mixes up no identities in 250 requests at a time over eight connections that all callers share', async () => {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 8 });
    await expectUnmixed((caller, path) => ask({ port: host.port, path, agent, headers: getFields(caller) }));
    agent.destroy();
  });

  it('answers a refused caller who sends a body, and keeps the connection usable', async () => {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; turn < 3; turn += 1) {
      const request = requestHttp({ host: '127.0.0.1', port: host.port, path: '/closed', method: 'POST', agent });
      const answered = new Promise<number | undefined>((resolve, reject) => {
        request.once('error', reject);
        request.once('response', (response) => {
          response.resume().once('end', () => {
            resolve(response.statusCode);
          });
        });
      });
      request.end('GET /public HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000));
      assert.equal(await answered, 401);
    }
    const { status, body } = await ask({
      port: host.port,
      path: '/closed',
      agent,
      headers: getFields(certificates.callers.issued),
    });
    assert.deepEqual([status, body], [200, 'hello Bob\n']);
    agent.destroy();
  });

  it('logs a line for each decision, but never the secret or a certificate', async () => {
    const { pinned } = certificates.callers;
    await ask({ port: host.port, path: '/closed', headers: getFields(pinned) });
    const { body } = await ask({ port: host.port, path: '/closed', headers: getFields(undefined) });
    const { correlationId } = JSON.parse(body) as { readonly correlationId: string };
    for (let turn = 0; turn < 100 && !host.lines.some((line) => line.includes(correlationId)); turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const line = host.lines.find((each) => each.includes(correlationId)) ?? '';
    // After twenty denials in a minute, the gate only counts them, so this one may have no line.
    if (line !== '') assert.equal((JSON.parse(line) as { readonly code: string }).code, 'certificate_missing');
    assert.ok(host.lines.some((each) => each.includes('"identity":"Ann"')));
    const all = host.lines.join('\n');
    assert.ok(!all.includes(frontEndSecret));
    assert.ok(!all.includes(pinned.certificates[0]?.der.toString('base64').slice(0, 60) ?? ''));
  });
}

for (const name of hostsWithTls) {
  describe(name, () => {
    describeWithTls(name);
  });
}

function describeWithTls(name: HttpHostName): void {
  let host: RunningHost;
  before(async () => {
    const { cert, key } = certificates.server;
    const files = { TLS_CERTIFICATE: join(folder, 'server.pem'), TLS_CERTIFICATE_KEY: join(folder, 'server.pem.key') };
    writeFileSync(files.TLS_CERTIFICATE, cert);
    writeFileSync(files.TLS_CERTIFICATE_KEY, key, { mode: 0o600 });
    host = await hosts.start(name, { ...settings, ...files });
  });
  after(() => host.stop());

  const get = (path: string, ...lines: readonly string[]): string =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

  it('answers each caller by its certificate', async () => {
    await expectTable((caller, path) => askAs(caller, host.port, path));
  });

  it('mixes up no identities in 250 requests at a time', () => expectUnmixedOverTls(host.port));

  it('ignores certificates in header fields', async () => {
    const { pinned } = certificates.callers;
    const forged = [
      { 'X-ARR-ClientCert': pinned.certificates[0]?.der.toString('base64') },
      wireForms.nginx.encode(pinned.certificates),
      wireForms.haproxy.encode(pinned.certificates),
    ];
    for (const headers of forged) {
      assert.equal((await askAs(undefined, host.port, '/closed', { headers })).status, 401);
      assert.equal((await askAs(certificates.callers.issued, host.port, '/closed', { headers })).body, 'hello Bob\n');
    }
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const only = { minVersion: version, maxVersion: version };

    it(`identifies a resumed session only by the certificate of its first handshake, in ${version}`, async () => {
      const { pinned, issued } = certificates.callers;
      const first = await TlsConnection.open(host.port, certificates, issued, only);
      assert.equal((await first.ask(get('/closed'))).body, 'hello Bob\n');
      first.close();
      const session = first.session === undefined ? {} : { session: first.session };
      // The client that resumes a session knows its secret. The server ignores the certificate that the client has now.
      for (const caller of [issued, pinned, undefined]) {
        const second = await TlsConnection.open(host.port, certificates, caller, { ...only, ...session });
        const isReused = second.socket.isSessionReused();
        assert.ok(isReused, 'no session was resumed, so this has shown nothing');
        assert.equal((await second.ask(get('/closed'))).body, 'hello Bob\n');
        second.close();
      }
    });

    it(`admits nobody by a resumed session that has no certificate, in ${version}`, async () => {
      const first = await TlsConnection.open(host.port, certificates, undefined, only);
      assert.equal((await first.ask(get('/closed'))).status, 401);
      first.close();
      const session = first.session === undefined ? {} : { session: first.session };
      const second = await TlsConnection.open(host.port, certificates, certificates.callers.pinned, {
        ...only,
        ...session,
      });
      assert.ok(second.socket.isSessionReused(), 'no session was resumed, so this has shown nothing');
      assert.equal((await second.ask(get('/closed'))).status, 401);
      second.close();
    });
  }

  it('ends a connection that requests a renegotiation in TLS 1.2', async () => {
    for (const caller of [undefined, certificates.callers.issued]) {
      const connection = await TlsConnection.open(host.port, certificates, caller, { maxVersion: 'TLSv1.2' });
      if (caller !== undefined) assert.equal((await connection.ask(get('/closed'))).body, 'hello Bob\n');
      connection.socket.renegotiate({}, () => undefined);
      await assert.rejects(connection.ask(get('/closed')));
      connection.close();
    }
  });
}

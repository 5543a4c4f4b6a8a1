import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, mock, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createGate, secureServer, trustStoreFrom } from '@certgate/http';
import { until } from '@certgate/x509/test-support/until.js';
import { type AdapterApp, createAdapterApp, createCallers, send } from './test-support/adapter-app.js';
import { collect, type Ended, root, runCertgate, startCertgate } from './test-support/certgate.js';
import { openssl } from './test-support/openssl.js';

// `certgate fleet` by the lines that gates of both adapters wrote, and its statement as others check it: with openssl, and
// where Go and Debian's golang-github-secure-systems-lab-go-securesystemslib-dev are installed, with that library.

const folder = mkdtempSync(join(tmpdir(), 'certgate-fleet-'));
const endings: (() => unknown)[] = [];
after(async () => {
  for (const end of endings.reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

const exportFile = join(folder, 'export.jsonl');
const secret = 'a-secret-of-the-front-end-for-this-test';
const functionApp = `
import { app } from '@azure/functions';
import { allowAnonymous, secureApp, trustStoreFrom } from '@certgate/azure-functions';
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 0.05 }) });
app.http('Orders', { handler: () => ({ body: 'ok' }) });
app.http('Health', { handler: allowAnonymous(() => ({ body: 'ok' })) });`;

/** As Application Insights exports lines: what names the app and its instance stands around them. */
function writeExport(lines: Readonly<Record<string, readonly string[]>>): void {
  const rows = Object.entries(lines).flatMap(([app, texts]) =>
    texts
      .filter((text) => text.startsWith('{"certgate"'))
      .map((Message) => ({ Message, AppRoleName: app, AppRoleInstance: `${app}-0`, ItemCount: 1 })),
  );
  writeFileSync(exportFile, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

interface Fleet {
  readonly rows: readonly {
    readonly app: string;
    readonly documents: readonly { readonly revision: number; readonly sha256: string; readonly locked: boolean }[];
    readonly closed: readonly string[];
    readonly frontEnd: string;
    readonly findings: readonly { readonly code: string }[];
  }[];
}

async function fleet(...words: readonly string[]): Promise<Ended> {
  return runCertgate(['fleet', '--log', exportFile, ...words]);
}

interface Stage {
  readonly trustFile: string;
  /** One call of each app; the export has what has reached us. */
  readonly callBoth: () => Promise<void>;
}

async function startApps(): Promise<Stage> {
  const context = { after: (end: () => unknown) => endings.push(end) } as unknown as TestContext;
  const app: AdapterApp = createAdapterApp(context, {
    'package.json': '{ "type": "module", "main": "src/index.js" }',
    'src/index.js': functionApp,
  });
  const { trustFile, reader } = createCallers(app.folder);
  const { url } = await app.start({ environment: { CERTGATE_TRUST: trustFile } });
  const written: string[] = [];
  const write = (line: string): void => {
    written.push(line);
  };
  const info = mock.method(console, 'info', write);
  const gate = createGate({
    ...{ trustStore: trustStoreFrom(trustFile, { refreshIntervalSeconds: 0.05 }), functionName: 'refunds' },
    ...{
      frontEnd: 'nginx',
      frontEndSecret: secret,
      allowAnonymous: ['GET /health'],
      log: { info: write, warn: write },
    },
  });
  await gate.start();
  info.mock.restore();
  const server = createServer((_request, response) => response.end('ok'));
  secureServer(server, gate);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const pem = `-----BEGIN CERTIFICATE-----\n${reader.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
  const byNginx = {
    ...{ 'ssl-client-cert': encodeURIComponent(pem), 'ssl-client-verify': 'SUCCESS' },
    'x-certgate-front-end-secret': secret,
  };
  const listLines = (): readonly string[] => app.logs.map(({ message }) => message);
  return {
    trustFile,
    callBoth: async () => {
      await send(`${url}/api/Orders`, { 'X-ARR-ClientCert': reader });
      await send(`http://127.0.0.1:${port}/`, byNginx);
      writeExport({ orders: listLines(), refunds: written });
    },
  };
}

describe('certgate fleet, by the lines of gates', () => {
  it('tells of both adapters what runs, and when a lock has arrived everywhere', async () => {
    const { trustFile, callBoth } = await startApps();
    await until(async () => {
      await callBoth();
      const text = readFileSync(exportFile, 'utf8');
      return /decision.*"orders"/.test(text) && /decision.*"refunds"/.test(text);
    });
    const read = async (): Promise<Fleet['rows']> => (JSON.parse((await fleet('--json')).stdout) as Fleet).rows;
    const digest = (): string => createHash('sha256').update(readFileSync(trustFile)).digest('hex').toUpperCase();
    const before = digest();
    assert.deepEqual(
      (await read()).map(({ app, documents, closed, frontEnd, findings }) => ({
        ...{ app, closed, frontEnd, sha256: documents.map(({ sha256 }) => sha256) },
        codes: findings.map(({ code }) => code),
      })),
      [
        { app: 'orders', closed: ['Orders'], frontEnd: 'development', sha256: [before], codes: [] },
        { app: 'refunds', closed: ['refunds'], frontEnd: 'nginx', sha256: [before], codes: [] },
      ],
    );
    const lock = await runCertgate(['trust', 'lock', '--store', trustFile, '--reason', 'stolen key']);
    assert.equal(lock.exitCode, 0, lock.stderr);
    const locked = digest();
    assert.ok(lock.stdout.includes(`fleet --expect-sha256 ${locked.toLowerCase()} --wait 5m`), lock.stdout);
    const old = await fleet('--expect-sha256', locked);
    assert.equal(old.exitCode, 1, old.stdout);
    assert.equal((await fleet('--expect-sha256', before)).exitCode, 0);
    const waiting = collect(startCertgate(['fleet', '--log', exportFile, '--expect-sha256', locked, '--wait', '60s']));
    // A read begins with the first call after the interval; the calls after it are decided by what it brought.
    await until(async () => {
      await callBoth();
      return (await fleet('--expect-sha256', locked)).exitCode === 0;
    });
    const arrived = await waiting;
    assert.equal(arrived.exitCode, 0, arrived.stdout);
    assert.match(arrived.stdout, /2 of 2 apps run it \(0 compared by all 64 digits, 2 by fewer/);
    const rows = await read();
    assert.deepEqual(
      rows.map(({ documents }) => documents.map(({ sha256, locked: isLocked }) => [sha256, isLocked])),
      [[[locked.slice(0, 16), null]], [[locked.slice(0, 16), null]]],
    );
  });
});

interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: string }[];
}

/** As DSSE's protocol has it, by another hand than the tool's. */
function encode({ payload, payloadType }: Envelope): Buffer {
  const body = Buffer.from(payload, 'base64');
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `), body]);
}

function verifyWithOpenssl(envelope: Envelope, publicKeyFile: string, isEd25519: boolean): boolean {
  const [message, signature] = [join(folder, 'message'), join(folder, 'signature')];
  writeFileSync(message, encode(envelope));
  writeFileSync(signature, Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64'));
  try {
    const words = isEd25519
      ? ['pkeyutl', '-verify', '-pubin', '-inkey', publicKeyFile, '-rawin', '-in', message, '-sigfile', signature]
      : ['dgst', '-sha256', '-verify', publicKeyFile, '-signature', signature, message];
    openssl(words, folder);
    return true;
  } catch {
    return false;
  }
}

const gopath = process.env['CERTGATE_GOCODE'] ?? '/usr/share/gocode';
const library = 'src/github.com/secure-systems-lab/go-securesystemslib/dsse';
const hasLibrary = existsSync(join(gopath, library));

describe('the statement of certgate fleet', () => {
  const keys = {
    ed25519: generateKeyPairSync('ed25519'),
    p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    other: generateKeyPairSync('ed25519'),
  };
  const fileOf = (name: string): string => join(folder, name);
  for (const [name, { privateKey, publicKey }] of Object.entries(keys)) {
    writeFileSync(fileOf(`${name}.key.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(fileOf(`${name}.pub.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const lines = [statusLine(8, [])];
  const attest = async (key: string, ...words: readonly string[]): Promise<Ended> => {
    writeExport({ orders: lines });
    return fleet('--attest', fileOf(`${key}.att.json`), '--attest-key', fileOf(`${key}.key.pem`), ...words);
  };
  const readEnvelope = (key: string): Envelope =>
    JSON.parse(readFileSync(fileOf(`${key}.att.json`), 'utf8')) as Envelope;

  function statusLine(revision: number, signedBy: readonly string[]): string {
    const trust = [{ source: 'file trust.json', revision, sha256: 'AB'.repeat(32), ageSeconds: 1, signedBy }];
    const [time, since] = ['2027-01-01T11:00:00.000Z', '2027-01-01T10:00:00.000Z'];
    const gate = { version: '0.1.0', host: 'functions', frontEnd: 'app-service', closed: ['Orders'], open: [] };
    const counted = { locked: false, denials: {}, callers: [] };
    return JSON.stringify({ certgate: 1, event: 'status', time, moment: 'hour', since, ...gate, trust, ...counted });
  }

  it('is an in-toto statement about the documents that run, which openssl verifies', async () => {
    const baseline = { baselineVersion: 2, gate: null, httpStreaming: false, functions: [], webhooks: [] };
    const text = JSON.stringify(baseline);
    writeFileSync(fileOf('orders.baseline.json'), text);
    for (const key of ['ed25519', 'p256']) {
      const { exitCode, stderr } = await attest(key, '--baseline', `orders=${fileOf('orders.baseline.json')}`);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /^Wrote the statement .*\.att\.json, signed with the key SHA-256 [0-9a-f]{64}\.$/im);
      const envelope = readEnvelope(key);
      assert.equal(envelope.payloadType, 'application/vnd.in-toto+json');
      const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Record<string, unknown>;
      const { predicate, ...head } = statement as { predicate: Record<string, unknown> };
      assert.deepEqual(head, {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'file trust.json of orders, revision 8', digest: { sha256: 'ab'.repeat(32) } }],
        predicateType: 'urn:certgate:attestation:fleet:v1',
      });
      assert.deepEqual(predicate['baselines'], [
        { app: 'orders', sha256: createHash('sha256').update(text).digest('hex'), baseline },
      ]);
      for (const part of ['tool', 'from', 'asOf', 'rows', 'coverage', 'reading']) assert.ok(part in predicate, part);
      const isEd25519 = key === 'ed25519';
      const verify = (changed: Partial<Envelope>, by = key): boolean =>
        verifyWithOpenssl({ ...envelope, ...changed }, fileOf(`${by}.pub.pem`), isEd25519);
      assert.equal(verify({}), true);
      const bytes = Buffer.from(envelope.payload, 'base64');
      bytes[bytes.length >> 1]! ^= 1;
      assert.equal(verify({ payload: bytes.toString('base64') }), false);
      assert.equal(verify({ payloadType: 'application/vnd.in-toto+xml_' }), false);
      if (isEd25519) assert.equal(verify({}, 'other'), false);
    }
  });

  it(
    'is verified by the library that sigstore and in-toto use, and by no other key, type or content',
    { skip: hasLibrary ? false : 'golang-github-secure-systems-lab-go-securesystemslib-dev is not installed' },
    async () => {
      const program = fileOf('verify-dsse');
      const source = fileURLToPath(new URL('../attestations/verify-dsse.go', import.meta.url));
      const env = { ...process.env, GOPATH: gopath, GO111MODULE: 'off', GOFLAGS: '', GOCACHE: fileOf('cache') };
      execFileSync('go', ['build', '-o', program, source], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      const verify = (envelope: Envelope, key: string): string | undefined => {
        writeFileSync(fileOf('changed.json'), JSON.stringify(envelope));
        try {
          const words = [fileOf(`${key}.pub.pem`), fileOf('changed.json')];
          return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
        } catch {
          return undefined;
        }
      };
      for (const key of ['ed25519', 'p256']) {
        assert.equal((await attest(key)).exitCode, 0);
        const envelope = readEnvelope(key);
        const payload = Buffer.from(envelope.payload, 'base64');
        assert.equal(verify(envelope, key), `${envelope.payloadType} ${payload.toString()}`);
        assert.equal(verify(envelope, 'other'), undefined);
        assert.equal(verify({ ...envelope, payloadType: 'application/json' }, key), undefined);
        payload[0] = 0x20;
        assert.equal(verify({ ...envelope, payload: payload.toString('base64') }, key), undefined);
      }
    },
  );

  it('is refused for a key that signs documents, and where there is no document to attest', async () => {
    const spki = keys.ed25519.publicKey.export({ type: 'spki', format: 'der' });
    const digits = createHash('sha256').update(spki).digest('hex').slice(0, 16).toUpperCase();
    rmSync(fileOf('ed25519.att.json'), { force: true });
    lines.splice(0, 1, statusLine(8, [digits]));
    const own = await attest('ed25519');
    assert.deepEqual([own.exitCode, existsSync(fileOf('ed25519.att.json'))], [2, false]);
    assert.match(own.stderr, /signs trust documents of these apps/);
    assert.equal((await attest('p256')).exitCode, 0);
    lines.splice(0, 1, statusLine(8, []).replace('AB'.repeat(32), 'AB'.repeat(8)));
    assert.match((await attest('p256')).stderr, /nothing to attest/);
    const without = await fleet('--attest', fileOf('x.json'));
    assert.match(without.stderr, /--attest-key/);
    assert.match((await fleet('--baseline', 'orders=x')).stderr, /--attest is missing/);
    assert.match((await attest('p256', '--baseline', 'certgate.baseline.json')).stderr, /names no app/);
    const baseline = fileOf('foreign.baseline.json');
    writeFileSync(baseline, JSON.stringify({ baselineVersion: 2, gate: null, httpStreaming: false, functions: [], webhooks: [] })); // prettier-ignore
    assert.match((await attest('p256', '--baseline', `odrers=${baseline}`)).stderr, /no line is of an app odrers/);
  });
});

it('docs/observability.md lists every finding, in the order of the rows, and no other', async () => {
  const { findingCodes } = (await import(join(root, 'packages/certgate/dist/esm/fleet/fleet-finding.js'))) as {
    readonly findingCodes: readonly string[];
  };
  const page = readFileSync(join(root, 'docs', 'observability.md'), 'utf8');
  const [, list = ''] = /names the findings, in the order of the rows.*\n\n```text\n([^`]*)```/.exec(page) ?? [];
  assert.deepEqual(list.trim().split(/,\s+/), findingCodes);
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import type { IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { trustStoreFromBlob, verifyDocumentSignature } from '@certgate/core/internal';
import type { TrustLocation } from '../packages/certgate/dist/esm/trust/administration/location/trust-location.js';
import type * as openTrustLocationModule from '../packages/certgate/dist/esm/trust/administration/open-trust-location.js';
import type * as updateTrustDocumentModule from '../packages/certgate/dist/esm/trust/administration/update-trust-document.js';
import { type Azurite, azuriteFolder, shareAzurite } from './test-support/azurite.js';
import { cleanEnvironment, collect, type Ended, root, runCertgateHere } from './test-support/certgate.js';
import { makeOpensslCertificate, openssl } from './test-support/openssl.js';
import { startStorageProxy } from './test-support/storage-proxy.js';

const administration = join(root, 'packages/certgate/dist/esm/trust/administration');
const importBuilt = (file: string): Promise<unknown> => import(pathToFileURL(join(administration, file)).href);
const { openTrustLocation } = (await importBuilt('open-trust-location.js')) as typeof openTrustLocationModule;
const { updateTrustDocument } = (await importBuilt('update-trust-document.js')) as typeof updateTrustDocumentModule;

interface RunOptions {
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
  /** The endpoint of a proxy in front of Azurite. Azurite itself if absent. */
  readonly endpoint?: string;
}

// Runs `certgate trust` with the real SDK and a real Azurite. The commands are the same as for a file.
describe('certgate trust over a blob', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-blob-'));
  const containerName = 'administration';
  let azurite: Azurite;

  before(async () => {
    azurite = await shareAzurite();
    await azurite.connect().getContainerClient(containerName).create();
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const describeRun = (
    name: string,
    { environment, endpoint = azurite.endpoint }: RunOptions,
  ): Readonly<Record<string, string | undefined>> => ({
    ...cleanEnvironment(),
    CERTGATE_TRUST: `blob:${endpoint}/${containerName}/${name}`,
    ...(environment ?? { AZURE_STORAGE_ACCOUNT: azurite.account, AZURE_STORAGE_KEY: azurite.key }),
  });

  /**
   * Runs a command in this process, where the SDK is loaded only once. `cwd` is a folder where the SDK can be found.
   */
  const run = (name: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    withEnvironment(describeRun(name, options), () =>
      runCertgateHere(['trust', ...args], options.cwd ?? azuriteFolder),
    );

  /** Opens the document as the commands do. */
  const open = (name: string): Promise<TrustLocation> => {
    const environment = describeRun(name, {});
    return withEnvironment(environment, () => openTrustLocation(environment['CERTGATE_TRUST'] ?? ''), azuriteFolder);
  };

  /** Starts a command in a process of its own, which can be killed. */
  const start = (name: string, args: readonly string[], options: RunOptions): ChildProcess =>
    spawn(process.execPath, [join(root, 'packages/certgate/bin/certgate.js'), 'trust', ...args], {
      cwd: azuriteFolder,
      env: describeRun(name, options),
    });

  const expectRun = async (name: string, ...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(name, args);
    assert.equal(exitCode, 0, `${args.join(' ')}\n${stderr}${stdout}`);
    return stdout;
  };

  it('makes, changes and lists a document, and shows its log', async () => {
    const name = 'apps/trust.json';
    assert.match(await expectRun(name, 'init', '--reason', 'first'), /in blob:http:\/\/127\.0\.0\.1:\d+\//);
    const again = await run(name, ['init', '--reason', 'again']);
    assert.equal(again.exitCode, 2);
    await expectRun(name, 'add', 'billing', '--thumbprint-sha256', '1'.repeat(64), '--role', 'r', '--reason', 'x');
    await expectRun(name, 'disable', 'billing', '--reason', 'y');
    await expectRun(name, 'enable', 'billing', '--reason', 'z');
    assert.match(await expectRun(name, 'list'), /billing.*active.*r/);
    const { isWhole, items } = JSON.parse(await expectRun(name, 'log', '--json')) as {
      isWhole: boolean;
      items: readonly { verb: string }[];
    };
    assert.equal(isWhole, true);
    assert.deepEqual(items.map(({ verb }) => verb), ['init', 'add', 'disable', 'enable']); // prettier-ignore
  });

  it('replaces a damaged document, and keeps its bytes', async () => {
    const name = 'damaged.json';
    await expectRun(name, 'init', '--reason', 'first');
    const container = azurite.connect().getContainerClient(containerName);
    await container.getBlockBlobClient(name).upload('{"sche', 6);
    assert.match((await run(name, ['lock'])).stderr.replaceAll(/\s+/g, ' '), / the last one is 1\. .*--revision 2 /);
    const said = await expectRun(name, 'lock', '--revision', '2', '--reason', 'breach');
    const kept =
      /kept as it was: blob:http.*\/administration\/(damaged\.json\.damaged-[0-9a-f]{16})$/m.exec(said)?.[1] ?? '';
    assert.equal(Buffer.from((await (await open(kept)).read())?.bytes ?? []).toString(), '{"sche');
    assert.match(await expectRun(name, 'unlock', '--reason', 'over'), /Revision 2 → 3/);
    // These bytes have been kept already, so they are not kept twice.
    await container.getBlockBlobClient(name).upload('{"sche', 6);
    assert.match(await expectRun(name, 'lock', '--revision', '4'), /kept as it was/);
  });

  it('loses no change if 8 writers work at once', async () => {
    const name = 'parallel.json';
    await expectRun(name, 'init', '--reason', 'first');
    const names = Array.from({ length: 8 }, (_, index) => `w${index}`);
    // Each writer has a connection of its own. In one process, all of them read before the first one writes.
    const locations = new Map<string, TrustLocation>();
    for (const each of names) locations.set(each, await open(name));
    await Promise.all(
      [...locations].map(async ([each, location], index) => {
        const pin = { thumbprintSha256: String(index).padStart(64, '0') };
        await updateTrustDocument(location, { verb: 'add', by: each, reason: 'x' }, (document) => ({
          ...document,
          identities: [...document.identities, { name: each, roles: [], pins: [pin] }],
        }));
      }),
    );
    const { revision, identities } = JSON.parse(await expectRun(name, 'list', '--json')) as {
      revision: number;
      identities: readonly { name: string }[];
    };
    assert.equal(revision, 9);
    assert.deepEqual(identities.map((identity) => identity.name).sort(), names.sort());
    const { isWhole, items } = JSON.parse(await expectRun(name, 'log', '--json')) as {
      isWhole: boolean;
      items: readonly { kind: string }[];
    };
    assert.equal(isWhole, true);
    // The log also contains attempts that failed because another writer was faster.
    assert.equal(items.filter(({ kind }) => kind === 'change').length, 9);
    assert.deepEqual(
      items.filter(({ kind }) => kind !== 'change' && kind !== 'lost'),
      [],
    );
  });

  it('stores the signature and the content in one step, and keeps other metadata', async () => {
    const name = 'signed.json';
    openssl(['genpkey', '-algorithm', 'ed25519', '-out', 'key.pem'], folder);
    openssl(['pkey', '-in', 'key.pem', '-pubout', '-out', 'public.pem'], folder);
    const key = ['--signing-key', join(folder, 'key.pem')];
    await expectRun(name, 'init', '--reason', 'x', ...key);
    const client = azurite.connect().getContainerClient(containerName).getBlockBlobClient(name) as unknown as {
      getProperties(): Promise<{ metadata?: Record<string, string> }>;
      setMetadata(metadata: Record<string, string>): Promise<unknown>;
      downloadToBuffer(): Promise<Buffer>;
    };
    const { metadata } = await client.getProperties();
    await client.setMetadata({ ...metadata, team: 'payments' });
    const add = ['add', 'a', '--thumbprint-sha256', '1'.repeat(64), '--reason', 'x'];
    assert.match((await run(name, add)).stderr, /is signed/);
    await expectRun(name, ...add, ...key);
    const { metadata: signed } = await client.getProperties();
    assert.equal(signed?.['team'], 'payments');
    const publicKey = readFileSync(join(folder, 'public.pem'), 'utf8');
    const verdict = await verifyDocumentSignature(
      await client.downloadToBuffer(),
      signed['certgatesignature'],
      publicKey,
    );
    assert.equal(verdict, 'fits');
    await expectRun(name, 'lock', '--unsigned');
    assert.equal((await client.getProperties()).metadata?.['certgatesignature'], undefined);
  });

  it('makes each change by one request, so a writer who is killed leaves the old document or the new one', async () => {
    const name = 'killed.json';
    openssl(['genpkey', '-algorithm', 'ed25519', '-out', 'killed.pem'], folder);
    openssl(['pkey', '-in', 'killed.pem', '-pubout', '-out', 'killed.public.pem'], folder);
    const signing = ['--reason', 'x', '--signing-key', join(folder, 'killed.pem')];
    await expectRun(name, 'init', ...signing);
    const proxy = await startStorageProxy(azurite.endpoint);
    let writes = 0;
    const killDuring = async (isForwarded: boolean, pin: string): Promise<void> => {
      proxy.fault = async ({ request, ask, forward }) => {
        const isWrite =
          request.method === 'PUT' && new URL(request.url ?? '', 'http://localhost').pathname.endsWith(name);
        if (!isWrite) return forward();
        writes += 1;
        if (isForwarded) await ask();
        writer.kill('SIGKILL');
      };
      const args = ['add', `a${pin}`, '--thumbprint-sha256', pin.repeat(64), ...signing];
      const writer = start(name, args, { endpoint: proxy.endpoint });
      assert.equal((await collect(writer)).exitCode, null);
    };
    const startCold = async (): Promise<number | undefined> => {
      const blob = azurite.connect().getContainerClient(containerName).getBlockBlobClient(name);
      const store = trustStoreFromBlob(blob, { signedBy: readFileSync(join(folder, 'killed.public.pem'), 'utf8') });
      await store.start?.();
      assert.equal(store.report?.().fault, undefined);
      return store.report?.().revision;
    };
    try {
      await killDuring(false, '1');
      assert.equal(await startCold(), 1);
      await killDuring(true, '2');
      assert.equal(await startCold(), 2);
      assert.equal(writes, 2);
    } finally {
      await proxy.close();
    }
  });

  it('does what docs/trust-administration.md shows from the first caller to a renewal', async () => {
    const page = readFileSync(join(root, 'docs', 'trust-administration.md'), 'utf8');
    const [, section = ''] = /^### From the first caller to a renewal\n([\s\S]*?)^##/m.exec(page) ?? [];
    const lines = [...section.matchAll(/^certgate trust (.*)$/gm)].map(([, line = '']) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''),
    );
    assert.equal(lines.length, 5);
    const place = join(folder, 'life');
    mkdirSync(place);
    for (const name of ['billing', 'billing-2']) makeOpensslCertificate(place, name, 'ec');
    symlinkSync(join(azuriteFolder, 'node_modules'), join(place, 'node_modules'), 'junction');
    const name = 'life.json';
    for (const line of lines) {
      const { exitCode, stdout, stderr } = await run(name, line, { cwd: place });
      assert.equal(exitCode, 0, `${line.join(' ')}\n${stderr}${stdout}`);
    }
    assert.match(await expectRun(name, 'list'), /revision 3\n[\s\S]*billing.*active/);
  });

  it('restores an earlier version of the blob, with its signature', async () => {
    const name = 'versions.json';
    openssl(['genpkey', '-algorithm', 'ed25519', '-out', 'versions.pem'], folder);
    const signing = ['--reason', 'x', '--signing-key', join(folder, 'versions.pem')];
    await expectRun(name, 'init', ...signing);
    await expectRun(name, 'add', 'billing', '--thumbprint-sha256', '1'.repeat(64), ...signing);
    const proxy = await startStorageProxy(azurite.endpoint);
    const version = '2026-11-25T10:00:00.1234567Z';
    // Azurite keeps no versions, so the test keeps the storage's present answer.
    let earlier: { readonly headers: IncomingHttpHeaders; readonly bytes: Buffer } | undefined;
    proxy.fault = async ({ ask, response }) => {
      const answer = await ask();
      earlier = { headers: answer.headers, bytes: await buffer(answer) };
      response.writeHead(200, earlier.headers).end(earlier.bytes);
    };
    assert.equal((await run(name, ['list'], { endpoint: proxy.endpoint })).exitCode, 0);
    proxy.fault = async ({ request, response, forward }) => {
      const asked = new URL(request.url ?? '', 'http://localhost').searchParams.get('versionid');
      if (asked === null) await forward();
      else if (asked === version) response.writeHead(200, earlier?.headers).end(earlier?.bytes);
      else response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end();
    };
    try {
      await expectRun(name, 'remove', 'billing', ...signing);
      const restore = ['restore', ...signing, '--blob-version'];
      const restored = await run(name, [...restore, version], { endpoint: proxy.endpoint });
      assert.match(
        restored.stdout,
        /^Restored the content of revision 2 from version 2026-.*\n.*"billing"/,
        restored.stderr,
      );
      assert.match(await expectRun(name, 'list'), /revision 4, signed[\s\S]*billing/);
      const none = await run(name, [...restore, version.replace('7Z', '8Z')], { endpoint: proxy.endpoint });
      assert.equal(none.exitCode, 2);
      assert.match(none.stderr, /There is no version .*8Z of blob:.*\n.*az storage blob list --include v/);
    } finally {
      await proxy.close();
    }
  });

  it('accepts a connection string and a shared access signature from the environment', async () => {
    const { sdk, account, key, endpoint } = azurite;
    const name = 'access.json';
    await expectRun(name, 'init', '--reason', 'x');
    const token = sdk
      .generateBlobSASQueryParameters(
        {
          containerName,
          permissions: sdk.BlobSASPermissions.parse('r'),
          expiresOn: new Date(Date.now() + 3_600_000),
        },
        new sdk.StorageSharedKeyCredential(account, key),
      )
      .toString();
    const connection = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`;
    const environments = [{ AZURE_STORAGE_SAS_TOKEN: token }, { AZURE_STORAGE_CONNECTION_STRING: connection }];
    for (const environment of environments) {
      const { exitCode, stderr } = await run(name, ['list'], { environment });
      assert.equal(exitCode, 0, stderr);
    }
    // This signature permits only reading. The change cannot be logged, so it is not made.
    const add = ['add', 'a', '--thumbprint-sha256', '1'.repeat(64), '--reason', 'x'];
    const written = await run(name, add, { environment: { AZURE_STORAGE_SAS_TOKEN: token } });
    assert.equal(written.exitCode, 2);
    assert.doesNotMatch(written.stdout + written.stderr, /sig=/);
    assert.match(await expectRun(name, 'list'), /revision 1/);
  });

  it('says what is wrong, and what to do', async () => {
    const list = ['list'];
    assert.match((await run('none.json', list)).stderr, /no trust document.*\n.*certgate trust init/);
    assert.match((await run('x.json', list, { environment: {} })).stderr, /no credential.*\n.*CONNECTION_STRING/);
    const wrong = { AZURE_STORAGE_KEY: Buffer.alloc(64).toString('base64') };
    assert.match((await run('x.json', list, { environment: wrong })).stderr, /AZURE_STORAGE_KEY/);
    const foreign = { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=other;AccountKey=a2V5' };
    assert.match((await run('x.json', list, { environment: foreign })).stderr, /belongs to other.*not sent there/);
    assert.match((await run('x.json', list, { cwd: folder })).stderr, /npm install --save-dev @azure\/storage-blob@/);
    const store = `blob:${azurite.endpoint}/nothing/trust.json`;
    const noContainer = await run('x.json', ['list', '--store', store]);
    assert.match(noContainer.stderr, /no container nothing.*\n.*az storage container create/);
  });
});

/** Sets the environment and the working folder of this process during `work`. Never run two at once. */
async function withEnvironment<Result>(
  environment: Readonly<Record<string, string | undefined>>,
  work: () => Promise<Result>,
  cwd = process.cwd(),
): Promise<Result> {
  const { env: outerEnvironment } = process;
  const outerFolder = process.cwd();
  process.env = { ...environment };
  process.chdir(cwd);
  try {
    return await work();
  } finally {
    process.chdir(outerFolder);
    process.env = outerEnvironment;
  }
}

// Tests several copies of the packages in one process: two versions, each with both adapters, imported and required,
// and a third place where each adapter has its own core.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as AzureFunctions from '@azure/functions';
import type * as azureAdapter from '@certgate/azure-functions';
import type * as core from '@certgate/core';
import type * as httpAdapter from '@certgate/http';
import type * as x509 from '@certgate/x509';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { root } from './test-support/certgate.js';
import { packPackages } from './test-support/npm.js';

interface Loaded {
  readonly azure: typeof azureAdapter;
  readonly core: typeof core;
  readonly http: typeof httpAdapter;
  readonly x509: typeof x509;
}

/** The packages of one place, imported and required. */
interface Place {
  readonly name: string;
  readonly imported: Loaded;
  readonly required: Loaded;
  /** The CommonJS files that an app loads if it requires both adapters and core, but not x509. */
  readonly files: readonly string[];
}

interface Worker {
  start(): Promise<unknown>;
  invoke(name: string, call: object): Promise<{ readonly status: number; readonly body: string }>;
}

const require = createRequire(import.meta.url);
const names = ['x509', 'core', 'azure-functions', 'http'];
const callers = ['ann', 'ben'].map((name) => ({ name, ...makeCertificate({ name: [`CN = ${name}`] }) }));
const places: Place[] = [];
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-two-versions-'));
  const packed = names.map((name) => `certgate-${name}`);
  const tarballs = await packPackages(join(folder, 'tarballs'), packed);
  places.push(await load('first', tarballs), await load('second', tarballs, '0.1.1'));
  places.push(await load('own-cores', tarballs, undefined, true));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Unpacks the packages as npm does, so that packages of one version find each other. With `isBundled`, each package
 * contains the others.
 */
async function load(name: string, tarballs: readonly string[], version?: string, isBundled = false): Promise<Place> {
  for (const [index, tarball] of tarballs.entries()) {
    const target = join(folder, name, 'node_modules', '@certgate', names[index]!);
    mkdirSync(target, { recursive: true });
    const left = isBundled ? [] : ['--exclude', 'package/node_modules'];
    const { status, stderr } = spawnSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1', ...left]);
    assert.equal(status, 0, String(stderr));
    if (version === undefined) continue;
    const manifest = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as object;
    writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, version }));
  }
  const known = new Set(Object.keys(require.cache));
  const ofPlace = createRequire(join(folder, name, 'app.cjs'));
  const [azure, coreOf, http]: readonly unknown[] = ['azure-functions', 'core', 'http'].map(
    (each) => ofPlace(`@certgate/${each}`) as unknown,
  );
  const files = Object.keys(require.cache).filter((file) => !known.has(file));
  const app = join(folder, name, 'app.mjs');
  const imports = { azure: 'azure-functions', core: 'core', http: 'http', x509: 'x509' };
  const exported = Object.entries(imports).map(([local, each]) => `export * as ${local} from '@certgate/${each}';`);
  writeFileSync(app, exported.join('\n'));
  return {
    name,
    imported: (await import(pathToFileURL(app).href)) as Loaded,
    required: { azure, core: coreOf, http, x509: ofPlace('@certgate/x509') as unknown } as Loaded,
    files: files.map((file) => file.slice(join(folder, name, 'node_modules', '@certgate').length + 1)),
  };
}

/** The trust document of a place, which lists Ann and Ben under names that contain the place. */
function documentOf(place: Place, known = callers): object {
  const identities = known.map(({ name, der }) => ({
    name: `${name} of ${place.name}`,
    roles: [],
    pins: [{ thumbprintSha256: createHash('sha256').update(der).digest('hex') }],
  }));
  return { schemaVersion: 1, revision: 1, identities };
}

const listKinds = ({ imported, required }: Place): readonly Loaded[] => [imported, required];

it("each package has one copy in a place, however it is loaded, separate from other places' copies", () => {
  for (const { imported, required, name } of places) {
    for (const key of ['azure', 'core', 'http', 'x509'] as const)
      for (const [member, value] of Object.entries(imported[key]))
        assert.equal((required[key] as Readonly<Record<string, unknown>>)[member], value, `${name}: ${member}`);
    const isShared = name !== 'own-cores';
    assert.equal(imported.azure.trustStoreFromFile === required.core.trustStoreFromFile, isShared, name);
    assert.equal(imported.azure.trustStoreFromFile === required.http.trustStoreFromFile, isShared, name);
  }
  assert.equal(new Set(places.map(({ required }) => required.core.AccessGate)).size, places.length);
});

it("an app loads one file each for both adapters and core, the file that core's parts share, and nothing of x509", () => {
  const expected = [
    'azure-functions/dist/index.cjs',
    'core/dist/index.cjs',
    'core/dist/shared.cjs',
    'http/dist/index.cjs',
  ];
  for (const { files, name } of places.slice(0, 2))
    assert.deepEqual(files.map((file) => file.replaceAll('\\', '/')).sort(), expected, name);
});

it("an error of any package is an instance of every package's CertgateError", () => {
  const loaded = places.flatMap(listKinds);
  const errors = loaded.flatMap(({ azure, core: coreOf, http, x509: decoders }) => {
    const misuses = [
      () => {
        azure.secureApp({} as never, {} as never);
      },
      () => coreOf.trustStoreFromDocument({}),
      () => http.createGate({} as never),
      () => decoders.decodePem(undefined as never, 'CERTIFICATE'),
    ];
    return misuses.map(catchError);
  });
  for (const error of errors) {
    for (const each of loaded.flatMap((all) => Object.values(all) as readonly object[]))
      assert.ok(error instanceof (Reflect.get(each, 'CertgateError') as typeof core.CertgateError), String(error));
    assert.match((error as core.CertgateError).code, /^CERTGATE_/);
  }
});

function catchError(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}

it('a certificate that one gate decoded can be read by x509 of every place', async () => {
  for (const place of places) {
    const trustStore = place.required.core.trustStoreFromDocument(documentOf(place));
    const decision = await new place.required.core.AccessGate({ trustStore }).decide(
      callers[0]!.header,
      { functionName: 'read', roles: [] },
      Date.now(),
    );
    assert.ok(decision.outcome === 'allowed');
    for (const { x509: decoders } of places.flatMap(listKinds)) {
      const { certificate }: core.ClientIdentity = decision.identity;
      assert.deepEqual(decoders.listCertificateFaults(certificate, Date.now()), []);
      assert.match(decoders.describePublicKey(certificate.publicKey), /\d/);
    }
  }
});

describe('a request is decided once, and only its own caller is seen,', () => {
  /** The events that the gates of all copies publish. */
  const events: core.DecisionEvent[] = [];
  const note = (event: unknown): void => {
    events.push(event as core.DecisionEvent);
  };
  before(() => {
    subscribe('certgate:decision', note);
  });
  after(() => {
    unsubscribe('certgate:decision', note);
  });

  it('in servers that run side by side', async (context) => {
    const frontEndSecret = 'a-secret-of-the-front-end-for-tests-only';
    const log = { info: (): void => undefined, warn: (): void => undefined };
    const kinds = places.flatMap((place) => listKinds(place).map((loaded) => ({ place, loaded })));
    const servers = kinds.map(({ place, loaded: { http } }) => {
      const trustStore = http.trustStoreFromDocument(documentOf(place));
      const gate = http.createGate({ trustStore, frontEnd: 'haproxy', frontEndSecret, log });
      const server = createServer((request, response) => {
        setImmediate(() => {
          const ask = (isOwn: boolean): ReadonlySet<string> =>
            new Set(
              kinds
                .filter((each) => (each.place === place) === isOwn)
                .map((each) => each.loaded.http.findClientIdentity(request)?.name ?? 'nobody'),
            );
          const ofGate = http.findClientIdentity(request, gate)?.name ?? 'nobody';
          response.end([ofGate, ...ask(true), ...ask(false)].join());
        });
      });
      http.secureServer(server, gate);
      return { server: server.listen(0, '127.0.0.1'), place };
    });
    context.after(() => {
      for (const { server } of servers) {
        server.close();
        server.closeAllConnections();
      }
    });
    await Promise.all(servers.map(({ server }) => once(server, 'listening')));
    events.length = 0;
    const calls = servers.flatMap((each) => callers.map((caller) => ({ ...each, caller })));
    const answers = await Promise.all(
      calls.map(async ({ server, caller }) => {
        const headers = {
          'X-Certgate-Front-End-Secret': frontEndSecret,
          'X-Client-Certificate': caller.header,
          'X-Client-Certificate-Verification': 'UNVERIFIED',
        };
        return (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers })).text();
      }),
    );
    const expected = calls.map(({ place, caller }) => `${caller.name} of ${place.name}`);
    assert.deepEqual(
      answers,
      expected.map((name) => `${name},${name},nobody`),
    );
    assert.deepEqual(events.map(({ identityName }) => identityName).sort(), expected.sort());
  });

  it('in an app of Azure Functions whose files load different copies', async (context) => {
    const file = join(root, 'packages/azure-functions/dist/esm/test-support/test-worker.js');
    const { createWorker, loadFunctionsLibrary } = (await import(pathToFileURL(file).href)) as {
      createWorker: (of: typeof context) => Worker;
      loadFunctionsLibrary: () => typeof AzureFunctions;
    };
    const environment = process.env;
    process.env = { WEBSITE_INSTANCE_ID: 'a1b2' };
    context.after(() => {
      process.env = environment;
    });
    const kinds = places.flatMap(listKinds);
    for (const place of places) {
      const worker = createWorker(context);
      const { app, InvocationContext } = loadFunctionsLibrary();
      const { azure } = place.required;
      azure.secureApp(app, { trustStore: azure.trustStoreFromDocument(documentOf(place, callers.slice(0, 1))) });
      for (const other of places.filter((each) => each !== place)) {
        const trustStore = other.required.azure.trustStoreFromDocument(documentOf(other));
        const error = catchError(() => {
          other.required.azure.secureApp(app, { trustStore });
        });
        assert.equal((error as core.CertgateError).code, 'CERTGATE_ALREADY_INSTALLED');
      }
      app.http('read', {
        handler: (_, invocation) => {
          const seen = kinds.map((each) => each.azure.findClientIdentity(invocation)?.name ?? 'nobody');
          const another = new InvocationContext();
          const unseen = kinds.map((each) => each.azure.findClientIdentity(another)?.name ?? 'nobody');
          return { body: [...new Set(seen), ...new Set(unseen)].join() };
        },
      });
      await worker.start();
      events.length = 0;
      const answers = await Promise.all(
        callers.map(({ header }) => worker.invoke('read', { headers: { 'x-arr-clientcert': header } })),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 401],
      );
      assert.equal(answers[0]?.body, `ann of ${place.name},nobody`);
      assert.deepEqual(events.map(({ code }) => code).sort(), ['allowed', 'certificate_not_trusted']);
    }
  });
});

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { type Azurite, azuriteFolder, startAzurite } from './test-support/azurite.js';
import { cleanEnvironment, root, runProgram } from './test-support/certgate.js';
import { makeOpensslCertificate } from './test-support/openssl.js';

// Tests trustStoreFrom in apps of every module kind. With the real SDK, the apps take a token from the endpoint that
// App Service gives to managed identities, and read a real Azurite over TLS. Other apps have no SDK.

interface Outcome {
  /** The error that prevented the app's start, or why the latest read failed. Undefined if neither happened. */
  readonly fault?: string;
  readonly code?: string;
  readonly revision?: number;
  readonly source?: string;
  readonly mirror?: { readonly isInUse: boolean };
  readonly finding: string;
}

const folder = mkdtempSync(join(tmpdir(), 'certgate-trust-store-from-'));
const withSdk = join(folder, 'with-sdk');
const withoutSdk = join(folder, 'without-sdk');
const identity = 'e3b0c442-98fc-41c8-9bf4-4c5f2a6b0d11';
const signer = generateKeyPairSync('ed25519');
const textOf = (revision: number): string => JSON.stringify({ schemaVersion: 1, revision, identities: [] });
const signatureOf = (text: string): string => sign(null, Buffer.from(text), signer.privateKey).toString('base64');
const blobText = textOf(7);
let azurite: Azurite;
let identityServer: Server;
let environment: Record<string, string>;
/** The client ids for which a token was requested. Null means the system-assigned identity. */
let askedFor: (string | null)[] = [];

/**
 * The code of an app that starts a store with the address from the environment, asks it once, and prints the result.
 */
const appBody = `
  const { CERTGATE_TRUST: address, MIRROR: mirror, SIGNED_BY: signedBy } = process.env;
  const options = { readTimeoutSeconds: 60, ...(signedBy && { signedBy }) };
  const store = trustStoreFrom(mirror ? [address, mirror] : address, options);
  const certificate = { der: new Uint8Array(), thumbprintSha256: 'A'.repeat(64) };
  const report = async () => {
    let failed = {};
    try { await store.start(); } catch ({ message, code }) { failed = { fault: message, code }; }
    const { outcome, detail } = await store.find(certificate, Date.now());
    const { revision, description, fault, mirror } = store.report();
    process.stdout.write(JSON.stringify({ fault, ...failed, revision, source: description, mirror, finding: outcome }));
  };
  report();`;

before(async () => {
  installPackages(withSdk);
  installPackages(withoutSdk);
  symlinkSync(join(azuriteFolder, 'node_modules', '@azure'), join(withSdk, 'node_modules', '@azure'), 'junction');
  const host = 'devstoreaccount1.blob.core.windows.net';
  const tls = makeOpensslCertificate(folder, 'storage', 'ec', [`subjectAltName=DNS:${host},IP:127.0.0.1`]);
  // Resolves every blob storage host to this machine.
  writeFileSync(
    join(folder, 'resolve.cjs'),
    `const dns = require('node:dns');
     const { lookup } = dns;
     dns.lookup = (name, ...rest) => lookup(name.endsWith('.blob.core.windows.net') ? '127.0.0.1' : name, ...rest);`,
  );
  [azurite] = await Promise.all([startAzurite({ development: tls }), startIdentityServer()]);
  const { port } = identityServer.address() as AddressInfo;
  environment = {
    NODE_EXTRA_CA_CERTS: tls.certificateFile,
    NODE_OPTIONS: `--require ${JSON.stringify(join(folder, 'resolve.cjs'))}`,
    IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`,
    IDENTITY_HEADER: 'made-up',
    CERTGATE_TRUST: `blob:https://${host}:${azurite.port}/trust/apps/trust.json`,
  };
  // A script, because it needs a process that trusts this storage's certificate.
  writeFileSync(
    join(withSdk, 'write.cjs'),
    `const { BlobServiceClient } = require('@azure/storage-blob');
     const { credential } = BlobServiceClient.fromConnectionString('UseDevelopmentStorage=true');
     const container = new BlobServiceClient('${azurite.endpoint}', credential).getContainerClient('trust');
     const text = ${JSON.stringify(blobText)};
     const write = async () => {
       await container.create();
       const metadata = { certgatesignature: '${signatureOf(blobText)}' };
       await container.getBlockBlobClient('apps/trust.json').upload(text, text.length, { metadata });
       process.stdout.write('{}');
     };
     write();`,
  );
  await run(join(withSdk, 'write.cjs'));
});

after(async () => {
  await azurite.stop();
  identityServer.close();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Copies our packages into the app, because Node would follow a link to a place where other packages are installed.
 * Adds the app for each module kind.
 */
function installPackages(app: string): void {
  for (const name of readdirSync(join(root, 'node_modules', '@certgate'))) {
    cpSync(join(root, 'node_modules', '@certgate', name), join(app, 'node_modules', '@certgate', name), {
      recursive: true,
      dereference: true,
      filter: (path) => !/[\\/](?:src|esm|node_modules)$|\.d\.ts$/.test(path),
    });
  }
  writeFileSync(join(app, 'app.cjs'), `const { trustStoreFrom } = require('@certgate/azure-functions');${appBody}`);
  writeFileSync(join(app, 'app.mjs'), `import { trustStoreFrom } from '@certgate/azure-functions';${appBody}`);
  writeFileSync(join(app, 'package.json'), '{}');
}

/** Starts the endpoint that App Service runs for an app with a managed identity. */
async function startIdentityServer(): Promise<void> {
  identityServer = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
    askedFor.push(searchParams.get('client_id'));
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      aud: 'https://storage.azure.com',
      iss: 'https://sts.windows.net/x/',
      iat: now,
      nbf: now,
      exp: now + 3600,
    };
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const access_token = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.eA`;
    response.setHeader('content-type', 'application/json');
    if (searchParams.has('refuse')) {
      response.writeHead(400).end('{"error":{"code":"invalid_request","message":"no such identity"}}');
      return;
    }
    response.end(JSON.stringify({ access_token, expires_on: now + 3600, resource: claims.aud, token_type: 'Bearer' }));
  });
  await new Promise<void>((resolve) => identityServer.listen(0, '127.0.0.1', resolve));
}

async function run(
  script: string,
  changes: Readonly<Record<string, string>> = {},
  cwd: string = dirname(script),
): Promise<Outcome> {
  askedFor = [];
  const { stdout, stderr, exitCode } = await runProgram(process.execPath, [script], {
    cwd,
    env: { ...cleanEnvironment(), ...environment, ...changes },
  });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Outcome;
}

/**
 * Bundles the app with everything that is installed, except `external`. Without `external`, the bundle is put where
 * nothing is installed.
 */
async function bundle(app: string, format: 'cjs' | 'esm', external: readonly string[] = []): Promise<string> {
  const target = mkdtempSync(join(external.length === 0 ? folder : app, 'bundle-'));
  const outfile = join(target, `app.${format === 'cjs' ? 'cjs' : 'mjs'}`);
  const { warnings } = await build({
    entryPoints: [join(app, 'app.mjs')],
    outfile,
    bundle: true,
    tsconfigRaw: {},
    platform: 'node',
    format,
    external: [...external],
    logLevel: 'silent',
    ...(format === 'cjs'
      ? {}
      : {
          banner: {
            js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
          },
        }),
  });
  assert.deepEqual(
    warnings.map(({ text }) => text),
    [],
  );
  return outfile;
}

describe('the managed identity reads a blob', () => {
  const expectRead = async (...[script, changes, cwd]: Parameters<typeof run>): Promise<void> => {
    const { fault, revision, finding } = await run(script, changes, cwd);
    assert.deepEqual({ fault, revision, finding }, { fault: undefined, revision: 7, finding: 'notFound' });
  };

  it('in a CommonJS app', async () => {
    // The adapter finds the packages next to itself, even if the app was started in another folder.
    await expectRead(join(withSdk, 'app.cjs'), {}, folder);
    assert.deepEqual(askedFor, [null]);
  });

  it('in an ES module app, by the user-assigned identity that AZURE_CLIENT_ID names', async () => {
    await expectRead(join(withSdk, 'app.mjs'), { AZURE_CLIENT_ID: identity });
    assert.deepEqual(askedFor, [identity]);
  });

  for (const format of ['cjs', 'esm'] as const) {
    it(`in a bundle (${format}) that does not contain the packages`, async () => {
      await expectRead(await bundle(withSdk, format, ['@azure/storage-blob', '@azure/identity']));
    });

    it(`in a bundle (${format}) that contains the packages, with nothing installed next to it`, async () => {
      await expectRead(await bundle(withSdk, format));
    });
  }

  it('and variables that contain a key are never used', async () => {
    const { fault, finding } = await run(join(withSdk, 'app.cjs'), {
      CERTGATE_TRUST: `blob:https://127.0.0.1:${azurite.port}/other/trust/apps/trust.json`,
      AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    });
    assert.match(fault ?? '', /sent to \*\.blob\.core\.windows\.net.*trustStoreFromBlob/);
    assert.equal(finding, 'unavailable');
    assert.deepEqual(askedFor, []);
  });
});

it("Azurite's development account on this machine needs no identity", async () => {
  const { fault, revision } = await run(join(withSdk, 'app.cjs'), {
    CERTGATE_TRUST: `blob:${azurite.endpoint}/trust/apps/trust.json`,
  });
  assert.deepEqual([fault, revision, askedFor], [undefined, 7, []]);
});

describe("without Azure's packages,", () => {
  const expectAbsent = async (script: string): Promise<void> => {
    const { fault, code, finding } = await run(script);
    assert.match(fault ?? '', /needs the package @azure\/storage-blob, which is not installed/);
    assert.match(fault ?? '', /npm install @azure\/storage-blob@12 @azure\/identity@4$/);
    assert.deepEqual([code, finding], ['CERTGATE_TRUST_SOURCE_MISUSE', 'unavailable']);
  };

  it("a blob prevents the app's start, and the message names the package and how to install it", async () => {
    await expectAbsent(join(withoutSdk, 'app.cjs'));
    await expectAbsent(join(withoutSdk, 'app.mjs'));
  });

  for (const format of ['cjs', 'esm'] as const) {
    it(`a bundle (${format}) is built without a warning, reads files, and reports the same for a blob`, async () => {
      const script = await bundle(withoutSdk, format);
      await expectAbsent(script);
      writeFileSync(join(dirname(script), 'trust.json'), '{"schemaVersion":1,"revision":3,"identities":[]}');
      const { fault, revision } = await run(script, { CERTGATE_TRUST: 'file:trust.json' });
      assert.deepEqual([fault, revision], [undefined, 3]);
    });
  }

  it("a package that lacks the SDK's classes is named", async () => {
    const app = join(folder, 'odd');
    installPackages(app);
    mkdirSync(join(app, 'node_modules', '@azure', 'storage-blob'), { recursive: true });
    writeFileSync(join(app, 'node_modules', '@azure', 'storage-blob', 'index.js'), 'exports.BlobClient = class {};');
    const { fault } = await run(join(app, 'app.cjs'));
    assert.match(fault ?? '', /installed @azure\/storage-blob has no BlobServiceClient/);
  });
});

describe('a storage that refuses', () => {
  it('lets the app start closed, and says what to do', async () => {
    const { fault, code, finding } = await run(join(withSdk, 'app.cjs'), {
      CERTGATE_TRUST: environment['CERTGATE_TRUST']!.replace('apps/trust.json', 'missing.json'),
    });
    assert.match(fault ?? '', /the storage answered 404/);
    assert.deepEqual([code, finding], [undefined, 'unavailable']);
  });

  it('has the same effect as an identity that gives no token', async () => {
    const { fault, code, finding } = await run(join(withSdk, 'app.cjs'), {
      IDENTITY_ENDPOINT: `${environment['IDENTITY_ENDPOINT']!}?refuse=`,
    });
    assert.match(fault ?? '', /gets no token for the storage.*AZURE_CLIENT_ID.*az login/);
    assert.deepEqual([code, finding], [undefined, 'unavailable']);
  });
});

it('of a signed blob and a file deployed with the app, the newer one decides, or the file if the storage is down', async () => {
  const mirror = join(withSdk, 'mirror.json');
  const put = (revision: number): void => {
    writeFileSync(mirror, textOf(revision));
    writeFileSync(`${mirror}.sig`, signatureOf(textOf(revision)));
  };
  const start = async (address: string): Promise<readonly unknown[]> => {
    const {
      fault,
      revision,
      mirror: used,
    } = await run(join(withSdk, 'app.cjs'), {
      CERTGATE_TRUST: address,
      MIRROR: 'file:mirror.json',
      SIGNED_BY: signer.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
    return [revision, used?.isInUse, fault?.replace(/^.*;/, '')];
  };
  const said = ' the document of the mirror (file mirror.json) is in use';
  put(3);
  // Nothing listens on this port.
  assert.deepEqual(await start('blob:http://127.0.0.1:1/devstoreaccount1/trust/apps/trust.json'), [3, true, said]);
  const blob = `blob:${azurite.endpoint}/trust/apps/trust.json`;
  assert.deepEqual(await start(blob), [7, false, undefined]);
  put(8);
  assert.deepEqual(await start(blob), [8, true, said]);
});

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { type Callers, createCallers, send, startFunctionsHost } from './test-support/adapter-app.js';
import { root, sampleFolder } from './test-support/certgate.js';
import { listPackedByAzd, listPackedByCoreTools } from './test-support/deployed-files.js';
import { expectNpm, findTarball, packPackages, runNpm } from './test-support/npm.js';

// Tests what a deployment of the sample contains if the app is outside this repository and installs the adapter from a
// vendored tarball. The app is packed after `npm run stage`, and without it by Core Tools and azd. The package must
// contain no key, certificate, trust document, setting or log of the developer's, and its functions must answer
// correctly with App Service's environment variables.

const appService = JSON.parse(
  readFileSync(join(root, 'tests', 'test-support', 'app-service-environment.json'), 'utf8'),
) as Readonly<Record<string, string>>;

/** Files all over the app that no deployment may contain. Each contains the marker. */
const marker = 'planted-by-the-test';
const decoys = [
  '.certgate/allowed.pfx',
  '.certgate/gateway.key.pem',
  '.certgate/password.txt',
  '.certgate/trust.json',
  '.env',
  '.env.local',
  '.npmrc',
  '.vscode/settings.json',
  '.azure/config.json',
  '.azure/dev/.env',
  '.github/workflows/deploy.yml',
  'authorities/corp/corp.crl.log.jsonl',
  'authorities/corp/corp.key.pem',
  'azure.yaml',
  'billing.crt.pem',
  'billing.key',
  'billing.p12',
  'billing.pfx',
  'certgate.baseline.json',
  'certificates/billing.cer',
  'certificates/billing.password',
  'certificates/password.txt',
  'certificates/server.crt',
  'ca.crt',
  'dist/.certgate/denied.pfx',
  'dist/.env',
  'dist/.npmrc',
  'dist/src/functions/billing.key.pem',
  'dist/src/functions/billing.pem',
  'dist/src/functions/SecuredFunction.js.map',
  'dist/src/index.d.ts',
  'esbuild.config.ts',
  'func.log',
  'infra/main.bicep',
  'infra/main.parameters.json',
  'logs/func.log',
  'password.txt',
  'production/package.json',
  'signing.pem',
  'src/functions/trust.json',
  'src/index.ts',
  'test/fixtures.js',
  'tests/SecuredFunction.test.js',
  'trust.json',
  'trust.json.log.jsonl',
  'trust.json.sig',
  'tsconfig.json',
];

let temporary: string;
let app: string;
let callers: Callers;

before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-deployed-'));
  app = join(temporary, 'app');
  for (const name of ['.funcignore', '.gitignore', 'dist', 'host.json', 'local.settings.json', 'scripts']) {
    cpSync(join(sampleFolder, name), join(app, name), { recursive: true });
  }
  await packPackages(join(temporary, 'packed'));
  const tarball = findTarball(join(temporary, 'packed'), 'certgate-azure-functions');
  cpSync(tarball, join(app, 'vendor', basename(tarball)));
  writeManifest(basename(tarball));
  await expectNpm(['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], app);
  for (const path of decoys) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    // The content is a comment in the syntax of .npmrc, so that npm can still read that file.
    writeFileSync(join(app, path), `; ${marker} ${path}\n`);
  }
  const outside = join(temporary, 'callers');
  mkdirSync(outside);
  callers = createCallers(outside);
  await expectNpm(['run', '--silent', 'stage'], app);
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/**
 * Writes the package.json that docs/app-shapes.md describes, with the adapter from a tarball in the app's own
 * repository.
 */
function writeManifest(tarball: string): void {
  const { main } = JSON.parse(readFileSync(join(sampleFolder, 'package.json'), 'utf8')) as { readonly main: string };
  const scripts = { stage: 'node scripts/stage.mjs' };
  const dependencies = { '@azure/functions': '^4.16.5', '@certgate/azure-functions': `file:vendor/${tarball}` };
  // `npm run stage` must keep these. Without the override, `npm ci` refuses the lockfile.
  const more = { optionalDependencies: { ms: '2.1.3' }, overrides: { cookie: '1.0.2' } };
  const manifest = { name: 'app', version: '1.0.0', main, scripts, dependencies, ...more };
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
}

function findDecoys(folder: string, files: readonly string[]): readonly string[] {
  return files.filter((path) => readFileSync(join(folder, path), 'latin1').includes(marker));
}

/** Copies the packed files into a folder that contains nothing else. */
function unpack(name: string, folder: string, files: readonly string[]): string {
  const place = join(temporary, name);
  for (const path of files) cpSync(join(folder, path), join(place, path));
  return place;
}

const packages = [
  ['azd, from deploy/', 'deploy', listPackedByAzd],
  ['azd, from the app itself', '.', listPackedByAzd],
  ['Core Tools, from the app itself', '.', listPackedByCoreTools],
] as const;

it('every decoy is in the app, and findDecoys finds it', () => {
  assert.deepEqual(findDecoys(app, decoys), decoys);
});

/** For each function: the status without a certificate, with one that is not allowed, and with an allowed one. */
async function callEveryFunction(
  context: TestContext,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly (readonly [string, ...number[]])[]> {
  const { trustFile, stranger, reader } = callers;
  const host = await startFunctionsHost({
    folder,
    environment: { ...environment, CERTGATE_TRUST: trustFile },
    // The test sends the header that the front end would set.
    unsafeDirectHeader: true,
  });
  context.after(() => host.close());
  const headers = [{}, { 'X-ARR-ClientCert': stranger }, { 'X-ARR-ClientCert': reader }];
  const names = host.functions.map(({ name }) => name);
  return Promise.all(
    names.map(async (name) => {
      const answers = await Promise.all(headers.map((sent) => send(`${host.url}/api/${name}`, sent)));
      return [name, ...answers.map(({ status }) => status)] as const;
    }),
  );
}

for (const [name, from, list] of packages) {
  describe(`the package that ${name} makes`, () => {
    let folder: string;
    let files: readonly string[];

    before(() => {
      folder = join(app, from);
      files = list(folder);
    });

    it('contains no key, certificate, trust document, setting, log or test, and nothing that only the build needs', () => {
      assert.deepEqual(findDecoys(folder, files), []);
      // The lockfile may be in the package, because a build in Azure would need it.
      assert.deepEqual(files.filter((path) => !/^(?:node_modules\/|package-lock\.json$)/.test(path)).sort(), [
        'dist/src/functions/PublicFunction.js',
        'dist/src/functions/RoleFunction.js',
        'dist/src/functions/SecuredFunction.js',
        'dist/src/index.js',
        'host.json',
        'package.json',
      ]);
      assert.deepEqual(
        files.filter((path) => /\.(?:pem|key|pfx|p12|crt|cer|env)$|\/\.npmrc$/i.test(path)),
        [],
      );
    });

    it("answers 200 to an allowed certificate and 401 to others, with App Service's environment variables", async (context) => {
      const place = unpack(name.replace(/\W+/g, '-'), folder, files);
      assert.deepEqual(await callEveryFunction(context, place, appService), [
        ['PublicFunction', 200, 200, 200],
        ['RoleFunction', 401, 401, 403],
        ['SecuredFunction', 401, 401, 200],
      ]);
    });
  });
}

describe('deploy/', () => {
  it('is packed by Core Tools and azd with the same files, including node_modules', () => {
    const packed = [...listPackedByAzd(join(app, 'deploy'))].sort();
    assert.deepEqual([...listPackedByCoreTools(join(app, 'deploy'))].sort(), packed);
    for (const name of ['@certgate/azure-functions', 'ms']) {
      assert.ok(packed.includes(`node_modules/${name}/package.json`), name);
    }
    // This file contains paths of this machine.
    assert.ok(!packed.includes('node_modules/.package-lock.json'));
  });

  it('refuses every call of a closed function if no variable shows that App Service is the front end', async (context) => {
    const environment = { ...appService, WEBSITE_INSTANCE_ID: '' };
    assert.deepEqual(await callEveryFunction(context, join(app, 'deploy'), environment), [
      ['PublicFunction', 200, 200, 200],
      ['RoleFunction', 503, 503, 503],
      ['SecuredFunction', 503, 503, 503],
    ]);
  });

  it('has a package.json that a build in Azure can neither run nor complete from the registry', () => {
    const manifest = JSON.parse(readFileSync(join(app, 'deploy', 'package.json'), 'utf8')) as Record<string, unknown>;
    const kept = ['dependencies', 'main', 'name', 'optionalDependencies', 'overrides', 'private', 'version'];
    assert.deepEqual(Object.keys(manifest).sort(), kept);
    assert.match(JSON.stringify(manifest['dependencies']), /"@certgate\/azure-functions":"file:/);
  });

  it('does not exist after a staging that failed', async () => {
    renameSync(join(app, 'dist'), join(app, 'built-earlier'));
    const { exitCode, stderr } = await runNpm(['run', '--silent', 'stage'], app);
    assert.equal(exitCode, 1);
    assert.equal(stderr, 'deploy/ was not made: There is no dist/. Build the app first.\n');
    assert.ok(!existsSync(join(app, 'deploy')));
  });
});

it('the sample deploys the versions that this repository is tested with', () => {
  const read = (path: string, key: 'dependencies' | 'devDependencies'): Readonly<Record<string, string>> =>
    (JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<typeof key, Record<string, string>>)[key];
  const tested = {
    ...read('package.json', 'devDependencies'),
    ...read('tests/azurite/package.json', 'devDependencies'),
  };
  const deployed = read('examples/function-app/production/package.json', 'dependencies');
  for (const [name, version] of Object.entries(deployed)) assert.equal(version, tested[name], name);
  const own = Object.keys(read('examples/function-app/package.json', 'dependencies'));
  assert.deepEqual(
    own.filter((name) => deployed[name] === undefined),
    ['@certgate/azure-functions'],
  );
});

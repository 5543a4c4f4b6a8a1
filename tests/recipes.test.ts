import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { until } from '@certgate/x509/test-support/until.js';
import { startFunctionsHost } from './test-support/adapter-app.js';
import {
  type Ended,
  cleanEnvironment,
  collect,
  root,
  runCertgateHere,
  runProgram,
  sampleFolder,
  startCertgate,
  waitForReady,
} from './test-support/certgate.js';
import { addDevelopmentFiles } from './test-support/development-files.js';
import { expectNpm, packPackages } from './test-support/npm.js';

// Runs recipes of the pages word for word: each command is read from its page. examples/monorepo is for pnpm and npm.
// The others are for the sample app, which the tests add to the apps of the monorepo.

const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

let temporary: string;
let monorepo: string;
let app: string;

before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-recipes-'));
  monorepo = await copyMonorepo('npm');
  app = await addSample(monorepo);
});

after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** The shell blocks below a heading, without the indentation of list items. */
function readCommands(page: string, heading: string): readonly string[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8').replaceAll('\r\n', '\n');
  const section = text.split(/^##+ /m).find((each) => each.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `${page} has no heading ${heading}`);
  return [...section.replaceAll(/^ {3}/gm, '').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
}

/** Runs a block as a user does. `programs` is a folder that the shell finds programs in before any other. */
async function runBlock(code: string, cwd: string, programs = dirname(process.execPath)): Promise<Ended> {
  const tool = `certgate() { node '${join(root, 'packages/certgate/bin/certgate.js')}' "$@"; }\n`;
  const own = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
  const path = [programs, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const child = spawn('sh', ['-euc', tool + code], { cwd, env: { ...cleanEnvironment(), ...own, PATH: path } });
  child.stdin.end();
  return collect(child);
}

async function expectBlock(code: string, cwd: string, programs?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runBlock(code, cwd, programs);
  assert.equal(exitCode, 0, `${code}\n${stdout}${stderr}`);
  return stdout;
}

/** A copy of examples/monorepo with the tarballs in `vendor`, as the page says. */
async function copyMonorepo(name: string): Promise<string> {
  const folder = join(temporary, name);
  cpSync(join(root, 'examples', 'monorepo'), folder, { recursive: true, filter: (from) => !/node_modules/.test(from) });
  await packPackages(join(folder, 'vendor'));
  await addDevelopmentFiles(join(folder, 'apps', 'orders'));
  return folder;
}

/** Adds the sample to the apps of a monorepo, without Certgate. */
async function addSample(monorepo: string): Promise<string> {
  const folder = join(monorepo, 'apps', 'sample');
  for (const name of ['src', 'host.json', 'tsconfig.json'])
    cpSync(join(sampleFolder, name), join(folder, name), { recursive: true });
  const { main, scripts } = JSON.parse(readFileSync(join(sampleFolder, 'package.json'), 'utf8')) as {
    readonly main: string;
    readonly scripts: object;
  };
  const dependencies = { '@azure/functions': '4.16.5' };
  // The native compiler takes a fraction of the time.
  const devDependencies = { '@types/node': '20.19.43', typescript: '7.0.2' };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'sample', version: '1.0.0', main, scripts, dependencies, devDependencies }),
  );
  await addDevelopmentFiles(folder);
  return folder;
}

/** Starts a long-running command of the tool. `said` returns its output until now, and `url` is its address. */
async function serve(
  words: readonly string[],
): Promise<{ readonly url: string; readonly said: () => string; readonly stop: () => Promise<void> }> {
  const child: ChildProcess = startCertgate(words, { cwd: app });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
  };
  try {
    return { url: (await waitForReady(child)).split(' ')[1] ?? '', said: () => output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The status of a call with the caller's certificate in a folder, or without one. The server's is not verified. */
async function ask(url: string, caller?: string, folder = join(app, '.certgate')): Promise<number | undefined> {
  const read = (kind: string): Buffer => readFileSync(join(folder, `${caller}.${kind}.pem`));
  const own = caller === undefined ? {} : { cert: read('crt'), key: read('key') };
  const request = requestHttps(url, { ...own, rejectUnauthorized: false, agent: false }).end();
  const [response] = (await once(request, 'response')) as [{ statusCode?: number; resume(): unknown }];
  response.resume();
  return response.statusCode;
}

describe('docs/app-shapes.md, "A monorepo"', () => {
  const [pnpm = '', deploying = '', npm = '', ...others] = readCommands('app-shapes.md', 'A monorepo');
  const verdicts = /│ orders +│ allowed certificates │ 401 ok │ 401 ok │ 200 ok +│/;

  it('works word for word with npm', async () => {
    assert.match(await expectBlock(npm, monorepo), verdicts);
    assert.deepEqual(others, []);
  });

  it('works word for word with pnpm, and its deployed folder has no symbolic links and is closed', async () => {
    const folder = await copyMonorepo('pnpm');
    const { packageManager } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly packageManager: string;
    };
    const programs = join(temporary, 'programs');
    await expectNpm(['install', ...quietly, '--prefix', programs, packageManager.replace(/\+.*/, '')], temporary);
    const bin = join(programs, 'node_modules', '.bin');
    const store = `export npm_config_store_dir='${join(temporary, 'store')}'\n`;
    assert.match(await expectBlock(store + pnpm, folder, bin), verdicts);
    await expectBlock(store + deploying, folder, bin);
    const deployed = join(folder, 'deploy', 'orders');
    const entries = readdirSync(deployed, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name),
      [],
    );
    assert.ok(!existsSync(join(deployed, 'node_modules', 'certgate')));
    const { exitCode, stdout } = await runCertgateHere(['app', 'inspect', deployed, '--json']);
    assert.equal(exitCode, 0);
    const { functions } = JSON.parse(stdout) as { readonly functions: readonly { covered?: string }[] };
    assert.deepEqual(
      functions.map(({ covered }) => covered),
      ['gate'],
    );
  });
});

describe('an app that another host runs', () => {
  let host: Awaited<ReturnType<typeof startFunctionsHost>>;
  before(async () => {
    await expectNpm(['run', '--silent', 'build'], app);
    const settings = { IsEncrypted: false, Values: { CERTGATE_TRUST: '.certgate/trust.json' } };
    writeFileSync(join(app, 'local.settings.json'), JSON.stringify(settings));
    // Writes the trust document, which the app needs at its start.
    const { exitCode, stderr } = await runCertgateHere(['dev', app, '--once']);
    assert.equal(exitCode, 0, stderr);
    // Plays `func start`, which accepts the header of every program on the machine.
    host = await startFunctionsHost({ folder: app, unsafeDirectHeader: true });
  });
  after(() => host.close());

  it('answers the callers of certgate dev beside func start, as docs/local-development.md says', async () => {
    const [, dev = ''] =
      /^certgate (dev --upstream .*)$/m.exec(
        readCommands('local-development.md', 'Core Tools (`func start`)').join(''),
      ) ?? [];
    const words = dev.replace('7071', String(host.port)).split(' ');
    const { url, stop } = await serve([...words, '--port', '0']);
    try {
      const answers = ['PublicFunction', 'SecuredFunction', 'RoleFunction'].map((name) =>
        Promise.all(
          [undefined, 'denied', 'allowed', 'allowed-operator'].map((caller) => ask(`${url}/api/${name}`, caller)),
        ),
      );
      assert.deepEqual(await Promise.all(answers), [
        [200, 200, 200, 200],
        [401, 401, 200, 200],
        [401, 401, 403, 200],
      ]);
      // The page warns about this.
      const header = readFileSync(join(app, '.certgate', 'allowed.crt.pem'), 'utf8').replace(/-----[^-]+-----|\s/g, '');
      const forged = await fetch(`${host.url}/api/SecuredFunction`, { headers: { 'X-ARR-ClientCert': header } });
      assert.equal(forged.status, 200);
    } finally {
      await stop();
    }
  });

  it('gets no certificate through a proxy that ends TLS as Front Door does, as docs/front-ends.md says', async () => {
    const certificate = { cert: readGateway('crt'), key: readGateway('key') };
    for (const [mode, expected] of [
      ['required', 403],
      ['optional', 401],
    ] as const) {
      const gateway = await serve(['gateway', '--upstream', host.url, '--port', '0', '--mode', mode]);
      const proxy = createServer(
        { ...certificate, requestCert: true, rejectUnauthorized: false },
        (incoming, outgoing) => {
          const { method, headers, url = '' } = incoming;
          const onward = requestHttps(new URL(url, gateway.url), {
            method,
            headers,
            rejectUnauthorized: false,
            agent: false,
          });
          onward.once('response', (response) => {
            outgoing.writeHead(response.statusCode ?? 0, response.headers);
            response.pipe(outgoing);
          });
          onward.end();
        },
      );
      try {
        await once(proxy.listen(0, '127.0.0.1'), 'listening');
        const through = `https://localhost:${(proxy.address() as AddressInfo).port}/api/SecuredFunction`;
        assert.equal(await ask(through, 'allowed'), expected, mode);
        assert.equal(await ask(`${gateway.url}/api/SecuredFunction`, 'allowed'), 200, mode);
      } finally {
        proxy.close();
        await gateway.stop();
      }
    }
  });
});

function readGateway(kind: 'crt' | 'key'): Buffer {
  return readFileSync(join(app, '.certgate', `gateway.${kind}.pem`));
}

describe('docs/trust-administration.md, "Rename a role"', () => {
  it('works word for word while the app is called, and no call is refused', async () => {
    const [give = '', take = '', ...others] = readCommands('trust-administration.md', 'Rename a role');
    assert.deepEqual(others, []);
    const make = ['certificate', 'create', 'billing', '--pem', '--no-pfx', '--out', '.certgate'];
    assert.equal((await runCertgateHere(make, app)).exitCode, 0);
    const store = ['--store', 'file:trust.json', '--reason', 'first callers'];
    for (const words of [
      ['init'],
      ['add', 'billing', '--certificate', '.certgate/billing.crt.pem', '--role', 'operator'],
      ['add', 'reports', '--certificate', '.certgate/allowed.crt.pem'],
    ])
      assert.equal((await runCertgateHere(['trust', ...words, ...store], app)).exitCode, 0);
    const { url, said, stop } = await serve(['dev', app, '--trust', 'trust.json', '--port', '0', '--host-port', '0']);
    const statuses: (number | undefined)[] = [];
    const seen = new Set<number | undefined>();
    let isOver = false;
    const call = async (): Promise<void> => {
      while (!isOver) {
        statuses.push(await ask(`${url}/api/RoleFunction`, 'billing'));
        await setTimeout(50);
      }
    };
    const calls = call();
    try {
      const setting = 'export CERTGATE_TRUST=trust.json\n';
      await expectBlock(setting + give, app);
      await until(() => said().includes('trust.json: revision 4'));
      const file = join(app, 'src', 'functions', 'RoleFunction.ts');
      writeFileSync(file, readFileSync(file, 'utf8').replace("requireRole('operator'", "requireRole('operations'"));
      await expectNpm(['run', '--silent', 'build'], app);
      await until(() => said().split('\nready ').length === 2);
      await expectBlock(setting + take, app);
      await until(() => said().includes('trust.json: revision 5'));
      for (const status of statuses.splice(0)) seen.add(status);
      await until(() => statuses.includes(200));
      let other = 502;
      await until(async () => (other = (await ask(`${url}/api/RoleFunction`, 'allowed')) ?? 0) < 500);
      assert.equal(other, 403, 'of an identity without the role');
    } finally {
      isOver = true;
      await calls;
      for (const status of statuses) seen.add(status);
      await stop();
    }
    // While `certgate dev` loads the app again, its gateway answers 502, and its host 503. The gate gives neither.
    const ofGate = [...seen].filter((status = 0) => status < 500);
    assert.deepEqual(ofGate, [200], said());
    const { identities } = JSON.parse(readFileSync(join(app, 'trust.json'), 'utf8')) as {
      readonly identities: readonly { readonly roles: readonly string[] }[];
    };
    assert.deepEqual(
      identities.map(({ roles }) => roles),
      [['operations'], []],
    );
  });
});

describe('docs/app-shapes.md, "Remove Certgate"', () => {
  it('works word for word: the compiler finds each use, and afterwards every function is open', async () => {
    const [uninstalling = '', cleaning = '', ...others] = readCommands('app-shapes.md', 'Remove Certgate');
    assert.deepEqual(others, []);
    // npm keeps a package in the workspace while another of its apps needs it.
    for (const name of ['orders', 'reports']) rmSync(join(monorepo, 'apps', name), { recursive: true });
    const { exitCode, stdout } = await runBlock(uninstalling, app);
    assert.notEqual(exitCode, 0);
    const sources = [
      'src/index.ts',
      ...['Public', 'Role', 'Secured'].map((name) => `src/functions/${name}Function.ts`),
    ];
    const named = [...stdout.matchAll(/^(\S+)\(\d.*Cannot find module '@certgate/gm)].map(([, file]) => file);
    assert.deepEqual(named.toSorted(), sources.toSorted());
    rmSync(join(app, 'src', 'index.ts'));
    for (const source of sources.slice(1)) {
      const file = join(app, source);
      const text = readFileSync(file, 'utf8')
        .replace(/^import .* from '@certgate.*\n/m, '')
        .replace(/(?:allowAnonymous\(|requireRole\('\w+', )(\w+)\)/, '$1')
        .replace(/^ *const \{ name \} = .*\n/m, '')
        .replace(', caller: name', '');
      writeFileSync(file, text);
    }
    await expectBlock(cleaning, app);
    await expectNpm(['run', '--silent', 'build'], app);
    const { stdout: left } = await runProgram(
      'grep',
      ['-rlI', 'certgate', '.', '--exclude-dir=node_modules', '--exclude=trust.json*'],
      {
        cwd: app,
      },
    );
    assert.equal(left, '');
    const host = await startFunctionsHost({ folder: app, unsafeDirectHeader: true });
    try {
      const names = ['PublicFunction', 'RoleFunction', 'SecuredFunction'];
      const answers = await Promise.all(names.map(async (name) => (await fetch(`${host.url}/api/${name}`)).status));
      assert.deepEqual([host.gate, answers], [undefined, [200, 200, 200]]);
    } finally {
      await host.close();
    }
  });
});

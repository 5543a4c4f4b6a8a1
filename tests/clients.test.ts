import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CallerCertificate, type LocalApp, startLocalApp } from 'certgate';
import { azuriteFolder, installAzurite } from './test-support/azurite.js';
import { cleanEnvironment, collect, type Ended, root, runProgram } from './test-support/certgate.js';
import { KeyVaultStandIn, refuse } from './test-support/key-vault.js';
import { until } from '@certgate/x509/test-support/until.js';
import { makeOpensslCertificate, openssl, type OpensslCertificate } from './test-support/openssl.js';

// Runs the programs of examples/clients against the local gateway through one rotation. Each program has a call under
// way with the old certificate, takes over the new files, and is admitted after the old certificate has been removed.

const examples = join(root, 'examples', 'clients');
const readme = readFileSync(join(examples, 'README.md'), 'utf8');

/** An app whose function Slow answers only after Release was called. Waiting returns how many calls wait. */
const appFiles = {
  'host.json': '{ "version": "2.0" }',
  'package.json': '{ "main": "index.js" }',
  'index.js': `
    const { app } = require('@azure/functions');
    const { secureApp, trustStoreFrom, allowAnonymous, getClientIdentity } = require('@certgate/azure-functions');
    secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 0.1 }) });
    let release;
    const released = new Promise((resolve) => (release = resolve));
    let waiting = 0;
    const who = (context) => ({ body: getClientIdentity(context).certificate.thumbprintSha256 });
    app.http('Whoami', { handler: (request, context) => who(context) });
    app.http('Slow', { handler: async (request, context) => {
      waiting += 1;
      await released;
      return who(context);
    } });
    app.http('Waiting', { handler: allowAnonymous(() => ({ body: String(waiting) })) });
    app.http('Release', { handler: allowAnonymous(() => { release(); return { body: 'done' }; }) });`,
};

interface Certificate extends OpensslCertificate {
  readonly name: string;
  /** The SHA-256 thumbprint in upper-case hex, as the app's functions return it. */
  readonly hash: string;
  readonly pfxFile: string;
  readonly password: string;
  readonly pemFile: string;
}

interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
}

const go = findTool('go', ['version']);
// Prefers Debian's Python to another one that PATH may name first.
const python = ['/usr/bin/python3', 'python3'].find((path) => findTool(path, ['--version']) !== undefined);

function findTool(path: string, args: readonly string[]): string | undefined {
  return spawnSync(path, args, { stdio: 'ignore' }).status === 0 ? path : undefined;
}

describe('the clients of examples/clients', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-clients-'));
  const at = (name: string): string => join(folder, name);
  const files = { pfx: at('billing.pfx'), password: at('billing.password'), pem: at('billing.pem'), ca: at('ca.pem') };
  const programs: Program[] = [];
  let oldCertificate: Certificate;
  let newCertificate: Certificate;
  let app: LocalApp;
  let vault: KeyVaultStandIn;
  let slowCurl: Promise<Ended>;
  let revision = 0;

  before(async () => {
    [oldCertificate, newCertificate] = [makeCertificate('before', 'ec'), makeCertificate('after', 'rsa')];
    trust(oldCertificate);
    replaceFiles(oldCertificate);
    mkdirSync(at('vault'));
    vault = new KeyVaultStandIn(at('vault'));
    [app] = await Promise.all([startApp(), vault.start(), installAzurite()]);
    writeFileSync(files.ca, app.serverCertificatePem);
    setVaultCertificate(oldCertificate);
    const goProgram = await buildGo();
    for (const kind of ['fetch', 'axios', 'https']) {
      const options = ['--pfx', files.pfx, '--password-file', files.password, '--ca', files.ca, '--every', '0.1'];
      start(kind, process.execPath, [join(examples, 'dist', 'call.js'), kind, ...options]);
    }
    start('Key Vault', process.execPath, [writeVaultProgram()], { ...cleanEnvironment(), ...vault.environment });
    const pem = ['--certificate', files.pem, '--ca', files.ca, '--every'];
    if (python !== undefined) start('Python', python, [join(examples, 'python', 'call.py'), ...pem, '0.1']);
    if (goProgram !== undefined) start('Go', goProgram, [...pem, '100ms']);
    slowCurl = curl('Slow', ['--cert', files.pem]);
  });
  after(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await app.close();
    vault.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('call with the first certificate, and each has one call under way', async () => {
    await until(() => programs.every(({ stdout }) => hasAnswer(stdout, oldCertificate)));
    await until(async () => Number((await app.callAs('none', '/api/Waiting')).body) === programs.length + 1);
  });

  it('report files that they cannot use, and continue with the old certificate', async () => {
    for (const file of [files.pfx, files.pem]) replaceFile(file, 'half a f');
    vault.answer = () => refuse(403, 'Forbidden', 'ForbiddenByRbac');
    await until(() => programs.every(({ stderr }) => stderr.includes('could not be reloaded')));
    const lengths = programs.map(({ stdout }) => stdout.length);
    await until(() => programs.every(({ stdout }, index) => hasAnswer(stdout.slice(lengths[index]), oldCertificate)));
  });

  it('take over the new certificate, with another kind of key, while both are allowed', async () => {
    trust(oldCertificate, newCertificate);
    vault.answer = undefined;
    await until(async () => (await app.callAs(readPem(newCertificate), '/api/Whoami')).status === 200);
    replaceFiles(newCertificate);
    setVaultCertificate(newCertificate);
    await until(() => programs.every(({ stdout }) => hasAnswer(stdout, newCertificate)));
  });

  it('are admitted after the old certificate is removed, and finish the calls that began with it', async () => {
    trust(newCertificate);
    await until(async () => (await app.callAs(readPem(oldCertificate), '/api/Whoami')).status === 401);
    await waitForMoreCalls();
    for (const { stdout } of programs) assert.equal(countAnswers(stdout, 'Slow'), 0);
    await app.callAs('none', '/api/Release');
    await until(() => programs.every(({ stdout }) => countAnswers(stdout, 'Slow') > 0));
    // The connections of these calls are idle now. The programs must not use them for new calls.
    await waitForMoreCalls();
    const slow = await slowCurl;
    assert.deepEqual([slow.exitCode, slow.stdout], [0, `${oldCertificate.hash} 200`], slow.stderr);
  });

  for (const name of ['fetch', 'axios', 'https', 'Key Vault', 'Python', 'Go']) {
    const absent = { Python: python === undefined, Go: go === undefined }[name] ?? false;
    const skip = absent && `${name} is not installed on this machine, so this example was not run.`;
    it(`${name} gets 200 for every call, first with the old certificate and then with the new one`, { skip }, () => {
      const program = programs.find((each) => each.name === name);
      const lines = readLines(program?.stdout ?? '');
      for (const [url = '', status, hash = ''] of lines) {
        assert.equal(status, '200', program?.stdout);
        assert.ok([oldCertificate.hash, newCertificate.hash].includes(hash), url);
      }
      const whoami = lines.filter(([url]) => url?.endsWith('/Whoami')).map(([, , hash]) => hash);
      const switched = whoami.indexOf(newCertificate.hash);
      assert.ok(switched > 0);
      assert.deepEqual(
        new Set(whoami.slice(switched)),
        new Set([newCertificate.hash]),
        'no call went back to the old one',
      );
      const [slow] = lines.filter(([url]) => url?.endsWith('/Slow'));
      assert.equal(slow?.[2], oldCertificate.hash);
      assert.equal(program?.child.exitCode, null, program?.stderr);
    });
  }

  it('curl reads the files at each call, as PEM and as PFX', async () => {
    const commands = [...readme.matchAll(/^curl (--cert.*) https:\S+$/gm)].map(([, options = '']) => options);
    assert.equal(commands.length, 2);
    for (const options of commands) {
      const line = `curl --silent --write-out ' %{http_code}' --cacert ${files.ca} ${options} ${app.url}/api/Whoami`;
      const { stdout, stderr } = await runProgram('sh', ['-c', line], { cwd: folder });
      assert.equal(stdout, `${newCertificate.hash} 200`, stderr);
    }
  });

  it('end after one call each, without --every', async () => {
    const options = ['--pfx', files.pfx, '--password-file', files.password, '--ca', files.ca];
    for (const kind of ['fetch', 'https']) {
      const args = [join(examples, 'dist', 'call.js'), kind, ...options, `${app.url}/api/Whoami`];
      const { exitCode, stdout } = await runProgram(process.execPath, args);
      assert.deepEqual([exitCode, stdout], [0, `${app.url}/api/Whoami 200 ${newCertificate.hash}\n`]);
    }
    const wrong = await runProgram(process.execPath, [join(examples, 'dist', 'call.js'), 'gopher', ...options, 'x']);
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.stderr, /^usage: /);
  });

  async function waitForMoreCalls(): Promise<void> {
    const lengths = programs.map(({ stdout }) => stdout.length);
    await until(() => programs.every(({ stdout }, index) => countAnswers(stdout.slice(lengths[index]), 'Whoami') >= 3));
  }

  function makeCertificate(name: string, key: 'ec' | 'rsa'): Certificate {
    const made = makeOpensslCertificate(folder, name, key);
    const password = `password of ${name}`;
    const [pfxFile, pemFile] = [at(`${name}.pfx`), at(`${name}.pem`)];
    const source = ['-in', made.certificateFile, '-inkey', made.keyFile];
    openssl(['pkcs12', '-export', ...source, '-out', pfxFile, '-passout', `pass:${password}`], folder);
    writeFileSync(pemFile, readFileSync(made.certificateFile, 'utf8') + readFileSync(made.keyFile, 'utf8'));
    return { ...made, name, hash: made.thumbprintSha256.replaceAll(':', ''), password, pfxFile, pemFile };
  }

  function trust(...certificates: readonly Certificate[]): void {
    revision += 1;
    const pins = certificates.map(({ hash }) => ({ thumbprintSha256: hash }));
    const document = { schemaVersion: 1, revision, identities: [{ name: 'billing', roles: [], pins }] };
    replaceFile(at('trust.json'), JSON.stringify(document));
  }

  function replaceFiles({ pfxFile, password, pemFile }: Certificate): void {
    replaceFile(files.pfx, readFileSync(pfxFile));
    replaceFile(files.password, `${password}\n`);
    replaceFile(files.pem, readFileSync(pemFile));
  }

  /** Replaces a file as the README says: writes a new file next to it, then renames that. */
  function replaceFile(file: string, content: string | Uint8Array): void {
    writeFileSync(`${file}.new`, content, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  /** Exports the certificate to the stand-in for Key Vault. A PFX from Key Vault has no password. */
  function setVaultCertificate({ name, certificateFile, keyFile }: Certificate): void {
    const file = at(`${name}.vault.pfx`);
    openssl(
      ['pkcs12', '-export', '-in', certificateFile, '-inkey', keyFile, '-out', file, '-passout', 'pass:'],
      folder,
    );
    vault.setSecret('billing', readFileSync(file).toString('base64'), 'application/x-pkcs12');
  }

  async function startApp(): Promise<LocalApp> {
    const appFolder = at('app');
    mkdirSync(join(appFolder, 'node_modules'), { recursive: true });
    for (const [name, text] of Object.entries(appFiles)) writeFileSync(join(appFolder, name), text);
    for (const name of ['@azure', '@certgate']) {
      symlinkSync(join(root, 'node_modules', name), join(appFolder, 'node_modules', name), 'junction');
    }
    return startLocalApp({ folder: appFolder, environment: { CERTGATE_TRUST: at('trust.json') } });
  }

  function start(name: string, file: string, args: readonly string[], env = cleanEnvironment()): void {
    const urls = ['Whoami', 'Slow'].map((each) => `${app.url}/api/${each}`);
    const child = spawn(file, [...args, ...urls], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const program: Program = { name, child, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (program.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (program.stderr += text));
    programs.push(program);
  }

  /**
   * Builds the Go example. The first build on a machine compiles Go's standard library, which takes 16 s of CPU time;
   * later builds use the cache. Without optimization, it takes less.
   */
  async function buildGo(): Promise<string | undefined> {
    if (go === undefined) return undefined;
    const program = at('go-call');
    const env = {
      ...cleanEnvironment(),
      GOCACHE: join(tmpdir(), 'certgate-go-build'),
      CGO_ENABLED: '0',
      GOTOOLCHAIN: 'local',
    };
    const { exitCode, stderr } = await runProgram(go, ['build', '-gcflags=all=-N -l', '-o', program, 'call.go'], {
      cwd: join(examples, 'go'),
      env: { ...env, GO111MODULE: 'off', GOFLAGS: '' },
    });
    assert.equal(exitCode, 0, stderr);
    return program;
  }

  /**
   * Writes a program from the README's own lines, in a folder where Azure's SDK is installed. Where the README's lines
   * print one answer, the program prints answers repeatedly.
   */
  function writeVaultProgram(): string {
    const place = at('vault-client');
    mkdirSync(join(place, 'node_modules'), { recursive: true });
    cpSync(join(examples, 'dist'), place, { recursive: true });
    symlinkSync(join(azuriteFolder, 'node_modules', '@azure'), join(place, 'node_modules', '@azure'), 'junction');
    symlinkSync(join(root, 'node_modules', 'undici'), join(place, 'node_modules', 'undici'), 'junction');
    const [, snippet = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
    const options = `{ ca: readFileSync(${JSON.stringify(files.ca)}), reloadSeconds: 0.1 }`;
    const text = snippet
      .replace('https://VAULT.vault.azure.net', vault.url)
      .replace("'billing'));", `'billing'), ${options});`)
      .replace(/^console\.log[\s\S]*$/m, '');
    const loop = `
      import { readFileSync } from 'node:fs';
      for (const url of process.argv.slice(2)) setImmediate(async () => {
        for (;;) {
          const { status, body } = await client.call(url);
          console.log(url, status, body);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });`;
    writeFileSync(join(place, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(place, 'vault.js'), text + loop);
    return join(place, 'vault.js');
  }

  function curl(functionName: string, options: readonly string[]): Promise<Ended> {
    const report = ['--silent', '--show-error', '--write-out', ' %{http_code}', '--cacert', files.ca];
    return collect(
      spawn('curl', [...report, ...options, `${app.url}/api/${functionName}`], { env: cleanEnvironment() }),
    );
  }
});

function readPem({ certificateFile, keyFile }: Certificate): CallerCertificate {
  return {
    certificatePem: readFileSync(certificateFile, 'utf8'),
    privateKeyPem: readFileSync(keyFile, 'utf8'),
  };
}

/** The complete lines of the output, each split into URL, status and body. */
function readLines(stdout: string): readonly (readonly string[])[] {
  const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
}

function hasAnswer(stdout: string, { hash }: Certificate): boolean {
  return readLines(stdout).some(([url, status, body]) => url?.endsWith('/Whoami') && status === '200' && body === hash);
}

function countAnswers(stdout: string, functionName: string): number {
  return readLines(stdout).filter(([url]) => url?.endsWith(`/${functionName}`)).length;
}

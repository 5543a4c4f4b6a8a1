import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { trustStoreFromFile, verifyDocumentSignature } from '@certgate/core/internal';
import { azuriteFolder, installAzurite } from './test-support/azurite.js';
import { cleanEnvironment, type Ended, inProcess, root, runProgram } from './test-support/certgate.js';
import { KeyVaultStandIn, refuse } from './test-support/key-vault.js';
import { openssl } from './test-support/openssl.js';

// Tests signing with a key in Key Vault: the command line with the real SDK and its default credential. Only the vault
// is a stand-in; no live vault is used.

describe('certgate trust with a key in Key Vault', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-key-vault-'));
  const trust = join(folder, 'trust.json');
  let vault: KeyVaultStandIn;
  let environment: NodeJS.ProcessEnv;
  let worker: ChildProcess;

  before(async () => {
    await installAzurite();
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(azuriteFolder, 'node_modules', '@azure'), join(folder, 'node_modules', '@azure'), 'junction');
    mkdirSync(join(folder, 'vault'));
    vault = new KeyVaultStandIn(join(folder, 'vault'));
    await vault.start();
    environment = { ...cleanEnvironment(), ...vault.environment, CERTGATE_TRUST: `file:${trust}` };
    worker = startWorker();
  });
  after(() => {
    worker.disconnect();
    vault.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Starts one process that runs most command lines, because loading the SDK takes a second of CPU time. It trusts the
   * vault's certificate.
   */
  const startWorker = (): ChildProcess => {
    const script = join(folder, 'worker.mjs');
    writeFileSync(
      script,
      `import { runLineInProcess } from ${JSON.stringify(pathToFileURL(inProcess).href)};
       process.on('message', async (args) => process.send(await runLineInProcess(args, process.cwd())));`,
    );
    return fork(script, { cwd: folder, env: environment });
  };
  const run = async (args: readonly string[]): Promise<Ended> => {
    const answer = once(worker, 'message');
    worker.send(['trust', ...args]);
    const [ended] = (await answer) as [Ended];
    return ended;
  };
  /** Runs a command line in a process of its own, as a user does. */
  const runAlone = (
    args: readonly string[],
    { cwd = folder, env = {} }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ended> =>
    runProgram(process.execPath, [join(root, 'packages/certgate/bin/certgate.js'), 'trust', ...args], {
      cwd,
      env: { ...environment, ...env },
    });
  const expectRun = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(args);
    assert.equal(exitCode, 0, `${args.join(' ')}\n${stderr}${stdout}`);
    return stdout;
  };
  const sign = (name: string): readonly string[] => ['sign', '--key-vault-key', vault.urlOf(name), '--reason', 'x'];

  for (const [type, digest] of [
    ['P-256', '-sha256'],
    ['P-384', '-sha384'],
  ] as const) {
    it(`signs with ${type} so that openssl and a running app can verify it`, async () => {
      const publicKey = vault.addKey(type, { type });
      if (!existsSync(trust)) await expectRun('init', '--reason', 'first');
      vault.requests.length = 0;
      const { key, signature } = JSON.parse(await expectRun(...sign(type), '--json')) as {
        key: { name: string; publicKey: string };
        signature: string;
      };
      // The signature names the key's version that was read, even if another version becomes the current one meanwhile.
      assert.deepEqual(key, { name: vault.urlOf(type, 1), publicKey });
      assert.deepEqual(vault.requests, [`GET /keys/${type}/`, `POST ${new URL(key.name).pathname}/sign`]);
      assert.equal(readFileSync(`${trust}.sig`, 'utf8').split('\n')[0], signature);
      writeFileSync(join(folder, 'public.pem'), publicKey);
      writeFileSync(join(folder, 'signature'), Buffer.from(signature, 'base64'));
      const verified = openssl(['dgst', digest, '-verify', 'public.pem', '-signature', 'signature', trust], folder);
      assert.match(verified, /Verified OK/);
      const store = trustStoreFromFile(trust, { signedBy: publicKey });
      await store.start?.();
      assert.deepEqual([store.report?.().revision, store.report?.().fault], [1, undefined]);
    });
  }

  it('signs a change with the named version, and accepts a rotated key only with --signed-by', async () => {
    const first = vault.addKey('rotated', { type: 'P-256' });
    assert.match(await expectRun(...sign('rotated')), /^Signed revision 1 in file:.* with https:.*\/0*1\.$/m);
    const second = vault.addKey('rotated', { type: 'P-256' });
    const add = (name: string): readonly string[] => [
      'add',
      name,
      '--thumbprint-sha256',
      name.repeat(64),
      '--reason',
      'x',
    ];
    const withVersion = ['--key-vault-key', vault.urlOf('rotated', 1)];
    assert.match(await expectRun(...add('a'), ...withVersion), /Revision 1 → 2, signed with https:.*\/0*1, in file:/);
    const current = ['--key-vault-key', vault.urlOf('rotated')];
    const refused = await run([...add('b'), ...current]);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /does not match this key[^]*--signed-by/);
    writeFileSync(join(folder, 'first.pem'), first);
    await expectRun(...add('b'), ...current, '--signed-by', 'first.pem');
    const verdict = await verifyDocumentSignature(readFileSync(trust), readFileSync(`${trust}.sig`, 'utf8'), second);
    assert.equal(verdict, 'fits');
  });

  it('refuses keys that no app accepts, and keys that may not sign', async () => {
    const signature = readFileSync(`${trust}.sig`, 'utf8');
    vault.addKey('rsa', { type: 'RSA' });
    vault.addKey('p521', { type: 'P-521' });
    vault.addKey('k1', { type: 'P-256K' });
    vault.addKey('verify', { type: 'P-256', operations: ['verify'] });
    vault.addKey('old', { type: 'P-256', expires: 1 });
    for (const [name, message] of [
      ['rsa', /of a type \(RSA\) that can't sign documents.*\n.*--curve P-256/],
      ['p521', /of a type \(EC P-521\)/],
      ['k1', /of a type \(EC P-256K\)/],
      ['verify', /does not permit the operation sign/],
      ['old', /can be used from its creation to 1970-01-01T00:00:01.000Z only/],
      ['none', /has no key https:.*\/none \(KeyNotFound\)/],
    ] as const) {
      await expectRefusal(sign(name), message);
    }
    assert.equal(readFileSync(`${trust}.sig`, 'utf8'), signature);
  });

  it('stores no signature that an app would refuse', async () => {
    const before = readFileSync(`${trust}.sig`, 'utf8');
    const halves = (signature: Buffer): Buffer => Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]);
    const cut = (signature: Buffer): Buffer => signature.subarray(0, 63);
    const longer = (signature: Buffer): Buffer => Buffer.concat([Buffer.alloc(16), signature, Buffer.alloc(16)]);
    const nothing = (): Buffer => Buffer.alloc(0);
    for (const alter of [halves, cut, longer, nothing]) {
      vault.alter = alter;
      await expectRefusal(sign('P-256'), /is not a signature of https:.*Nothing was written/);
    }
    vault.alter = undefined;
    assert.equal(readFileSync(`${trust}.sig`, 'utf8'), before);
  });

  it('says what is wrong, and what to do', async () => {
    const answers: readonly (readonly [string, ReturnType<typeof refuse>, RegExp])[] = [
      ['GET', refuse(401, 'Unauthorized'), /did not accept the login.*\n.*az account show/],
      [
        'GET',
        refuse(403, 'Forbidden', 'ForbiddenByRbac'),
        /may not read the key.*ForbiddenByRbac.*\n.*Key Vault Crypto User/,
      ],
      ['POST', refuse(403, 'Forbidden', 'ForbiddenByPolicy'), /may not sign with.*\n.*Crypto User.*get and sign/],
      ['GET', refuse(403, 'Forbidden', 'ForbiddenByFirewall'), /network rules.*\n.*allowed network/],
      ['POST', refuse(403, 'Forbidden', 'KeyDisabled'), /is disabled/],
      ['POST', refuse(400, 'BadParameter'), /BadParameter \(status 400\)/],
    ];
    for (const [method, answer, message] of answers) {
      vault.answer = (asked) => (asked === method ? answer : undefined);
      await expectRefusal(sign('P-256'), message);
    }
    vault.answer = undefined;
    const elsewhere = 'https://certgate-tests-none.vault.azure.net/keys/trust';
    await expectRefusal(['sign', '--key-vault-key', elsewhere, '--reason', 'x'], /The host of .* is not known/);
    const env = {
      IDENTITY_ENDPOINT: undefined,
      IDENTITY_HEADER: undefined,
      AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
    };
    const noLogin = await runAlone(sign('P-256'), { env });
    assert.match(noLogin.stderr, /no login for Azure.*\n.*az login/);
    const noSdk = await runAlone(sign('P-256'), { cwd: root });
    assert.match(noSdk.stderr, /npm install --save-dev @azure\/keyvault-keys@\S+ @azure\/identity@/);
    assert.deepEqual([noLogin.exitCode, noSdk.exitCode], [2, 2]);
  });

  it('accepts exactly one key, and only from a vault in Azure', async () => {
    const neither = await run(['sign', '--reason', 'x']);
    assert.match(neither.stderr, /--signing-key.*--key-vault-key/);
    const both = await run([...sign('P-256'), '--signing-key', 'key.pem']);
    assert.match(both.stderr, /'--key-vault-key <url>' cannot be used with option '--signing-key <file>'/);
    const password = await run([...sign('P-256'), '--signing-key-password-file', 'password']);
    assert.match(password.stderr, /cannot be used with/);
    const unsigned = await run(['lock', '--unsigned', '--key-vault-key', vault.urlOf('P-256')]);
    assert.match(unsigned.stderr, /cannot be used with/);
    await expectRefusal(['lock', '--key-vault-key', 'https://127.0.0.1/keys/trust'], /not a vault of Azure's/);
    for (const { exitCode } of [neither, both, password, unsigned]) assert.equal(exitCode, 2);
  });

  async function expectRefusal(args: readonly string[], message: RegExp): Promise<void> {
    const { exitCode, stdout, stderr } = await run(args);
    assert.equal(exitCode, 2, `${args.join(' ')}\n${stdout}`);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n {4}at |made-up/);
  }
});

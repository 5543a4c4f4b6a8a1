import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type Ended,
  collect,
  root,
  runCertgate,
  runCertgateHere,
  runProgram,
  sampleFolder,
  startCertgate,
  waitForReady,
} from './test-support/certgate.js';
import { addDevelopmentFiles } from './test-support/development-files.js';
import { makeOpensslCertificate, writeTrust } from './test-support/openssl.js';
import { until } from '@certgate/x509/test-support/until.js';

const gate = `
const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom } = require('@certgate/azure-functions');
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
`;
const freePorts = ['--port', '0', '--host-port', '0'];

interface Check {
  readonly caller: string;
  readonly ok: boolean;
  readonly status: number | null;
  readonly code: string;
  readonly detail?: string;
}

const hello = (text: string): string => `app.http('Hello', { handler: () => ({ body: '${text}' }) });`;

describe('certgate dev', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-dev-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const makeNewApp = (name: string, index: string): string => {
    const app = join(folder, name);
    mkdirSync(app);
    symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'), 'junction');
    writeFileSync(join(app, 'package.json'), '{"main":"index.js"}');
    writeFileSync(join(app, 'host.json'), '{"version":"2.0"}');
    writeFileSync(join(app, 'index.js'), index);
    return app;
  };
  const makeApp = async (name: string, index: string): Promise<string> => {
    const app = makeNewApp(name, index);
    await addDevelopmentFiles(app);
    return app;
  };
  const stop = async (child: ChildProcess): Promise<number | null> => {
    const ended = collect(child);
    child.kill('SIGTERM');
    return (await ended).exitCode;
  };
  /**
   * Runs `certgate dev` on free ports, unless the flags name others. The process must end with 0 when it gets a signal.
   */
  const withDev = async (
    app: string,
    flags: readonly string[],
    use: (url: string, said: () => string) => Promise<void>,
  ): Promise<void> => {
    const dev = startCertgate(['dev', app, ...flags]);
    let said = '';
    for (const stream of [dev.stdout, dev.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
    try {
      await use((await waitForReady(dev)).split(' ')[1] ?? '', () => said);
    } finally {
      assert.equal(await stop(dev), 0);
    }
  };
  /** Runs `dev --once --json` in this process. */
  const check = async (
    app: string,
    ...flags: readonly string[]
  ): Promise<Ended & { readonly checks: readonly Check[] }> => {
    const ended = await runCertgateHere(['dev', app, '--once', '--json', ...flags]);
    return { ...ended, ...(JSON.parse(ended.stdout) as { readonly checks: readonly Check[] }) };
  };
  const call = async (app: string, url: string): Promise<string> => {
    const own = join(app, '.certgate');
    const identity = [
      '--cert',
      join(own, 'allowed.crt.pem'),
      '--key',
      join(own, 'allowed.key.pem'),
      '--cacert',
      join(own, 'gateway.crt.pem'),
    ];
    return (await runProgram('curl', ['--silent', ...identity, `${url}/api/Hello`])).stdout;
  };

  it('loads the app again when its files change, keeps its ports, and continues if the app cannot be loaded', async () => {
    const app = makeNewApp('changing', gate + hello('one'));
    await withDev(app, freePorts, async (url, said) => {
      assert.equal(await call(app, url), 'one');
      writeFileSync(join(app, 'index.js'), gate + hello('two'));
      await until(async () => (await call(app, url)) === 'two');
      writeFileSync(join(app, 'index.js'), 'throw new Error("half a change");');
      await until(() => said().includes('half a change'));
      writeFileSync(join(app, 'index.js'), gate + hello('three'));
      await until(async () => (await call(app, url)) === 'three');
    });
  });

  it('uses another port if a default port is taken, and says so', async () => {
    const app = await makeApp('crowded', gate + hello('one'));
    const servers = await Promise.all([7443, 7071].map(occupy));
    try {
      await withDev(app, [], async (url, said) => {
        assert.equal(await call(app, url), 'one');
        assert.match(said(), /Port 7443 is taken; the gateway listens on \d+/);
        assert.match(said(), /Port 7071 is taken; the host listens on \d+/);
        const second = await runCertgateHere(['dev', app]);
        assert.equal(second.exitCode, 2);
        assert.match(second.stderr, /certgate dev already runs this app at https:\/\/localhost:\d+ \(process \d+\)/);
      });
    } finally {
      await Promise.all(servers.map((close) => close()));
    }
  });

  it("uses the document that the app's own setting names, and says which one", async () => {
    const app = await makeApp('own-trust', gate + hello('one'));
    const billing = makeOpensslCertificate(folder, 'billing', 'ec');
    cpSync(writeTrust(folder, { billing: { certificate: billing } }), join(app, 'callers.json'));
    const writeSetting = (path: string): void => {
      const settings = { IsEncrypted: false, Values: { CERTGATE_TRUST: path } };
      writeFileSync(join(app, 'local.settings.json'), JSON.stringify(settings));
    };
    writeSetting('missing.json');
    const failed = await runCertgateHere(['dev', app, '--check', '--port', '0', '--host-port', '0']);
    assert.equal(failed.exitCode, 2);
    assert.match(
      failed.stderr,
      /no trust document at .*missing\.json, which CERTGATE_TRUST in local\.settings\.json names/,
    );

    writeSetting('callers.json');
    const { exitCode, checks, stdout, stderr } = await check(app, '--call', 'Hello');
    assert.equal(exitCode, 0, stderr);
    const { trust } = JSON.parse(stdout) as { readonly trust: unknown };
    const named = { source: 'file callers.json', revision: 1, fault: null, setBy: 'local.settings.json' };
    assert.deepEqual(trust, { ...named, unknownCallers: ['allowed'] });
    assert.deepEqual(
      checks.map(({ caller }) => caller),
      ['none', 'denied'],
    );

    await withDev(app, freePorts, async (url, said) => {
      const line = 'trust document: file callers.json, revision 1, set by CERTGATE_TRUST in local.settings.json';
      await until(() => said().includes(line));
      assert.ok(said().includes(`ready ${url}\n  ${line}\n`), said());
      assert.match(said(), /does not list the development caller allowed/);
      const { certificateFile, keyFile } = billing;
      const cacert = join(app, '.certgate', 'gateway.crt.pem');
      const args = ['--silent', '--cert', certificateFile, '--key', keyFile, '--cacert', cacert, `${url}/api/Hello`];
      assert.equal((await runProgram('curl', args)).stdout, 'one');
      const { development } = JSON.parse(await call(app, url)) as { development: { code: string; trust: unknown } };
      assert.deepEqual(
        [development.code, development.trust],
        ['certificate_not_trusted', { source: 'file callers.json', revision: 1 }],
      );
      // The log must have one readable line for each request, and no raw JSON line.
      await runProgram('curl', ['--silent', '--cacert', cacert, `${url}/api/Nowhere?code=secret`]);
      await runProgram('curl', ['--silent', '--cacert', cacert, '--header', 'Host: a/b', `${url}/api/Hello`]);
      await until(() => said().includes('host-invalid'));
      const clock = /^\d\d:\d\d:\d\d /.source;
      for (const expected of [
        'GET /api/Hello 200 caller billing$',
        'GET /api/Hello 401 certificate [0-9A-F]{16}…, certificate_not_trusted: No identity .*',
        'GET /api/Nowhere 404 no function has this route and method$',
        'GET /api/Hello 400 by gateway: host-invalid, no certificate$',
      ]) {
        assert.equal([...said().matchAll(new RegExp(clock + expected, 'gm'))].length, 1, `${expected}\n${said()}`);
      }
      assert.doesNotMatch(said(), /\{"certgate"|secret/);
    });
  });

  it('loads the app again at each revision of its document, and keeps it if a revision is not valid', async () => {
    const app = await makeApp('edited-trust', `${gate}${hello('one')}`);
    const file = join(app, 'callers.json');
    const certificateFile = join(app, '.certgate', 'allowed.crt.pem');
    const change = async (...words: readonly string[]): Promise<void> => {
      const ended = await runCertgateHere(['trust', ...words, '--store', `file:${file}`, '--reason', 'test']);
      assert.equal(ended.exitCode, 0, ended.stderr);
    };
    await change('init');
    await withDev(app, [...freePorts, '--trust', file], async (url, said) => {
      assert.match(await call(app, url), /"code":"certificate_not_trusted".*"revision":1/);
      await change('add', 'billing', '--certificate', certificateFile);
      await until(async () => (await call(app, url)) === 'one');
      assert.match(said(), /callers\.json: revision 2, changes billing\n/);
      const valid = readFileSync(file, 'utf8');
      writeFileSync(file, '{');
      await until(() => said().includes('keeps the revision'));
      assert.match(
        said(),
        /trust document at .*callers\.json is not valid: .* The app keeps the revision that it has read\./,
      );
      assert.equal(await call(app, url), 'one');
      assert.doesNotMatch(said(), /Roles /);
      rmSync(file);
      writeFileSync(file, valid.replace('"billing"', '"ledger"').replace('"revision": 2', '"revision": 3'));
      await until(() => /revision 3, changes (?:billing, ledger|ledger, billing)\n/.test(said()));
      await change('add', 'ledger', '--to-existing', '--role', 'oprator');
      await until(() => /^Roles in the trust document that no function .*: oprator\.$/m.test(said()));
      // The restart for revision 3 may already read revision 4 and name its roles.
      await until(() => said().includes('revision 4, '));
      writeFileSync(file, valid);
      await until(() => /revision 2 \(a running app that has read 4 refuses it: raise it\), changes /.test(said()));
    });
  });

  it('answers nobody after the settings name another front end than the one that the gateway plays', async () => {
    const app = await makeApp('front-end', gate + hello('one'));
    const writeSetting = (frontEnd: string): void => {
      const settings = { IsEncrypted: false, Values: { CERTGATE_FRONT_END: frontEnd } };
      writeFileSync(join(app, 'local.settings.json'), JSON.stringify(settings));
    };
    writeSetting('nginx');
    await withDev(app, freePorts, async (url, said) => {
      assert.equal(await call(app, url), 'one');
      writeSetting('haproxy');
      await until(() => said().includes('stop certgate dev'));
      assert.match(said(), /The app now has another front end, .*: stop certgate dev, and start it again\./);
      assert.match(await call(app, url), /502 upstream unreachable/);
    });
  });

  it("opens the app's own port only with --unsafe-direct-header, and says so", async () => {
    const app = await makeApp('direct', gate + hello('one'));
    await withDev(app, [...freePorts, '--unsafe-direct-header'], async (_url, said) => {
      const open = /(http:\/\/localhost:\d+) takes X-ARR-ClientCert from every program/.exec(said())?.[1] ?? '';
      const status = async (host: string): Promise<string> => {
        const words = ['--silent', '--output', '-', '--write-out', '%{http_code}', '--header', `Host: ${host}`, open];
        return (await runProgram('curl', words)).stdout.slice(-3);
      };
      assert.deepEqual([await status('localhost'), await status('evil.example')], ['200', '403']);
    });
  });

  for (const command of ['dev', 'gateway'] as const) {
    it(`${command} in front of an app that somebody else starts is ready when the app listens, and says until then what is missing`, async () => {
      const words = command === 'dev' ? ['dev', await makeApp('upstream', gate + hello('one'))] : ['gateway'];
      const server = createServer((socket) => socket.destroy());
      const listen = (port: number): Promise<number> =>
        new Promise((resolve) =>
          server.listen(port, '127.0.0.1', () => {
            resolve((server.address() as AddressInfo).port);
          }),
        );
      const port = await listen(0);
      await new Promise((resolve) => server.close(resolve));
      const started = startCertgate([...words, '--upstream', `http://127.0.0.1:${port}`, '--port', '0']);
      let [out, said] = ['', ''];
      started.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
      started.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
      try {
        await until(() => said.includes('Nothing listens'));
        assert.match(said, new RegExp(`Nothing listens at http://127\\.0\\.0\\.1:${port}: start the app there`));
        assert.equal(out, '');
        await listen(port);
        assert.match(await waitForReady(started), new RegExp(`-> http://127\\.0\\.0\\.1:${port}( |$)`));
      } finally {
        assert.equal(await stop(started), 0);
        server.close();
      }
    });
  }

  it('gateway names an address that its certificate covers', async () => {
    const files = { cert: join(folder, 'named.crt.pem'), key: join(folder, 'named.key.pem') };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files.key];
    const name = ['-subj', '/CN=x', '-addext', 'subjectAltName=DNS:api.localhost', '-out', files.cert];
    await runProgram('openssl', ['req', '-x509', ...key, ...name]);
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [own, host] of [
      [[], '127.0.0.1'],
      [['--cert', files.cert, '--key', files.key], 'api.localhost'],
    ] as const) {
      const started = startCertgate(['gateway', '--upstream', upstream, '--port', '0', ...own]);
      try {
        assert.match(await waitForReady(started), new RegExp(`^ready https://${host}:\\d+ -> `));
      } finally {
        assert.equal(await stop(started), 0);
      }
    }
    server.close();
  });

  it('prints command lines that call the app when the user copies them', async () => {
    await withDev(sampleFolder, freePorts, async (_url, said) => {
      await until(() => said().includes('SecuredFunction'));
      const isCall = (line: string): boolean => line.includes('certgate call') && line.includes('SecuredFunction');
      const line = said().split('\n').find(isCall) ?? '';
      const { exitCode, stdout, stderr } = await runCertgateHere(line.trim().split(' ').slice(3));
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /"caller":"allowed"/);
    });
  });

  it('reports a function that no gate covers as a failure, and does not run it', async () => {
    const marker = join(folder, 'was-run');
    const open = `
const { app } = require('@azure/functions');
app.http('Forgotten', { handler: () => { require('fs').writeFileSync(${JSON.stringify(marker)}, ''); return {}; } });
`;
    const { exitCode, stderr, checks } = await check(await makeApp('open', open), '--call', 'Forgotten');
    assert.equal(exitCode, 1);
    assert.match(stderr, /Forgotten is open to everybody/);
    assert.ok(checks.length > 0);
    assert.ok(checks.every(({ ok, status }) => !ok && status === null));
    assert.ok(!existsSync(marker));
  });

  it('cannot tell who may call a function of function.json', async () => {
    const app = await makeApp('mixed', gate + hello('one'));
    mkdirSync(join(app, 'Legacy'));
    writeFileSync(join(app, 'Legacy', 'function.json'), '{ "bindings": [] }');
    const { exitCode, stdout, stderr } = await runCertgateHere(['dev', app, '--once']);
    assert.equal(exitCode, 3, stderr);
    assert.match(stdout, /Not checked: Legacy\/function\.json/);
    assert.match(stderr, /Cannot tell who may call the function of Legacy\/function\.json/);
  });

  it('shows a function with a role inside a wrapper as closed, and shows the role only after a call', async () => {
    const hidden = `${gate}const { requireRole } = require('@certgate/azure-functions');
const inner = requireRole('operator', () => ({ body: 'in' }));
app.http('Hidden', { handler: (request, context) => inner(request, context) });`;
    const { exitCode, checks } = await check(await makeApp('hidden', hidden), '--call', 'Hidden');
    assert.equal(exitCode, 0);
    const allowed = checks.find(({ caller }) => caller === 'allowed');
    assert.deepEqual([allowed?.status, allowed?.code], [403, 'role_missing']);
    assert.match(allowed?.detail ?? '', /put requireRole outermost/);
  });

  it('lists functions without an HTTP trigger, and does not call them', async () => {
    const timer = `${gate}app.timer('Nightly', { schedule: '0 0 0 * * *', handler: () => { throw new Error('ran'); } });${hello('one')}`;
    const { exitCode, stdout } = await runCertgateHere(['dev', await makeApp('timed', timer), '--once']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /Not called, no HTTP or MCP trigger: Nightly \(timerTrigger\)/);
    assert.doesNotMatch(stdout, /inspector/);
  });

  it('agrees on certificates and trust with others that start in the same new folder', async () => {
    const app = makeNewApp('shared', gate + hello('one'));
    const runs = await Promise.all([1, 2, 3].map(() => runCertgate(['dev', app, '--once', '--call', 'Hello'])));
    for (const { exitCode, stdout, stderr } of runs) assert.equal(exitCode, 0, stdout + stderr);
  });

  it('starts the app again if another process added to its trust document meanwhile', async () => {
    const role = `
const { requireRole } = require('@certgate/azure-functions');
app.http('Hello', { handler: requireRole('operator', () => ({ body: 'one' })) });
const { copyFileSync, existsSync } = require('node:fs');
const { join } = require('node:path');
const [grown, trust] = ['grown.json', '.certgate/trust.json'].map((name) => join(__dirname, name));
app.hook.appStart(() => { if (existsSync(grown)) copyFileSync(grown, trust); });
`;
    const app = makeNewApp('growing', gate + role);
    assert.equal((await check(app, '--call', 'Hello')).exitCode, 0);
    const trust = join(app, '.certgate', 'trust.json');
    cpSync(trust, join(app, 'grown.json'));
    const grown = JSON.parse(readFileSync(trust, 'utf8')) as { revision: number; identities: { roles: string[] }[] };
    const identities = grown.identities.filter(({ roles }) => roles.length === 0);
    writeFileSync(trust, JSON.stringify({ ...grown, revision: grown.revision - 1, identities }));
    const { exitCode, stdout, stderr } = await check(app, '--call', 'Hello');
    assert.equal(exitCode, 0, stdout + stderr);
  });

  it(
    'makes its keys readable by the owner only, and ignored by git',
    { skip: process.platform === 'win32' && 'Windows has no file modes' },
    () => {
      const own = join(folder, 'changing', '.certgate');
      for (const file of ['allowed.key.pem', 'allowed.pfx', 'password.txt', 'gateway.key.pem']) {
        const expected = process.platform === 'win32' ? statSync(join(own, file)).mode & 0o777 : 0o600;
        assert.equal(statSync(join(own, file)).mode & 0o777, expected, file);
      }
      assert.equal(readFileSync(join(own, '.gitignore'), 'utf8'), '*\n');
    },
  );
});

/**
 * Makes sure that the port is taken: listens on it, unless another program already does. Returns a function that frees
 * it.
 */
async function occupy(port: number): Promise<() => Promise<void>> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port === port);
    });
  });
  return async () => {
    if (listens) await new Promise((resolve) => server.close(resolve));
  };
}

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { frontEndForms, writeVerified } from '@certgate/core/test-support/front-end-forms.js';
import { startLocalApp } from 'certgate';
import {
  collect,
  runCertgateHere,
  runProgram,
  sampleFolder,
  startCertgate,
  waitForReady,
} from './test-support/certgate.js';
import { makeOpensslCertificate } from './test-support/openssl.js';

interface Report {
  readonly gateway: { readonly url: string; readonly frontEnd: string };
  readonly checks: readonly { readonly function: string; readonly caller: string; readonly status: number }[];
}

const expectedStatuses = {
  'PublicFunction none': 200,
  'PublicFunction denied': 200,
  'PublicFunction allowed': 200,
  'PublicFunction allowed-operator': 200,
  'RoleFunction none': 401,
  'RoleFunction denied': 401,
  'RoleFunction allowed': 403,
  'RoleFunction allowed-operator': 200,
  'SecuredFunction none': 401,
  'SecuredFunction denied': 401,
  'SecuredFunction allowed': 200,
  'SecuredFunction allowed-operator': 200,
};

describe('the sample, under certgate dev --check --front-end', () => {
  for (const form of frontEndForms) {
    const frontEnd = form.frontEnd.name;
    it(`${frontEnd}: answers every caller at every function correctly, and a forged header admits nobody`, async () => {
      const call = ['--call', 'PublicFunction', 'SecuredFunction', 'RoleFunction'];
      const ports = ['--port', '0', '--host-port', '0'];
      const dev = startCertgate(['dev', sampleFolder, '--front-end', frontEnd, '--check', '--json', ...call, ...ports]);
      const ended = collect(dev);
      try {
        const { gateway, checks } = await readReport(dev, ended);
        const statuses = checks.map((check) => [`${check.function} ${check.caller}`, check.status] as const);
        assert.deepEqual(Object.fromEntries(statuses), expectedStatuses);
        assert.equal(gateway.frontEnd, frontEnd);

        const own = join(sampleFolder, '.certgate');
        const target = ['--cacert', join(own, 'gateway.crt.pem'), `${gateway.url}/api/SecuredFunction`];
        // The header fields that the front end would write for the allowed caller if it had verified the certificate.
        const { raw } = new X509Certificate(readFileSync(join(own, 'allowed.crt.pem')));
        const fields = Object.entries(writeVerified(form, raw)).flatMap(([name, text]) => [
          '--header',
          `${name}: ${text}`,
        ]);
        const denied = ['--cert', join(own, 'denied.crt.pem'), '--key', join(own, 'denied.key.pem')];
        for (const [identity, code] of [
          [[], 'certificate_missing'],
          [denied, 'certificate_not_trusted'],
        ] as const) {
          const { stdout } = await runProgram('curl', ['--silent', ...fields, ...identity, ...target]);
          assert.equal((JSON.parse(stdout) as { development: { code: string } }).development.code, code, stdout);
        }
      } finally {
        dev.kill('SIGTERM');
        await ended;
      }
      const { exitCode, stderr } = await ended;
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, new RegExp(`^  front end: ${frontEnd}$`, 'm'));
    });
  }
});

/** The JSON object that is on stdout when the command is ready. */
function readReport(dev: ReturnType<typeof startCertgate>, ended: ReturnType<typeof collect>): Promise<Report> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    dev.stdout?.on('data', (text: string) => {
      stdout += text;
      if (stdout.endsWith('}\n')) resolve(JSON.parse(stdout) as Report);
    });
    ended.then(({ stderr }) => {
      reject(new Error(`certgate ended before it was ready:\n${stderr}`));
    }, reject);
  });
}

describe('--front-end', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-front-ends-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('accepts only known names, and no App Service setting with another front end', async () => {
    for (const [args, said] of [
      [['dev', '--front-end', 'lighttpd'], /argument 'lighttpd' is invalid\. Allowed choices are app-service, .*nginx/],
      [['dev', '--front-end', 'nginx', '--mode', 'required'], /--mode is a setting of App Service, .* is nginx/],
      [['dev', '--front-end', 'nginx', '--exclude', '/public'], /--exclude is a setting of App Service, .* is nginx/],
      [['dev', '--front-end', 'nginx', '--unsafe-direct-header'], /--unsafe-direct-header is for app-service/],
      [['gateway', '--upstream', 'http://localhost:1', '--front-end', 'lighttpd'], /argument 'lighttpd' is invalid/],
    ] as const) {
      const { exitCode, stderr } = await runCertgateHere(args, sampleFolder);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, said);
    }
  });

  it("must not contradict the app's settings", async () => {
    writeFileSync(join(folder, 'package.json'), '{ "main": "index.js" }');
    writeFileSync(join(folder, 'host.json'), '{ "version": "2.0" }');
    writeFileSync(join(folder, 'index.js'), '');
    const settings = { IsEncrypted: false, Values: { CERTGATE_FRONT_END: 'haproxy' } };
    writeFileSync(join(folder, 'local.settings.json'), JSON.stringify(settings));
    const { exitCode, stderr } = await runCertgateHere(['dev', folder, '--front-end', 'nginx']);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /to play is nginx, but the app setting CERTGATE_FRONT_END names haproxy/);
  });

  it('works in front of any running server, with the secret from the environment, which is printed nowhere', async () => {
    const secret = 'a-secret-of-the-front-end-0123456789';
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.end('ok');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const gateway = startCertgate(['gateway', '--upstream', upstream, '--port', '0'], {
      env: { CERTGATE_FRONT_END: 'nginx', CERTGATE_FRONT_END_SECRET: secret },
    });
    const ended = collect(gateway);
    try {
      const ready = await waitForReady(gateway);
      assert.match(ready, /\(front end: nginx, client certificates: optional\)$/);
      const { certificateFile, keyFile } = makeOpensslCertificate(folder, 'caller', 'ec');
      const identity = ['--cert', certificateFile, '--key', keyFile];
      const url = `${ready.split(' ')[1] ?? ''}/`;
      assert.equal((await runProgram('curl', ['--silent', '--insecure', ...identity, url])).stdout, 'ok');
      assert.equal(seen[0]?.['x-certgate-front-end-secret'], secret);
      assert.equal(decodeURIComponent(String(seen[0]['ssl-client-cert'])), readFileSync(certificateFile, 'utf8'));
    } finally {
      gateway.kill('SIGTERM');
      await ended;
      server.close();
    }
    const { stdout, stderr } = await ended;
    assert.ok(!`${stdout}${stderr}`.includes(secret));
    assert.doesNotMatch(stderr, /warning/);
  });

  it('causes a warning that there is no secret, in front of an app that somebody else runs', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dev = startCertgate(['dev', sampleFolder, '--upstream', upstream, '--port', '0', '--front-end', 'caddy']);
    const ended = collect(dev);
    try {
      await waitForReady(dev);
    } finally {
      dev.kill('SIGTERM');
      await ended;
      server.close();
    }
    const { stdout, stderr } = await ended;
    assert.match(stdout, /^ready .*\n {2}front end: caddy\n/);
    assert.match(stderr, /warning CERTGATE_FRONT_END_SECRET is not set, so requests bring no secret/);
  });

  it('is an option of startLocalApp too, which makes a secret for both sides', async () => {
    const app = await startLocalApp({ folder: sampleFolder, callers: { billing: {} }, frontEnd: 'envoy' });
    try {
      assert.equal((await app.callAs('billing', '/api/SecuredFunction')).status, 200);
      assert.equal((await app.callAs('denied', '/api/SecuredFunction')).status, 401);
    } finally {
      await app.close();
    }
  });
});

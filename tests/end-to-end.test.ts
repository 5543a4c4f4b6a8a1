import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  collect,
  runCertgateHere,
  runProgram,
  sampleFolder,
  startCertgate,
  waitForReady,
} from './test-support/certgate.js';
import { type OpensslCertificate, makeOpensslCertificate, openssl, writeTrust } from './test-support/openssl.js';

interface Report {
  readonly gateway: { readonly url: string };
  readonly functions: readonly {
    readonly name: string;
    readonly covered: string;
    readonly policy: { readonly kind: string };
  }[];
  readonly checks: readonly {
    readonly function: string;
    readonly caller: string;
    readonly status: number;
    readonly ok: boolean;
    readonly code: string | null;
  }[];
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const gatewayCa = join(sampleFolder, '.certgate', 'gateway.crt.pem');

async function runCurl(url: string, certificate?: OpensslCertificate, ...more: readonly string[]): Promise<Answer> {
  const own = certificate === undefined ? [] : ['--cert', certificate.certificateFile, '--key', certificate.keyFile];
  const options = ['--silent', '--show-error', '--write-out', '\n%{http_code}', '--cacert', gatewayCa, ...own, ...more];
  const { stdout, stderr, exitCode } = await runProgram('curl', [...options, url]);
  assert.equal(exitCode, 0, stderr);
  const [status = '', ...body] = stdout.split('\n').reverse();
  return { status: Number(status), body: body.reverse().join('\n') };
}

/** The certificate in the form of the header: base64 without line breaks. */
const readHeader = ({ certificateFile }: OpensslCertificate): string =>
  readFileSync(certificateFile, 'utf8').replace(/-----[^-]*-----|\s/g, '');

describe('certgate dev --once --json on the sample', () => {
  it('every function answers each caller correctly', async () => {
    const call = ['--call', 'PublicFunction', 'SecuredFunction', 'RoleFunction'];
    const { exitCode, stdout, stderr } = await runCertgateHere(['dev', sampleFolder, '--once', '--json', ...call]);
    assert.equal(exitCode, 0, stderr);
    const report = JSON.parse(stdout) as Report;
    const statuses = Object.fromEntries(
      report.checks.map((check) => [`${check.function} ${check.caller}`, check.status]),
    );
    const callers = ['none', 'denied', 'allowed', 'allowed-operator'];
    const expected = {
      PublicFunction: [200, 200, 200, 200],
      RoleFunction: [401, 401, 403, 200],
      SecuredFunction: [401, 401, 200, 200],
    };
    assert.deepEqual(
      statuses,
      Object.fromEntries(
        Object.entries(expected).flatMap(([name, each]) =>
          callers.map((caller, index) => [`${name} ${caller}`, each[index]]),
        ),
      ),
    );
    assert.ok(report.checks.every(({ ok }) => ok));
    assert.ok(report.functions.every(({ covered }) => covered === 'gate'));
    assert.match(report.gateway.url, /^https:\/\/localhost:\d+$/);
  });

  it('runs no code of a closed function that was not named with --call', async () => {
    const { exitCode, stdout } = await runCertgateHere(['dev', sampleFolder, '--once', '--json']);
    assert.equal(exitCode, 0);
    const { checks } = JSON.parse(stdout) as Report;
    assert.ok(checks.length > 0);
    assert.ok(checks.every(({ status }) => status === 401 || status === 403));
  });
});

describe('the sample behind the gateway, called by curl with certificates of openssl', () => {
  let folder: string;
  let dev: ChildProcess;
  let url: string;
  let log = '';
  let ec: OpensslCertificate;
  let rsa: OpensslCertificate;
  let stranger: OpensslCertificate;
  let authority: OpensslCertificate;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-e2e-'));
    ec = makeOpensslCertificate(folder, 'ec', 'ec');
    rsa = makeOpensslCertificate(folder, 'rsa', 'rsa');
    stranger = makeOpensslCertificate(folder, 'stranger', 'ec');
    // The certificate that `openssl req -x509` makes without options: it is a CA certificate.
    authority = makeOpensslCertificate(folder, 'authority', 'ec', []);
    const identities = {
      ec: { certificate: ec },
      rsa: { certificate: rsa, roles: ['operator'] },
      authority: { certificate: authority },
    };
    const trust = writeTrust(folder, identities);
    dev = startCertgate(['dev', sampleFolder, '--trust', trust, '--json-log', '--port', '0', '--host-port', '0']);
    dev.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
    url = (await waitForReady(dev)).split(' ')[1] ?? '';
  });

  after(async () => {
    dev.kill('SIGTERM');
    await collect(dev);
    rmSync(folder, { recursive: true, force: true });
  });

  const curl = (path: string, certificate?: OpensslCertificate, ...more: string[]): Promise<Answer> =>
    runCurl(`${url}${path}`, certificate, ...more);

  it('answers each caller by its certificate, and the handler knows the caller', async () => {
    const secured = (caller: string): object => ({
      status: 200,
      body: `{"msg":"Secured Azure Function called","caller":"${caller}"}`,
    });
    assert.deepEqual(await curl('/api/PublicFunction'), {
      status: 200,
      body: '{"msg":"Public Azure Function called"}',
    });
    assert.deepEqual(await curl('/api/SecuredFunction', ec), secured('ec'));
    assert.deepEqual(await curl('/api/SecuredFunction', rsa), secured('rsa'));
    assert.equal((await curl('/api/RoleFunction', ec)).status, 403);
    assert.equal((await curl('/api/RoleFunction', rsa)).status, 200);
  });

  it('answers 401 without a certificate and with an unknown one, and the bodies differ only in their ids', async () => {
    const readPublicPart = async (certificate?: OpensslCertificate): Promise<unknown> => {
      const { status, body } = await curl('/api/SecuredFunction', certificate);
      assert.equal(status, 401);
      const { correlationId, development, ...rest } = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([typeof correlationId, typeof development], ['string', 'object']);
      return rest;
    };
    assert.deepEqual(await readPublicPart(), await readPublicPart(stranger));
  });

  it('refuses a pinned CA certificate with its own code, and logs the remedy', async () => {
    assert.equal((await curl('/api/SecuredFunction', authority)).status, 401);
    assert.match(log, /"code":"certificate_is_authority"/);
    assert.match(log, /basicConstraints=critical,CA:FALSE/);
  });

  it('answers 401 to a forged header through the gateway, in any spelling', async () => {
    const forged = readHeader(ec);
    for (const name of ['X-ARR-ClientCert', 'x-arr-clientcert', 'X_ARR_ClientCert', 'X-Arr_Clientcert']) {
      assert.equal((await curl('/api/SecuredFunction', undefined, '--header', `${name}: ${forged}`)).status, 401, name);
      assert.equal((await curl('/api/SecuredFunction', stranger, '--header', `${name}: ${forged}`)).status, 401, name);
    }
  });

  it('logs neither a certificate nor a key', async () => {
    await curl('/api/SecuredFunction', rsa);
    assert.ok(log.includes(rsa.thumbprintSha256.replaceAll(':', '')));
    assert.ok(!log.includes(readHeader(rsa).slice(200, 260)));
    assert.ok(!log.includes('PRIVATE KEY'));
  });

  it('certgate call opens a 3DES PFX as Windows exports it', async () => {
    const password = join(folder, 'password.txt');
    writeFileSync(password, 'correct horse');
    const legacy = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
    const source = ['-in', ec.certificateFile, '-inkey', ec.keyFile, '-passout', `file:${password}`];
    openssl(['pkcs12', '-export', ...source, ...legacy, '-out', 'ec.pfx'], folder);
    const identity = ['--certificate', join(folder, 'ec.pfx'), '--password-file', password];
    const call = ['call', `${url}/api/SecuredFunction`, ...identity, '--cacert', gatewayCa, '--json'];
    const { exitCode, stdout, stderr } = await runCertgateHere(call);
    assert.equal(exitCode, 0, stderr);
    const answer = JSON.parse(stdout) as { status: number; certificate: { thumbprintSha256: string } };
    assert.equal(answer.status, 200);
    assert.equal(answer.certificate.thumbprintSha256, ec.thumbprintSha256.replaceAll(':', ''));
  });
});

describe('certgate dev --worst-case', () => {
  it('the sample refuses a caller whose front end forwards a forged header together with a certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-worst-'));
    const trusted = makeOpensslCertificate(folder, 'trusted', 'ec');
    const stranger = makeOpensslCertificate(folder, 'stranger', 'ec');
    const trust = writeTrust(folder, { trusted: { certificate: trusted } });
    const options = ['--trust', trust, '--port', '0', '--host-port', '0', '--worst-case'];
    const dev = startCertgate(['dev', sampleFolder, ...options]);
    try {
      const url = (await waitForReady(dev)).split(' ')[1] ?? '';
      const header = `X-ARR-ClientCert: ${readHeader(trusted)}`;
      const { status, body } = await runCurl(`${url}/api/SecuredFunction`, stranger, '--header', header);
      assert.equal(status, 401);
      const { development } = JSON.parse(body) as { readonly development: { readonly code: string } };
      assert.equal(development.code, 'certificate_multiple');
    } finally {
      dev.kill('SIGTERM');
      await collect(dev);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

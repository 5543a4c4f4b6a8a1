import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as doctorStageModule from '../packages/certgate/dist/esm/doctor/test-support/doctor-stage.js';
import type * as probeTableModule from '../packages/certgate/dist/esm/doctor/probe-table.js';
import type * as functionsHostModule from '../packages/certgate/dist/esm/local/functions-host/functions-host.js';
import type * as gatewayModule from '../packages/certgate/dist/esm/local/gateway/gateway.js';
import { type Ended, root, runCertgateHere, sampleFolder } from './test-support/certgate.js';
import { makeOpensslCertificate, openssl, writeTrust } from './test-support/openssl.js';

// Tests `certgate doctor` with the sample as it runs on Azure, behind the local front end in each of its modes.
// Compares the output with docs/doctor.md.

interface Report {
  readonly counts: Readonly<Record<'holds' | 'fails' | 'cannot-tell', number>>;
  readonly findings: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly evidence: readonly string[];
  }[];
  readonly notRun: readonly { readonly id: string }[];
}

const page = readFileSync(join(root, 'docs', 'doctor.md'), 'utf8');

const { createDoctorStage } = (await importBuilt('doctor/test-support/doctor-stage.js')) as typeof doctorStageModule;
const { probeIds } = (await importBuilt('doctor/probe-table.js')) as typeof probeTableModule;

describe('certgate doctor on the sample', () => {
  let folder: string;
  let host: functionsHostModule.FunctionsHost;
  let serverCertificate: { readonly certificatePem: string; readonly privateKeyPem: string };
  let startGateway: typeof gatewayModule.startGateway;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-doctor-'));
    const allowed = makeOpensslCertificate(folder, 'allowed', 'ec');
    const denied = makeOpensslCertificate(folder, 'denied', 'ec');
    const server = makeOpensslCertificate(folder, 'server', 'ec', ['subjectAltName=DNS:localhost']);
    const read = (file: string): string => readFileSync(file, 'utf8');
    writeFileSync(join(folder, 'allowed.pem'), read(allowed.certificateFile) + read(allowed.keyFile));
    writeFileSync(join(folder, 'password'), 'correct horse');
    openssl(
      [
        ...['pkcs12', '-export', '-in', denied.certificateFile, '-inkey', denied.keyFile],
        ...['-passout', 'file:password', '-out', 'denied.pfx'],
      ],
      folder,
    );
    serverCertificate = { certificatePem: read(server.certificateFile), privateKeyPem: read(server.keyFile) };
    const { startFunctionsHost } = (await importBuilt(
      'local/functions-host/functions-host.js',
    )) as typeof functionsHostModule;
    ({ startGateway } = (await importBuilt('local/gateway/gateway.js')) as typeof gatewayModule);
    host = await startFunctionsHost({
      folder: sampleFolder,
      // On App Service, refusals don't contain the reason.
      environment: {
        CERTGATE_TRUST: writeTrust(folder, { allowed: { certificate: allowed } }),
        WEBSITE_INSTANCE_ID: '1',
      },
    });
  });
  after(async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const examine = async (
    options: Partial<gatewayModule.GatewayOptions>,
    more: readonly string[] = [],
  ): Promise<Ended> => {
    const gateway = await startGateway({
      upstream: new URL(`http://127.0.0.1:${host.port}`),
      upstreamToken: host.frontEndField,
      serverCertificate,
      ...options,
    });
    try {
      const allowed = ['--allowed', 'allowed.crt.pem', '--allowed-key', 'allowed.key.pem'];
      const files = [...allowed, '--denied', 'denied.pfx', '--denied-password-file', 'password'];
      const functions = ['--function', 'SecuredFunction', '--public-function', 'PublicFunction'];
      const words = [...files, ...functions, '--cacert', 'server.crt.pem', '--i-operate-this', ...more];
      return await runCertgateHere(['doctor', `https://localhost:${gateway.port}`, ...words], folder);
    } finally {
      await gateway.close();
    }
  };
  const listIds = ({ stdout }: Ended, verdict: string): readonly string[] =>
    (JSON.parse(stdout) as Report).findings.filter((finding) => finding.verdict === verdict).map(({ id }) => id);

  it('holds in mode required, and prints what the page shows', async () => {
    const { exitCode, stdout, stderr } = await examine({ clientCertificateMode: 'required' });
    assert.equal(exitCode, 0, stdout);
    assert.match(stderr, new RegExp(`^1/${probeIds.length} server-certificate$`, 'm'));
    const [, example = ''] = /^```\n(https:[\s\S]*?)^```$/m.exec(page) ?? [];
    const lines = example.replaceAll('localhost:7443', 'localhost:PORT').split('\n');
    const printed = new Set(stdout.replaceAll(/localhost:\d+/g, 'localhost:PORT').split('\n'));
    assert.ok(lines.length > 5);
    assert.equal(stdout.replaceAll(/localhost:\d+/g, 'localhost:PORT').split('\n', 1)[0], lines[0]);
    for (const line of lines.filter((each) => each !== '…')) assert.ok(printed.has(line), line);
  });

  it('holds in mode optional, with files for an issue and for a job summary', async () => {
    const files = ['--report', 'report.json', '--summary', 'summary.md', '--json', '--with-large-body'];
    const more = ['--with-post', '--also-host', 'other.example'];
    const ended = await examine({ clientCertificateMode: 'optional' }, [...files, ...more]);
    assert.equal(ended.exitCode, 0, ended.stdout);
    const { counts, notRun } = JSON.parse(ended.stdout) as Report;
    assert.equal(counts.holds, probeIds.length - notRun.length);
    assert.deepEqual(
      notRun.map(({ id }) => id),
      ['http-2', 'scm-site'],
    );
    const report = readFileSync(join(folder, 'report.json'), 'utf8');
    assert.match(report, /"host": "this machine"/);
    for (const secret of ['localhost', 'SecuredFunction', 'PublicFunction', 'allowed.pem', 'CN=']) {
      assert.ok(!report.includes(secret), secret);
    }
    assert.match(readFileSync(join(folder, 'summary.md'), 'utf8'), /^\| `forged-header` \| holds \|/m);
  });

  it('holds in mode optional-interactive, except for a large body', async () => {
    const ended = await examine({ clientCertificateMode: 'optional-interactive' }, ['--json', '--with-large-body']);
    assert.equal(ended.exitCode, 1);
    assert.deepEqual(listIds(ended, 'fails'), ['large-body']);
    // In this mode, the server asks for the certificate by a renegotiation, after the request's head.
    assert.deepEqual(listIds(ended, 'cannot-tell'), ['key-proof-tls-1.2']);
  });

  it('fails in mode ignore, because the server cannot know any caller', async () => {
    const ended = await examine({ clientCertificateMode: 'ignore' }, ['--json']);
    assert.equal(ended.exitCode, 1);
    assert.deepEqual(listIds(ended, 'fails'), ['allowed-certificate', 'client-certificate-mode']);
  });

  it('lists what any server admits with --any-server, and continues after it', async () => {
    const ended = await examine({ clientCertificateMode: 'optional', worstCase: true }, ['--any-server']);
    assert.equal(ended.exitCode, 1, ended.stderr);
    assert.match(
      ended.stdout,
      /^Admitted, but must be refused: forged-header: X-ARR-ClientCert alone; forged-header-/m,
    );
    assert.match(ended.stdout, /200, like what the/);
    assert.match(ended.stdout, /a secret that it adds shows/);
    assert.doesNotMatch(ended.stdout, /Nothing was sent after/);
    const verbose = await examine({ clientCertificateMode: 'required' }, ['--verbose']);
    assert.match(verbose.stdout, /│ denied-certificate +│ holds +│ .*│ Refused in 1 of 1 tries\. /);
    assert.match(verbose.stdout, /mode Required/);
    const closed = await examine({ clientCertificateMode: 'required' }, ['--any-server', '--json']);
    assert.equal(closed.exitCode, 0, closed.stdout);
    assert.deepEqual((JSON.parse(closed.stdout) as { gotIn: unknown }).gotIn, []);
  });

  it('refuses to run without --i-operate-this or with unusable input, and sends nothing', async () => {
    const files = ['--allowed', 'allowed.pem', '--denied', 'denied.pfx'];
    const password = ['--denied-password-file', 'password'];
    const mine = '--i-operate-this';
    // openssl can make a key of this size, but TLS refuses it.
    const weak = ['-newkey', 'rsa:512', '-nodes', '-subj', '/CN=weak', '-keyout', 'weak.key', '-out', 'weak.crt'];
    openssl(['req', '-x509', ...weak], folder);
    const text = ['weak.crt', 'weak.key'].map((file) => readFileSync(join(folder, file), 'utf8')).join('');
    writeFileSync(join(folder, 'weak.pem'), text);
    for (const [words, message] of [
      [[...files, ...password], /add --i-operate-this/],
      [[...files, mine], /--denied-password-file/],
      [['--allowed', 'allowed.pem', '--denied', 'allowed.pem', mine], /the same certificate/],
      [[...files, ...password, mine, '--function', 'A', '--public-function', 'A'], /--function only/],
      [[...files, ...password, mine, '--rate', '0'], /requests per second/],
      [
        ['--allowed', 'allowed.crt.pem', '--denied', 'denied.pfx', ...password, mine],
        /not its private key.*--allowed-key/s,
      ],
      [['--allowed', 'weak.pem', '--denied', 'denied.pfx', ...password, mine], /weak\.pem cannot be used for TLS/],
      [[...files, ...password, mine, '--report', 'absent/report.json'], /can't be written/],
    ] as const) {
      // Nothing listens on this port, so a request would lead to another error.
      const { exitCode, stdout, stderr } = await runCertgateHere(['doctor', 'https://localhost:9', ...words], folder);
      assert.equal(exitCode, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
    const plain = await runCertgateHere(['doctor', 'http://localhost', ...files, mine], folder);
    assert.equal(plain.exitCode, 2);
  });

  it('cannot tell anything about a host that does not answer', async () => {
    const files = ['--allowed', 'allowed.pem', '--denied', 'denied.pfx', '--denied-password-file', 'password'];
    const words = ['doctor', 'https://localhost:9', ...files, '--function', 'A', '--i-operate-this', '--json'];
    const ended = await runCertgateHere(words, folder);
    assert.equal(ended.exitCode, 3);
    assert.ok(listIds(ended, 'cannot-tell').includes('no-certificate'));
    const { exitCode, stdout } = await runCertgateHere(words.slice(0, -1), folder);
    assert.equal(exitCode, 3);
    assert.match(stdout, /^https:\/\/localhost:9: No connection \(ECONNREFUSED\): nothing was sent\. Check .*\n$/);
    const { certificatePem, privateKeyPem } = createDoctorStage().expired;
    writeFileSync(join(folder, 'expired.pem'), certificatePem + privateKeyPem);
    const expired = [...words.slice(0, 2), '--allowed', 'expired.pem', ...files.slice(2), '--i-operate-this'];
    assert.equal((await runCertgateHere(expired, folder)).exitCode, 3);
  });
});

/**
 * Imports a compiled file that no package exports. The path starts at the root, because the compiled test is one folder
 * deeper than its source.
 */
function importBuilt(file: string): Promise<unknown> {
  return import(pathToFileURL(join(root, 'packages/certgate/dist/esm', file)).href);
}

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import type { ExplanationReport } from '../packages/certgate/dist/esm/trust/explanation/explanation-report.js';
import { createAdapterApp } from './test-support/adapter-app.js';
import { type Ended, runCertgateHere } from './test-support/certgate.js';

// Tests `trust explain` for callers whom the document lists by an authority and a name. The tool itself issues the
// authority and the certificates.

describe('certgate trust explain, for callers listed by their authority', () => {
  let folder: string;
  const run = (...args: readonly string[]): Promise<Ended> => runCertgateHere(args, folder);
  const inAuthority = (name: string, file: string): string => join(folder, 'own', name, file);

  async function succeed(...args: readonly string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await run(...args);
    assert.equal(exitCode, 0, stdout + stderr);
  }

  const issue = (name: string): Promise<void> =>
    succeed(
      ...['certificate', 'issue', name, '--authority', 'services', '--authority-password-file', 'password.txt'],
      ...['--folder', 'own', '--out', 'own', '--pem', '--no-pfx', '--dns', `${name}.corp.example`],
    );

  const ask = (certificate: string, ...more: readonly string[]): Promise<Ended> =>
    run(
      ...['trust', 'explain', '--store', 'file:trust.json', '--certificate', certificate],
      ...['--function', 'GetOrder', '--requires-role', 'orders.read', ...more],
    );

  async function explain(certificate: string, ...more: readonly string[]): Promise<ExplanationReport> {
    const { exitCode, stdout, stderr } = await ask(certificate, '--json', ...more);
    assert.ok(stdout.startsWith('{'), stderr);
    const report = JSON.parse(stdout) as ExplanationReport;
    assert.equal(exitCode, { allowed: 0, denied: 1, unverified: 3 }[report.outcome]);
    return report;
  }

  const findStep = ({ steps }: ExplanationReport, name: string): ExplanationReport['steps'][number] | undefined =>
    steps.find(({ step }) => step === name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-explain-authority-'));
    writeFileSync(join(folder, 'password.txt'), 'for this test alone\n');
    const common = ['--folder', 'own', '--authority-password-file', 'password.txt'];
    await succeed('authority', 'create', 'corp', ...common);
    const parent = ['--parent', 'corp', '--parent-password-file', 'password.txt'];
    await succeed('authority', 'create', 'services', ...parent, ...common);
    await issue('billing');
    await issue('former');
    await succeed(
      ...['authority', 'revoke', 'services', 'own/former.crt.pem', '--reason', 'keyCompromise'],
      ...['--folder', 'own', '--authority-password-file', 'password.txt'],
    );
    const read = (name: string): string => readFileSync(inAuthority(name, `${name}.crt.pem`), 'utf8');
    const crls = ['corp', 'services'].map((name) => `file:${inAuthority(name, `${name}.crl`)}`);
    const corp = { name: 'corp', trustAnchors: [read('corp')], intermediates: [read('services')] };
    const identities = ['billing', 'former'].map((name) => ({
      name,
      roles: ['orders.read'],
      names: [{ issuedBy: 'corp', dns: `${name}.corp.example` }],
    }));
    writeFileSync(
      join(folder, 'trust.json'),
      JSON.stringify({
        schemaVersion: 1,
        revision: 4,
        authorities: [{ ...corp, revocation: { crls } }],
        identities,
      }),
    );
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows a caller allowed by its name, with the path and the evidence about its revocation', async () => {
    const report = await explain('own/billing.crt.pem');
    assert.deepEqual([report.outcome, report.code], ['unverified', 'allowed'], report.detail ?? '');
    assert.deepEqual([report.identity?.name, report.identity?.matchedBy], ['billing', 'dns issued by corp']);
    assert.equal(findStep(report, 'certification-path')?.text, 'CN=corp → CN=services → CN=billing');
    assert.ok(report.steps.every(({ verdict }) => verdict === 'passed'));
    const [path, ...others] = report.paths;
    assert.deepEqual([path?.reachesTrustAnchor, others], [true, []]);
    const checks = path?.checks ?? [];
    const evidence = checks.filter(({ check }) => check === 'revocation').flatMap(({ revocation }) => revocation);
    assert.deepEqual(
      evidence.map(({ status }) => status),
      ['good', 'good'],
    );
    // If no newer list arrives in time, callers are denied when the first list ends.
    const ends = evidence.map(({ nextUpdate }) => nextUpdate ?? '').sort()[0];
    assert.deepEqual(report.nextChange, { at: ends, outcome: 'denied', code: 'revocation_unavailable' });
    const { stdout } = await ask('own/billing.crt.pem');
    assert.match(stdout, /^✓ certification-path +CN=corp → CN=services → CN=billing$/m);
    assert.match(stdout, /^Path 1: CN=corp → CN=services → CN=billing$/m);
    assert.match(stdout, /^ +list \d+, .*: good$/m);
  });

  it("resolves relative paths of revocation lists from the app's folder", async (context) => {
    const start = `const { app } = require('@azure/functions');\nconst { secureApp, trustStoreFrom } = require('@certgate/azure-functions');`;
    const main = `${start}\nsecureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });\napp.http('GetOrder', { handler: () => ({}) });`;
    const { folder: app } = createAdapterApp(context, { 'src/index.js': main });
    const lists = ['corp', 'services'];
    for (const name of lists) copyFileSync(inAuthority(name, `${name}.crl`), join(app, `${name}.crl`));
    const document = JSON.parse(readFileSync(join(folder, 'trust.json'), 'utf8')) as {
      readonly authorities: readonly object[];
    };
    const crls = lists.map((name) => `file:${name}.crl`);
    const authorities = document.authorities.map((authority) => ({ ...authority, revocation: { crls } }));
    writeFileSync(join(folder, 'relative.json'), JSON.stringify({ ...document, authorities }));
    const words = [
      'trust',
      'explain',
      '--store',
      'file:relative.json',
      '--function',
      'GetOrder',
      '--app',
      app,
      '--json',
    ];
    for (const [name, code] of [
      ['billing', 'allowed'],
      ['former', 'certificate_revoked'],
    ] as const) {
      const { stdout } = await run(...words, '--certificate', `own/${name}.crt.pem`);
      const report = JSON.parse(stdout) as ExplanationReport;
      assert.equal(report.code, code, report.detail ?? '');
      assert.equal(findStep(report, 'certification-path')?.verdict, code === 'allowed' ? 'passed' : 'denied');
    }
  });

  it('shows which list revokes a certificate', async () => {
    const report = await explain('own/former.crt.pem');
    assert.deepEqual([report.status, report.code], [401, 'certificate_revoked']);
    assert.equal(report.identity?.name, 'former');
    assert.equal(findStep(report, 'certification-path')?.verdict, 'denied');
    const failed = report.paths[0]?.checks.find(({ verdict }) => verdict === 'failed');
    assert.deepEqual([failed?.check, failed?.revocation[0]?.status], ['revocation', 'revoked']);
    assert.match((await ask('own/former.crt.pem')).stdout, /list \d+, .*: revoked: keyCompromise, since/);
  });

  it('denies a caller after the revocation lists have ended, and after the certificate has', async () => {
    const [path] = (await explain('own/billing.crt.pem')).paths;
    const end = Date.parse(path?.certificates.at(-1)?.notAfter ?? '');
    const at = (instant: number): readonly string[] => ['--at', new Date(instant).toISOString()];
    assert.equal((await explain('own/billing.crt.pem', ...at(end - 1000))).code, 'revocation_unavailable');
    assert.equal((await explain('own/billing.crt.pem', ...at(end + 1000))).code, 'certificate_expired');
  });

  it('denies a caller after an intermediate has expired, although the certificate is still valid', async () => {
    // openssl makes these certificates, because the tool issues none that outlives its issuer.
    const make = (name: string, until: string, extensions: readonly string[], issuer?: string): void => {
      const inFolder = (file: string) => ({
        pemPath: join(folder, `${file}.pem`),
        keyPath: join(folder, `${file}.key`),
      });
      const { pemPath, keyPath } = inFolder(name);
      writeDatedCertificate(pemPath, {
        keyPath,
        name: [`CN = ${name}`],
        extensions,
        notBefore: '20260101000000Z',
        notAfter: until,
        ...(issuer === undefined ? {} : { issuer: inFolder(issuer) }),
      });
    };
    const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
    make('root', '20500101000000Z', authority);
    make('short', '20400101000000Z', authority, 'root');
    const names = ['extendedKeyUsage=clientAuth', 'subjectAltName=DNS:long.example'];
    make('long', '20450101000000Z', ['basicConstraints=critical,CA:FALSE', ...names], 'short');
    const read = (name: string): string => readFileSync(join(folder, `${name}.pem`), 'utf8');
    const authorities = [{ name: 'corp', trustAnchors: [read('root')], intermediates: [read('short')] }];
    const trustNames = [{ issuedBy: 'corp', dns: 'long.example' }];
    const identities = [{ name: 'long', roles: ['orders.read'], names: trustNames }];
    const document = { schemaVersion: 1, revision: 5, authorities, identities };
    writeFileSync(join(folder, 'trust.json'), JSON.stringify(document));
    const before = await explain('long.pem', '--at', '2039-12-31T00:00:00Z');
    assert.equal(before.code, 'allowed', before.detail ?? '');
    const change = { at: '2040-01-01T00:00:00.001Z', outcome: 'denied', code: 'path_certificate_expired' };
    assert.deepEqual(before.nextChange, change);
    const then = await explain('long.pem', '--at', '2040-06-01T00:00:00Z');
    assert.deepEqual([then.status, then.code], [401, 'path_certificate_expired']);
    assert.match(then.detail ?? '', /The CA certificate "CN=short" expired at 2040-01-01T00:00:00Z/);
  });
});

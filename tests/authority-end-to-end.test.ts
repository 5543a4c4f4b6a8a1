import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type LocalApp, type LocalAppLogLine, startLocalApp } from 'certgate';
import { createLocalApp } from './test-support/local-app.js';
import { runCertgateHere } from './test-support/certgate.js';
import { until } from '@certgate/x509/test-support/until.js';

// Callers with certificates that `certgate certificate issue` made, through the gateway with real handshakes.

const refreshSeconds = 1;

const gate = `
const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom, requireRole, getClientIdentity } = require('@certgate/azure-functions');
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: ${refreshSeconds} }) });
const who = (request, context) => ({ jsonBody: { caller: getClientIdentity(context).name } });
app.http('Secured', { handler: who });
app.http('Role', { handler: requireRole('operator', who) });
`;

interface Caller {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

describe('callers whose certificates an authority issued', () => {
  let folder: string;
  let app: LocalApp<never>;
  const logs: LocalAppLogLine[] = [];

  const certgate = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCertgateHere(args, folder);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };

  const createAuthority = (authorities: string, ...more: readonly string[]): Promise<string> =>
    certgate(
      'authority',
      'create',
      'corp',
      '--folder',
      authorities,
      '--authority-password-file',
      'password.txt',
      ...more,
    );

  const issue = async (authorities: string, name: string, ...more: readonly string[]): Promise<Caller> => {
    const out = join(folder, `${authorities}-${name}`);
    const authority = ['--authority', 'corp', '--folder', authorities, '--authority-password-file', 'password.txt'];
    await certgate('certificate', 'issue', name, ...authority, '--pem', '--no-pfx', '--out', out, ...more);
    return {
      certificatePem: readFileSync(join(out, `${name}.crt.pem`), 'utf8'),
      privateKeyPem: readFileSync(join(out, `${name}.key.pem`), 'utf8'),
    };
  };

  const writeTrust = (revision: number, more: object = {}): void => {
    const authority = {
      name: 'corp',
      trustAnchors: [readFileSync(join(folder, 'authorities/corp/corp.crt.pem'), 'utf8')],
      spiffeTrustDomains: ['corp.example'],
      revocation: { crls: [`file:${join(folder, 'authorities/corp/corp.crl')}`] },
    };
    const identities = [
      { name: 'billing', roles: ['operator'], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] },
      { name: 'reports', roles: [], names: [{ issuedBy: 'corp', uri: 'spiffe://corp.example/reports' }] },
    ];
    const document = { schemaVersion: 1, revision, authorities: [authority], identities, ...more };
    writeFileSync(join(folder, 'trust.json'), JSON.stringify(document));
  };

  const call = async (caller: Caller, name = 'Secured'): Promise<number> =>
    (await app.callAs(caller, `/api/${name}`)).status;

  const decisions = (): readonly Record<string, unknown>[] =>
    logs
      .map(({ message }) => message)
      .filter((message) => message.startsWith('{"certgate"'))
      .map((message) => JSON.parse(message) as Record<string, unknown>)
      .filter(({ event }) => event === 'decision');

  const untilRefused = (caller: Caller): Promise<void> => until(async () => (await call(caller)) === 401);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-authority-'));
    writeFileSync(join(folder, 'password.txt'), 'for this test alone\n');
    await createAuthority('authorities');
    writeTrust(1);
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are let in by the name that is bound to it, until it revokes the certificate', async (context) => {
    const billing = await issue('authorities', 'billing', '--dns', 'billing.corp.example');
    const reports = await issue('authorities', 'reports', '--uri', 'spiffe://corp.example/reports');
    const unnamed = await issue('authorities', 'unnamed', '--dns', 'unnamed.corp.example');
    await createAuthority('imitators');
    const imitator = await issue('imitators', 'billing', '--dns', 'billing.corp.example');
    app = await startLocalApp({
      folder: createLocalApp(context, gate),
      environment: { CERTGATE_TRUST: join(folder, 'trust.json') },
      onLog: (line) => logs.push(line),
    });
    context.after(() => app.close());

    assert.deepEqual((await app.callAs(billing, '/api/Role')).json(), { caller: 'billing' });
    assert.deepEqual((await app.callAs(reports, '/api/Secured')).json(), { caller: 'reports' });
    assert.equal(await call(reports, 'Role'), 403);
    assert.equal(await call(unnamed), 401);
    // An authority of the same name, a certificate of the same name: another key.
    assert.equal(await call(imitator), 401);

    const certificate = join(folder, 'authorities-billing', 'billing.crt.pem');
    const revoke = ['authority', 'revoke', 'corp', certificate, '--reason', 'keyCompromise'];
    await certgate(...revoke, '--folder', 'authorities', '--authority-password-file', 'password.txt');
    await untilRefused(billing);
    assert.equal(await call(reports), 200);

    const codes = decisions().map(({ code, identity }) => [code, identity].filter(Boolean).join(' '));
    for (const expected of [
      'allowed billing',
      'allowed reports',
      'role_missing reports',
      'certificate_not_trusted',
      'path_signature_invalid',
      'certificate_revoked billing',
    ]) {
      assert.ok(codes.includes(expected), `${expected} is not among ${codes.join(', ')}`);
    }
    const explained = await runCertgateHere([
      ...['trust', 'explain', '--store', `file:${join(folder, 'trust.json')}`, '--function', 'Secured', '--json'],
      ...['--certificate', certificate],
    ]);
    const report = JSON.parse(explained.stdout) as { code: string; steps: { step: string; code: string | null }[] };
    assert.equal(explained.exitCode, 1);
    assert.equal(report.code, 'certificate_revoked');
    assert.equal(report.steps.find(({ code }) => code !== null)?.step, 'certification-path');

    // The deny list needs no list of the authority's.
    const inspected = await certgate(
      'certificate',
      'inspect',
      join(folder, 'authorities-reports/reports.crt.pem'),
      '--json',
    );
    const { serialNumber } = (JSON.parse(inspected) as { certificate: { serialNumber: string } }).certificate;
    writeTrust(2, { denied: [{ issuedBy: 'corp', serialNumber }] });
    await untilRefused(reports);
    assert.ok(decisions().some(({ code }) => code === 'certificate_on_deny_list'));
  });
});

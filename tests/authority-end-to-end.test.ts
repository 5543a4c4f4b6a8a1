import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type LocalApp, startLocalApp } from 'certgate';
import { createLocalApp } from './test-support/local-app.js';
import { runCertgateHere } from './test-support/certgate.js';
import { until } from '@certgate/x509/test-support/until.js';

// Calls the gateway over real TLS with certificates that `certgate certificate issue` made.

const refreshSeconds = 1;

const gate = `
const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom, requireRole, getClientIdentity } = require('@certgate/azure-functions');
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: ${refreshSeconds} }) });
const who = (request, context) => ({ jsonBody: { caller: getClientIdentity(context).name } });
app.http('Role', { handler: requireRole('operator', who) });
`;

interface Caller {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

describe('callers whose certificates an authority issued', () => {
  let folder: string;
  let app: LocalApp<never>;

  const certgate = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCertgateHere(args, folder);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };

  const createAuthority = (authorities: string): Promise<string> =>
    certgate('authority', 'create', 'corp', '--folder', authorities, '--authority-password-file', 'password.txt');

  const issue = async (authorities: string): Promise<Caller> => {
    const out = join(folder, `${authorities}-billing`);
    const authority = ['--authority', 'corp', '--folder', authorities, '--authority-password-file', 'password.txt'];
    const names = ['billing', '--dns', 'billing.corp.example'];
    await certgate('certificate', 'issue', ...names, ...authority, '--pem', '--no-pfx', '--out', out);
    const read = (file: string): string => readFileSync(join(out, file), 'utf8');
    return { certificatePem: read('billing.crt.pem'), privateKeyPem: read('billing.key.pem') };
  };

  const writeTrust = (): void => {
    const authority = {
      name: 'corp',
      trustAnchors: [readFileSync(join(folder, 'authorities/corp/corp.crt.pem'), 'utf8')],
      revocation: { crls: [`file:${join(folder, 'authorities/corp/corp.crl')}`] },
    };
    const names = [{ issuedBy: 'corp', dns: 'billing.corp.example' }];
    const identities = [{ name: 'billing', roles: ['operator'], names }];
    const document = { schemaVersion: 1, revision: 1, authorities: [authority], identities };
    writeFileSync(join(folder, 'trust.json'), JSON.stringify(document));
  };

  const call = async (caller: Caller): Promise<number> => (await app.callAs(caller, '/api/Role')).status;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-authority-'));
    writeFileSync(join(folder, 'password.txt'), 'for this test alone\n');
    await createAuthority('authorities');
    writeTrust();
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are admitted by the name that is bound to the authority, until it revokes their certificate', async (context) => {
    const billing = await issue('authorities');
    await createAuthority('imitators');
    const imitator = await issue('imitators');
    app = await startLocalApp({
      folder: createLocalApp(context, gate),
      environment: { CERTGATE_TRUST: join(folder, 'trust.json') },
    });
    context.after(() => app.close());

    assert.deepEqual((await app.callAs(billing, '/api/Role')).json(), { caller: 'billing' });
    // The imitator's certificate and authority have the same names but other keys.
    assert.equal(await call(imitator), 401);

    const certificate = join(folder, 'authorities-billing', 'billing.crt.pem');
    const revoke = ['authority', 'revoke', 'corp', certificate, '--reason', 'keyCompromise'];
    await certgate(...revoke, '--folder', 'authorities', '--authority-password-file', 'password.txt');
    await until(async () => (await call(billing)) === 401);
  });
});

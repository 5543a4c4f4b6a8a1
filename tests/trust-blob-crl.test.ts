import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { AccessGate, trustStoreFromBlob } from '@certgate/core';
import { type Azurite, type ContainerClient, shareAzurite } from './test-support/azurite.js';
import { openssl } from './test-support/openssl.js';
import { until } from '@certgate/x509/test-support/until.js';

// Tests an authority's revocation list in a blob next to the trust document, read by the real SDK.

const folder = mkdtempSync(join(tmpdir(), 'certgate-crl-'));
let azurite: Azurite;

before(async () => {
  makeAuthority();
  azurite = await shareAzurite();
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('a revocation list in a blob is required, is used within a refresh, and is kept when the blob is deleted', async () => {
  const container = azurite.connect().getContainerClient('lists');
  await container.create();
  await write(container, 'trust.json', documentText());
  const crlBlob = container.getBlockBlobClient('corp.crl');
  const store = trustStoreFromBlob(container.getBlockBlobClient('trust.json'), {
    refreshIntervalSeconds: 0.05,
    crlBlobs: { corp: [crlBlob] },
  });
  await store.start?.();
  const gate = new AccessGate({ trustStore: store });
  const header = new X509Certificate(readFileSync(join(folder, 'caller.pem'))).raw.toString('base64');
  const decide = async (): Promise<string> =>
    (await gate.decide(header, { functionName: 'f', roles: [] }, Date.now())).code;

  assert.equal(await decide(), 'revocation_unavailable');
  assert.match(store.report?.().revocationFault ?? '', /blob http:\/\/127\.0\.0\.1:\d+\/.*corp\.crl.*404/);
  await write(container, 'corp.crl', makeList());
  await until(async () => (await decide()) === 'allowed');
  assert.equal(store.report?.().revocationFault, undefined);

  openssl(['ca', ...configuration, '-revoke', 'caller.pem'], folder);
  await write(container, 'corp.crl', makeList());
  await until(async () => (await decide()) === 'certificate_revoked');
  await crlBlob.delete();
  await wait(200);
  assert.equal(await decide(), 'certificate_revoked');
});

const configuration = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];

function makeAuthority(): void {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const add = (...lines: readonly string[]): readonly string[] => lines.flatMap((line) => ['-addext', line]);
  const ofAuthority = add('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign');
  const common = ['req', '-x509', ...newKey, '-days', '2'];
  openssl([...common, '-subj', '/CN=Corp CA', '-keyout', 'ca.key', '-out', 'ca.pem', ...ofAuthority], folder);
  const ofCaller = add(
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=clientAuth',
    'subjectAltName=DNS:billing.corp.example',
  );
  const issuer = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
  openssl(
    [...common, ...issuer, '-subj', '/CN=billing', '-keyout', 'caller.key', '-out', 'caller.pem', ...ofCaller],
    folder,
  );
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'number'), '01\n');
  const settings = ['database = index.txt', 'crlnumber = number', 'default_md = sha256', 'default_crl_days = 1'];
  const extensions = ['crl_extensions = crl', '[crl]', 'authorityKeyIdentifier = keyid:always'];
  writeFileSync(
    join(folder, 'ca.cnf'),
    ['[ca]', 'default_ca = here', '[here]', ...settings, ...extensions, ''].join('\n'),
  );
}

/** Makes a revocation list in PEM. `openssl ca` raises its number each time. */
function makeList(): string {
  return openssl(['ca', '-gencrl', ...configuration], folder);
}

function documentText(): string {
  const trustAnchors = [readFileSync(join(folder, 'ca.pem'), 'utf8')];
  const identity = { name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] };
  return JSON.stringify({
    schemaVersion: 1,
    revision: 1,
    authorities: [{ name: 'corp', trustAnchors }],
    identities: [identity],
  });
}

async function write(container: ContainerClient, name: string, text: string): Promise<void> {
  await container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
}

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { type LocalAppLogLine, startLocalApp } from 'certgate';
import { isMlDsaKnown } from '@certgate/x509/test-support/certificate-writing.js';
import { clientExtensions, isKeyKindKnown } from '@certgate/x509/test-support/certificates.js';
import { issue, type MadeAuthority } from '@certgate/x509/test-support/revocation.js';
import { createLocalApp } from './test-support/local-app.js';

// Callers with ML-DSA, made by openssl, through the gateway with real handshakes, to the adapter's decision.

interface Caller {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const read = ({ pemPath, keyPath }: MadeAuthority): Caller => ({
  certificatePem: readFileSync(pemPath, 'utf8'),
  privateKeyPem: readFileSync(keyPath, 'utf8'),
});

const skip = isKeyKindKnown('ml-dsa-44') ? false : 'this openssl knows no ML-DSA';

it('callers with ML-DSA are decided about as the runtime allows', { skip }, async (context) => {
  // The app has the machine's clock.
  const always = { notBefore: '20000101000000Z', notAfter: '99991231235959Z' };
  const root = issue({ ...always, name: 'Corp root', key: 'ml-dsa-87' });
  const issued = issue({
    ...always,
    name: 'issued',
    issuer: root,
    key: 'ml-dsa-44',
    extensions: [...clientExtensions, 'subjectAltName = DNS:billing.corp.example'],
  });
  const pinned = issue({ ...always, name: 'pinned', key: 'ml-dsa-65', extensions: clientExtensions });
  const stranger = issue({ ...always, name: 'pinned', key: 'ml-dsa-44-again', extensions: clientExtensions });
  const document = {
    schemaVersion: 1,
    revision: 1,
    authorities: [{ name: 'corp', trustAnchors: [read(root).certificatePem], revocation: { mode: 'off' } }],
    identities: [
      { name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] },
      { name: 'reports', roles: [], pins: [{ thumbprintSha256: pinned.certificate.thumbprintSha256 }] },
    ],
  };
  const folder = createLocalApp(context);
  const trust = join(folder, 'trust.json');
  writeFileSync(trust, JSON.stringify(document));
  const lines: LocalAppLogLine[] = [];
  const environment = { CERTGATE_TRUST: trust };
  const app = await startLocalApp({ folder, environment, onLog: (line) => lines.push(line) });
  context.after(() => app.close());

  const call = async (caller: MadeAuthority): Promise<string> => {
    const response = await app.callAs(read(caller), '/api/Secured');
    return response.status === 200 ? response.body : String(response.status);
  };
  if (!isSpoken(read(pinned))) {
    // Node's own TLS knows no such keys; its gate is asked in core's ml-dsa.test.ts.
    await assert.rejects(call(pinned), /no PEM that can be read/);
    return;
  }
  assert.equal(await call(issued), isMlDsaKnown ? '{"caller":"billing"}' : '401');
  assert.equal(await call(pinned), isMlDsaKnown ? '{"caller":"reports"}' : '401');
  assert.equal(await call(stranger), '401');
  const codes = lines.flatMap(({ message }) => /"event":"decision".*"code":"(\w+)"/.exec(message)?.[1] ?? []);
  const expected = isMlDsaKnown ? 'allowed' : 'algorithm_unsupported_by_runtime';
  assert.deepEqual(codes, [expected, expected, 'certificate_not_trusted']);
});

function isSpoken({ certificatePem, privateKeyPem }: Caller): boolean {
  try {
    createSecureContext({ cert: certificatePem, key: privateKeyPem });
    return true;
  } catch {
    return false;
  }
}

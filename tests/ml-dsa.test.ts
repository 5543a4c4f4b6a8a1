import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { type LocalAppLogLine, startLocalApp } from 'certgate';
import { createGate, findClientIdentity, secureServer, trustStoreFromDocument } from '@certgate/http';
import { isMlDsaKnown } from '@certgate/x509/test-support/certificate-writing.js';
import { clientExtensions, isKeyKindKnown } from '@certgate/x509/test-support/certificates.js';
import { issue, type MadeAuthority } from '@certgate/x509/test-support/revocation.js';
import { makeCertificates } from './front-ends/callers.js';
import { createLocalApp } from './test-support/local-app.js';

const skip = isKeyKindKnown('ml-dsa-44') ? false : 'this openssl knows no ML-DSA';

describe('callers with ML-DSA certificates, in real handshakes', { skip }, () => {
  let issued: MadeAuthority;
  let pinned: MadeAuthority;
  let stranger: MadeAuthority;
  let document: object;

  before(() => {
    // The certificates are valid at any time, because the gates use the machine's clock.
    const always = { notBefore: '20000101000000Z', notAfter: '99991231235959Z' };
    const root = issue({ ...always, name: 'Corp root', key: 'ml-dsa-87' });
    const extensions = [...clientExtensions, 'subjectAltName = DNS:billing.corp.example'];
    issued = issue({ ...always, name: 'issued', issuer: root, key: 'ml-dsa-44', extensions });
    pinned = issue({ ...always, name: 'pinned', key: 'ml-dsa-65', extensions: clientExtensions });
    stranger = issue({ ...always, name: 'pinned', key: 'ml-dsa-44-again', extensions: clientExtensions });
    document = {
      schemaVersion: 1,
      revision: 1,
      authorities: [{ name: 'corp', trustAnchors: [read(root).certificatePem], revocation: { mode: 'off' } }],
      identities: [
        { name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] },
        { name: 'reports', roles: [], pins: [{ thumbprintSha256: pinned.certificate.thumbprintSha256 }] },
      ],
    };
  });

  it('call the app through the local gateway, and the adapter decides', async (context) => {
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
    if (!isSpoken(pinned)) {
      await assert.rejects(call(pinned), /can't be read as PEM/);
      return;
    }
    assert.equal(await call(issued), isMlDsaKnown ? '{"caller":"billing"}' : '503');
    assert.equal(await call(pinned), isMlDsaKnown ? '{"caller":"reports"}' : '503');
    assert.equal(await call(stranger), '401');
    const codes = lines.flatMap(({ message }) => /"event":"decision".*"code":"(\w+)"/.exec(message)?.[1] ?? []);
    const expected = isMlDsaKnown ? 'allowed' : 'algorithm_unsupported_by_runtime';
    assert.deepEqual(codes, [expected, expected, 'certificate_not_trusted']);
  });

  it('call a server that ends TLS itself, with curl', async (context) => {
    const lines: string[] = [];
    const log = {
      info: (line: string): unknown => lines.push(line),
      warn: (line: string): unknown => lines.push(line),
    };
    const gate = createGate({ trustStore: trustStoreFromDocument(document), frontEnd: 'direct-tls', log });
    const url = await listen(context, gate);
    for (const caller of [issued, pinned, stranger]) {
      lines.length = 0;
      const files = ['--cert', caller.pemPath, '--key', caller.keyPath];
      const { stdout } = await promisify(execFile)('curl', ['-sk', '--max-time', '10', ...files, url]);
      const refusal = isSpoken(caller)
        ? caller === stranger
          ? 'certificate_not_trusted'
          : 'algorithm_unsupported_by_runtime'
        : // If Node lacks ML-DSA, it does not offer this signature algorithm, so curl sends no certificate.
          'certificate_missing';
      const isAdmitted = isMlDsaKnown && caller !== stranger;
      assert.match(lines.join('\n'), new RegExp(`"code":"${isAdmitted ? 'allowed' : refusal}"`));
      const name = caller === issued ? 'billing' : 'reports';
      assert.match(stdout, isAdmitted ? new RegExp(`^${name}$`) : /"client_certificate_required"/);
    }
  });
});

async function listen(context: TestContext, gate: ReturnType<typeof createGate>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-ml-dsa-'));
  const options = { ...makeCertificates(folder).server, requestCert: true, rejectUnauthorized: false };
  rmSync(folder, { recursive: true, force: true });
  const server = createServer(options, (request, response) => {
    response.end(findClientIdentity(request)?.name ?? 'nobody');
  });
  secureServer(server, gate);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

function read({ pemPath, keyPath }: MadeAuthority): KeyPair {
  return { certificatePem: readFileSync(pemPath, 'utf8'), privateKeyPem: readFileSync(keyPath, 'utf8') };
}

/** Whether Node's TLS can use the caller's key. It can't with OpenSSL 3.0, which knows no ML-DSA. */
function isSpoken(caller: MadeAuthority): boolean {
  const { certificatePem, privateKeyPem } = read(caller);
  try {
    createSecureContext({ cert: certificatePem, key: privateKeyPem });
    return true;
  } catch {
    return false;
  }
}

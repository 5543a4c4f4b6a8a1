import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AccessGate, trustStoreFromDocument } from '@certgate/core';

// Tests certificates that smallstep's own code issues. It runs if Go and Debian's golang-github-smallstep-crypto-dev
// are installed.

const gopath = process.env['CERTGATE_GOCODE'] ?? '/usr/share/gocode';
const isThere = existsSync(join(gopath, 'src/go.step.sm/crypto/x509util'));
const source = fileURLToPath(new URL('../issuers/step-issuer.go', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'certgate-step-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

test(
  'a certificate of step-ca’s default template identifies its caller by its DNS name',
  { skip: isThere ? false : 'golang-github-smallstep-crypto-dev is not installed' },
  async () => {
    const program = join(folder, 'step-issuer');
    // This test and tests/clients.test.ts share a cache, so that Go compiles its standard library only once on a
    // machine.
    const cache = { GOCACHE: join(tmpdir(), 'certgate-go-build'), CGO_ENABLED: '0', GOTOOLCHAIN: 'local' };
    const env = { ...process.env, GOPATH: gopath, GO111MODULE: 'off', GOFLAGS: '', ...cache };
    const words = ['build', '-gcflags=all=-N -l', '-o', program, source];
    execFileSync('go', words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const issue = (name: string): readonly string[] =>
      execFileSync(program, [name], { encoding: 'utf8' }).match(/-----BEGIN.*?END CERTIFICATE-----\n/gs) ?? [];
    const decide = async (presented: string | undefined, [root, intermediate]: readonly string[]): Promise<string> => {
      const trustStore = trustStoreFromDocument({
        schemaVersion: 1,
        revision: 1,
        authorities: [{ name: 'corp', trustAnchors: [root], intermediates: [intermediate] }],
        identities: [{ name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] }],
      });
      const header = new X509Certificate(presented ?? '').raw.toString('base64');
      const decision = await new AccessGate({ trustStore }).decide(
        header,
        { functionName: 'f', roles: [] },
        Date.now(),
      );
      return decision.outcome === 'allowed' ? decision.identity.name : decision.code;
    };
    const [own, other] = [issue('billing.corp.example'), issue('reporting.corp.example')];
    assert.equal(await decide(own[2], own), 'billing');
    assert.equal(await decide(other[2], other), 'certificate_not_trusted');
    // This certificate has the same name, and its CA too, but the CA has another key.
    assert.equal(await decide(issue('billing.corp.example')[2], own), 'path_signature_invalid');
  },
);

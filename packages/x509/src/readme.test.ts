import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { now } from './test-support/certificates.js';
import { issue, makeCrl } from './test-support/revocation.js';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

it('the example of the README tells a certificate of the root from a revoked one', (context) => {
  const [, program] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(packageFolder, 'README.md'), 'utf8')) ?? [];
  assert.ok(program !== undefined);
  const folder = mkdtempSync(join(tmpdir(), 'certgate-readme-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'node_modules/@certgate'), { recursive: true });
  symlinkSync(packageFolder, join(folder, 'node_modules/@certgate/x509'), 'junction');
  writeFileSync(join(folder, 'example.mjs'), program);

  const root = issue({ name: 'root' });
  const extensions = [
    'basicConstraints = critical, CA:FALSE',
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = clientAuth',
    'authorityKeyIdentifier = keyid',
  ];
  const client = issue({ name: 'client', issuer: root, serialNumber: '10', extensions });
  copyFileSync(root.pemPath, join(folder, 'root.pem'));
  copyFileSync(client.pemPath, join(folder, 'client.pem'));
  const run = (crl: Buffer): string => {
    writeFileSync(join(folder, 'root.crl'), crl);
    const clock = `data:text/javascript,Date.now = () => ${now}`;
    return execFileSync(process.execPath, ['--import', clock, 'example.mjs'], { cwd: folder, encoding: 'utf8' }).trim();
  };
  assert.equal(run(makeCrl({ authority: root })), 'valid');
  assert.match(run(makeCrl({ authority: root, revoked: [{ serialNumber: '10' }] })), /^certificate_revoked: /);
});

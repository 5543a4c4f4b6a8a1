import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { now } from './test-support/certificates.js';
import { type MadeAuthority, authorityExtensions, issue, makeCrl } from './test-support/revocation.js';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

describe('the example of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-readme-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'node_modules/@certgate'), { recursive: true });
  symlinkSync(packageFolder, join(folder, 'node_modules/@certgate/x509'), 'junction');
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const [program = '', requiringCrls = ''] = Array.from(readme.matchAll(/```js\n([\s\S]*?)```/g), ([, code]) => code);
  writeFileSync(join(folder, 'example.mjs'), program);

  const beneath = [...authorityExtensions, 'authorityKeyIdentifier = keyid'];
  const [root, stranger] = [issue({ name: 'root' }), issue({ name: 'stranger', key: 'p-384' })];
  const below = issue({ name: 'below', issuer: root, key: 'p-521', extensions: beneath });
  const makeClient = (issuer: MadeAuthority, usage = 'digitalSignature'): MadeAuthority =>
    issue({
      name: 'client',
      issuer,
      serialNumber: '10',
      extensions: [
        'basicConstraints = critical, CA:FALSE',
        `keyUsage = critical, ${usage}`,
        'extendedKeyUsage = clientAuth',
        'authorityKeyIdentifier = keyid',
      ],
    });
  const client = makeClient(root);
  const bundle = (all: readonly MadeAuthority[]): string =>
    all.map(({ pemPath }) => `${pemPath}\n${readFileSync(pemPath, 'utf8')}`).join('\n');
  const run = (chain: readonly MadeAuthority[], roots: readonly MadeAuthority[], file = 'example.mjs'): string => {
    writeFileSync(join(folder, 'client.pem'), bundle(chain));
    writeFileSync(join(folder, 'ca.pem'), bundle(roots));
    const clock = `data:text/javascript,Date.now = () => ${now}`;
    return execFileSync(process.execPath, ['--import', clock, file], { cwd: folder, encoding: 'utf8' }).trim();
  };

  it('accepts a client of one of the roots, also over a CA certificate that came with it', () => {
    assert.equal(run([client], [stranger, root]), 'valid');
    assert.equal(run([makeClient(below), below], [root]), 'valid');
  });

  it('refuses other issuers, what is not a client, and what is not PEM', () => {
    assert.match(run([client], [stranger]), /^path_not_found: /);
    assert.match(run([makeClient(below)], [root]), /^path_not_found: /);
    assert.match(run([makeClient(root, 'keyEncipherment')], [root]), /^certificate_key_usage_unsuitable: /);
    assert.match(run([root], [root]), /^certificate_is_authority: /);
    assert.equal(run([], [root]), 'not PEM certificates: not_pem');
    assert.equal(run([client], []), 'not PEM certificates: not_pem');
  });

  it('refuses revoked ones with the other value of `revocation`', () => {
    const crls = `const crls = [decodeCrlFile(readFileSync('root.crl')).value];\n${requiringCrls}\nfunction check`;
    const withCrls = program
      .replace('findCertificationPath }', 'decodeCrlFile, findCertificationPath }')
      .replace('function check', crls)
      .replace("revocation: 'off'", 'revocation');
    writeFileSync(join(folder, 'with-crls.mjs'), withCrls);
    const runWith = (crl: Buffer): string => {
      writeFileSync(join(folder, 'root.crl'), crl);
      return run([client], [root], 'with-crls.mjs');
    };
    assert.equal(runWith(makeCrl({ authority: root })), 'valid');
    assert.match(runWith(makeCrl({ authority: root, revoked: [{ serialNumber: '10' }] })), /^certificate_revoked: /);
  });
});

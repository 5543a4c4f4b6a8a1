import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Ended, cleanEnvironment, collect, root, runCertgateHere } from './test-support/certgate.js';
import { openssl } from './test-support/openssl.js';

// Runs the script of the workflow that users copy, in bash as GitHub's runner does, with a bundle and a signing key in
// files. The workflow itself and the login to Azure don't run.

const workflow = readFileSync(join(root, 'examples', 'github-workflow', 'sync-trust-domain.yml'), 'utf8');
const script = /^ {6}- name: Sync\n[^]*?^ {8}run: \|\n((?: {10}.*\n)+)/m
  .exec(workflow)?.[1]
  ?.replaceAll(/^ {10}/gm, '');

const npx = `#!/bin/bash
[ "$1 $2" = "--no-install certgate" ] || exit 99
words=("\${@:3}")
exec "$TEST_NODE" "$TEST_CERTGATE" "\${words[@]/#--key-vault-key/--signing-key}"
`;

describe('examples/github-workflow/sync-trust-domain.yml', () => {
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-sync-'));
    writeFileSync(join(folder, 'npx'), npx, { mode: 0o755 });
    openssl(['genpkey', '-algorithm', 'ed25519', '-out', 'sign.key'], folder);
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key'];
    const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
    openssl(['req', '-x509', ...newKey, '-subj', '/O=corp.example', '-days', '2', '-out', 'ca.pem', ...ca], folder);
    const { raw, publicKey } = new X509Certificate(readFileSync(join(folder, 'ca.pem')));
    const key = { ...publicKey.export({ format: 'jwk' }), use: 'x509-svid', x5c: [raw.toString('base64')] };
    writeFileSync(join(folder, 'bundle.json'), JSON.stringify({ spiffe_sequence: 7, keys: [key] }));
    const made = await runCertgateHere(
      ['trust', 'init', '--signing-key', 'sign.key', '--reason', 'first', '--store', 'trust.json'],
      folder,
    );
    assert.equal(made.exitCode, 0, made.stderr);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function runScript(acceptSequence: string): Promise<Ended> {
    const env = {
      ...cleanEnvironment(),
      PATH: [folder, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      TEST_NODE: process.execPath,
      TEST_CERTGATE: join(root, 'packages', 'certgate', 'bin', 'certgate.js'),
      CERTGATE_TRUST: 'trust.json',
      SIGNING_KEY: 'sign.key',
      AUTHORITY: 'spire',
      TRUST_DOMAIN: 'corp.example',
      BUNDLE_URL: 'bundle.json',
      ACCEPT_SEQUENCE: acceptSequence,
    };
    writeFileSync(join(folder, 'script.sh'), script ?? 'exit 98');
    return collect(spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', 'script.sh'], { cwd: folder, env }));
  }

  it('passes on the sequence number that a user confirmed, and signs the change', async () => {
    const refused = await runScript('6');
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /has the sequence number 7, and not 6/);
    const { exitCode, stdout, stderr } = await runScript('');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /Brought the authority spire in line with the bundle of corp\.example/);
    assert.ok(existsSync(join(folder, 'trust.json.sig')));
    assert.match(
      readFileSync(join(folder, 'trust.json.log.jsonl'), 'utf8'),
      /"reason":"SPIFFE bundle of corp\.example"/,
    );
  });
});

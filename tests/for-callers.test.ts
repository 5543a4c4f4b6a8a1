import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type Ended,
  collect,
  root,
  runCertgateHere,
  sampleFolder,
  startCertgate,
  waitForReady,
} from './test-support/certgate.js';
import { makeOpensslCertificate } from './test-support/openssl.js';

// Runs every command of docs/for-callers.md as the page has it. The openssl commands run in a caller's folder. The curl
// commands go through the gateway, after the operator has allowed the thumbprints that the page's commands print.

const page = readFileSync(join(root, 'docs', 'for-callers.md'), 'utf8')
  .replaceAll('\r\n', '\n')
  // Removes the indentation of code blocks that are in a list.
  .replace(/^ {3}/gm, '');
const address = 'https://api.example.com/api/orders';
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
  language,
  code,
}));
const shellBlocks = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code);
const calls = shellBlocks.filter((code) => code.startsWith('curl '));

let folder: string;
let printed: string;
let thumbprints: readonly string[];
let dev: ChildProcess;
let url: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-caller-'));
  const making = shellBlocks.filter((code) => !calls.includes(code));
  const made = await runShell(making.join('\n'));
  assert.equal(made.exitCode, 0, made.stderr);
  printed = made.stdout;
  thumbprints = [...printed.matchAll(/^sha256 Fingerprint=([0-9A-F:]{95})$/gim)].map(([, hash = '']) => hash);
  // The thumbprints as the callers sent them. The old and the new certificate are both pinned, as during a rotation.
  const pins = [...new Set(thumbprints)].map((thumbprintSha256) => ({ thumbprintSha256 }));
  const names = [{ issuedBy: 'corp', commonName: 'billing' }];
  const authorities = [{ name: 'corp', trustAnchors: [await answerRequest()] }];
  const identities = [{ name: 'billing', roles: [], pins, names }];
  writeFileSync(join(folder, 'trust.json'), JSON.stringify({ schemaVersion: 1, revision: 1, authorities, identities }));
  writeFileSync(join(folder, '.curlrc'), 'silent\nwrite-out = "\\n%{http_code}"\n');
  const ports = ['--port', '0', '--host-port', '0'];
  dev = startCertgate(['dev', sampleFolder, '--trust', join(folder, 'trust.json'), ...ports]);
  url = (await waitForReady(dev)).split(' ')[1] ?? '';
});

after(async () => {
  dev.kill('SIGTERM');
  await collect(dev);
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Issues a certificate for the caller's signing request, as the operator does. Returns the root certificate of the
 * authority as PEM.
 */
async function answerRequest(): Promise<string> {
  const operator = join(folder, 'operator');
  mkdirSync(operator);
  writeFileSync(join(operator, 'corp.password'), randomUUID());
  const password = ['--authority-password-file', 'corp.password'];
  const issue = ['certificate', 'issue', 'billing', '--authority', 'corp', '--csr', join(folder, 'issued.csr.pem')];
  for (const args of [['authority', 'create', 'corp'], issue]) {
    const { exitCode, stderr } = await runCertgateHere([...args, ...password], operator);
    assert.equal(exitCode, 0, stderr);
  }
  copyFileSync(join(operator, 'billing.crt.pem'), join(folder, 'issued.crt.pem'));
  return readFileSync(join(operator, '.certgate', 'authorities', 'corp', 'corp.crt.pem'), 'utf8');
}

/** Runs the commands in the caller's folder, as a user would type them. The first command that fails ends the run. */
function runShell(code: string): Promise<Ended> {
  const caCertificate = join(sampleFolder, '.certgate', 'gateway.crt.pem');
  const env = { ...process.env, CURL_HOME: folder, CURL_CA_BUNDLE: caCertificate };
  const child = spawn('sh', ['-eu', '-c', code], { cwd: folder, env });
  child.stdin.end();
  return collect(child);
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(command: string, functionName: string): Promise<Answer> {
  const { exitCode, stdout, stderr } = await runShell(command.replace(address, `${url}/api/${functionName}`));
  assert.equal(exitCode, 0, stdout + stderr);
  const [, body = '', status = ''] = /^([\s\S]*)\n(\d{3})$/.exec(stdout) ?? [];
  return { status: Number(status), body: JSON.parse(body) as Answer['body'] };
}

describe('docs/for-callers.md', () => {
  it('makes keys that only their owner can read, and prints the thumbprints to send', () => {
    assert.equal(thumbprints.length, 3);
    // The commands make two certificates. The third thumbprint is of the first one, extracted from its PFX.
    assert.equal(thumbprints[2], thumbprints[0]);
    assert.notEqual(thumbprints[1], thumbprints[0]);
    assert.match(printed, /^notAfter=.* GMT$/m);
    assert.match(printed, /^Certificate will not expire$/m);
    if (process.platform === 'win32') return;
    for (const file of [
      'billing.key.pem',
      'billing-2.key.pem',
      'issued.key.pem',
      'billing.pfx',
      'billing.password',
      'from-pfx.key.pem',
    ]) {
      assert.equal(statSync(join(folder, file)).mode & 0o077, 0, file);
    }
  });

  it('calls with the old, the new, the extracted and the issued certificate, and all are admitted', async () => {
    assert.equal(calls.length, 4);
    for (const command of calls) {
      const { status, body } = await call(command, 'SecuredFunction');
      assert.equal(status, 200, command);
      assert.equal(body['caller'], 'billing');
    }
  });

  it('explains the answers that callers really get', async () => {
    const first = calls.find((command) => command.includes(' billing.key.pem')) ?? '';
    const forbidden = await call(first, 'RoleFunction');
    assert.deepEqual([forbidden.status, forbidden.body['code']], [403, 'forbidden']);
    makeOpensslCertificate(folder, 'stranger', 'ec');
    const refused = await call(first.replaceAll('billing.', 'stranger.'), 'SecuredFunction');
    const without = await call(first.replace(/--cert.*pem /, ''), 'SecuredFunction');
    for (const { status, body } of [refused, without]) {
      assert.deepEqual([status, body['code']], [401, 'client_certificate_required']);
      assert.match(String(body['correlationId']), /^[\w-]{36}$/);
    }
    for (const answer of ['401 `client_certificate_required`', '403 `forbidden`', '503 `unavailable`']) {
      assert.ok(page.includes(`| ${answer} |`), answer);
    }
  });

  it('says that its PowerShell commands, and only these, were not run', () => {
    assert.deepEqual([...new Set(blocks.map(({ language }) => language))], ['sh', 'powershell']);
    assert.match(page, /## PowerShell\n\n[^\n]*This project's tests don't run them/);
  });
});

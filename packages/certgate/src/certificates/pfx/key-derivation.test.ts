import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import { readCertificateFile } from '../read-certificate-file.js';
import { createClientCertificate } from '../self-signed-certificate.js';

const { certificatePem, privateKeyPem } = createClientCertificate({ name: 'caller', now: new Date() });

/** The key in PEM, encrypted by OpenSSL with these options. */
function encrypt(...options: readonly string[]): string {
  const args = ['pkcs8', '-topk8', '-passout', 'pass:right', ...options];
  return execFileSync('openssl', args, { input: privateKeyPem, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Changes the encrypted key so that it asks for more work. OpenSSL need not do that work. */
function ask(pem: string, little: string, much: string): string {
  const asked = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
    .toString('hex')
    .replace(little, much);
  assert.ok(asked.includes(much));
  const text = Buffer.from(asked, 'hex').toString('base64');
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${text}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

async function open(encryptedKeyPem: string): Promise<string | undefined> {
  const file = await readCertificateFile(Buffer.from(certificatePem + encryptedKeyPem), { password: 'right' });
  return file.privateKeyPem;
}

test('keys that OpenSSL encrypts are opened, whichever derivation they use', async () => {
  for (const options of [[], ['-iter', '100000'], ['-scrypt'], ['-v1', 'PBE-SHA1-3DES']]) {
    assert.equal(await open(encrypt(...options)), privateKeyPem, options.join(' '));
  }
});

test('a key that asks for more work than the limit is refused before any of it is done', async () => {
  const isCost = (error: unknown): boolean =>
    error instanceof ToolFailure && /rounds of key derivation|scrypt with N/.test(error.message);
  const millionRounds = '02030f4241';
  await assert.rejects(open(ask(encrypt('-iter', '70000'), '0203011170', millionRounds)), isCost);
  const old = encrypt('-v1', 'PBE-SHA1-3DES', '-iter', '70000');
  await assert.rejects(open(ask(old, '0203011170', millionRounds)), isCost);
  // OpenSSL writes N = 16,384, r = 8 and p = 1. The test changes p to 33.
  const hard = encrypt('-scrypt', '-scrypt_N', '16384', '-scrypt_r', '8', '-scrypt_p', '1');
  await assert.rejects(open(ask(hard, '02024000020108020101', '02024000020108020121')), isCost);
});

test('a key that is damaged before the parameters of its derivation is refused with an explanation', async () => {
  const pem = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAMCAQA=\n-----END ENCRYPTED PRIVATE KEY-----\n';
  await assert.rejects(open(pem), (error) => error instanceof ToolFailure && /damaged/.test(error.message));
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { ToolFailure } from '../../faults/tool-failure.js';
import { readCertificateFile } from '../read-certificate-file.js';
import { createClientCertificate } from '../self-signed-certificate.js';

const { certificatePem, privateKeyPem } = createClientCertificate({ name: 'caller', now: new Date() });

/** The key as OpenSSL encrypts it. */
function encrypt(...options: readonly string[]): string {
  const args = ['pkcs8', '-topk8', '-passout', 'pass:right', ...options];
  return execFileSync('openssl', args, { input: privateKeyPem, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
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

test('a key that asks for more work than is worked off is refused before any of it', async () => {
  const isCost = (error: unknown): boolean =>
    error instanceof ToolFailure && /rounds of key derivation|scrypt with N/.test(error.message);
  await assert.rejects(open(encrypt('-iter', '1000001')), isCost);
  await assert.rejects(open(encrypt('-v1', 'PBE-SHA1-3DES', '-iter', '1000001')), isCost);
  await assert.rejects(open(encrypt('-scrypt', '-scrypt_N', '16384', '-scrypt_r', '8', '-scrypt_p', '33')), isCost);
});

test('a key that is damaged before its derivation is read is refused in words', async () => {
  const pem = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAMCAQA=\n-----END ENCRYPTED PRIVATE KEY-----\n';
  await assert.rejects(open(pem), (error) => error instanceof ToolFailure && /damaged/.test(error.message));
});

import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { ToolFailure } from '#local/tool-failure.js';
import { encodePem, readPemBlocks } from '../structure/pem-blocks.js';
import { encryptPrivateKey } from '../pfx/encode-pfx.js';
import { decryptPrivateKey } from '../read-private-key.js';

/**
 * The number of rounds that OWASP advises for PBKDF2 with SHA-256 (2023). A thief needs as much work for each guess as
 * a derivation takes here.
 */
const iterations = 600_000;
const leastPasswordLength = 12;

export function encryptAuthorityKey(privateKeyPem: string, password: string): string {
  return encodePem('ENCRYPTED PRIVATE KEY', encryptPrivateKey(privateKeyPem, password, iterations));
}

/**
 * Refuses a short password. Anybody who gets the key file can try any number of passwords, for as long as the authority
 * is trusted.
 */
export function checkAuthorityPassword(password: string): string {
  if (Array.from(password).length >= leastPasswordLength) return password;
  throw new ToolFailure(`An authority's password must have at least ${leastPasswordLength} characters.`, {
    remedy: 'Anybody who gets the file can try any number of passwords. For a good one: openssl rand -base64 24',
  });
}

/**
 * Decrypts the authority's key. Throws ToolFailure if the key is not encrypted, if the password is wrong, or if the key
 * does not match the certificate.
 */
export function openAuthorityKey(
  keyPem: string,
  password: string,
  authority: { readonly name: string; readonly certificateDer: Uint8Array },
): KeyObject {
  const block = readPemBlocks(keyPem).find(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
  if (block === undefined) {
    throw new ToolFailure(`The key of the authority ${authority.name} isn't encrypted, so it isn't used.`, {
      remedy: 'Restore its key file. Treat a key that was not encrypted as stolen, and revoke the authority.',
    });
  }
  const key = decryptPrivateKey(block, password, (cause) => {
    return new ToolFailure(`The password of the authority ${authority.name} is wrong, or its key file is damaged.`, {
      remedy: "Nothing was changed. The password can't be recovered: if it is lost, replace the authority.",
      cause,
    });
  });
  const certificate = new X509Certificate(authority.certificateDer);
  if (createPublicKey(key).equals(certificate.publicKey)) return key;
  throw new ToolFailure(`The key of the authority ${authority.name} does not match its certificate.`, {
    remedy: 'Restore both files from the same backup.',
  });
}

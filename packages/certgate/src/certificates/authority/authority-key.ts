import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { ToolFailure } from '../../faults/tool-failure.js';
import { encodePem, readPemBlocks } from '../structure/pem-blocks.js';
import { encryptPrivateKey } from '../pfx/encode-pfx.js';

/** What OWASP asks for with PBKDF2 and SHA-256 (2023): a sixth of a second here, and as much for each guess of a thief. */
const iterations = 600_000;
const leastPasswordLength = 12;

export function encryptAuthorityKey(privateKeyPem: string, password: string): string {
  return encodePem('ENCRYPTED PRIVATE KEY', encryptPrivateKey(privateKeyPem, password, iterations));
}

/** Whoever has the file can try as many passwords as they like, for as long as the authority is trusted. */
export function checkAuthorityPassword(password: string): string {
  if (Array.from(password).length >= leastPasswordLength) return password;
  throw new ToolFailure(`An authority's password must have at least ${leastPasswordLength} characters.`, {
    remedy: 'Anybody who gets the file can try any number of passwords. For a good one: openssl rand -base64 24',
  });
}

/** Throws ToolFailure when the password is wrong, or the key isn't that of the certificate. */
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
  const key = decrypt(block.text, password, authority.name);
  const certificate = new X509Certificate(authority.certificateDer);
  if (createPublicKey(key).equals(certificate.publicKey)) return key;
  throw new ToolFailure(`The key of the authority ${authority.name} does not match its certificate.`, {
    remedy: 'Restore both files from the same backup.',
  });
}

/** OpenSSL tells a wrong password only by what it fails to find after decrypting, so it can't be told from damage. */
function decrypt(pem: string, passphrase: string, name: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', passphrase });
  } catch (cause) {
    throw new ToolFailure(`The password of the authority ${name} is wrong, or its key file is damaged.`, {
      remedy: "Nothing was changed. The password can't be recovered: if it is lost, replace the authority.",
      cause,
    });
  }
}

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { ToolFailure } from '#local/tool-failure.js';
import { decodeText, readBoundedFile } from './read-bounded-file.js';
import { openWithPassword, type PasswordSource } from './password.js';
import { checkDerivationCost } from './pfx/key-derivation.js';
import { PfxError } from './pfx/pfx-error.js';
import { decodePemBlock, isEncryptedKeyBlock, readPemBlocks, type PemBlock } from './structure/pem-blocks.js';

/**
 * Reads a private key in PEM, and asks for its password if it is encrypted. Throws ToolFailure if that fails; `remedy`
 * is its remedy if the file contains no key.
 */
export async function readPrivateKeyFile(
  path: string,
  password: PasswordSource | undefined,
  remedy: string,
): Promise<string> {
  const blocks = readPemBlocks(decodeText(await readBoundedFile(path)));
  const key = await findPrivateKeyPem(blocks, path, password);
  if (key !== undefined) return key;
  throw new ToolFailure(`${path} contains no private key in PEM.`, { remedy });
}

/** Throws ToolFailure if the key is not that of the certificate. */
export function checkKeyBelongsToCertificate(certificateDer: Uint8Array, privateKeyPem: string, name: string): void {
  if (new X509Certificate(certificateDer).checkPrivateKey(createPrivateKey(privateKeyPem))) return;
  throw new ToolFailure(`The private key in ${name} is not the key of the certificate.`, {
    remedy: 'In a PEM file, the certificate of the key must come first, before those of its issuers.',
  });
}

/** The first private key among the blocks, decrypted, as PKCS#8 in PEM. Undefined if there is none. */
export async function findPrivateKeyPem(
  blocks: readonly PemBlock[],
  name: string,
  password: PasswordSource | undefined,
): Promise<string | undefined> {
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block === undefined) return undefined;
  const key = isEncryptedKeyBlock(block)
    ? await openWithPassword(
        `The private key in ${name}`,
        (passphrase) => openEncryptedKey(block, passphrase),
        password,
      )
    : openPlainKey(block, name);
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function openPlainKey(block: PemBlock, name: string): KeyObject {
  try {
    return createPrivateKey(block.text);
  } catch (cause) {
    throw new ToolFailure(
      `The private key in ${name} can't be read; it is damaged, or of a kind that this Node.js doesn't know.`,
      { cause },
    );
  }
}

function openEncryptedKey(block: PemBlock, passphrase: string | undefined): KeyObject {
  // The older form, with `Proc-Type`, derives its key in one round and needs no check.
  if (block.label.startsWith('ENCRYPTED')) checkDerivationCost(decodePemBlock(block));
  if (passphrase === undefined) throw new PfxError('password_wrong', 'It needs a password.');
  return decryptPrivateKey(
    block,
    passphrase,
    (cause) => new PfxError('password_wrong', 'The password is wrong, or the key is damaged.', { cause }),
  );
}

/**
 * Decrypts a key, or throws what `explain` makes of OpenSSL's error. OpenSSL notices a wrong password only by the
 * decrypted bytes, so it can't tell that from damage.
 */
export function decryptPrivateKey(
  { text }: PemBlock,
  passphrase: string,
  explain: (cause: unknown) => Error,
): KeyObject {
  try {
    return createPrivateKey({ key: text, format: 'pem', passphrase });
  } catch (cause) {
    throw explain(cause);
  }
}

import { createHash, createPublicKey } from 'node:crypto';
import { verifyDocumentSignature } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { loadAzureIdentity } from '../../../azure-sdk/azure-packages.js';
import { encodeEcdsaSignature } from './ecdsa-signature.js';
import { type KeyVaultAddress, parseKeyVaultAddress } from './key-vault-address.js';
import { explainKeyVaultFault } from './key-vault-fault.js';
import {
  type CryptographyClient,
  type KeyVaultClientOptions,
  type KeyVaultKey,
  keyVaultNeed,
  loadKeyVaultKeys,
} from './key-vault-packages.js';
import type { SigningKey } from './signing-key.js';

interface KeyVaultCurve {
  /** The algorithm's name in RFC 7518 §3.4. */
  readonly algorithm: string;
  readonly digest: string;
  /** The length of r and s together, in bytes. Each is as long as the curve's field. */
  readonly signatureBytes: number;
}

/** The curves that `signedBy` accepts. Key Vault has no Ed25519. */
const curves: ReadonlyMap<string, KeyVaultCurve> = new Map([
  ['P-256', { algorithm: 'ES256', digest: 'sha256', signatureBytes: 64 }],
  ['P-384', { algorithm: 'ES384', digest: 'sha384', signatureBytes: 96 }],
]);

const clientOptions: KeyVaultClientOptions = {
  retryOptions: { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 4_000 },
};

/** The timeout of one call, including its retries and the login. */
const timeoutMilliseconds = 60_000;

/**
 * Opens a key in Azure Key Vault that signs documents; the private key stays there. The function reads the public key,
 * and remembers its version, so that a rotation between reading and signing makes no difference.
 *
 * The user brings the packages (@azure/keyvault-keys and @azure/identity) and the login (Azure's default credential).
 *
 * @throws {ToolFailure} if `text` is not the URL of a key, if the packages are missing, or if the key can't be read or
 * can't sign documents.
 */
export async function openKeyVaultKey(text: string): Promise<SigningKey> {
  const address = parseKeyVaultAddress(text);
  const folder = process.cwd();
  const { KeyClient, CryptographyClient } = loadKeyVaultKeys(folder);
  const credential = new (loadAzureIdentity(folder, keyVaultNeed).DefaultAzureCredential)();
  const { keyName, version } = address;
  const key = await ask(address, 'read', (abortSignal) =>
    new KeyClient(address.vaultUrl, credential, clientOptions).getKey(keyName, {
      abortSignal,
      ...(version === undefined ? {} : { version }),
    }),
  );
  const { curve, id, publicKey } = readKey(key, address);
  const client = new CryptographyClient(key, credential, clientOptions);
  return { name: id, publicKey, sign: (document) => signWith(client, document, { address, curve, id, publicKey }) };
}

interface UsableKey {
  readonly curve: KeyVaultCurve;
  /** The key's identifier, with its version. */
  readonly id: string;
  readonly publicKey: string;
}

function readKey({ id, key, keyType, keyOperations, properties }: KeyVaultKey, { url }: KeyVaultAddress): UsableKey {
  const curve = curves.get(key?.crv ?? '');
  if (curve === undefined || (keyType !== 'EC' && keyType !== 'EC-HSM')) {
    throw new ToolFailure(
      `The key ${url} is of a type (${[keyType, key?.crv].filter((part) => part !== undefined).join(' ')}) that can't sign documents.`,
      { remedy: 'Use EC P-256 or P-384: az keyvault key create --kty EC --curve P-256 --ops sign verify …' },
    );
  }
  if (keyOperations?.includes('sign') !== true) {
    throw new ToolFailure(`The key ${url} does not permit the operation sign.`, {
      remedy: 'Permit it (az keyvault key set-attributes --ops sign verify …), or use another key.',
    });
  }
  const now = Date.now();
  const { notBefore, expiresOn } = properties ?? {};
  if (
    (notBefore !== undefined && now < notBefore.getTime()) ||
    (expiresOn !== undefined && now >= expiresOn.getTime())
  ) {
    throw new ToolFailure(
      `The key ${url} can be used from ${notBefore?.toISOString() ?? 'its creation'} to ${expiresOn?.toISOString() ?? 'its deletion'} only.`,
      {
        remedy: 'Create a new version of it, and add its public key to `signedBy` of the apps before you sign with it.',
      },
    );
  }
  if (id === undefined) throw new ToolFailure(`The vault's answer about ${url} names no version of the key.`);
  return { curve, id, publicKey: readPublicKey(key, url) };
}

function readPublicKey(key: KeyVaultKey['key'], url: string): string {
  const encode = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64url');
  try {
    const jwk = { kty: 'EC', crv: key?.crv ?? '', x: encode(key?.x), y: encode(key?.y) };
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  } catch (cause) {
    throw new ToolFailure(`The public key that the vault returned for ${url} can't be read.`, { cause });
  }
}

async function signWith(
  client: CryptographyClient,
  document: Uint8Array,
  { address, curve, id, publicKey }: UsableKey & { readonly address: KeyVaultAddress },
): Promise<string> {
  const digest = createHash(curve.digest).update(document).digest();
  const { result } = await ask(address, 'sign', (abortSignal) => client.sign(curve.algorithm, digest, { abortSignal }));
  // The answer must be r and s in the form of RFC 7518 §3.4. An answer of another length is not a signature of this
  // key.
  const signature =
    result.length === curve.signatureBytes ? Buffer.from(encodeEcdsaSignature(result)).toString('base64') : '';
  // The apps' own verifier checks the signature, so that a signature that they would refuse is not stored.
  if (signature !== '' && (await verifyDocumentSignature(document, signature, publicKey)) === 'fits') return signature;
  throw new ToolFailure(
    `The vault's answer (${result.length} bytes) is not a signature of ${id} over this document. Nothing was written.`,
    { remedy: 'Run it again. If it happens again, a proxy may change the answers, or the SDK has another version.' },
  );
}

async function ask<T>(
  address: KeyVaultAddress,
  operation: 'read' | 'sign',
  work: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await work(AbortSignal.timeout(timeoutMilliseconds));
  } catch (fault) {
    throw explainKeyVaultFault(fault, address, operation);
  }
}

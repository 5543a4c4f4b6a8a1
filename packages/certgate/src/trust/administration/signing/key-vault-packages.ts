import { type AzureNeed, loadAzurePackage } from '../../../azure-sdk/azure-packages.js';

export const keyVaultNeed: AzureNeed = {
  subject: 'A key in Key Vault',
  packages: ['@azure/keyvault-keys', '@azure/identity'],
};

/** @throws {ToolFailure} if the package is missing or lacks one of these classes, with the command that installs it. */
export function loadKeyVaultKeys(folder: string): KeyVaultKeysPackage {
  const names = ['KeyClient', 'CryptographyClient'];
  return loadAzurePackage('@azure/keyvault-keys', names, folder, keyVaultNeed) as KeyVaultKeysPackage;
}

// The types of the part of @azure/keyvault-keys that we use. The user who signs with a key in a vault installs the
// package. tests/trust-key-vault.test.ts runs this code with the real package.

export interface KeyVaultKeysPackage {
  readonly KeyClient: new (vaultUrl: string, credential: object, options: KeyVaultClientOptions) => KeyClient;
  readonly CryptographyClient: new (
    key: KeyVaultKey,
    credential: object,
    options: KeyVaultClientOptions,
  ) => CryptographyClient;
}

export interface KeyVaultClientOptions {
  readonly retryOptions: {
    readonly maxRetries: number;
    readonly retryDelayInMs: number;
    readonly maxRetryDelayInMs: number;
  };
}

interface KeyClient {
  getKey(name: string, options: { readonly version?: string; readonly abortSignal: AbortSignal }): Promise<KeyVaultKey>;
}

export interface KeyVaultKey {
  /** The key's identifier, with its version. */
  readonly id?: string;
  /** The key's type: `EC`, `EC-HSM`, `RSA`, … */
  readonly keyType?: string;
  readonly keyOperations?: readonly string[];
  /** The public key (RFC 7517), with the coordinates as bytes. */
  readonly key?: { readonly crv?: string; readonly x?: Uint8Array; readonly y?: Uint8Array };
  readonly properties?: { readonly notBefore?: Date; readonly expiresOn?: Date };
}

export interface CryptographyClient {
  sign(
    algorithm: string,
    digest: Uint8Array,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{ readonly result: Uint8Array }>;
}

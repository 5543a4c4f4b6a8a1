import { type AzureNeed, loadAzurePackage } from '../../../azure-sdk/azure-packages.js';

export const keyVaultNeed: AzureNeed = {
  subject: 'A key in Key Vault',
  packages: ['@azure/keyvault-keys', '@azure/identity'],
};

/** @throws {ToolFailure} with the line that installs it. */
export function loadKeyVaultKeys(folder: string): KeyVaultKeysPackage {
  const names = ['KeyClient', 'CryptographyClient'];
  return loadAzurePackage('@azure/keyvault-keys', names, folder, keyVaultNeed) as KeyVaultKeysPackage;
}

// The part of @azure/keyvault-keys that is used, as shapes: the package is brought by whoever signs with a key in a vault.
// Held by tests with the real one (tests/trust-key-vault.test.ts).

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
  /** With the version. */
  readonly id?: string;
  /** `EC`, `EC-HSM`, `RSA`, … */
  readonly keyType?: string;
  readonly keyOperations?: readonly string[];
  /** The public key (RFC 7517), its numbers as bytes. */
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

// Reads the client certificate from files or from Azure Key Vault. The private key is in the PFX (PKCS #12), together
// with the certificate.
import { readFile } from 'node:fs/promises';

export interface ClientCertificate {
  readonly pfx: Buffer;
  readonly passphrase: string;
}

/** Reads the current certificate. */
export type CertificateSource = () => Promise<ClientCertificate>;

/**
 * A certificate in a PFX file, with its password in another file. To rotate it, write the new files under other names,
 * then rename them over the old ones.
 */
export function certificateInFiles(pfxFile: string, passwordFile: string): CertificateSource {
  return async () => {
    const [pfx, password] = await Promise.all([readFile(pfxFile), readFile(passwordFile, 'utf8')]);
    return { pfx, passphrase: password.trim() };
  };
}

/** The part of `SecretClient` of @azure/keyvault-secrets that is used here. */
export interface SecretReader {
  getSecret(name: string): Promise<{ readonly value?: string; readonly properties: { readonly contentType?: string } }>;
}

/**
 * A certificate in Azure Key Vault. Its private key is in the secret of the same name: a PFX without a password, in
 * base64. The current version is read each time, so a rotation in the vault needs no change here. The identity that
 * this program uses needs the role Key Vault Secrets User on that secret.
 */
export function certificateInKeyVault(secrets: SecretReader, name: string): CertificateSource {
  return async () => {
    const { value, properties } = await secrets.getSecret(name);
    if (value === undefined || properties.contentType !== 'application/x-pkcs12') {
      throw new Error(`The secret ${name} is not a PFX: its content type is ${properties.contentType ?? 'unset'}.`);
    }
    return { pfx: Buffer.from(value, 'base64'), passphrase: '' };
  };
}

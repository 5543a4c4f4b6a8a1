import { join } from 'node:path';

/**
 * The folder of authorities, unless the user names another one. `certgate` adds its parent to an app's .gitignore and
 * .funcignore when it sets the app up.
 */
export const defaultAuthoritiesFolder = '.certgate/authorities';

export interface AuthorityFiles {
  readonly folder: string;
  readonly certificate: string;
  /** The private key, always encrypted with a password. */
  readonly key: string;
  /** The certificates from the authority's issuer up to the root. A root has no such file. */
  readonly issuers: string;
  readonly register: string;
  /** The revocation list in DER. */
  readonly list: string;
  readonly listPem: string;
  readonly lock: string;
}

export function getAuthorityFiles(authorities: string, name: string): AuthorityFiles {
  const folder = join(authorities, name);
  return {
    folder,
    certificate: join(folder, `${name}.crt.pem`),
    key: join(folder, `${name}.key.pem`),
    issuers: join(folder, `${name}.issuers.pem`),
    register: join(folder, 'register.json'),
    list: join(folder, `${name}.crl`),
    listPem: join(folder, `${name}.crl.pem`),
    lock: join(folder, '.lock'),
  };
}

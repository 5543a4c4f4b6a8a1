import { join } from 'node:path';

/** Where authorities are kept if nobody says otherwise: in the folder that git and func ignore. */
export const defaultAuthoritiesFolder = '.certgate/authorities';

export interface AuthorityFiles {
  readonly folder: string;
  readonly certificate: string;
  /** Always under a password. */
  readonly key: string;
  /** Of an intermediate: the certificates from its issuer up to the root. */
  readonly issuers: string;
  readonly register: string;
  /** DER. */
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

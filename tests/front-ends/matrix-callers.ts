import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Callers, Certificates } from './callers.js';

/** The routes of every host of the matrix. */
export const routes = ['/public', '/closed', '/role'] as const;

export type MatrixCaller = keyof Callers | 'none' | 'past';

/**
 * What each caller gets for the three routes. Some front ends refuse an expired certificate themselves. `past` calls the app
 * itself with all that the front end would have sent for the caller who has the role, but for the secret.
 */
export const expectedStatuses: Readonly<Record<MatrixCaller, readonly [number, number, number]>> = {
  pinned: [200, 200, 200],
  issued: [200, 200, 403],
  chained: [200, 200, 403],
  stranger: [200, 401, 401],
  expired: [200, 401, 401],
  expiredIssued: [200, 401, 401],
  none: [200, 401, 401],
  past: [200, 401, 401],
};

/** Who the app says that calls, on its closed route. */
export const identityNames: Readonly<Partial<Record<MatrixCaller, string>>> = {
  pinned: 'pinned',
  issued: 'issued',
  chained: 'chained',
};

/**
 * One identity with the role by its pin, two by their authority's word. The expired ones are known as well. Without
 * `intermediates`, the document does not know the CA that issued for `chained`.
 */
export function writeMatrixTrust(
  folder: string,
  { callers, clientCa }: Certificates,
  { withIntermediates = true }: { readonly withIntermediates?: boolean } = {},
): string {
  const pin = (der: Buffer): object => ({ thumbprintSha256: new X509Certificate(der).fingerprint256 });
  const leaf = (name: keyof Callers): Buffer => callers[name].certificates[0]?.der ?? Buffer.alloc(0);
  const byName = (name: string): object => ({ issuedBy: 'company', commonName: name });
  const intermediates = callers.chained.certificates.slice(1).map(({ pem }) => pem);
  const document = {
    schemaVersion: 1,
    revision: 1,
    authorities: [
      {
        name: 'company',
        trustAnchors: [clientCa.pem],
        ...(withIntermediates && { intermediates }),
        revocation: { mode: 'off' },
      },
    ],
    identities: [
      { name: 'pinned', roles: ['operator'], pins: [pin(leaf('pinned'))] },
      { name: 'issued', roles: [], names: [byName('issued')] },
      { name: 'chained', roles: [], names: [byName('chained')] },
      { name: 'expired', roles: ['operator'], pins: [pin(leaf('expired'))] },
      { name: 'expired-issued', roles: ['operator'], names: [byName('expired-issued')] },
    ],
  };
  const file = join(folder, withIntermediates ? 'trust.json' : 'trust-without-intermediates.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

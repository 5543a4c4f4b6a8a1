import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Callers, Certificates } from './callers.js';

/** The routes that every host of the matrix has. */
export const routes = ['/public', '/closed', '/role'] as const;

export type MatrixCaller = keyof Callers | 'none' | 'past';

/**
 * The statuses that each caller gets for the three routes. Some front ends refuse an expired certificate themselves.
 * `past` calls the app directly, with everything that the front end would send for the caller with the role, except the
 * secret.
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

/** The identity's name that the closed route must answer. */
export const identityNames: Readonly<Partial<Record<MatrixCaller, string>>> = {
  pinned: 'pinned',
  issued: 'issued',
  chained: 'chained',
};

/**
 * Writes a trust document with one identity by its pin, which has the role, and two by an authority and a name. The
 * expired callers are listed too. Without `intermediates`, the document lacks the CA that issued for `chained`.
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

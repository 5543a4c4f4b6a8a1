import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runOpenssl, type TemporaryFolder } from '../../../certificates/test-support/openssl.js';

export interface MadeAuthority {
  readonly certificate: string;
  readonly key: string;
}

const caExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** Makes a root with the extensions of the standard's example (SPIFFE Trust Domain and Bundle, appendix A) by default. */
export function makeSpiffeRoot(
  folder: TemporaryFolder,
  name: string,
  {
    trustDomain = 'corp.example',
    extensions = [...caExtensions, `subjectAltName=URI:spiffe://${trustDomain}/`],
    newKey = ec,
    days = 30,
  }: {
    readonly trustDomain?: string;
    readonly extensions?: readonly string[];
    readonly newKey?: readonly string[];
    readonly days?: number;
  } = {},
): MadeAuthority {
  const made = { certificate: folder.file(`${name}.pem`), key: folder.file(`${name}.key.pem`) };
  runOpenssl([
    'req', '-x509', ...newKey, '-nodes', '-subj', `/O=corp.example/CN=${name}`, '-days', String(days),
    '-keyout', made.key, '-out', made.certificate, ...extensions.flatMap((each) => ['-addext', each]),
  ]); // prettier-ignore
  return made;
}

export const rootExtensions: readonly string[] = caExtensions;

/** A bundle's key for the certificate that openssl made. */
export function describeKey({ certificate }: Pick<MadeAuthority, 'certificate'>): Record<string, unknown> {
  const { raw, publicKey } = new X509Certificate(readFileSync(certificate));
  return { use: 'x509-svid', ...publicKey.export({ format: 'jwk' }), x5c: [raw.toString('base64')] };
}

/** A key for JWT-SVIDs. It has no certificate, and the reader ignores it. */
export const jwtKey: Readonly<Record<string, unknown>> = {
  kty: 'RSA',
  use: 'jwt-svid',
  kid: 'a',
  n: 'AQAB',
  e: 'AQAB',
};

export function writeBundle(keys: readonly unknown[], sequence: number | string | null = 1, more = ''): string {
  const number = sequence === null ? '' : `"spiffe_sequence": ${sequence},`;
  return `{ ${number} "spiffe_refresh_hint": 2419200, ${more} "keys": ${JSON.stringify(keys)} }`;
}

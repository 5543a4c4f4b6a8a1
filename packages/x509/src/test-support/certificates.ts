import { type DatedCertificateRequest, makeDatedCertificate } from './dated-certificates.js';
import { newTemporaryPath, runOpenssl } from './openssl.js';

/**
 * A time inside the default validity of the certificates made here, in milliseconds since 1970-01-01T00:00:00Z. Tests
 * use it in place of the clock.
 */
export const now: number = Date.UTC(2027, 0, 1);
export const defaultNotBefore: number = Date.UTC(2025, 0, 1);
export const defaultNotAfter: number = Date.UTC(2035, 0, 1);
const defaultValidity = { notBefore: '20250101000000Z', notAfter: '20350101000000Z' };

const keyOptions = {
  'rsa-1024': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  'rsa-2047': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2047'],
  'rsa-2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'rsa-3072': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072'],
  'rsa-pss': ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
  dsa: [],
  'p-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'p-256-again': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'p-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'p-521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  secp256k1: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
  explicit: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
  ed25519: ['-algorithm', 'ED25519'],
  ed448: ['-algorithm', 'ED448'],
  'p-224': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-224'],
  'p-192': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-192'],
  // These kinds need OpenSSL 3.5 or later. Ask `isKeyKindKnown`.
  'ml-dsa-44': ['-algorithm', 'ML-DSA-44'],
  'ml-dsa-44-again': ['-algorithm', 'ML-DSA-44'],
  'ml-dsa-65': ['-algorithm', 'ML-DSA-65'],
  'ml-dsa-87': ['-algorithm', 'ML-DSA-87'],
  'slh-dsa': ['-algorithm', 'SLH-DSA-SHA2-128s'],
} as const;

export type KeyKind = keyof typeof keyOptions;

const keyPaths = new Map<KeyKind, string>();

/** The path of a private key of this kind (PKCS#8, PEM). Each key is made once per process. */
export function getKeyPath(kind: KeyKind): string {
  const known = keyPaths.get(kind);
  if (known !== undefined) return known;
  const path = newTemporaryPath('.key.pem');
  if (kind === 'dsa') {
    const parameters = newTemporaryPath('.dsa.pem');
    runOpenssl(['genpkey', '-genparam', '-algorithm', 'DSA', '-pkeyopt', 'dsa_paramgen_bits:1024', '-out', parameters]);
    runOpenssl(['genpkey', '-paramfile', parameters, '-out', path]);
  } else {
    runOpenssl(['genpkey', ...keyOptions[kind], '-out', path]);
  }
  keyPaths.set(kind, path);
  return path;
}

/** Whether this machine's openssl can make a key of this kind. */
export function isKeyKindKnown(kind: KeyKind): boolean {
  try {
    getKeyPath(kind);
    return true;
  } catch {
    return false;
  }
}

/** A `DatedCertificateRequest` with defaults: a client's certificate that is valid for ten years around `now`. */
export interface CertificateRequest extends Partial<Omit<DatedCertificateRequest, 'keyPath'>> {
  readonly key?: KeyKind;
}

export interface MadeCertificate {
  readonly der: Buffer;
  /** The certificate in base64, as App Service sends it in the header. */
  readonly header: string;
  readonly keyPath: string;
}

export const clientExtensions: readonly string[] = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = clientAuth',
];

/** Makes a certificate with openssl. */
export function makeCertificate(request: CertificateRequest = {}): MadeCertificate {
  const { key = 'p-256', ...rest } = request;
  const keyPath = getKeyPath(key);
  const defaults = { name: ['CN = client'], extensions: clientExtensions, ...defaultValidity };
  const der = makeDatedCertificate({ ...defaults, ...rest, keyPath });
  return { der, header: der.toString('base64'), keyPath };
}

/** A certificate with the extensions that OpenSSL adds by default. It has CA:TRUE. */
export function makeDefaultSelfSigned(): MadeCertificate {
  // The same lines as in the section [v3_ca] of OpenSSL's own configuration.
  const identifiers = ['subjectKeyIdentifier = hash', 'authorityKeyIdentifier = keyid:always, issuer'];
  return makeCertificate({
    name: ['CN = default'],
    extensions: [...identifiers, 'basicConstraints = critical, CA:TRUE'],
  });
}

export interface OpensslFacts {
  readonly thumbprintSha256: string;
  readonly thumbprintSha1: string;
  readonly publicKeySha256: string;
}

/** A certificate's hashes as the command line of openssl prints them. */
export function describeByOpenssl(der: Uint8Array): OpensslFacts {
  const fingerprint = (algorithm: string): string => {
    const line = runOpenssl(['x509', '-inform', 'der', '-noout', '-fingerprint', `-${algorithm}`], der).toString();
    return line.slice(line.indexOf('=') + 1).replace(/[:\s]/g, '');
  };
  const pem = runOpenssl(['x509', '-inform', 'der', '-noout', '-pubkey'], der);
  const info = runOpenssl(['pkey', '-pubin', '-outform', 'der'], pem);
  const digest = runOpenssl(['dgst', '-sha256', '-r'], info).toString();
  return {
    thumbprintSha256: fingerprint('sha256'),
    thumbprintSha1: fingerprint('sha1'),
    publicKeySha256: digest.slice(0, 64).toUpperCase(),
  };
}

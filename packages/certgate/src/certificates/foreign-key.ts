import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';

/**
 * What somebody has who copied a certificate and not its key: a private key with the public half of the certificate and
 * secret numbers of its own, as PKCS#8 in PEM. Node's TLS takes it for the certificate's, and every signature with it is
 * wrong. Undefined for kinds of keys whose public half follows from the secret one (Ed25519), and where Node.js refuses it.
 */
export function createForeignKey(certificateDer: Uint8Array): string | undefined {
  try {
    const jwk = new X509Certificate(certificateDer).publicKey.export({ format: 'jwk' });
    const secret = jwk.kty === 'EC' ? inventEcSecret(jwk.x) : jwk.kty === 'RSA' ? inventRsaSecret(jwk.n) : undefined;
    if (secret === undefined) return undefined;
    const key = createPrivateKey({ format: 'jwk', key: { ...jwk, ...secret } });
    return key.export({ format: 'pem', type: 'pkcs8' }).toString();
  } catch {
    return undefined;
  }
}

/** RFC 7518 §6.2.2. Less than the order of every curve. */
function inventEcSecret(x = ''): Readonly<Record<string, string>> {
  const secret = randomBytes(byteLength(x));
  secret[0] = 0;
  return { d: secret.toString('base64url') };
}

/** RFC 7518 §6.3.2. OpenSSL needs odd factors, finds that they are wrong, and signs with `d`. */
function inventRsaSecret(n = ''): Readonly<Record<string, string>> {
  const half = byteLength(n) >> 1;
  const invent = (length: number): string => {
    const number = randomBytes(length);
    number[0] = 0xc1;
    number[length - 1] = 0xc1;
    return number.toString('base64url');
  };
  const [p, q] = [invent(half), invent(half)];
  const [dp, dq, qi] = [invent(half - 1), invent(half - 1), invent(half - 1)];
  return { d: invent(2 * half - 1), p, q, dp, dq, qi };
}

function byteLength(base64url: string): number {
  return Buffer.from(base64url, 'base64url').length;
}

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';

/**
 * Makes a private key as somebody would have it who copied a certificate, but not its key: the public half is that of
 * the certificate, the secret numbers are random. PKCS#8 in PEM. Node's TLS accepts it for the certificate, and every
 * signature with it is wrong. Undefined if no such key can be made: the public half follows from the secret one
 * (Ed25519), or Node.js refuses the key.
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

/**
 * The secret member of a JWK (RFC 7518 §6.2.2). Its first octet is 0, so that it is less than the order of the curve.
 */
function inventEcSecret(x = ''): Readonly<Record<string, string>> {
  const secret = randomBytes(byteLength(x));
  secret[0] = 0;
  return { d: secret.toString('base64url') };
}

/**
 * The secret members of a JWK (RFC 7518 §6.3.2). OpenSSL needs odd factors. It then notices that they are wrong, and
 * signs with `d`.
 */
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

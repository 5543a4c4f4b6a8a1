import type { ExtendedKeyUsageName } from './certificate-choices.js';

interface KeyPurpose {
  readonly oid: string;
  /** What a certificate with it may be used for. */
  readonly words: string;
}

/** RFC 5280 §4.2.1.12, by their names there. */
const keyPurposes: Readonly<Record<ExtendedKeyUsageName | 'timeStamping' | 'anyExtendedKeyUsage', KeyPurpose>> = {
  serverAuth: { oid: '1.3.6.1.5.5.7.3.1', words: 'identify a server' },
  clientAuth: { oid: '1.3.6.1.5.5.7.3.2', words: 'identify a client' },
  codeSigning: { oid: '1.3.6.1.5.5.7.3.3', words: 'sign programs' },
  emailProtection: { oid: '1.3.6.1.5.5.7.3.4', words: 'protect mail' },
  timeStamping: { oid: '1.3.6.1.5.5.7.3.8', words: 'sign the time' },
  OCSPSigning: { oid: '1.3.6.1.5.5.7.3.9', words: 'sign OCSP answers' },
  anyExtendedKeyUsage: { oid: '2.5.29.37.0', words: 'anything' },
};

export function getUsageOid(usage: ExtendedKeyUsageName): string {
  return keyPurposes[usage].oid;
}

/** An extended key usage as people know it, or its object identifier. */
export function nameKeyPurpose(oid: string): string {
  return findKeyPurpose(oid)?.[0] ?? oid;
}

/** `identify a client (clientAuth)`, or the object identifier. */
export function describeKeyPurpose(oid: string): string {
  const found = findKeyPurpose(oid);
  return found === undefined ? oid : `${found[1].words} (${found[0]})`;
}

function findKeyPurpose(oid: string): readonly [string, KeyPurpose] | undefined {
  return Object.entries(keyPurposes).find(([, purpose]) => purpose.oid === oid);
}

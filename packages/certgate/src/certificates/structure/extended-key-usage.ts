import type { ExtendedKeyUsageName } from './certificate-choices.js';

interface ExtendedKeyPurpose {
  readonly oid: string;
  /** What a certificate with this usage may be used for, as part of a sentence. */
  readonly words: string;
}

/** The key purposes, by their names in RFC 5280 §4.2.1.12. */
const keyPurposes: Readonly<Record<ExtendedKeyUsageName | 'timeStamping' | 'anyExtendedKeyUsage', ExtendedKeyPurpose>> =
  {
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

/** The name of an extended key usage, such as `clientAuth`, or its object identifier if the name is unknown. */
export function nameKeyPurpose(oid: string): string {
  return findKeyPurpose(oid)?.[0] ?? oid;
}

/**
 * An extended key usage in words, such as `identify a client (clientAuth)`, or its object identifier if it is unknown.
 */
export function describeKeyPurpose(oid: string): string {
  const found = findKeyPurpose(oid);
  return found === undefined ? oid : `${found[1].words} (${found[0]})`;
}

function findKeyPurpose(oid: string): readonly [string, ExtendedKeyPurpose] | undefined {
  return Object.entries(keyPurposes).find(([, purpose]) => purpose.oid === oid);
}

import { createHash, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  type GeneralName,
} from '@peculiar/asn1-x509';
import { toArrayBuffer } from './sign-structure.js';

export interface EndEntityUse {
  /** Object identifiers. */
  readonly extendedKeyUsages: readonly string[];
  readonly subjectAlternativeNames: readonly GeneralName[];
}

/**
 * The extensions of a caller's or server's certificate. Its basic constraints say that it is not an authority, so that
 * the owner of its key can't issue certificates.
 */
export function createEndEntityExtensions(publicKey: KeyObject, use: EndEntityUse): readonly Extension[] {
  const names = [...use.subjectAlternativeNames];
  return [
    createExtension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
    createExtension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
    createExtension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([...use.extendedKeyUsages])),
    createSubjectKeyIdentifier(publicKey),
    ...(names.length === 0 ? [] : [createExtension(id_ce_subjectAltName, false, new SubjectAlternativeName(names))]),
  ];
}

/**
 * The extensions of an authority's certificate. Basic constraints and key usage are critical (RFC 5280 §4.2.1.9 and
 * §4.2.1.3), so that software which can't read them must not take an authority for a caller.
 */
export function createAuthorityExtensions(publicKey: KeyObject, pathLength: number | undefined): readonly Extension[] {
  const limit = pathLength === undefined ? {} : { pathLenConstraint: pathLength };
  return [
    createExtension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, ...limit })),
    createExtension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
    createSubjectKeyIdentifier(publicKey),
  ];
}

/** RFC 5280 §4.2.1.1 and §5.2.1: shows which key signed, if several issuers have the same name. */
export function createAuthorityKeyIdentifier(keyIdentifier: Uint8Array): Extension {
  const value = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(toArrayBuffer(keyIdentifier)) });
  return createExtension(id_ce_authorityKeyIdentifier, false, value);
}

/** RFC 7093 §2 (1): the leftmost 160 bits of the key's SHA-256, instead of the SHA-1 of RFC 5280 §4.2.1.2. */
function createSubjectKeyIdentifier(publicKey: KeyObject): Extension {
  const { subjectPublicKey } = getPublicKeyInfo(publicKey);
  const digest = createHash('sha256').update(Buffer.from(subjectPublicKey)).digest();
  const value = new SubjectKeyIdentifier(toArrayBuffer(digest.subarray(0, 20)));
  return createExtension(id_ce_subjectKeyIdentifier, false, value);
}

export function getPublicKeyInfo(publicKey: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);
}

export function createExtension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

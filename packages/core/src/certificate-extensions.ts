import type { CertificateExtension } from './extension-list.js';
import { type SubjectAlternativeName, decodeSubjectAlternativeNames } from './subject-alternative-name.js';
import {
  DerReader,
  decodeBoolean,
  decodeNamedBits,
  decodeObjectIdentifier,
  decodeSmallInteger,
  derTags,
  readSingle,
  refuseDer,
} from './encoding/der.js';

/** RFC 5280 §4.2.1.3, in the order of the bits. */
const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof keyUsageNames)[number];

/** What the end-entity checks need of the extensions (RFC 5280 §4.2). */
export interface CertificateExtensions {
  /** False for a certificate of version 1 or 2, which can have none. */
  readonly hasExtensions: boolean;
  /** basicConstraints' `cA` (§4.2.1.9). */
  readonly isCertificateAuthority: boolean;
  /** Undefined where the extension is absent. */
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** Object identifiers (§4.2.1.12); undefined where the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectAlternativeNames: readonly SubjectAlternativeName[];
  /** Object identifiers of critical extensions that nothing here understands. */
  readonly unknownCriticalExtensions: readonly string[];
}

const basicConstraints = '2.5.29.19';
const keyUsage = '2.5.29.15';
const extendedKeyUsage = '2.5.29.37';
const subjectAlternativeName = '2.5.29.17';
const understood = new Set([basicConstraints, keyUsage, extendedKeyUsage, subjectAlternativeName]);

/** What the end-entity checks read of a certificate's extensions. One of version 1 or 2 has none at all. */
export function decodeExtensions(extensions: ReadonlyMap<string, CertificateExtension>): CertificateExtensions {
  const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(type);
    return extension === undefined ? undefined : decode(extension.value);
  };
  return {
    hasExtensions: extensions.size > 0,
    isCertificateAuthority: find(basicConstraints, decodeBasicConstraints)?.isCertificateAuthority ?? false,
    keyUsage: find(keyUsage, decodeKeyUsage),
    extendedKeyUsage: find(extendedKeyUsage, decodeExtendedKeyUsage),
    subjectAlternativeNames: find(subjectAlternativeName, decodeSubjectAlternativeNames) ?? [],
    unknownCriticalExtensions: [...extensions]
      .filter(([type, { isCritical }]) => isCritical && !understood.has(type))
      .map(([type]) => type),
  };
}

/** RFC 5280 §4.2.1.9. `pathLength` counts the non-self-issued CA certificates that may follow; undefined: no limit. */
export interface BasicConstraints {
  readonly isCertificateAuthority: boolean;
  readonly pathLength: number | undefined;
}

export function decodeBasicConstraints(value: Uint8Array): BasicConstraints {
  const reader = new DerReader(readSingle(value, derTags.sequence).content);
  const flag = reader.readOptional(derTags.boolean);
  const isCertificateAuthority = flag !== undefined && decodeBoolean(flag);
  const length = reader.readOptional(derTags.integer);
  const pathLength = length === undefined ? undefined : decodeSmallInteger(length);
  reader.expectEnd();
  return { isCertificateAuthority, pathLength };
}

export function decodeKeyUsage(value: Uint8Array): readonly KeyUsage[] {
  return decodeNamedBits(readSingle(value, derTags.bitString)).map(
    (bit) => keyUsageNames[bit] ?? refuseDer('a key usage bit that does not exist'),
  );
}

export function decodeExtendedKeyUsage(value: Uint8Array): readonly string[] {
  const reader = new DerReader(readSingle(value, derTags.sequence).content);
  const purposes: string[] = [];
  do purposes.push(decodeObjectIdentifier(reader.read(derTags.objectIdentifier)));
  while (!reader.isAtEnd);
  return purposes;
}

import { type SubjectAlternativeName, decodeSubjectAlternativeNames } from './subject-alternative-name.js';
import {
  type DerElement,
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

interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** `tagged` is the certificate's `[3]` field. A certificate without it is one of version 1 or 2: no extension at all. */
export function decodeExtensions(tagged: DerElement | undefined): CertificateExtensions {
  const extensions = tagged === undefined ? new Map<string, Extension>() : decodeExtensionList(tagged);
  const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(type);
    return extension === undefined ? undefined : decode(extension.value);
  };
  return {
    hasExtensions: extensions.size > 0,
    isCertificateAuthority: find(basicConstraints, decodeBasicConstraints) ?? false,
    keyUsage: find(keyUsage, decodeKeyUsage),
    extendedKeyUsage: find(extendedKeyUsage, decodeExtendedKeyUsage),
    subjectAlternativeNames: find(subjectAlternativeName, decodeSubjectAlternativeNames) ?? [],
    unknownCriticalExtensions: [...extensions]
      .filter(([type, { isCritical }]) => isCritical && !understood.has(type))
      .map(([type]) => type),
  };
}

function decodeExtensionList(tagged: DerElement): Map<string, Extension> {
  const extensions = new Map<string, Extension>();
  const list = new DerReader(readSingle(tagged.content, derTags.sequence).content);
  // Extensions ::= SEQUENCE SIZE (1..MAX)
  do {
    const reader = list.enter(derTags.sequence);
    const type = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
    const critical = reader.readOptional(derTags.boolean);
    const isCritical = critical !== undefined && decodeBoolean(critical);
    if (critical !== undefined && !isCritical) refuseDer('a default value that is encoded');
    const value = reader.read(derTags.octetString).content;
    reader.expectEnd();
    // RFC 5280 §4.2: a certificate must not include more than one instance of an extension.
    if (extensions.has(type)) refuseDer(`the extension ${type} twice`);
    extensions.set(type, { isCritical, value });
  } while (!list.isAtEnd);
  return extensions;
}

function decodeBasicConstraints(value: Uint8Array): boolean {
  const reader = new DerReader(readSingle(value, derTags.sequence).content);
  const flag = reader.readOptional(derTags.boolean);
  const isAuthority = flag !== undefined && decodeBoolean(flag);
  const pathLength = reader.readOptional(derTags.integer);
  if (pathLength !== undefined) decodeSmallInteger(pathLength);
  reader.expectEnd();
  return isAuthority;
}

function decodeKeyUsage(value: Uint8Array): readonly KeyUsage[] {
  return decodeNamedBits(readSingle(value, derTags.bitString)).map(
    (bit) => keyUsageNames[bit] ?? refuseDer('a key usage bit that does not exist'),
  );
}

function decodeExtendedKeyUsage(value: Uint8Array): readonly string[] {
  const reader = new DerReader(readSingle(value, derTags.sequence).content);
  const purposes: string[] = [];
  do purposes.push(decodeObjectIdentifier(reader.read(derTags.objectIdentifier)));
  while (!reader.isAtEnd);
  return purposes;
}

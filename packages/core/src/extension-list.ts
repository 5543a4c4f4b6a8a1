import {
  type DerElement,
  DerReader,
  decodeBoolean,
  decodeObjectIdentifier,
  derTags,
  refuseDer,
} from './encoding/der.js';

/** One extension of a certificate, a CRL, a CRL entry or an OCSP response: they share the form (RFC 5280 §4.1, §5.1). */
export interface CertificateExtension {
  readonly isCritical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

/** `Extensions ::= SEQUENCE SIZE (1..MAX)`, by object identifier. */
export function decodeExtensionList(sequence: DerElement): ReadonlyMap<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  const list = new DerReader(sequence.content);
  do {
    const reader = list.enter(derTags.sequence);
    const type = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
    const critical = reader.readOptional(derTags.boolean);
    const isCritical = critical !== undefined && decodeBoolean(critical);
    if (critical !== undefined && !isCritical) refuseDer('a default value that is encoded');
    const value = reader.read(derTags.octetString).content;
    reader.expectEnd();
    // RFC 5280 §4.2: no more than one instance of an extension.
    if (extensions.has(type)) refuseDer(`the extension ${type} twice`);
    extensions.set(type, { isCritical, value });
  } while (!list.isAtEnd);
  return extensions;
}

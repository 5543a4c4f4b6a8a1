import { hash } from 'node:crypto';
import { type DerDecoding, derTags, encodeDerElement } from '../encoding/der.js';
import { type ArgumentRule, isObject, octets } from '../encoding/own-members.js';
import { decodePathCertificate, type PathCertificate } from './path-certificate.js';

/** A trust anchor that is a name and a key instead of a certificate (RFC 5280 §6.1.1 (d)). It has no dates, so it never ends. */
export interface NamedKey {
  /** The DER of its name (RFC 5280 §4.1.2.4), as the certificates that it issued have it for their issuer. */
  readonly subject: Uint8Array;
  /** The DER of its SubjectPublicKeyInfo; `publicKey.export({ type: 'spki', format: 'der' })` of a `KeyObject`. */
  readonly publicKey: Uint8Array;
}

export const aNamedKey: ArgumentRule = {
  words: 'a name and a key in DER ("subject", "publicKey")',
  holds: (value) =>
    isObject(value) &&
    ['subject', 'publicKey'].every((name) => Object.hasOwn(value, name) && octets.holds(Reflect.get(value, name))),
};

// Version 3 and the serial number 1, in hexadecimal.
const head = 'a003020102020101';
/** Ed25519. Nobody verifies the signature of a trust anchor. */
const signatureAlgorithm = '300506032b6570';
/** From 1950 to 9999. RFC 5280 §4.1.2.5 gives this end to certificates without one. */
const validity = '3020170d3530303130313030303030305a180f39393939313233313233353935395a';
/** A CA that signs certificates and CRLs. Both extensions are critical. */
const authorityExtensions = '300f0603551d130101ff040530030101ff300e0603551d0f0101ff040403020106';
const subjectKeyIdentifierType = '0603551d0e';
const extensionsTag = 0xa3;

/**
 * Writes a CA certificate for the name and the key, so that path validation reads one kind of trust anchor. Any key
 * identifier suffices: it only decides which of several anchors with one name is tried first.
 */
export function decodeNamedKey({ subject, publicKey }: NamedKey): DerDecoding<PathCertificate> {
  const { sequence, octetString, bitString } = derTags;
  const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex');
  const algorithm = fromHex(signatureAlgorithm);
  const identifier = encodeDerElement(octetString, encodeDerElement(octetString, hash('sha1', publicKey, 'buffer')));
  const keyIdentifier = encodeDerElement(sequence, fromHex(subjectKeyIdentifierType), identifier);
  const extensions = encodeDerElement(sequence, fromHex(authorityExtensions), keyIdentifier);
  const names = [subject, fromHex(validity), subject];
  const tail = [publicKey, encodeDerElement(extensionsTag, extensions)];
  const tbs = encodeDerElement(sequence, fromHex(head), algorithm, ...names, ...tail);
  return decodePathCertificate(encodeDerElement(sequence, tbs, algorithm, encodeDerElement(bitString, [0])));
}

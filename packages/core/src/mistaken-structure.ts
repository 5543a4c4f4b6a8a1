import { DerReader, contextConstructed, derTags, readDer, readDerHeader, readSingle } from './encoding/der.js';

/**
 * What people send in place of a certificate, told apart by the first fields inside, in words for the operator; undefined
 * for everything else. The header of a version 3 certificate ends it after three octets: strangers pay for no more.
 */
export function findMistakenStructure(der: Uint8Array): string | undefined {
  const outer = readDerHeader(der, 0);
  const first = outer === undefined ? undefined : readDerHeader(der, outer.contentStart);
  if (first === undefined) return undefined;
  // PKCS #8 (RFC 5958), PKCS #1 (RFC 8017), SEC 1 (RFC 5915) and PFX (RFC 7292) all begin with a version.
  if (first.tag === derTags.integer) {
    return 'it is a private key, not a certificate; treat the key as disclosed and replace it';
  }
  if (der[first.contentStart] === contextConstructed(0)) return undefined;
  return isSigningRequest(der) ? 'it is a certificate signing request, not a certificate' : undefined;
}

/** A signing request's version is 0 and its name follows at once (RFC 2986 §4); a version 1 certificate has an algorithm there. */
function isSigningRequest(der: Uint8Array): boolean {
  const decoding = readDer(() => {
    const information = new DerReader(readSingle(der, derTags.sequence).content).enter(derTags.sequence);
    const version = information.read(derTags.integer);
    if (version.content.length !== 1 || version.content[0] !== 0) return false;
    const name = information.enter(derTags.sequence);
    return name.isAtEnd || name.peekTag() === derTags.set;
  });
  return decoding.ok && decoding.value;
}

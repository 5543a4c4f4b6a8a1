import { clientExtensions, type KeyKind } from './certificates.js';
import { authorityExtensions, issue, type MadeAuthority } from './revocation.js';

const leafExtensions = [...clientExtensions, 'subjectKeyIdentifier = hash', 'authorityKeyIdentifier = keyid'];

const made = new Map<KeyKind, { readonly authority: MadeAuthority; readonly leaf: MadeAuthority }>();

/** An authority with a key of this kind, and a client's certificate with its signature. Made once. */
export function makeChain(key: KeyKind): { readonly authority: MadeAuthority; readonly leaf: MadeAuthority } {
  const known = made.get(key);
  if (known !== undefined) return known;
  const authority = issue({ name: 'Corp CA', key, extensions: authorityExtensions });
  const leaf = issue({ name: 'billing', key: 'p-256-again', issuer: authority, extensions: leafExtensions });
  made.set(key, { authority, leaf });
  return { authority, leaf };
}

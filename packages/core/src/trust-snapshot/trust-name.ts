/** A name under an authority: whoever presents a certificate of the authority with this name is the identity. */
export interface TrustName {
  /** The authority's name, in its own spelling. */
  readonly issuedBy: string;
  readonly type: NameType;
  /** As compared: DNS names and the domains of mailboxes in lower case, the rest to the letter. */
  readonly value: string;
}

/** Where in a certificate the name stands: the first three in the subject alternative name, the others in the subject. */
export const nameTypes = ['dns', 'uri', 'email', 'commonName', 'organizationalUnit'] as const;

/** The kind of a name under an authority. */
export type NameType = (typeof nameTypes)[number];

/** What a name is indexed by. No type and no authority has a line end in its name, so the parts can't run together. */
export function nameKey(authorityName: string, type: NameType, value: string): string {
  return `${type}\n${authorityName.toLowerCase()}\n${normalizeName(type, value)}`;
}

/**
 * The keys of the names under an authority that a name from a certificate matches: its own and, of a DNS name, that of
 * the wildcard for its first label. A wildcard in the certificate itself matches nothing: nobody is `*.corp.example`.
 */
export function listNameKeys(authorityName: string, type: NameType, presented: string): readonly string[] {
  if (type !== 'dns') return [nameKey(authorityName, type, presented)];
  if (presented.includes('*')) return [];
  const exact = nameKey(authorityName, type, presented);
  // What a wildcard stands for is a label of a host name, whatever else a CA may put before the first dot.
  if (!/^\w(?:[\w-]{0,61}\w)?\./.test(presented)) return [exact];
  return [exact, nameKey(authorityName, type, `*${presented.slice(presented.indexOf('.'))}`)];
}

export function normalizeName(type: NameType, value: string): string {
  if (type === 'dns') return value.toLowerCase();
  if (type !== 'email') return value;
  const at = value.lastIndexOf('@') + 1;
  return `${value.slice(0, at)}${value.slice(at).toLowerCase()}`;
}

/** For people: `dns billing.corp.example of the authority corp`. */
export function describeName({ issuedBy, type, value }: TrustName): string {
  return `${type} ${value} of the authority ${issuedBy}`;
}

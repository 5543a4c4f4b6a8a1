/** A name that a certificate of one authority has to bear. */
export interface TrustSubject {
  /** The authority's name, in its own spelling. */
  readonly issuedBy: string;
  readonly type: SubjectType;
  /** As compared: DNS names and the domains of mailboxes in lower case, the rest to the letter. */
  readonly value: string;
}

/** Where in a certificate the name stands: the first three in the subject alternative name, the others in the subject. */
export const subjectTypes = ['dns', 'uri', 'email', 'commonName', 'organizationalUnit'] as const;

export type SubjectType = (typeof subjectTypes)[number];

/** What a subject is indexed by. No type and no authority has a line end in its name, so the parts can't run together. */
export function subjectKey(authorityName: string, type: SubjectType, value: string): string {
  return `${type}\n${authorityName.toLowerCase()}\n${normalizeSubject(type, value)}`;
}

/**
 * The keys of every subject that a name from a certificate fits: its own and, of a DNS name, the wildcard's that stands
 * for its first label. A certificate's own wildcard fits nothing: nobody is `*.corp.example`.
 */
export function listSubjectKeys(authorityName: string, type: SubjectType, presented: string): readonly string[] {
  if (type !== 'dns') return [subjectKey(authorityName, type, presented)];
  if (presented.includes('*')) return [];
  const exact = subjectKey(authorityName, type, presented);
  // What a wildcard stands for is a label of a host name, whatever else a CA may put before the first dot.
  if (!/^\w(?:[\w-]{0,61}\w)?\./.test(presented)) return [exact];
  return [exact, subjectKey(authorityName, type, `*${presented.slice(presented.indexOf('.'))}`)];
}

export function normalizeSubject(type: SubjectType, value: string): string {
  if (type === 'dns') return value.toLowerCase();
  if (type !== 'email') return value;
  const at = value.lastIndexOf('@') + 1;
  return `${value.slice(0, at)}${value.slice(at).toLowerCase()}`;
}

/** For people: `dns billing.corp.example of the authority corp`. */
export function describeSubject({ issuedBy, type, value }: TrustSubject): string {
  return `${type} ${value} of the authority ${issuedBy}`;
}

// The names of a certificate that can stand for an identity (docs/trust-document.md, "Names under an authority").
import type { PathCertificate } from '@certgate/x509/path';

export type NameType = 'dns' | 'uri' | 'email' | 'commonName' | 'organizationalUnit';

/** A certificate with more names is refused: all of them count, so none may be overlooked. */
export const mostNames = 256;

/** X509-SVID, section 2, and SPIFFE-ID, section 2: a lower-case trust domain, and a path without empty or dot segments. */
const spiffeId = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)+$/;

export function listNames({
  subjectAlternativeNames = [],
  subjectName,
}: PathCertificate): readonly (readonly [NameType, string])[] {
  const forms = { dNSName: 'dns', uniformResourceIdentifier: 'uri', rfc822Name: 'email' } as const;
  const names = subjectAlternativeNames.flatMap((each) =>
    'text' in each ? [[forms[each.form], each.text] as const] : [],
  );
  const uris = names.filter(([type]) => type === 'uri').map(([, uri]) => uri);
  // A certificate with a SPIFFE ID has exactly one URI. Otherwise none of its URIs is a name.
  const isSvid = uris.length === 1 && uris.every((uri) => uri.length <= 2048 && spiffeId.test(uri));
  const areUrisNames = !uris.some((uri) => /^spiffe:/i.test(uri)) || isSvid;
  const attributes = subjectName.flat();
  const commonNames = attributes.filter(({ type }) => type === '2.5.4.3');
  const units = attributes.filter(({ type }) => type === '2.5.4.11');
  return [
    ...names.filter(([type]) => type !== 'uri' || areUrisNames),
    // Which of two common names is the caller's, nobody can say.
    ...(commonNames.length === 1 ? commonNames : []).flatMap(textOf('commonName')),
    ...units.flatMap(textOf('organizationalUnit')),
  ];
}

type Attribute = PathCertificate['subjectName'][number][number];

/** A value of another type than a text names nobody. */
function textOf(type: NameType) {
  return ({ value, isEncoded }: Attribute) => (isEncoded === true ? [] : [[type, value] as const]);
}

/** Whether a name of a certificate is the one that the document has. */
export function isNameOf(wanted: string | undefined, type: NameType, value: string): boolean {
  if (wanted === undefined) return false;
  const lowerDomain = (text: string): string => text.replace(/@[^@]*$/, (domain) => domain.toLowerCase());
  if (type === 'email') return lowerDomain(wanted) === lowerDomain(value);
  if (type !== 'dns') return wanted === value;
  // A wildcard of the document stands for exactly one label. A certificate with a wildcard is nobody's.
  if (value.includes('*')) return false;
  const isLabelFirst = /^\w(?:[\w-]{0,61}\w)?\./.test(value);
  const covering = isLabelFirst ? [value, value.replace(/^[^.]*/, '*')] : [value];
  return covering.some((each) => each.toLowerCase() === wanted.toLowerCase());
}

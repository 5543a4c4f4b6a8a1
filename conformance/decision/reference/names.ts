// The names of a certificate that may match an identity (docs/trust-document.md, "Names under an authority").
import type { PathCertificate } from '@certgate/x509/path';

export type NameType = 'dns' | 'uri' | 'email' | 'commonName' | 'organizationalUnit';

/** The most names of a certificate. One with more is refused, because no name may be overlooked. */
export const mostNames = 256;

/** A SPIFFE ID (X509-SVID §2, SPIFFE-ID §2): a lower-case trust domain, and a path without empty or dot segments. */
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
    // If there are several common names, none is used: it is unknown which one is the caller's.
    ...(commonNames.length === 1 ? commonNames : []).flatMap(textOf('commonName')),
    ...units.flatMap(textOf('organizationalUnit')),
  ];
}

type Attribute = PathCertificate['subjectName'][number][number];

/** The names in an attribute. A value that is not a text is not a name. */
function textOf(type: NameType) {
  return ({ value, isEncoded }: Attribute) => (isEncoded === true ? [] : [[type, value] as const]);
}

/** Whether a name of a certificate is the one in the document, or matches its wildcard. */
export function isNameOf(wanted: string | undefined, type: NameType, value: string): boolean {
  if (wanted === undefined) return false;
  const lowerDomain = (text: string): string => text.replace(/@[^@]*$/, (domain) => domain.toLowerCase());
  if (type === 'email') return lowerDomain(wanted) === lowerDomain(value);
  if (type !== 'dns') return wanted === value;
  // A wildcard in the document matches exactly one label. A wildcard in the certificate never matches.
  if (value.includes('*')) return false;
  const isLabelFirst = /^\w(?:[\w-]{0,61}\w)?\./.test(value);
  const covering = isLabelFirst ? [value, value.replace(/^[^.]*/, '*')] : [value];
  return covering.some((each) => each.toLowerCase() === wanted.toLowerCase());
}

// The trust document (docs/trust-document.md), and what it says about a certificate without asking for a path.
import type { Certificate, CertificationAuthority } from '../facts.js';
import { isNameOf, type NameType } from './names.js';

type Texts<Keys extends string> = Readonly<Partial<Record<Keys, string>>>;

/** The JSON of a valid document, with its CA certificates decoded. */
export interface Document {
  readonly revision: number;
  readonly audience?: readonly string[];
  readonly locked?: object;
  readonly authorities?: readonly Authority[];
  readonly denied?: readonly Texts<'thumbprintSha256' | 'issuedBy' | 'serialNumber'>[];
  readonly identities: readonly Identity[];
}

export interface Authority extends CertificationAuthority {
  readonly name: string;
  readonly revocation?: {
    readonly mode?: 'required' | 'when-available' | 'off';
    readonly scope?: 'chain' | 'end-entity';
    readonly graceSeconds?: number;
    readonly minimumCrlNumbers?: readonly { readonly issuer: string; readonly number: string }[];
    readonly noRevAvailMaximumLifetimeSeconds?: number;
  };
}

export interface Identity extends Texts<'expiresAt'> {
  readonly name: string;
  readonly roles: readonly string[];
  readonly functions?: readonly string[];
  readonly enabled?: boolean;
  readonly names?: readonly (Texts<NameType> & { readonly issuedBy: string })[];
  readonly pins?: readonly Pin[];
}

const pinKinds = ['thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'] as const;
interface Pin extends Texts<(typeof pinKinds)[number] | 'issuedBy' | 'notBefore' | 'notAfter'> {
  readonly enabled?: boolean;
  readonly acceptWithoutClientAuth?: { readonly since: string; readonly until: string };
}

/** A reason to match a certificate with an identity. If `authority` is set, it must have issued the certificate. */
export type Match = Readonly<{ identity: Identity; pin?: Pin; authority?: Authority | undefined }>;

const isSameText = (one: string | undefined, other: string): boolean => one?.toLowerCase() === other.toLowerCase();
const digitsOf = (text: string): string => text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase();
const serialOf = (text: string): string => digitsOf(text).replace(/^0+/, '');

/** The authority of this name. If the document has none, one with all CAs, as the lists may be from any of them. */
export function findAuthority({ authorities = [] }: Document, name: string): Authority {
  const all = {
    name,
    trustAnchors: authorities.flatMap(({ trustAnchors }) => trustAnchors),
    intermediates: authorities.flatMap(({ intermediates = [] }) => intermediates),
  };
  return authorities.find((each) => isSameText(each.name, name)) ?? all;
}

/** The pins that match the certificate by a thumbprint or by its public key. */
export function findPins({ identities, authorities = [] }: Document, of: Partial<Certificate>): readonly Match[] {
  return pinKinds.flatMap((kind) =>
    identities.flatMap((identity) =>
      (identity.pins ?? [])
        .filter(({ [kind]: wanted }) => wanted !== undefined && digitsOf(wanted) === of[kind])
        .map((pin) => ({ identity, pin, authority: authorities.find(({ name }) => isSameText(pin.issuedBy, name)) })),
    ),
  );
}

/**
 * The authorities that own a CA certificate with the issuer's name, or with the name of an issuer in the forwarded
 * chain. Only a path shows whether one of them signed the certificate.
 */
export function listIssuingAuthorities(
  { authorities = [] }: Document,
  { issuer }: Certificate,
  chain: readonly Certificate[],
): readonly Authority[] {
  const issuers = new Set(issuer === undefined ? [] : [issuer]);
  // The loop over a set also visits the names that are added to it meanwhile.
  for (const name of issuers)
    for (const { path: ca } of chain) if (ca?.subject.key === name) issuers.add(ca.issuer.key);
  return authorities.filter(({ trustAnchors, intermediates = [] }) =>
    [...trustAnchors, ...intermediates].some((ca) => ca.path !== undefined && issuers.has(ca.path.subject.key)),
  );
}

/** The identities that match by a name of the certificate, under an authority that may have issued it. */
export function findNames(
  document: Document,
  certificate: Certificate,
  chain: readonly Certificate[],
): readonly Match[] {
  return listIssuingAuthorities(document, certificate, chain).flatMap((authority) =>
    document.identities.flatMap((identity) =>
      (identity.names ?? [])
        .filter(({ issuedBy }) => isSameText(issuedBy, authority.name))
        .filter((name) => certificate.names.some(([type, value]) => isNameOf(name[type], type, value)))
        .map((): Match => ({ identity, authority })),
    ),
  );
}

/** Whether a thumbprint (a twin's too), or the serial number under an authority that may be the issuer, is denied. */
export function isDenied(document: Document, certificate: Certificate, chain: readonly Certificate[]): boolean {
  const { path, serialNumber: ofCertificate, twins } = certificate;
  const thumbprints = [certificate, ...twins].map(({ thumbprintSha256 }) => thumbprintSha256);
  // A root has no issuer, so a denied serial number never means a root.
  const isAnchor = document.authorities?.some(({ trustAnchors }) => trustAnchors.includes(certificate)) === true;
  const isRoot = isAnchor && path?.isSelfIssued === true;
  const issuing = isRoot ? [] : listIssuingAuthorities(document, certificate, chain);
  return (document.denied ?? []).some(({ thumbprintSha256 = '', issuedBy, serialNumber = '' }) => {
    if (thumbprints.includes(digitsOf(thumbprintSha256))) return true;
    return (
      issuing.some(({ name }) => isSameText(issuedBy, name)) &&
      ofCertificate !== undefined &&
      serialOf(serialNumber) === serialOf(ofCertificate)
    );
  });
}

import * as fc from 'fast-check';
import type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentDenied,
  TrustDocumentPin,
  TrustDocumentName,
} from '../trust-document/trust-document.js';
import { getAuthorityPems } from './authority-certificates.js';

const { corp, corpRenewed, partner, issuing } = getAuthorityPems();

/** The name of an authority in any letter case. The document may lack the authority. */
export const authorityName: fc.Arbitrary<string> = fc.constantFrom('corp', 'Corp', 'partner');

const serialNumber = fc.constantFrom('0', '01', '7f', '8F', '00:8f', '0a 1b 2c', '9f86d081884c7d659a2feaa0c55ad015');

const revocation = (name: string, issuer: string): fc.Arbitrary<NonNullable<TrustDocumentAuthority['revocation']>> =>
  fc
    .record(
      {
        mode: fc.constantFrom('required', 'when-available', 'off'),
        scope: fc.constantFrom('chain', 'end-entity'),
        crls: fc.subarray([`file:${name}.crl`, `https://pki.example.com/${name}.crl`]),
        ocsp: fc.constantFrom('http://ocsp.example.com/', 'https://ocsp.example.com/a?b'),
        ocspNonce: fc.constantFrom('required', 'optional'),
        graceSeconds: fc.nat({ max: 604_800 }),
        minimumCrlNumbers: fc.constantFrom([], [{ issuer, number: '12' }]),
        noRevAvailMaximumLifetimeSeconds: fc.integer({ min: 1, max: 2_592_000 }),
      },
      { requiredKeys: [] },
    )
    // A document may contain these two only together with certain modes.
    .map(({ minimumCrlNumbers, noRevAvailMaximumLifetimeSeconds, ...rest }) => ({
      ...rest,
      ...(minimumCrlNumbers !== undefined && rest.mode === 'required' ? { minimumCrlNumbers } : {}),
      ...(noRevAvailMaximumLifetimeSeconds === undefined || rest.mode === undefined || rest.mode === 'off'
        ? {}
        : { noRevAvailMaximumLifetimeSeconds }),
    }));

const authority = (
  name: string,
  issuer: string,
  anchors: string[],
  domain: string,
): fc.Arbitrary<TrustDocumentAuthority> =>
  fc.record(
    {
      name: fc.constant(name),
      trustAnchors: fc.subarray(anchors, { minLength: 1 }),
      intermediates: fc.subarray([issuing]),
      dnsConstraintsWithLeadingDot: fc.constantFrom('refuse', 'subdomains-only'),
      spiffeTrustDomains: fc.constantFrom([domain], [domain, `more.${domain}`]),
      revocation: revocation(name, issuer),
    },
    { requiredKeys: ['name', 'trustAnchors'] },
  );

export const authorities: fc.Arbitrary<readonly TrustDocumentAuthority[]> = fc
  .tuple(
    fc.option(authority('corp', 'CN=Corp CA', [corp, corpRenewed], 'example.org'), { freq: 8 }),
    fc.option(authority('Partner', 'CN=Partner CA', [partner], 'partner.example')),
  )
  .map((all) => all.filter((one) => one !== null));

export const trustName: fc.Arbitrary<TrustDocumentName> = fc
  .tuple(
    authorityName,
    fc.constantFrom<Omit<TrustDocumentName, 'issuedBy'>>(
      { dns: 'billing.corp.example' },
      { dns: '*.Corp.example' },
      { uri: 'urn:corp:billing' },
      { email: 'billing@Corp.example' },
      { email: 'Billing@corp.example' },
      { commonName: 'billing' },
      { commonName: '__proto__' },
      { organizationalUnit: 'billing' },
    ),
  )
  .map(([issuedBy, name]) => ({ issuedBy, ...name }));

export const denied: fc.Arbitrary<TrustDocumentDenied> = fc.oneof(
  fc.record(
    { thumbprintSha256: fc.constantFrom('0A'.repeat(32), '0b'.repeat(32)), reason: fc.constant('stolen\n"laptop"') },
    { requiredKeys: ['thumbprintSha256'] },
  ),
  fc.record(
    { issuedBy: authorityName, serialNumber, reason: fc.constant('x') },
    { requiredKeys: ['issuedBy', 'serialNumber'] },
  ),
);

/** The document without references to missing authorities, and without duplicates among names and denials. */
export function mendReferences(document: TrustDocument): TrustDocument {
  const names = new Set((document.authorities ?? []).map(({ name }) => name.toLowerCase()));
  const isThere = ({ issuedBy }: { readonly issuedBy?: string }): boolean =>
    issuedBy === undefined || names.has(issuedBy.toLowerCase());
  const seen = new Set<string>();
  const isNew = (...parts: readonly (string | undefined)[]): boolean => seen.size < seen.add(parts.join('\n')).size;
  const identities = document.identities.map((identity) => ({
    ...identity,
    ...(identity.names && {
      names: identity.names.filter((each) => isThere(each) && isNew(...listNameParts(each))),
    }),
    ...(identity.pins && {
      pins: identity.pins.filter((pin: TrustDocumentPin) => isThere(pin)),
    }),
  }));
  const list = document.denied?.filter(
    (entry) =>
      isThere(entry) &&
      isNew(
        'denied',
        entry.issuedBy?.toLowerCase(),
        entry.thumbprintSha256?.toUpperCase(),
        entry.serialNumber?.replace(/[\s:]/g, '').replace(/^0+/, '').toUpperCase(),
      ),
  );
  return { ...document, ...(list && { denied: list }), identities };
}

function listNameParts({ issuedBy, dns, email, ...rest }: TrustDocumentName): readonly (string | undefined)[] {
  const domain = email?.replace(/@.*/, (text) => text.toLowerCase());
  return [issuedBy.toLowerCase(), dns?.toLowerCase(), domain, JSON.stringify(rest)];
}

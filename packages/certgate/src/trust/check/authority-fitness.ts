import {
  describeName,
  loadPathValidation,
  type PathCertificate,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustName,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { CheckFinding } from './check-finding.js';

/** The OID of the extended key usage clientAuth, for which the gate validates each path. */
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/**
 * Finds a CA certificate that no valid path can contain in this role. The certificate itself shows this before anybody
 * calls.
 */
export function findUnfitAuthority(
  certificate: PathCertificate,
  role: 'trust-anchor' | 'intermediate',
  { name }: TrustedAuthority,
): Omit<CheckFinding, 'path'> | undefined {
  const { describePathFault, findAuthorityFault } = loadPathValidation();
  const fault = findAuthorityFault(certificate, role, [clientAuthentication]);
  if (fault === undefined) return undefined;
  // The certificate may be good, because the app may run on another version of Node.js than this command.
  const isOfRuntime = fault.code === 'algorithm_unsupported_by_runtime';
  const remedy = isOfRuntime ? '' : ' Let the CA issue it anew: docs/authorities.md#a-ca-made-with-openssl.';
  return {
    code: 'authority_certificate_unfit',
    severity: isOfRuntime ? 'warning' : 'error',
    message: `No caller below this certificate of the authority "${name}" is admitted (${fault.code}). ${describePathFault(fault)}${remedy}`,
  };
}

/**
 * Finds names that no certificate of the authority can have, or no certificate from one of its intermediates, because
 * the CA certificates don't permit them.
 */
export function findNamesNotPermitted(snapshot: TrustSnapshot): readonly CheckFinding[] {
  const authorities = new Map(snapshot.authorities.map((authority) => [authority.name.toLowerCase(), authority]));
  return snapshot.identities.flatMap((identity, index) =>
    identity.names.flatMap((trustName, position) => {
      const authority = authorities.get(trustName.issuedBy.toLowerCase());
      const found = authority && findRefusal(trustName, authority);
      if (found === undefined) return [];
      return [describe(identity, trustName, `identities[${index}].names[${position}]`, found)];
    }),
  );
}

interface NameRefusal {
  readonly detail: string;
  /** Whether even a certificate that a trust anchor issues itself can't have the name. */
  readonly isByAnchors: boolean;
}

/**
 * Finds out whether every trust anchor, or otherwise every intermediate, excludes the name. Undefined if neither is so.
 */
function findRefusal(trustName: TrustName, authority: TrustedAuthority): NameRefusal | undefined {
  const { trustAnchors, intermediates } = authority;
  for (const issuers of [trustAnchors, intermediates]) {
    const details = issuers.map((issuer) => findDetail(trustName, issuer, authority));
    const [detail] = details;
    if (detail !== undefined && !details.includes(undefined)) return { detail, isByAnchors: issuers === trustAnchors };
  }
  return undefined;
}

function findDetail(
  { type, value }: TrustName,
  issuer: PathCertificate,
  { dnsConstraintsWithLeadingDot }: TrustedAuthority,
): string | undefined {
  const form = formOf(type, value);
  const { nameConstraints } = issuer;
  if (form === undefined || nameConstraints === undefined) return undefined;
  const { describeNameConstraintFault, findNameConstraintFault, hasLeadingDot } = loadPathValidation();
  const bases = [...(nameConstraints.permitted ?? []), ...nameConstraints.excluded];
  // A leading dot is a finding of its own.
  if (dnsConstraintsWithLeadingDot === 'refuse' && bases.some(hasLeadingDot)) return undefined;
  const find = (text: string): string | undefined => {
    const fault = findNameConstraintFault({ form, text }, [issuer], dnsConstraintsWithLeadingDot);
    return fault && describeNameConstraintFault(fault);
  };
  if (!value.startsWith('*.')) return find(value);
  const domain = value.slice(1).toLowerCase();
  // If the constraints name a label of this domain, that name may be permitted although others are not.
  if (bases.some((base) => 'text' in base && base.text.toLowerCase().endsWith(domain))) return undefined;
  return find(`any${domain}`);
}

/**
 * The form in which name constraints see the name. Undefined if they apply only to the whole subject, of which the name
 * is a part.
 */
function formOf(
  type: TrustName['type'],
  value: string,
): 'dNSName' | 'uniformResourceIdentifier' | 'rfc822Name' | undefined {
  switch (type) {
    case 'dns':
      return 'dNSName';
    case 'uri':
      return 'uniformResourceIdentifier';
    case 'email':
      return 'rfc822Name';
    case 'commonName':
      // Constraints on DNS names apply to a common name that reads as a DNS name.
      return /^[a-z\d]+(?:-+[a-z\d]+)*(?:\.[a-z\d]+(?:-+[a-z\d]+)*)+$/i.test(value) ? 'dNSName' : undefined;
    case 'organizationalUnit':
      return undefined;
  }
}

function describe(
  { name, owner }: TrustedIdentity,
  trustName: TrustName,
  path: string,
  { detail, isByAnchors }: NameRefusal,
): CheckFinding {
  const by = isByAnchors
    ? 'no CA of the authority may issue such a certificate'
    : 'no intermediate of the authority in this document may issue such a certificate';
  return {
    code: 'name_not_permitted',
    severity: isByAnchors ? 'error' : 'warning',
    path,
    identityName: name,
    owner,
    authorityName: trustName.issuedBy,
    message: `"${name}" has the name ${describeName(trustName)}, but ${by}: ${detail}. Correct the name, or let the CA change its name constraints.`,
  };
}

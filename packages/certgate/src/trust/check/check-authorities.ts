import {
  describeName,
  findAuthorityWindows,
  findDeniedIssued,
  formatInstant,
  loadPathValidation,
  type PathCertificate,
  type TrustedAuthority,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { findNamesNotPermitted, findUnfitAuthority } from './authority-fitness.js';
import { findSharedName } from '../comparison/shared-names.js';
import type { CheckCode, CheckSeverity, CheckFinding } from './check-finding.js';

/** The moment of a check. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
export interface CheckMoment {
  readonly now: number;
  /**
   * Whether the check should report the end of something that is valid from `startsAt` (undefined if unknown) to
   * `endsAt`. Both are in milliseconds since 1970-01-01T00:00:00Z.
   */
  readonly endsSoon: (startsAt: number | undefined, endsAt: number) => boolean;
}

/**
 * Checks the authorities, and the names under them, at one moment. When one of their certificates ends, callers may be
 * refused although their own certificates are still valid.
 */
export function checkAuthorities(snapshot: TrustSnapshot, moment: CheckMoment): readonly CheckFinding[] {
  return [
    ...snapshot.authorities.flatMap((authority, index) =>
      checkAuthority(snapshot, authority, `authorities[${index}]`, moment),
    ),
    ...repeatWarnings(snapshot),
    ...findNamesUnderWildcards(snapshot),
    ...findNamesNotPermitted(snapshot),
  ];
}

function checkAuthority(
  snapshot: TrustSnapshot,
  authority: TrustedAuthority,
  path: string,
  moment: CheckMoment,
): readonly CheckFinding[] {
  const { name, trustAnchors, intermediates } = authority;
  const findings: CheckFinding[] = [];
  if (!findAuthorityWindows(snapshot, authority).some(({ validUntil }) => moment.now < validUntil)) {
    const isDenied = trustAnchors.some((anchor) => findDeniedIssued([snapshot], anchor) !== undefined);
    const message = `Every trust anchor of the authority "${name}" has ended${isDenied ? ' or is on the deny list' : ''}, so it admits nobody; add the new one.`;
    findings.push({ code: 'authority_without_usable_anchor', severity: 'error', path, message });
  }
  for (const [index, crl] of authority.revocation.crls.entries()) {
    if (!isUndeployed(crl)) continue;
    const message = `The authority "${name}" reads a revocation list from ${crl}. Files under .certgate are never deployed, so apps in Azure don't find it; copy the list into the app's own files, or give an https: URL.`;
    const place = `${path}.revocation.crls[${index}]`;
    findings.push({ code: 'revocation_list_undeployed', severity: 'warning', path: place, message });
  }
  for (const [key, role, certificates] of [
    ['trustAnchors', 'trust-anchor', trustAnchors],
    ['intermediates', 'intermediate', intermediates],
  ] as const) {
    for (const [index, certificate] of certificates.entries()) {
      const found = [
        checkValidity(certificate, certificates, moment, role.replace('-', ' '), name),
        findDenied(snapshot, certificate, authority),
        findLeadingDot(certificate, authority),
        findUnfitAuthority(certificate, role, authority),
      ];
      const place = `${path}.${key}[${index}]`;
      for (const each of found) if (each !== undefined) findings.push({ ...each, path: place });
    }
  }
  return findings.map((finding) => ({ ...finding, authorityName: name }));
}

/** Whether the list is in the tool's own folder, which the tool adds to .funcignore. */
function isUndeployed(crl: string): boolean {
  return /^file:(?:.*[\\/])?\.certgate[\\/]/i.test(crl);
}

function checkValidity(
  certificate: PathCertificate,
  all: readonly PathCertificate[],
  { now, endsSoon }: CheckMoment,
  what: string,
  authorityName: string,
): Omit<CheckFinding, 'path'> | undefined {
  const { notBefore, notAfter, subjectText } = certificate;
  const subject = `The ${what} "${subjectText.slice(0, 120)}" of the authority "${authorityName}"`;
  if (now < notBefore) {
    const message = `${subject} begins at ${formatInstant(notBefore)}.`;
    return { code: 'authority_certificate_not_begun', severity: 'information', message };
  }
  if (!endsSoon(notBefore, notAfter)) return undefined;
  // A certificate is valid at both ends of its period (RFC 5280 §4.1.2.5).
  const isOver = now > notAfter;
  const isFollowed = all.some((other) => isSuccessor(other, certificate));
  const newer = all.find((other) => isNewer(other, certificate));
  const verb = isOver ? 'ended' : 'ends';
  const next = isFollowed
    ? 'another certificate of the same name stays valid'
    : newer !== undefined
      ? `"${newer.subjectText.slice(0, 120)}" is valid until ${formatInstant(newer.notAfter)}, so ${isOver ? 'remove this one' : 'make sure before then that every caller has a certificate below that one, and remove this one'}`
      : isOver
        ? 'callers that need it are refused; put the new one in its place'
        : 'add the new one before that';
  return {
    code: isOver ? 'authority_certificate_ended' : 'authority_certificate_ends_soon',
    severity: isFollowed ? 'information' : 'warning',
    endsAt: notAfter,
    message: `${subject} ${verb} at ${formatInstant(notAfter)}; ${next}.`,
  };
}

/**
 * Reports a CA certificate on the deny list. One CA may have several certificates, so a path may use another one that
 * has the same name and key.
 */
function findDenied(
  snapshot: TrustSnapshot,
  certificate: PathCertificate,
  { name, trustAnchors, intermediates }: TrustedAuthority,
): Omit<CheckFinding, 'path'> | undefined {
  const isDenied = (each: PathCertificate): boolean => findDeniedIssued([snapshot], each) !== undefined;
  if (!isDenied(certificate)) return undefined;
  const keyOf = (each: PathCertificate): string =>
    `${each.subject.key} ${each.verificationKey.subjectPublicKeyInfo.join()}`;
  const namesakes = [...trustAnchors, ...intermediates].filter((each) => keyOf(each) === keyOf(certificate));
  const isOpen = !namesakes.every(isDenied);
  const rest = isOpen
    ? 'Another certificate of the same name and key is not: callers can be admitted over that one. Deny it too if nobody may be.'
    : 'The authority has no other certificate of the same name and key that is not, so callers below it are refused.';
  const message = `The CA certificate "${certificate.subjectText.slice(0, 120)}" of the authority "${name}" is on the deny list. ${rest}`;
  return { code: 'authority_certificate_denied', severity: 'warning', message };
}

/**
 * Reports a DNS name constraint with a leading dot, unless it means only the names below it. It is common in private
 * PKIs, and the gate refuses every caller with a DNS name below it. The certificate shows this before anybody calls.
 */
function findLeadingDot(
  { nameConstraints, subjectText }: PathCertificate,
  { name, dnsConstraintsWithLeadingDot }: TrustedAuthority,
): Omit<CheckFinding, 'path'> | undefined {
  if (dnsConstraintsWithLeadingDot !== 'refuse' || nameConstraints === undefined) return undefined;
  const { hasLeadingDot } = loadPathValidation();
  const base = [...(nameConstraints.permitted ?? []), ...nameConstraints.excluded].find(hasLeadingDot);
  if (base === undefined) return undefined;
  const message =
    `The CA certificate "${subjectText.slice(0, 120)}" of the authority "${name}" has the DNS name constraint "${base.text}", and RFC 5280 gives its leading dot no meaning: ` +
    `beneath it, every certificate with a DNS name is refused (path_name_not_permitted). Let the CA write "${base.text.slice(1)}"; ` +
    'or set "dnsConstraintsWithLeadingDot": "subdomains-only" at the authority, if the names beneath are meant, as OpenSSL reads it.';
  return { code: 'authority_constraint_with_leading_dot', severity: 'warning', message };
}

function isSuccessor(other: PathCertificate, { subject, notAfter }: PathCertificate): boolean {
  return other.subject.key === subject.key && other.notBefore <= notAfter && other.notAfter > notAfter;
}

/**
 * Whether a certificate of another CA begins later, before this one ends, and also ends later. The document doesn't
 * show whether all callers have changed over.
 */
function isNewer(other: PathCertificate, { subject, notBefore, notAfter }: PathCertificate): boolean {
  if (other.subject.key === subject.key) return false;
  return other.notBefore > notBefore && other.notBefore <= notAfter && other.notAfter > notAfter;
}

/**
 * The severities of the document's own warnings that the check repeats. A missing source of revocation lists is only
 * information, because the app's code may pass lists that the document doesn't name.
 */
const severities: Readonly<Partial<Record<CheckCode, CheckSeverity>>> = {
  authority_unused: 'warning',
  authority_without_revocation: 'information',
  revocation_without_source: 'information',
};

function repeatWarnings({ warnings, authorities }: TrustSnapshot): readonly CheckFinding[] {
  return warnings.flatMap(({ code, path, message }) => {
    const severity = severities[code];
    const authority = authorities[Number(/^authorities\[(\d+)\]/.exec(path)?.[1])];
    if (severity === undefined || authority === undefined) return [];
    const { name } = authority;
    return [{ code, severity, path, authorityName: name, message: `The authority "${name}": ${message}.` }];
  });
}

/**
 * Reports names that a wildcard of another identity matches too. The gate refuses a certificate with such a name,
 * because it belongs to two identities.
 */
function findNamesUnderWildcards(snapshot: TrustSnapshot): readonly CheckFinding[] {
  return snapshot.identities.flatMap((identity, index) =>
    identity.names.flatMap((trustName, nameIndex) => {
      const other = findSharedName(snapshot, identity, trustName)?.other;
      if (other === undefined) return [];
      const { name, owner } = identity;
      const path = `identities[${index}].names[${nameIndex}]`;
      const message = `"${name}" has the name ${describeName(trustName)}, and a wildcard of "${other.name}" matches it too: the certificate is ambiguous and refused. Leave it in one of them.`;
      return [{ code: 'name_under_wildcard', severity: 'error', path, identityName: name, owner, message }];
    }),
  );
}

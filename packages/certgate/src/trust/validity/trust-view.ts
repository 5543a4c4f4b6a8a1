// validity/: what a trust document means over time: windows, overlaps, gaps and warnings.
import {
  type AuthorityRevocation,
  type TrustedAuthority,
  type TrustedIdentity,
  describeLock,
  formatInstant,
} from '@certgate/core/internal';
import type { ShownFunction, TrustAuthorityView, TrustIdentityView, TrustView } from '../views/page-views.js';
import type { CheckFinding } from '../check/check-finding.js';
import { listFindings } from '../check/check-document.js';
import { type TimeSpan, findGaps, findOverlaps } from '../../log/coverage/time-span.js';
import { listDenials } from '../administration/listed-denials.js';
import {
  type CertificatesAtHand,
  type IdentityWindow,
  type WindowFacts,
  describeWindow,
  listAuthorityWindows,
  listCertificatesAtHand,
  listIdentityWindows,
} from './validity-windows.js';
import { describeWarning } from './warning-command.js';

export interface TrustViewQuestion extends WindowFacts {
  /** The place of the document, in the form of `--store`. */
  readonly store: string;
  /** The functions of the app; absent if no app is known. */
  readonly coverage?: readonly ShownFunction[];
}

/**
 * Shows the document at one moment and over time. The warnings leave out findings for information, because those need
 * no action.
 */
export function createTrustView(question: TrustViewQuestion): TrustView {
  const { store, snapshot, at, folder, coverage = [] } = question;
  const atHand = listCertificatesAtHand(question);
  const findings = listFindings(snapshot, { now: at, folder });
  return {
    store,
    revision: snapshot.revision,
    at: formatInstant(at),
    locked: snapshot.locked === undefined ? null : describeLock(snapshot.locked),
    identities: snapshot.identities.map((identity) => describeIdentity(identity, question, atHand, findings)),
    authorities: snapshot.authorities.map((authority) => describeAuthority(authority, question, findings)),
    denied: listDenials(snapshot).map(({ thumbprintSha256, issuedBy, serialNumber, reason }) => ({
      label: thumbprintSha256 ?? `serial number ${serialNumber ?? ''} of the authority ${issuedBy ?? ''}`,
      reason,
    })),
    warnings: findings
      .filter(({ severity }) => severity !== 'information')
      .map((finding) => describeWarning(finding, { snapshot, store, at })),
    coverage,
  };
}

function describeIdentity(
  identity: TrustedIdentity,
  facts: WindowFacts,
  atHand: CertificatesAtHand,
  findings: readonly CheckFinding[],
): TrustIdentityView {
  const { name, owner = null, enabled, roles, functionsAsWritten = null } = identity;
  const windows = listIdentityWindows(identity, facts, atHand);
  const open = windows.filter(({ isDisabled }) => !isDisabled);
  // A name ends with the certificates of its authority.
  const isAbout = ({ identityName, authorityName }: CheckFinding): boolean =>
    identityName === name || (authorityName !== undefined && identity.names.length > 0);
  const endsSoon = listEndsSoon(findings.filter(isAbout));
  return {
    name,
    owner,
    enabled,
    roles,
    functions: functionsAsWritten,
    windows: windows.map((window) => describeWindow(window, facts.at, endsSoon)),
    gaps: findGaps(open)
      .filter(({ until }) => until > facts.at)
      .map(({ from, until }) => ({
        from: formatInstant(from),
        until: Number.isFinite(until) ? formatInstant(until) : null,
        isSoon: from <= facts.at || endsSoon(from),
      })),
    overlaps: listOverlaps(open, facts.at),
  };
}

/** Which ends are soon according to `trust check`, so that the rule for it exists only once. */
function listEndsSoon(findings: readonly CheckFinding[]): (until: number) => boolean {
  const ends = new Set(findings.filter(({ code }) => code.endsWith('_ends_soon')).map(({ endsAt }) => endsAt));
  return (until) => ends.has(until);
}

/**
 * The times in which two certificates are valid and one of them goes on. A name next to a pin is not a rotation, and
 * two pins of one certificate end together.
 */
function listOverlaps(windows: readonly IdentityWindow[], at: number): TrustIdentityView['overlaps'] {
  const certificates = windows.filter(({ kind }) => kind !== 'name');
  const ends = new Set(findGaps(certificates).map((gap) => gap.from));
  return findOverlaps(certificates).flatMap(({ from, until }: TimeSpan) => {
    // If no window has a beginning, the overlap has begun already.
    const begin = Number.isFinite(from) ? from : at;
    return Number.isFinite(until) && begin < until && !ends.has(until)
      ? [{ from: formatInstant(begin), until: formatInstant(until) }]
      : [];
  });
}

function describeAuthority(
  authority: TrustedAuthority,
  facts: WindowFacts,
  findings: readonly CheckFinding[],
): TrustAuthorityView {
  const endsSoon = listEndsSoon(findings.filter(({ authorityName }) => authorityName === authority.name));
  const isOwn = (issuedBy: string | undefined): boolean => issuedBy?.toLowerCase() === authority.name.toLowerCase();
  return {
    name: authority.name,
    windows: listAuthorityWindows(authority, facts).map((window) => describeWindow(window, facts.at, endsSoon)),
    revocation: describeRevocation(authority.revocation),
    vouchesFor: facts.snapshot.identities.flatMap(({ name: identity, names, pins }) => [
      ...names
        .filter(({ issuedBy }) => isOwn(issuedBy))
        .map(({ type, value }) => ({ identity, name: `${type} ${value}` })),
      ...pins
        .filter(({ issuedBy }) => isOwn(issuedBy))
        .map(({ value }) => ({ identity, name: `pin ${value.slice(0, 8)}…` })),
    ]),
  };
}

function describeRevocation({ mode, scope, crls, ocsp }: AuthorityRevocation): string {
  const sources = [...crls.map((crl) => `CRL ${crl}`), ...(ocsp === undefined ? [] : [`OCSP ${ocsp}`])];
  return [`${mode} (${scope})`, ...sources].join(', ');
}

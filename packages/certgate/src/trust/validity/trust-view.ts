// validity/: what a trust document means over time: windows, overlaps, gaps and warnings.
import {
  type AuthorityRevocation,
  type DeniedCertificate,
  formatSerialNumber,
  type TrustSnapshot,
  type TrustedAuthority,
  type TrustedIdentity,
  describeLock,
  formatInstant,
} from '@certgate/core/internal';
import type { InspectedFunction, TrustAuthorityView, TrustIdentityView, TrustView } from '../views/page-views.js';
import { listFindings } from '../check/check-document.js';
import { type TimeSpan, findOverlaps, mergeSpans } from './time-span.js';
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
  /** Where the document is, as `--store` names it. */
  readonly store: string;
  /** The functions of an app; absent: no app is known. */
  readonly coverage?: readonly InspectedFunction[];
}

/**
 * The document at one moment and over time. Findings for information are left out: nothing is to be done about them.
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
    identities: snapshot.identities.map((identity) => describeIdentity(identity, question, atHand)),
    authorities: snapshot.authorities.map((authority) => describeAuthority(authority, question)),
    denied: listDenied(snapshot).map(describeDenied),
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
): TrustIdentityView {
  const { name, owner = null, enabled, roles, functionsAsWritten = null } = identity;
  const windows = listIdentityWindows(identity, facts, atHand);
  const open = windows.filter(({ isDisabled }) => !isDisabled);
  const end = mergeSpans(open).at(-1)?.until ?? Number.POSITIVE_INFINITY;
  return {
    name,
    owner,
    enabled,
    roles,
    functions: functionsAsWritten,
    windows: windows.map((window) => describeWindow(window, facts.at)),
    gapFrom: Number.isFinite(end) ? formatInstant(end) : null,
    overlaps: listOverlaps(open, facts.at),
  };
}

/** Of certificates: a name beside a pin is no change-over, and what never ends is not changed over from. */
function listOverlaps(windows: readonly IdentityWindow[], at: number): TrustIdentityView['overlaps'] {
  const certificates = windows.filter(({ kind }) => kind !== 'name');
  return findOverlaps(certificates).flatMap(({ from, until }: TimeSpan) => {
    // Where no window says when it began, it has begun.
    const begin = Number.isFinite(from) ? from : at;
    return Number.isFinite(until) && begin < until ? [{ from: formatInstant(begin), until: formatInstant(until) }] : [];
  });
}

function describeAuthority(authority: TrustedAuthority, facts: WindowFacts): TrustAuthorityView {
  const isOwn = (issuedBy: string | undefined): boolean => issuedBy?.toLowerCase() === authority.name.toLowerCase();
  return {
    name: authority.name,
    windows: listAuthorityWindows(authority, facts).map((window) => describeWindow(window, facts.at)),
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

function listDenied({ denied }: TrustSnapshot): readonly DeniedCertificate[] {
  return [...denied.thumbprintsSha256.values(), ...denied.serialNumbers.values()];
}

function describeDenied({ thumbprintSha256, issuedBy, serialNumber, reason }: DeniedCertificate): {
  readonly label: string;
  readonly reason: string | null;
} {
  const label =
    thumbprintSha256 ?? `serial number ${formatSerialNumber(serialNumber ?? '')} of the authority ${issuedBy ?? ''}`;
  return { label, reason: reason ?? null };
}

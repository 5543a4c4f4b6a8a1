import { formatInstant, shortenThumbprint, type TrustedAuthority, type TrustSnapshot } from '@certgate/core/internal';
import Table from 'cli-table3';
import { escapeControls } from '../../../faults/safe-text.js';
import { loadTrustDocument } from '../../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { printJson, printLine } from '../../command-line/output.js';
import type { StoreFlags } from '../options/store-options.js';

export async function list(flags: StoreFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const { snapshot } = await loadTrustDocument(location);
  const { revision, authorities } = snapshot;
  if (flags.json === true) {
    printJson({
      store: location.description,
      revision,
      authorities: authorities.map((authority) => describe(authority, snapshot)),
    });
    return;
  }
  printLine(`${location.description}, revision ${revision}`);
  if (authorities.length === 0) {
    printLine('It trusts no authority.');
    return;
  }
  const table = new Table({
    head: ['authority', 'certificate', 'subject', 'thumbprintSha256', 'ends'],
    style: { head: [], border: [] },
  });
  for (const authority of authorities) {
    for (const { role, subject, thumbprintSha256, notAfter } of listCertificates(authority)) {
      table.push([authority.name, role, subject, shortenThumbprint(thumbprintSha256), notAfter].map(escapeControls));
    }
  }
  printLine(table.toString());
  for (const authority of authorities) printLine(escapeControls(formatSettings(authority, snapshot)));
}

interface ListedCertificate {
  readonly role: 'trust anchor' | 'intermediate';
  readonly subject: string;
  readonly thumbprintSha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

function listCertificates({ trustAnchors, intermediates }: TrustedAuthority): readonly ListedCertificate[] {
  const describeAs =
    (role: ListedCertificate['role']) =>
    ({ subjectText, thumbprintSha256, notBefore, notAfter }: TrustedAuthority['trustAnchors'][number]) => ({
      role,
      subject: subjectText,
      thumbprintSha256,
      notBefore: formatInstant(notBefore),
      notAfter: formatInstant(notAfter),
    });
  return [...trustAnchors.map(describeAs('trust anchor')), ...intermediates.map(describeAs('intermediate'))];
}

function describe(authority: TrustedAuthority, snapshot: TrustSnapshot): object {
  const { name, spiffeTrustDomains, dnsConstraintsWithLeadingDot, revocation } = authority;
  const { graceMilliseconds, ocsp, minimumCrlNumbers, noRevAvailMaximumLifetimeMilliseconds, ...rest } = revocation;
  return {
    name,
    certificates: listCertificates(authority),
    spiffeTrustDomains,
    dnsConstraintsWithLeadingDot,
    revocation: {
      ...rest,
      ocsp: ocsp ?? null,
      graceSeconds: graceMilliseconds / 1000,
      minimumCrlNumbers: [...minimumCrlNumbers].map(([issuer, number]) => ({ issuer, number: String(number) })),
      noRevAvailMaximumLifetimeSeconds:
        noRevAvailMaximumLifetimeMilliseconds === undefined ? null : noRevAvailMaximumLifetimeMilliseconds / 1000,
    },
    identities: listUsers(name, snapshot),
  };
}

function formatSettings(authority: TrustedAuthority, snapshot: TrustSnapshot): string {
  const { name, revocation, spiffeTrustDomains, dnsConstraintsWithLeadingDot } = authority;
  const { mode, scope, crls, ocsp, graceMilliseconds, minimumCrlNumbers, noRevAvailMaximumLifetimeMilliseconds } =
    revocation;
  const sources = [...crls, ...(ocsp === undefined ? [] : [`OCSP ${ocsp}`])];
  const grace = graceMilliseconds === 0 ? '' : `, ${graceMilliseconds / 1000} s grace period`;
  const minimums = [...minimumCrlNumbers].map(([issuer, number]) => `, lists of "${issuer}" from number ${number} on`);
  const excused =
    noRevAvailMaximumLifetimeMilliseconds === undefined
      ? ''
      : `, not needed with noRevAvail up to ${noRevAvailMaximumLifetimeMilliseconds / 1000} s of lifetime`;
  const asked =
    mode === 'off'
      ? 'off'
      : `${mode} for the ${scope}, from ${sources.join(', ') || 'nowhere here'}${grace}${minimums.join('')}${excused}`;
  const domains = spiffeTrustDomains.length === 0 ? '' : `; trust domains ${spiffeTrustDomains.join(', ')}`;
  const dot =
    dnsConstraintsWithLeadingDot === 'refuse'
      ? ''
      : `; DNS constraints with a leading dot: ${dnsConstraintsWithLeadingDot}`;
  return `${name}: revocation ${asked}${domains}${dot}; identities: ${listUsers(name, snapshot).length}`;
}

function listUsers(authorityName: string, { identities }: TrustSnapshot): readonly string[] {
  const isUser = ({ issuedBy }: { readonly issuedBy: string | undefined }): boolean => issuedBy === authorityName;
  return identities.filter(({ names, pins }) => names.some(isUser) || pins.some(isUser)).map(({ name }) => name);
}

import { formatInstant, shortenThumbprint, type TrustedAuthority, type TrustSnapshot } from '@certgate/core/internal';
import { escapeControls } from '../../../texts/safe-text.js';
import { loadTrustDocument } from '../../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { printJson, printLine } from '../../command-line/output.js';
import { formatTable } from '../../command-line/table.js';
import type { StoreFlags } from '../options/store-options.js';

export async function list(flags: StoreFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const { snapshot } = await loadTrustDocument(location);
  const { revision } = snapshot;
  const authorities = snapshot.authorities.map((authority) => describe(authority, snapshot));
  if (flags.json === true) {
    printJson({ store: location.description, revision, authorities });
    return;
  }
  printLine(`${location.description}, revision ${revision}`);
  if (authorities.length === 0) {
    printLine('It trusts no authority.');
    return;
  }
  const rows = authorities.flatMap(({ name, certificates }) => certificates.map((each) => ({ name, ...each })));
  printLine(
    formatTable(
      [
        ['authority', ({ name }) => name],
        ['certificate', ({ role }) => role],
        ['subject', ({ subject }) => subject],
        ['thumbprintSha256', ({ thumbprintSha256 }) => shortenThumbprint(thumbprintSha256)],
        ['ends', ({ notAfter }) => notAfter],
      ],
      rows,
    ),
  );
  for (const authority of authorities) printLine(escapeControls(formatSettings(authority)));
}

function describe(authority: TrustedAuthority, snapshot: TrustSnapshot) {
  const { name, spiffeTrustDomains, dnsConstraintsWithLeadingDot, revocation } = authority;
  const { graceMilliseconds, ocsp, minimumCrlNumbers, noRevAvailMaximumLifetimeMilliseconds, ...rest } = revocation;
  return {
    name,
    certificates: [
      ...authority.trustAnchors.map((each) => describeCertificate('trust anchor', each)),
      ...authority.intermediates.map((each) => describeCertificate('intermediate', each)),
    ],
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

function describeCertificate(
  role: 'trust anchor' | 'intermediate',
  { subjectText: subject, thumbprintSha256, notBefore, notAfter }: TrustedAuthority['trustAnchors'][number],
) {
  return { role, subject, thumbprintSha256, notBefore: formatInstant(notBefore), notAfter: formatInstant(notAfter) };
}

function formatSettings(authority: ReturnType<typeof describe>): string {
  const { name, revocation, spiffeTrustDomains, dnsConstraintsWithLeadingDot, identities } = authority;
  const { mode, scope, crls, ocsp, graceSeconds, minimumCrlNumbers, noRevAvailMaximumLifetimeSeconds } = revocation;
  const sources = [...crls, ...(ocsp === null ? [] : [`OCSP ${ocsp}`])];
  const grace = graceSeconds === 0 ? '' : `, ${graceSeconds} s grace period`;
  const minimums = minimumCrlNumbers.map(({ issuer, number }) => `, lists of "${issuer}" from number ${number} on`);
  const excused =
    noRevAvailMaximumLifetimeSeconds === null
      ? ''
      : `, not needed with noRevAvail up to ${noRevAvailMaximumLifetimeSeconds} s of lifetime`;
  const asked =
    mode === 'off'
      ? 'off'
      : `${mode} for the ${scope}, from ${sources.join(', ') || 'nowhere here'}${grace}${minimums.join('')}${excused}`;
  const domains = spiffeTrustDomains.length === 0 ? '' : `; trust domains ${spiffeTrustDomains.join(', ')}`;
  const dot =
    dnsConstraintsWithLeadingDot === 'refuse'
      ? ''
      : `; DNS constraints with a leading dot: ${dnsConstraintsWithLeadingDot}`;
  return `${name}: revocation ${asked}${domains}${dot}; identities: ${identities.length}`;
}

function listUsers(authorityName: string, { identities }: TrustSnapshot): readonly string[] {
  const isUser = ({ issuedBy }: { readonly issuedBy: string | undefined }): boolean => issuedBy === authorityName;
  return identities.filter(({ names, pins }) => names.some(isUser) || pins.some(isUser)).map(({ name }) => name);
}

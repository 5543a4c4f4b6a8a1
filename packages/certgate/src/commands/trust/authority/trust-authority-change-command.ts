import { existsSync } from 'node:fs';
import type {
  LeadingDotReading,
  RevocationMode,
  RevocationScope,
  TrustDocumentMinimumCrlNumber,
  TrustDocumentRevocation,
  TrustSnapshot,
} from '@certgate/core/internal';
import { readCertificateFile } from '../../../certificates/read-certificate-file.js';
import { encodePem } from '../../../certificates/structure/pem-blocks.js';
import { formatTrustCall, formatTrustChange } from '../../../texts/tool-call.js';
import { escapeControls } from '../../../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  addAuthority,
  addToAuthority,
  type AuthorityAddition,
  getAuthority,
  removeAuthority,
  removeAuthorityCertificates,
} from '../../../trust/administration/edits/authority-edits.js';
import { checkTrust } from '../../../trust/check/check-document.js';
import type { CheckFinding } from '../../../trust/check/check-finding.js';
import { pick } from '../../command-line/option-values.js';
import { changeTrust } from '../change-trust.js';
import type { ChangeFlags } from '../options/store-options.js';
import type { UpdateReport } from '../report-update.js';

interface AddAuthorityFlags extends ChangeFlags {
  readonly trustAnchor?: readonly string[];
  readonly intermediate?: readonly string[];
  readonly crl?: readonly string[];
  readonly ocsp?: string;
  readonly revocation?: RevocationMode;
  readonly scope?: RevocationScope;
  readonly ocspNonce?: 'required' | 'optional';
  readonly graceSeconds?: number;
  readonly minimumCrlNumber?: readonly string[];
  readonly acceptNoRevAvail?: number | 'none';
  readonly spiffeTrustDomain?: readonly string[];
  readonly dnsConstraintsWithLeadingDot?: LeadingDotReading;
  readonly toExisting?: boolean;
}

export async function add(name: string, flags: AddAuthorityFlags): Promise<void> {
  const addition = await readAddition(flags);
  const isNew = flags.toExisting !== true;
  if (isNew && addition.trustAnchors.length === 0) {
    throw new ToolFailure('An authority needs at least one trust anchor.', {
      remedy: 'Pass the file of its certificate with --trust-anchor.',
    });
  }
  if (isNew && addition.issuersWithoutMinimum.length > 0) {
    throw new ToolFailure('A new authority has no minimum CRL number that could be removed.', {
      remedy: 'For an existing authority: --to-existing',
    });
  }
  await changeTrust(flags, {
    verb: 'authority add',
    edit: (document) =>
      isNew ? addAuthority(document, describeNew(name, addition)) : addToAuthority(document, name, addition),
    report: ({ afterSnapshot }) =>
      reportAddition(name, { isNew, findings: listWarnings(afterSnapshot, name), missing: findMissing(flags.crl) }),
  });
}

/** The paths of revocation lists that don't exist in this folder. An app looks for them in its own root folder. */
function findMissing(crls: readonly string[] = []): readonly string[] {
  const paths = crls.flatMap((crl) => (crl.startsWith('file:') ? [crl.slice('file:'.length)] : []));
  return paths.filter((path) => !existsSync(path));
}

interface AdditionReport {
  readonly isNew: boolean;
  readonly findings: readonly CheckFinding[];
  readonly missing: readonly string[];
}

function reportAddition(name: string, { isNew, findings, missing }: AdditionReport): UpdateReport {
  const warnings = [
    ...findings.map(({ message }) => message),
    ...missing.map(
      (path) =>
        `There is no file ${path} here. Each app reads it from its own root folder: deploy the list there, or callers that need it are refused.`,
    ),
  ];
  const hasLeadingDot = findings.some(({ code }) => code === 'authority_constraint_with_leading_dot');
  const next = formatTrustChange('add', ['NAME'], ['--issued-by', name, '--dns', 'DNS']);
  const setting = ['--to-existing', '--dns-constraints-with-leading-dot', 'subdomains-only'];
  return {
    done: isNew ? `Added the authority ${name}.` : `Added to the authority ${name}.`,
    notes: [
      ...(isNew ? [`It admits nobody until an identity has a name under it: ${next}`] : []),
      ...warnings.map((message) => `Warning: ${escapeControls(message)}`),
      ...(hasLeadingDot ? [`To set it: ${formatTrustChange('authority add', [name], setting)}`] : []),
    ],
    json: { warnings },
  };
}

const warningCodes: readonly string[] = ['authority_constraint_with_leading_dot', 'revocation_list_undeployed'];

/**
 * What the authority's certificates and addresses already show. Otherwise, the operator would learn it from refused
 * calls.
 */
function listWarnings(snapshot: TrustSnapshot, name: string): readonly CheckFinding[] {
  return checkTrust(snapshot, { now: Date.now(), withinDays: 0 }).filter(
    ({ code, authorityName }) => warningCodes.includes(code) && authorityName?.toLowerCase() === name.toLowerCase(),
  );
}

function describeNew(name: string, addition: AuthorityAddition): Parameters<typeof addAuthority>[1] {
  const { trustAnchors, intermediates, spiffeTrustDomains, dnsConstraintsWithLeadingDot, revocation } = addition;
  return {
    name,
    trustAnchors,
    ...(intermediates.length === 0 ? {} : { intermediates }),
    ...(spiffeTrustDomains.length === 0 ? {} : { spiffeTrustDomains }),
    ...(dnsConstraintsWithLeadingDot === undefined ? {} : { dnsConstraintsWithLeadingDot }),
    ...(Object.keys(revocation).length === 0 ? {} : { revocation }),
  };
}

async function readAddition(flags: AddAuthorityFlags): Promise<AuthorityAddition> {
  const { crl: crls = [], revocation: mode, acceptNoRevAvail: lifetime, spiffeTrustDomain = [] } = flags;
  const minimums = flags.minimumCrlNumber?.map(parseMinimum) ?? [];
  const numbers = minimums.filter(({ number }) => number !== 'none');
  const revocation: TrustDocumentRevocation = {
    ...(mode === undefined ? {} : { mode }),
    ...pick(flags, 'scope'),
    ...(crls.length === 0 ? {} : { crls }),
    ...pick(flags, 'ocsp', 'ocspNonce', 'graceSeconds'),
    ...(numbers.length === 0 ? {} : { minimumCrlNumbers: numbers }),
    ...(typeof lifetime === 'number' ? { noRevAvailMaximumLifetimeSeconds: lifetime } : {}),
  };
  return {
    trustAnchors: await readCertificates(flags.trustAnchor),
    intermediates: await readCertificates(flags.intermediate),
    spiffeTrustDomains: spiffeTrustDomain,
    dnsConstraintsWithLeadingDot: flags.dnsConstraintsWithLeadingDot,
    revocation,
    isNoRevAvailEnded: lifetime === 'none',
    issuersWithoutMinimum: minimums.filter(({ number }) => number === 'none').map(({ issuer }) => issuer),
  };
}

/** Reads the certificates of all files, each as a PEM text of its own. Private keys in the files are ignored. */
async function readCertificates(files: readonly string[] = []): Promise<readonly string[]> {
  const read = await Promise.all(files.map((file) => readCertificateFile(file, { privateKey: 'ignored' })));
  return read
    .flatMap(({ certificateDer, otherCertificates }) => [certificateDer, ...otherCertificates])
    .map((der) => encodePem('CERTIFICATE', der));
}

/**
 * Parses ISSUER=NUMBER. The issuer's own name contains equals signs: `CN=services=12`. In place of the number, there
 * may be the word `none`.
 */
function parseMinimum(text: string): TrustDocumentMinimumCrlNumber {
  const [, issuer, number] = /^(.+)=(\d+|none)$/.exec(text) ?? [];
  if (issuer !== undefined && number !== undefined) return { issuer, number };
  throw new ToolFailure(`--minimum-crl-number takes ISSUER=NUMBER or ISSUER=none, not "${text}".`, {
    remedy: `Write the issuer as this command prints its subject, e.g. "CN=services=12": ${formatTrustCall('authority list', [], ['--json'])}`,
  });
}

interface RemoveAuthorityFlags extends ChangeFlags {
  readonly thumbprintSha256?: readonly string[];
}

export function remove(name: string, flags: RemoveAuthorityFlags): Promise<void> {
  const { thumbprintSha256: thumbprints } = flags;
  return changeTrust(flags, {
    verb: 'authority remove',
    edit: (document) =>
      thumbprints === undefined
        ? removeAuthority(document, name)
        : removeAuthorityCertificates(document, name, thumbprints),
    report: ({ before: { document } }) => {
      const removed = getAuthority(document, name);
      const done = `Removed ${thumbprints === undefined ? '' : 'from '}the authority ${removed.name}.`;
      return { done, json: { removed } };
    },
  });
}

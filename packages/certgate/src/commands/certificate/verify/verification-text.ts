import colors from 'picocolors';
import { nameKeyPurpose } from '../../../certificates/structure/extended-key-usage.js';
import { escapeControls } from '../../../faults/safe-text.js';
import { formatPaths } from '../../../certificates/path-report/path-text.js';
import type { VerificationReport } from './verification-report.js';

/** For people: what was asked, each path with each check, and the verdict. */
export function formatVerification(report: VerificationReport): string {
  return [
    ...formatQuestion(report),
    '',
    ...(report.paths.length === 0
      ? ['No path was searched, because the certificate itself is refused.']
      : formatPaths(report.paths)),
    '',
    ...formatVerdict(report),
  ].join('\n');
}

function formatQuestion(report: VerificationReport): readonly string[] {
  const { certificate, authority, trustAnchors, intermediates, profile, purposes, revocation, at } = report;
  const { subject, issuer, serialNumber, thumbprintSha256, notBefore, notAfter } = certificate;
  const purpose = purposes.length === 0 ? 'any' : purposes.map(nameKeyPurpose).join(', ');
  const lists = revocation.mode === 'off' ? 'off' : `${revocation.mode} (${revocation.scope})`;
  return [
    field('certificate', subject === null ? 'can not be decoded' : subject || '(no subject)'),
    ...(subject === null
      ? []
      : [
          field('issuer', issuer ?? ''),
          field('serial', serialNumber ?? ''),
          field('SHA-256', thumbprintSha256 ?? ''),
          field('valid', `${notBefore ?? ''} to ${notAfter ?? ''}`),
        ]),
    field('authority', `${authority} (trust anchors: ${trustAnchors}, intermediates: ${intermediates})`),
    field('asked', `profile ${profile}, purpose ${purpose}, revocation ${lists}, at ${at}`),
  ];
}

function formatVerdict(report: VerificationReport): readonly string[] {
  const { path, code, detail, validUntil, revocationCurrentUntil, policies, revocation } = report;
  if (path === null) {
    return [colors.red('Not valid.'), field('code', code ?? ''), field('reason', escapeControls(detail ?? ''))];
  }
  const listed = (policies ?? []).map((policy) => (policy === '2.5.29.32.0' ? 'any' : policy)).join(', ');
  const until = revocationCurrentUntil === null ? [] : [field('lists until', revocationCurrentUntil)];
  return [
    `${colors.green('Valid')}: ${escapeControls(path.join(' → '))}`,
    field('valid until', validUntil ?? ''),
    ...until,
    field('policies', listed === '' ? 'none' : listed),
    ...(revocation.mode === 'off'
      ? [colors.yellow('Revocation was not checked. To check it, pass the lists with --crl.')]
      : []),
  ];
}

function field(label: string, value: string): string {
  return `${label.padEnd(14)}${escapeControls(value)}`;
}

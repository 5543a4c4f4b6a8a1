import colors from 'picocolors';
import { formatPaths } from '../../certificates/path-report/path-text.js';
import { nameKeyPurpose } from '../../certificates/structure/extended-key-usage.js';
import { escapeControls } from '../../faults/safe-text.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { readCertificateArgument } from './read-certificate-argument.js';
import { verifyByStore } from './verify/verification-by-store.js';
import { createVerificationReport, type VerificationReport } from './verify/verification-report.js';
import { verifyByFiles } from './verify/verification.js';
import { refuseIdlePolicyFlag, type VerifyFlags } from './verify/verify-options.js';

export async function verify(file: string, flags: VerifyFlags): Promise<void> {
  refuseIdlePolicyFlag(flags);
  const { certificateDer, otherCertificates } = await readCertificateArgument(file, flags);
  const verification =
    flags.store === undefined
      ? await verifyByFiles(certificateDer, flags)
      : await verifyByStore(certificateDer, flags.store, flags);
  const report = createVerificationReport(verification);
  if (flags.json === true) printJson(report);
  else printLine(formatVerification(report));
  if (otherCertificates.length > 0) {
    printNotice(
      `${file} contains ${otherCertificates.length} more; they were not used, because they never reach an app.`,
    );
  }
  process.exitCode = report.outcome === 'valid' ? exitCodes.ok : exitCodes.failed;
}

/** For people: what was asked, each path with each check, and the verdict. */
function formatVerification(report: VerificationReport): string {
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
    field('certificate', subject === null ? 'cannot be decoded' : subject || '(no subject)'),
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

import { formatInstant, type ClientCertificate, formatSerialNumber } from '@certgate/core/internal';
import type { StoredAuthority } from '../../certificates/authority/load-authority.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import type { ExtendedKeyUsageName } from '../../certificates/structure/certificate-choices.js';
import { usualDays } from '../../certificates/structure/certificate-choices.js';
import type { AlternativeNames } from '../../certificates/structure/subject-alternative-name.js';
import { formatToolCall } from '../../faults/tool-call.js';
import { printJson, printLine } from '../command-line/output.js';
import { listFolderWords, type FolderFlags } from '../authority/authority-options.js';
import { printPaths, type CertificatePaths } from './certificate-files.js';

export interface IssueReport {
  readonly name: string;
  readonly authority: StoredAuthority;
  readonly paths: CertificatePaths;
  readonly certificate: ClientCertificate;
  readonly usages: readonly ExtendedKeyUsageName[];
}

export function printIssueJson({ authority, paths, certificate, usages }: IssueReport, names: AlternativeNames): void {
  const { dns = [], uri = [], email = [] } = names;
  printJson({
    files: paths,
    authority: authority.name,
    subject: certificate.subject,
    serialNumber: formatSerialNumber(certificate.serialNumber),
    usages,
    names: { dns, uri, email },
    thumbprintSha256: certificate.thumbprintSha256,
    thumbprintSha1: certificate.thumbprintSha1,
    publicKeySha256: certificate.publicKeySha256,
    notBefore: formatInstant(certificate.notBefore),
    notAfter: formatInstant(certificate.notAfter),
  });
}

export function printIssueReport(report: IssueReport, flags: FolderFlags & { readonly days?: number }): void {
  const { name, authority, paths, certificate, usages } = report;
  const end = certificate.notAfter;
  printLine(`${authority.name} issued a certificate to ${name}, valid until ${formatInstant(end)}.`);
  if (flags.days === undefined && end === getDecoded(authority).notAfter) {
    printLine(`That is the end of the authority itself, in less than the usual ${usualDays} days.`);
  }
  printLine();
  printPaths(paths);
  printLine();
  printLine(`serial              ${formatSerialNumber(certificate.serialNumber)}`);
  printLine(`thumbprint SHA-256  ${certificate.thumbprintSha256}`);
  printLine();
  if (paths.chain !== undefined) {
    printLine(
      "Azure's front end passes only the certificate to an app, never the chain: the app must have the intermediates",
    );
    printLine('in its trust document.');
  }
  if (!usages.includes('clientAuth')) printLine("Without clientAuth, it can't be used to call an app behind Certgate.");
  const { name: issuer } = authority;
  printLine('To revoke it:');
  const words = ['authority', 'revoke', issuer, formatSerialNumber(certificate.serialNumber)];
  printLine(`  ${formatToolCall([...words, '--reason', 'keyCompromise', ...listFolderWords(flags)])}`);
}

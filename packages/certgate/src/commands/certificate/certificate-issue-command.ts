import { type ClientCertificate, formatInstant, formatSerialNumber, shortenText } from '@certgate/core/internal';
import {
  describeIssued,
  loadAuthority,
  openAuthority,
  refuseRevokedAuthority,
  type StoredAuthority,
} from '../../certificates/authority/load-authority.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { type CertificationRequest, readCertificationRequest } from '../../certificates/certification-request.js';
import { certifyKey, issueCertificate } from '../../certificates/issue-certificate.js';
import { type ExtendedKeyUsageName, usualDays } from '../../certificates/structure/certificate-choices.js';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { formatToolCall } from '../../texts/tool-call.js';
import { escapeControls } from '../../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type FolderFlags, listFolderWords } from '../authority/authority-options.js';
import { pick } from '../command-line/option-values.js';
import { printJson, printLine } from '../command-line/output.js';
import {
  type CertificatePaths,
  createFiles,
  createPaths,
  describeNewCertificate,
  listKeyFiles,
  printPaths,
} from './certificate-files.js';
import { checkCertificateName } from './certificate-name.js';
import { type CertificateFlags, checkFileFlags, getKeyAlgorithm } from './certificate-options.js';
import { warnOfKeysInApp } from './key-place.js';
import { getAuthorityPassword, getNewPassword } from './find-password.js';
import { refusePresentFiles, writeFileSet } from './write-file-set.js';

interface IssueFlags extends CertificateFlags, FolderFlags {
  readonly authority: string;
  readonly authorityPasswordFile?: string;
  readonly csr?: string;
  readonly days?: number;
  readonly eku?: readonly ExtendedKeyUsageName[];
}

export async function issue(givenName: string, flags: IssueFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const { eku: usages = ['clientAuth'] } = flags;
  if (flags.csr === undefined) checkFileFlags(flags);
  const request = flags.csr === undefined ? undefined : await readCertificationRequest(flags.csr);
  const authority = await loadAuthority(flags.folder, checkCertificateName(flags.authority));
  await refuseRevokedAuthority(flags.folder, authority);
  const isBelowRoot = authority.register.parent !== null;
  const paths = createPaths(name, request === undefined ? flags : { out: flags.out, pfx: false }, isBelowRoot);
  const force = flags.force ?? false;
  if (!force) await refusePresentFiles(Object.values(paths));
  const authorityPassword = await getAuthorityPassword(
    { passwordFile: flags.authorityPasswordFile },
    authority.name,
    '--authority-password-file',
  );
  const issuer = await openAuthority(authority, authorityPassword);
  const password = paths.pfx === undefined ? undefined : await getNewPassword(flags, paths.pfx);
  refuseSharedPassword(password, authorityPassword, authority.name);
  const content = {
    issuer,
    commonName: name,
    usages,
    ...(flags.days === undefined ? {} : { wanted: { days: flags.days } }),
    ...pick(flags, 'dns', 'uri', 'email'),
    now: new Date(),
  };
  const issued =
    request === undefined
      ? issueCertificate({ ...content, keyAlgorithm: getKeyAlgorithm(flags) })
      : certifyKey({ ...content, publicKey: request.publicKey });
  // The register is written first. A certificate that is not in the register could be revoked only by somebody who has
  // its file.
  const entry = describeIssued(issued.certificateDer, 'end-entity');
  await updateRegister(authority.files, (register) => ({
    register: { ...register, issued: [...register.issued, entry] },
    answer: undefined,
  }));
  const chainPem = listIntermediates(authority)
    .map((der) => encodePem('CERTIFICATE', der))
    .join('');
  const compatible = flags.compatible ?? false;
  await writeFileSet(createFiles(paths, { name, issued, password, compatible, chainPem }), force);
  const certificate = getDecoded(issued);
  if (flags.json === true) {
    const { dns = [], uri = [], email = [] } = flags;
    const names = { dns, uri, email };
    const facts = describeNewCertificate(certificate);
    const ignored = request === undefined ? {} : { ignored: request.wishes };
    printJson({ files: paths, authority: authority.name, ...facts, usages, names, ...ignored });
  } else {
    printReport({ name, authority, paths, certificate, usages, request }, flags);
  }
  warnOfKeysInApp(listKeyFiles(paths), '--out .certgate');
}

/** Refuses the authority's password for the PFX, because the caller gets the password of the PFX. */
function refuseSharedPassword(password: string | undefined, authorityPassword: string, authority: string): void {
  if (password !== authorityPassword) return;
  throw new ToolFailure(`The password for the PFX is that of the authority ${authority}. Nothing was issued.`, {
    remedy: 'The caller gets this password with the PFX. Pass another one for the PFX with --password-file.',
  });
}

/**
 * The certificates above the leaf without the root. A server that trusts the root already has it, and any other server
 * must not take it from a caller.
 */
function listIntermediates({ certificateDer, issuers }: StoredAuthority): readonly Buffer[] {
  return [certificateDer, ...issuers].slice(0, -1);
}

interface IssueReport {
  readonly name: string;
  readonly authority: StoredAuthority;
  readonly paths: CertificatePaths;
  readonly certificate: ClientCertificate;
  readonly usages: readonly ExtendedKeyUsageName[];
  readonly request: CertificationRequest | undefined;
}

function printReport(report: IssueReport, flags: IssueFlags): void {
  const { name, authority, paths, certificate, usages, request } = report;
  const end = certificate.notAfter;
  printLine(`${authority.name} issued a certificate to ${name}, valid until ${formatInstant(end)}.`);
  if (flags.days === undefined && end === getDecoded(authority).notAfter) {
    printLine(`That is the end of the authority itself, in less than the usual ${usualDays} days.`);
  }
  printPaths(paths);
  printLine(`serial              ${formatSerialNumber(certificate.serialNumber)}`);
  printLine(`thumbprint SHA-256  ${certificate.thumbprintSha256}`);
  printLine();
  if (paths.chain !== undefined) {
    printLine(
      "Azure's front end passes only the certificate to an app, never the chain: the app must have the intermediates",
    );
    printLine('in its trust document.');
  }
  if (request !== undefined) printWishes(request);
  if (!usages.includes('clientAuth')) printLine("Without clientAuth, it can't be used to call an app behind Certgate.");
  const { name: issuer } = authority;
  printLine('To revoke it:');
  const words = ['authority', 'revoke', issuer, formatSerialNumber(certificate.serialNumber)];
  printLine(`  ${formatToolCall([...words, '--reason', 'keyCompromise', ...listFolderWords(flags)])}`);
}

/**
 * Reports the request's wishes, because the certificate has only the names of the command line, and the caller may
 * expect others.
 */
function printWishes({ wishes: { subject, names, extensions } }: CertificationRequest): void {
  const asked = [
    ...(subject === '' ? [] : [`the subject ${subject}`]),
    ...(names.length === 0 ? [] : [`the names ${names.join(', ')}`]),
    ...(extensions.length === 0 ? [] : [`the extensions ${extensions.join(', ')}`]),
  ];
  printLine('The private key stays with the caller. It is in none of these files.');
  if (asked.length > 0)
    printLine(`Ignored, because the operator names the caller: ${escapeControls(shortenText(asked.join('; ')))}`);
}

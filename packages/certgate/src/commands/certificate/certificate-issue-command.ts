import { Command, InvalidArgumentError, Option } from 'commander';
import {
  describeIssued,
  loadAuthority,
  openAuthority,
  refuseRevokedAuthority,
  type StoredAuthority,
} from '../../certificates/authority/load-authority.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { extendedKeyUsageNames, type ExtendedKeyUsageName } from '../../certificates/structure/extended-key-usage.js';
import { issueCertificate, usualDays } from '../../certificates/issue-certificate.js';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { addHelpNote, addHelpSections } from '../command-line/help.js';
import {
  addAuthorityPasswordFileOption,
  addFolderOption,
  getAuthorityPassword,
  purposeHelp,
  type FolderFlags,
} from '../authority/authority-options.js';
import { createFiles, createPaths, listKeyFiles } from './certificate-files.js';
import { checkCertificateName } from './certificate-name.js';
import {
  addCertificateOptions,
  getKeyAlgorithm,
  parseDays,
  checkFileFlags,
  type CertificateFlags,
} from './certificate-options.js';
import { printIssueJson, printIssueReport } from './issue-report.js';
import { warnOfKeysInApp } from './key-place.js';
import { getNewPassword } from './password-options.js';
import { refusePresentFiles, writeFileSet } from './write-file-set.js';

interface IssueFlags extends CertificateFlags, FolderFlags {
  readonly authority: string;
  readonly authorityPasswordFile?: string;
  readonly days?: number;
  readonly eku?: readonly ExtendedKeyUsageName[];
  readonly organization?: string;
  readonly organizationalUnit?: string;
}

export function certificateIssueCommand(): Command {
  const command = new Command('issue')
    .description('Issue a certificate from your own authority, which can also revoke it.')
    .argument('<name>', 'the caller; becomes the common name and the name of the files')
    .requiredOption('--authority <name>', 'the authority that issues it; certgate authority create creates one')
    .option(
      '--days <days>',
      `how long it is valid, 1 to 3650 (default: ${usualDays}, or up to the authority's end)`,
      parseDays,
    )
    .addOption(
      new Option(
        '--eku <usage>',
        `what its key is for: ${extendedKeyUsageNames.join(', ')} (repeatable; default: clientAuth)`,
      ).argParser(collectUsage),
    )
    .option('--organization <name>', 'the organization in its subject')
    .option('--organizational-unit <text>', 'the organizational unit in its subject');
  addFolderOption(addAuthorityPasswordFileOption(addCertificateOptions(command))).action(issue);
  addHelpNote(command, purposeHelp, chainHelp);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the files are written, and the certificate is in the register',
      1: "another process took over the authority's lock; run the command again",
      2: "an argument can't be used, the authority may not issue that, a password is missing or wrong, or a file exists already; no file is written",
    },
    examples: [
      'certgate certificate issue billing --authority corp',
      'certgate certificate issue billing --authority corp --uri spiffe://corp.example/billing --days 7 --authority-password-file corp.password --password-file billing.password',
      'certgate certificate issue api --authority corp --eku serverAuth --dns api.corp.example --pem --no-pfx',
    ],
  });
}

const chainHelp =
  "<name>.chain.pem, below an intermediate, is for servers that ask callers for the whole chain. Azure's front end passes only the certificate to the app, never the intermediates: the app must have those in its trust document.";

async function issue(givenName: string, flags: IssueFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  checkFileFlags(flags);
  const authority = await loadAuthority(flags.folder, checkCertificateName(flags.authority));
  await refuseRevokedAuthority(flags.folder, authority);
  const isBelowRoot = authority.register.parent !== null;
  const paths = createPaths(name, flags, isBelowRoot);
  const force = flags.force ?? false;
  if (!force) await refusePresentFiles(Object.values(paths));
  const { issuer, authorityPassword } = await open(authority, flags);
  const password = paths.pfx === undefined ? undefined : await getNewPassword(flags, paths.pfx);
  refuseSharedPassword(password, authorityPassword, authority.name);
  const issued = issueCertificate({
    issuer,
    commonName: name,
    keyAlgorithm: getKeyAlgorithm(flags),
    usages: getUsages(flags),
    ...(flags.days === undefined ? {} : { wanted: { days: flags.days } }),
    ...(flags.dns === undefined ? {} : { dns: flags.dns }),
    ...(flags.uri === undefined ? {} : { uri: flags.uri }),
    ...(flags.email === undefined ? {} : { email: flags.email }),
    ...(flags.organization === undefined ? {} : { organization: flags.organization }),
    ...(flags.organizationalUnit === undefined ? {} : { organizationalUnit: flags.organizationalUnit }),
    now: new Date(),
  });
  // The register first: a certificate that no register names could be revoked only by whoever still has it.
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
  const report = { name, authority, paths, certificate: getDecoded(issued), usages: getUsages(flags) };
  if (flags.json === true) printIssueJson(report, flags);
  else printIssueReport(report, flags);
  await warnOfKeysInApp(listKeyFiles(paths), '--out .certgate');
}

async function open(
  authority: StoredAuthority,
  { authorityPasswordFile }: IssueFlags,
): Promise<{ readonly issuer: Awaited<ReturnType<typeof openAuthority>>; readonly authorityPassword: string }> {
  const flags = authorityPasswordFile === undefined ? {} : { passwordFile: authorityPasswordFile };
  const authorityPassword = await getAuthorityPassword(flags, authority.name, '--authority-password-file');
  return { issuer: await openAuthority(authority, authorityPassword), authorityPassword };
}

function getUsages({ eku }: IssueFlags): readonly ExtendedKeyUsageName[] {
  return eku ?? ['clientAuth'];
}

function collectUsage(text: string, previous: readonly ExtendedKeyUsageName[] = []): readonly ExtendedKeyUsageName[] {
  const usage = extendedKeyUsageNames.find((name) => name === text);
  if (usage === undefined) throw new InvalidArgumentError(`It must be one of ${extendedKeyUsageNames.join(', ')}.`);
  return [...new Set([...previous, usage])];
}

/** The password of the PFX travels to the caller. */
function refuseSharedPassword(password: string | undefined, authorityPassword: string, authority: string): void {
  if (password !== authorityPassword) return;
  throw new ToolFailure(`The password for the PFX is that of the authority ${authority}. Nothing was issued.`, {
    remedy: 'The caller gets this password with the PFX. Pass another one for the PFX with --password-file.',
  });
}

/** The root is left out: who trusts it has it, and who hasn't got it must not take it from a caller. */
function listIntermediates({ certificateDer, issuers }: StoredAuthority): readonly Buffer[] {
  return [certificateDer, ...issuers].slice(0, -1);
}

import { formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultAuthoritiesFolder, getAuthorityFiles } from '../../certificates/authority/authority-files.js';
import { checkAuthorityPassword } from '../../certificates/authority/authority-key.js';
import {
  describeIssued,
  loadAuthority,
  openAuthority,
  refuseRevokedAuthority,
} from '../../certificates/authority/load-authority.js';
import { refusePresentAuthority, storeAuthority } from '../../certificates/authority/store-authority.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import {
  authorityKeyAlgorithms,
  createAuthority,
  type AuthorityKeyAlgorithm,
} from '../../certificates/create-authority.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import type { CertificateIssuer } from '../../certificates/structure/certificate-issuer.js';
import type { IssuedCertificate } from '../../certificates/structure/write-certificate.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { addHelpNote, addHelpSections } from '../command-line/help.js';
import { printJson, printLine } from '../command-line/output.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { collect, parseDays } from '../certificate/certificate-options.js';
import { warnOfKeysInApp } from '../certificate/key-place.js';
import { getNewPassword } from '../certificate/password-options.js';
import {
  addAuthorityPasswordOptions,
  addFolderOption,
  authorityPasswordOption,
  formatFolderOption,
  getAuthorityPassword,
  purposeHelp,
  readAuthorityPasswordFlags,
  type AuthorityPasswordFlags,
  type FolderFlags,
} from './authority-options.js';
import { listDaysByDefault } from './list-options.js';

interface CreateFlags extends FolderFlags, AuthorityPasswordFlags {
  readonly parent?: string;
  readonly parentPasswordFile?: string;
  readonly days?: number;
  readonly keyAlgorithm: AuthorityKeyAlgorithm;
  readonly pathLength?: number;
  readonly organization?: string;
  readonly permitDns?: readonly string[];
  readonly permitUri?: readonly string[];
  readonly permitEmail?: readonly string[];
  readonly json?: boolean;
}

export function authorityCreateCommand(): Command {
  const command = new Command('create')
    .description(
      'Create an authority: its key (protected by a password), its certificate, its register and its first list.',
    )
    .argument('<name>', 'its common name, and the name of its folder')
    .option('--parent <authority>', 'create an intermediate that this authority signs; without it, a root')
    .option('--parent-password-file <file>', "a file that contains only the parent's password")
    .option('--days <days>', 'how long it is valid, 1 to 3650 (default: 3650; below a parent 1825)', parseDays)
    .addOption(
      new Option('--key-algorithm <name>', 'the kind of its key').choices(authorityKeyAlgorithms).default('ec-p256'),
    )
    .option(
      '--path-length <count>',
      'how many levels of authorities may be below it (default: 1; below a parent 0)',
      parsePathLength,
    )
    .option('--organization <name>', 'the organization in its subject')
    .option('--permit-dns <name>', 'permit only this DNS name and those below it (repeatable)', collect)
    .option(
      '--permit-uri <host>',
      'permit only URIs of this host, or with .example.org of hosts below it (repeatable)',
      collect,
    )
    .option('--permit-email <host>', 'permit only mailboxes of this host (repeatable)', collect)
    .option('--json', 'print one JSON object');
  addFolderOption(addAuthorityPasswordOptions(command)).action(create);
  addHelpNote(command, purposeHelp, constraintsHelp);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the authority is created',
      1: "another process took over the parent's lock; run the command again",
      2: "an argument can't be used, an authority of that name exists, a password is missing or wrong, or the parent may not sign it; nothing is written",
    },
    examples: [
      'certgate authority create corp',
      'certgate authority create corp --authority-password-file corp.password --days 730 --permit-dns corp.example',
      'certgate authority create corp-services --parent corp --parent-password-file corp.password --authority-password-file services.password',
    ],
  });
}

const constraintsHelp =
  'Kinds of names without a --permit-… option stay unrestricted: with only --permit-dns, the authority still issues for any URI and mailbox.';

async function create(givenName: string, flags: CreateFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const { folder } = flags;
  await refusePresentAuthority(folder, name);
  const now = new Date();
  const parent = await openParent(flags);
  const { folder: own } = getAuthorityFiles(folder, name);
  const password = checkAuthorityPassword(
    await getNewPassword(readAuthorityPasswordFlags(flags), own, authorityPasswordOption),
  );
  const made = createAuthority({
    commonName: name,
    keyAlgorithm: flags.keyAlgorithm,
    ...(parent === undefined ? {} : { parent: parent.issuer }),
    ...(flags.days === undefined ? {} : { wanted: { days: flags.days } }),
    ...(flags.pathLength === undefined ? {} : { pathLength: flags.pathLength }),
    ...(flags.organization === undefined ? {} : { organization: flags.organization }),
    ...(flags.permitDns === undefined ? {} : { permitDns: flags.permitDns }),
    ...(flags.permitUri === undefined ? {} : { permitUri: flags.permitUri }),
    ...(flags.permitEmail === undefined ? {} : { permitEmail: flags.permitEmail }),
    now,
  });
  if (parent !== undefined) {
    const entry = describeIssued(made.certificateDer, 'authority');
    await updateRegister(parent.files, (register) => ({
      register: { ...register, issued: [...register.issued, entry] },
      answer: undefined,
    }));
  }
  const files = await storeAuthority(folder, {
    name,
    made,
    password,
    now,
    days: listDaysByDefault,
    ...(parent === undefined ? {} : { parent }),
  });
  report(name, made, flags, files);
  await warnOfKeysInApp([files.key], `--folder ${defaultAuthoritiesFolder}`);
}

type OpenParent = { readonly name: string; readonly issuer: CertificateIssuer } & Pick<
  Awaited<ReturnType<typeof loadAuthority>>,
  'files'
>;

async function openParent({ parent, parentPasswordFile, folder }: CreateFlags): Promise<OpenParent | undefined> {
  if (parent === undefined) {
    if (parentPasswordFile === undefined) return undefined;
    throw new ToolFailure('--parent-password-file was given, but no parent.', { remedy: 'Add --parent.' });
  }
  const authority = await loadAuthority(folder, checkCertificateName(parent));
  await refuseRevokedAuthority(folder, authority);
  const flags = parentPasswordFile === undefined ? {} : { passwordFile: parentPasswordFile };
  const password = await getAuthorityPassword(flags, parent, '--parent-password-file');
  return { name: parent, issuer: await openAuthority(authority, password), files: authority.files };
}

function report(
  name: string,
  made: IssuedCertificate,
  flags: CreateFlags,
  files: ReturnType<typeof getAuthorityFiles>,
): void {
  const certificate = getDecoded(made);
  const notAfter = formatInstant(certificate.notAfter);
  const parent = flags.parent ?? null;
  if (flags.json === true) {
    printJson({
      authority: name,
      parent,
      subject: certificate.subject,
      serialNumber: formatSerialNumber(certificate.serialNumber),
      thumbprintSha256: certificate.thumbprintSha256,
      notBefore: formatInstant(certificate.notBefore),
      notAfter,
      files: {
        certificate: files.certificate,
        key: files.key,
        register: files.register,
        list: files.list,
        ...(parent === null ? {} : { issuers: files.issuers }),
      },
    });
    return;
  }
  printLine(
    `Created ${name}, ${parent === null ? 'a root' : `an authority below ${parent}`}, valid until ${notAfter}.`,
  );
  printLine();
  const purposes: readonly (readonly [string, string])[] = [
    [files.certificate, 'its certificate, for everybody who is to trust it: not secret'],
    [files.key, 'its key, protected by the password: anybody who has both can impersonate every caller'],
    [files.list, 'its revocation list, still empty: not secret'],
    [files.register, 'what it issued and revoked: back up the folder'],
  ];
  const width = Math.max(...purposes.map(([path]) => path.length));
  for (const [path, purpose] of purposes) printLine(`  ${path.padEnd(width)}  ${purpose}`);
  printLine();
  printLine("The password can't be recovered. To issue a certificate for a caller:");
  printLine(`  certgate certificate issue billing --authority ${name}${formatFolderOption(flags)}`);
}

function parsePathLength(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 9.');
}

import { formatInstant } from '@certgate/core/tools';
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
import { CommandFailure } from '../../command-line/command-failure.js';
import { addHelpNote, addHelpSections } from '../../command-line/help.js';
import { printJson, printLine } from '../../command-line/output.js';
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
    .description('Make an authority: its key under a password, its certificate, its register and its first list.')
    .argument('<name>', 'becomes its common name and the name of its folder')
    .option('--parent <authority>', 'make an intermediate, signed by this authority; without it, a root')
    .option('--parent-password-file <file>', "a file that holds the parent's password and nothing else")
    .option('--days <days>', 'how long it is valid, 1 to 3650 (default: 3650; below a parent 1825)', parseDays)
    .addOption(
      new Option('--key-algorithm <name>', 'the kind of its key').choices(authorityKeyAlgorithms).default('ec-p256'),
    )
    .option(
      '--path-length <count>',
      'how many authorities may stand below it (default: 1; below a parent 0)',
      parsePathLength,
    )
    .option('--organization <name>', 'the organization in its subject')
    .option('--permit-dns <name>', 'of DNS names, only this one and those below it (repeatable)', collect)
    .option(
      '--permit-uri <host>',
      'of URIs, only those of this host; .example.org: of hosts below (repeatable)',
      collect,
    )
    .option('--permit-email <host>', 'of mailboxes, only those of this host (repeatable)', collect)
    .option('--json', 'print one JSON object');
  addFolderOption(addAuthorityPasswordOptions(command)).action(create);
  addHelpNote(command, purposeHelp, constraintsHelp);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the authority is there',
      1: "another process took the parent's lock over; run it again",
      2: "a word can't be used, one of that name is there, a password is missing or wrong, or the parent may not sign it; nothing is written",
    },
    examples: [
      'certgate authority create corp',
      'certgate authority create corp --authority-password-file corp.password --days 730 --permit-dns corp.example',
      'certgate authority create corp-services --parent corp --parent-password-file corp.password --authority-password-file services.password',
    ],
  });
}

const constraintsHelp =
  'A kind of name that no --permit-… names stays open: with --permit-dns alone it still issues for any URI and mailbox.';

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
    throw new CommandFailure('--parent-password-file was given, but no parent.', { remedy: 'Add --parent.' });
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
      serialNumber: certificate.serialNumber,
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
  printLine(`Made ${name}, ${parent === null ? 'a root' : `an authority below ${parent}`}, valid until ${notAfter}.`);
  printLine();
  const purposes: readonly (readonly [string, string])[] = [
    [files.certificate, 'its certificate, for whoever is to trust it: no secret'],
    [files.key, 'its key, under the password: whoever has both can be every caller'],
    [files.list, 'its revocation list, empty as yet: no secret'],
    [files.register, 'what it issues and revokes: keep a backup of the folder'],
  ];
  const width = Math.max(...purposes.map(([path]) => path.length));
  for (const [path, purpose] of purposes) printLine(`  ${path.padEnd(width)}  ${purpose}`);
  printLine();
  printLine('Nobody can recover the password. To make a certificate for a caller:');
  printLine(`  certgate certificate issue billing --authority ${name}${formatFolderOption(flags)}`);
}

function parsePathLength(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 9.');
}

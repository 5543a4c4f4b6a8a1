import { formatInstant } from '@certgate/core/internal';
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
import { createAuthority } from '../../certificates/create-authority.js';
import { formatToolCall } from '../../texts/tool-call.js';
import { type AuthorityKeyAlgorithm } from '../../certificates/structure/certificate-choices.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import type { CertificateIssuer } from '../../certificates/structure/certificate-issuer.js';
import type { IssuedCertificate } from '../../certificates/structure/write-certificate.js';
import { ToolFailure } from '#local/tool-failure.js';
import { describeNewCertificate, printFiles } from '../certificate/certificate-files.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { warnOfKeysInApp } from '../certificate/key-place.js';
import { getAuthorityPassword, getNewPassword } from '../certificate/find-password.js';
import { pick } from '../command-line/option-values.js';
import { printJson, printLine } from '../command-line/output.js';
import {
  type AuthorityPasswordFlags,
  authorityPasswordOption,
  type FolderFlags,
  listFolderWords,
  listDaysByDefault,
  renameAuthorityPasswordFlags,
} from './authority-options.js';

interface CreateAuthorityFlags extends FolderFlags, AuthorityPasswordFlags {
  readonly parent?: string;
  readonly parentPasswordFile?: string;
  readonly days?: number;
  readonly keyAlgorithm: AuthorityKeyAlgorithm;
  readonly pathLength?: number;
  readonly organization?: string;
  readonly permitDns?: readonly string[];
  readonly permitUri?: readonly string[];
  readonly permitEmail?: readonly string[];
}

export async function create(givenName: string, flags: CreateAuthorityFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const { folder } = flags;
  await refusePresentAuthority(folder, name);
  const now = new Date();
  const parent = await openParent(flags);
  const { folder: own } = getAuthorityFiles(folder, name);
  const password = checkAuthorityPassword(
    await getNewPassword(renameAuthorityPasswordFlags(flags), own, authorityPasswordOption),
  );
  const made = createAuthority({
    commonName: name,
    keyAlgorithm: flags.keyAlgorithm,
    ...(parent === undefined ? {} : { parent: parent.issuer }),
    ...(flags.days === undefined ? {} : { wanted: { days: flags.days } }),
    ...pick(flags, 'pathLength', 'organization', 'permitDns', 'permitUri', 'permitEmail'),
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
  warnOfKeysInApp([files.key], `--folder ${defaultAuthoritiesFolder}`);
}

type OpenParent = { readonly name: string; readonly issuer: CertificateIssuer } & Pick<
  Awaited<ReturnType<typeof loadAuthority>>,
  'files'
>;

async function openParent({
  parent,
  parentPasswordFile,
  folder,
}: CreateAuthorityFlags): Promise<OpenParent | undefined> {
  if (parent === undefined) {
    if (parentPasswordFile === undefined) return undefined;
    throw new ToolFailure('--parent-password-file was given, but no parent.', { remedy: 'Add --parent.' });
  }
  const authority = await loadAuthority(folder, checkCertificateName(parent));
  await refuseRevokedAuthority(folder, authority);
  const password = await getAuthorityPassword({ passwordFile: parentPasswordFile }, parent, '--parent-password-file');
  return { name: parent, issuer: await openAuthority(authority, password), files: authority.files };
}

function report(
  name: string,
  made: IssuedCertificate,
  flags: CreateAuthorityFlags,
  files: ReturnType<typeof getAuthorityFiles>,
): void {
  const certificate = getDecoded(made);
  const notAfter = formatInstant(certificate.notAfter);
  const parent = flags.parent ?? null;
  if (flags.json === true) {
    const { certificate: file, key, register, list, issuers } = files;
    const written = { certificate: file, key, register, list, ...(parent === null ? {} : { issuers }) };
    printJson({ authority: name, parent, ...describeNewCertificate(certificate), files: written });
    return;
  }
  printLine(
    `Created ${name}, ${parent === null ? 'a root' : `an authority below ${parent}`}, valid until ${notAfter}.`,
  );
  printFiles([
    [files.certificate, 'its certificate, for everybody who is to trust it: not secret'],
    [files.key, 'its key, protected by the password: anybody who has both can impersonate every caller'],
    [files.list, 'its revocation list, still empty: not secret'],
    [files.register, 'what it issued and revoked: back up the folder'],
  ]);
  printLine("The password can't be recovered. To issue a certificate for a caller:");
  const words = ['certificate', 'issue', 'billing', '--authority', name, ...listFolderWords(flags)];
  printLine(`  ${formatToolCall(words)}`);
}

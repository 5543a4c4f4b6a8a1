import {
  describeIssued,
  loadAuthority,
  openAuthority,
  refuseRevokedAuthority,
  type StoredAuthority,
} from '../../certificates/authority/load-authority.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { issueCertificate } from '../../certificates/issue-certificate.js';
import type { ExtendedKeyUsageName } from '../../certificates/structure/certificate-choices.js';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { type FolderFlags } from '../authority/authority-options.js';
import { pick } from '../command-line/option-values.js';
import { createFiles, createPaths, listKeyFiles } from './certificate-files.js';
import { checkCertificateName } from './certificate-name.js';
import { type CertificateFlags, checkFileFlags, getKeyAlgorithm } from './certificate-options.js';
import { printIssueJson, printIssueReport } from './issue-report.js';
import { warnOfKeysInApp } from './key-place.js';
import { getAuthorityPassword, getNewPassword } from './find-password.js';
import { refusePresentFiles, writeFileSet } from './write-file-set.js';

interface IssueFlags extends CertificateFlags, FolderFlags {
  readonly authority: string;
  readonly authorityPasswordFile?: string;
  readonly days?: number;
  readonly eku?: readonly ExtendedKeyUsageName[];
  readonly organization?: string;
  readonly organizationalUnit?: string;
}

export async function issue(givenName: string, flags: IssueFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  checkFileFlags(flags);
  const authority = await loadAuthority(flags.folder, checkCertificateName(flags.authority));
  await refuseRevokedAuthority(flags.folder, authority);
  const isBelowRoot = authority.register.parent !== null;
  const paths = createPaths(name, flags, isBelowRoot);
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
  const issued = issueCertificate({
    issuer,
    commonName: name,
    keyAlgorithm: getKeyAlgorithm(flags),
    usages: getUsages(flags),
    ...(flags.days === undefined ? {} : { wanted: { days: flags.days } }),
    ...pick(flags, 'dns', 'uri', 'email', 'organization', 'organizationalUnit'),
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

function getUsages({ eku }: IssueFlags): readonly ExtendedKeyUsageName[] {
  return eku ?? ['clientAuth'];
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

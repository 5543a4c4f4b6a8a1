import { formatSerialNumber } from '@certgate/core/internal';
import type { AuthorityFiles } from '../../certificates/authority/authority-files.js';
import type { AuthorityRegister } from '../../certificates/authority/authority-register.js';
import { loadAuthority, openAuthority, type StoredAuthority } from '../../certificates/authority/load-authority.js';
import { createNextList, encodeListPem } from '../../certificates/authority/revocation-list.js';
import { releaseCertificate, revokeCertificate } from '../../certificates/authority/revoke-certificate.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import type { RevocationReasonChoice } from '../../certificates/structure/certificate-choices.js';
import { formatTrustChange } from '../../texts/tool-call.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { getAuthorityPassword } from '../certificate/find-password.js';
import { isPresent } from '../certificate/write-file-set.js';
import { printJson, printLine } from '../command-line/output.js';
import { authorityPasswordOption, type ListIssuedFlags, renameAuthorityPasswordFlags } from './authority-options.js';
import { readRevokedArgument } from './revoked-argument.js';

interface RevokeFlags extends ListIssuedFlags {
  readonly reason: RevocationReasonChoice | 'removeFromCRL';
}

export async function revoke(givenName: string, what: string, flags: RevokeFlags): Promise<void> {
  const authority = await loadAuthority(flags.folder, checkCertificateName(givenName));
  const { serialNumber, isProven } = await readRevokedArgument(what, authority);
  const { reason } = flags;
  const { entry, before, register, files } = await writeNextList(authority, flags, (current, now) =>
    reason === 'removeFromCRL'
      ? releaseCertificate(current, serialNumber)
      : revokeCertificate(current, { serialNumber, reason, now, isProven }),
  );
  const shown = formatSerialNumber(serialNumber);
  if (flags.json === true) {
    printJson({
      authority: authority.name,
      serialNumber: shown,
      revoked: reason !== 'removeFromCRL',
      reason,
      revokedAt: reason === 'removeFromCRL' ? null : entry.revokedAt,
      wasRevoked: before !== undefined,
      list: register.list,
      files,
    });
    return;
  }
  const subject = register.issued.find((each) => each.serialNumber === serialNumber)?.subject;
  const which = subject === undefined ? shown : `${shown} (${subject})`;
  const { number, nextUpdate } = register.list;
  if (reason === 'removeFromCRL')
    printLine(`Ended the hold of ${which}. Apps accept it again when they have the new list.`);
  else if (before === undefined) printLine(`Revoked ${which}: ${reason}.`);
  else printLine(`${which} was already revoked, on ${before.revokedAt}. The reason is now ${reason}.`);
  printLine(`Wrote list ${number}, which ends on ${nextUpdate}: ${Object.values(files).join(' and ')}`);
  printLine();
  printLine('An app refuses the certificate only when it has this list, so publish the list where the apps read it.');
  printLine(`To block the caller without waiting for that: ${formatTrustChange('disable', ['NAME'])}`);
}

export async function writeList(givenName: string, flags: ListIssuedFlags): Promise<void> {
  const authority = await loadAuthority(flags.folder, checkCertificateName(givenName));
  const { register, files } = await writeNextList(authority, flags, (current) => ({ register: current }));
  const { list, revoked } = register;
  if (flags.json === true) {
    printJson({ authority: authority.name, ...list, revoked: revoked.length, files });
    return;
  }
  const count = `${revoked.length} revoked ${revoked.length === 1 ? 'certificate' : 'certificates'}`;
  printLine(`Wrote list ${list.number} of ${authority.name}: ${count}.`);
  printLine();
  printLine(`  ${Object.values(files).join(' and ')}`);
  printLine();
  printLine(`Publish it where the apps read it. It ends on ${list.nextUpdate}; write the next one before that.`);
}

/**
 * Changes the register, and writes the next revocation list with the change. Returns the new register and the files of
 * the list.
 */
async function writeNextList<Change extends { readonly register: AuthorityRegister }>(
  authority: StoredAuthority,
  flags: ListIssuedFlags,
  change: (register: AuthorityRegister, now: Date) => Change,
): Promise<Change & { readonly files: { readonly list: string; readonly listPem?: string } }> {
  const { files, name } = authority;
  const password = await getAuthorityPassword(renameAuthorityPasswordFlags(flags), name, authorityPasswordOption);
  const issuer = await openAuthority(authority, password);
  const listPem = (await wantsPem(files, flags)) ? { listPem: files.listPem } : {};
  return updateRegister(files, (current) => {
    const now = new Date();
    const changed = change(current, now);
    const { register, listDer } = createNextList(changed.register, issuer, { now, days: flags.listDays });
    const der = { path: files.list, content: listDer };
    return {
      register,
      files: [der, ...Object.values(listPem).map((path) => ({ path, content: encodeListPem(listDer) }))],
      answer: { ...changed, register, files: { list: files.list, ...listPem } },
    };
  });
}

/**
 * Whether to write the list in PEM too. A PEM file that exists must always be updated, because otherwise it would
 * contradict the DER file.
 */
async function wantsPem(files: AuthorityFiles, { listPem }: ListIssuedFlags): Promise<boolean> {
  return listPem === true || (await isPresent(files.listPem));
}

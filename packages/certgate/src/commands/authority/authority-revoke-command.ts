import { formatSerialNumber } from '@certgate/core/internal';
import { loadAuthority, openAuthority } from '../../certificates/authority/load-authority.js';
import { createNextList } from '../../certificates/authority/revocation-list.js';
import { releaseCertificate, revokeCertificate } from '../../certificates/authority/revoke-certificate.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import type { RevocationReason } from '../../certificates/structure/certificate-choices.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { getAuthorityPassword } from '../certificate/find-password.js';
import { printJson, printLine } from '../command-line/output.js';
import {
  type AuthorityPasswordFlags,
  authorityPasswordOption,
  type FolderFlags,
  type ListFlags,
  readAuthorityPasswordFlags,
} from './authority-options.js';
import { createListFiles, wantsPem } from './list-files.js';
import { readRevokedArgument } from './revoked-argument.js';
import { formatTrustChange } from '../../faults/tool-call.js';

interface RevokeFlags extends FolderFlags, AuthorityPasswordFlags, ListFlags {
  readonly reason: RevocationReason | 'removeFromCRL';
  readonly json?: boolean;
}

export async function revoke(givenName: string, what: string, flags: RevokeFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const authority = await loadAuthority(flags.folder, name);
  const { files } = authority;
  const { serialNumber, isProven } = await readRevokedArgument(what, authority);
  const password = await getAuthorityPassword(readAuthorityPasswordFlags(flags), name, authorityPasswordOption);
  const issuer = await openAuthority(authority, password);
  const pem = await wantsPem(files, flags);
  const { reason } = flags;
  const done = await updateRegister(files, (current) => {
    const now = new Date();
    const outcome =
      reason === 'removeFromCRL'
        ? releaseCertificate(current, serialNumber)
        : revokeCertificate(current, { serialNumber, reason, now, isProven });
    const { register, listDer } = createNextList(outcome.register, issuer, { now, days: flags.listDays });
    return { register, files: createListFiles(files, listDer, pem), answer: { ...outcome, register } };
  });
  const { number, nextUpdate } = done.register.list;
  const shown = formatSerialNumber(serialNumber);
  if (flags.json === true) {
    printJson({
      authority: name,
      serialNumber: shown,
      revoked: reason !== 'removeFromCRL',
      reason,
      revokedAt: reason === 'removeFromCRL' ? null : done.entry.revokedAt,
      wasRevoked: done.before !== undefined,
      list: done.register.list,
      files: { list: files.list, ...(pem ? { listPem: files.listPem } : {}) },
    });
    return;
  }
  const subject = done.register.issued.find((entry) => entry.serialNumber === serialNumber)?.subject;
  const which = subject === undefined ? shown : `${shown} (${subject})`;
  if (reason === 'removeFromCRL')
    printLine(`Ended the hold of ${which}. Apps accept it again when they have the new list.`);
  else if (done.before === undefined) printLine(`Revoked ${which}: ${reason}.`);
  else printLine(`${which} was revoked already, on ${done.before.revokedAt}. The reason is now ${reason}.`);
  printLine(`Wrote list ${number}, which ends on ${nextUpdate}: ${files.list}${pem ? ` and ${files.listPem}` : ''}`);
  printLine();
  printLine('An app refuses the certificate only when it has this list, so publish the list where the apps read it.');
  printLine(`To block the caller without waiting for that: ${formatTrustChange('disable', ['NAME'])}`);
}

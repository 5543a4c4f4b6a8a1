import { loadAuthority, openAuthority } from '../../certificates/authority/load-authority.js';
import { createNextList } from '../../certificates/authority/revocation-list.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
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

interface RevocationListFlags extends FolderFlags, AuthorityPasswordFlags, ListFlags {
  readonly json?: boolean;
}

export async function writeList(givenName: string, flags: RevocationListFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const authority = await loadAuthority(flags.folder, name);
  const { files } = authority;
  const password = await getAuthorityPassword(readAuthorityPasswordFlags(flags), name, authorityPasswordOption);
  const issuer = await openAuthority(authority, password);
  const pem = await wantsPem(files, flags);
  const written = await updateRegister(files, (before) => {
    const { register, listDer } = createNextList(before, issuer, { now: new Date(), days: flags.listDays });
    return { register, files: createListFiles(files, listDer, pem), answer: register };
  });
  if (flags.json === true) {
    printJson({
      authority: name,
      ...written.list,
      revoked: written.revoked.length,
      files: { list: files.list, ...(pem ? { listPem: files.listPem } : {}) },
    });
    return;
  }
  const count = written.revoked.length;
  printLine(
    `Wrote list ${written.list.number} of ${name}: ${count} revoked ${count === 1 ? 'certificate' : 'certificates'}.`,
  );
  printLine();
  printLine(`  ${files.list}${pem ? ` and ${files.listPem}` : ''}`);
  printLine();
  printLine(
    `Publish it where the apps read it. It ends on ${written.list.nextUpdate}; write the next one before that.`,
  );
}

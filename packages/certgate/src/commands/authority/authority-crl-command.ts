import { Command } from 'commander';
import { createNextList } from '../../certificates/authority/revocation-list.js';
import { loadAuthority, openAuthority } from '../../certificates/authority/load-authority.js';
import { updateRegister } from '../../certificates/authority/update-register.js';
import { addHelpNote, addHelpSections } from '../command-line/help.js';
import { printJson, printLine } from '../command-line/output.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import {
  addAuthorityPasswordOptions,
  addFolderOption,
  authorityPasswordOption,
  getAuthorityPassword,
  purposeHelp,
  readAuthorityPasswordFlags,
  type AuthorityPasswordFlags,
  type FolderFlags,
} from './authority-options.js';
import { addListOptions, createListFiles, wantsPem, type ListFlags } from './list-options.js';

interface RevocationListFlags extends FolderFlags, AuthorityPasswordFlags, ListFlags {
  readonly json?: boolean;
}

export function authorityRevocationListCommand(): Command {
  const command = new Command('crl')
    .description('Write a new revocation list (CRL), with the next number, before the present one ends.')
    .argument('<authority>', 'its name');
  addListOptions(command).option('--json', 'print one JSON object');
  addFolderOption(addAuthorityPasswordOptions(command)).action(writeList);
  addHelpNote(command, purposeHelp);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the list is written',
      1: 'another process took over the lock; run the command again',
      2: "there is no such authority, its password is missing or wrong, or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate authority crl corp',
      'certgate authority crl corp --list-days 30 --list-pem --authority-password-file corp.password',
    ],
  });
}

async function writeList(givenName: string, flags: RevocationListFlags): Promise<void> {
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

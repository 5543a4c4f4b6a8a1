import { formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { Command } from 'commander';
import type { AuthorityRegister, IssuedEntry } from '../../certificates/authority/authority-register.js';
import { loadAuthority } from '../../certificates/authority/load-authority.js';
import { readAuthorityFacts } from '../../certificates/structure/certificate-issuer.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { addHelpSections } from '../command-line/help.js';
import { escapeControls } from '../../faults/safe-text.js';
import { printJson, printLine } from '../command-line/output.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { addFolderOption, type FolderFlags } from './authority-options.js';
import { formatDue } from './authority-list-command.js';

interface ShowFlags extends FolderFlags {
  readonly json?: boolean;
}

export function authorityShowCommand(): Command {
  const command = new Command('show')
    .description(
      'Show an authority, every certificate that it issued, and which of them are revoked. Needs no password.',
    )
    .argument('<authority>', 'its name')
    .option('--json', 'print one JSON object');
  addFolderOption(command).action(show);
  return addHelpSections(command, {
    exitCodes: { 0: 'it is printed', 2: "there is no such authority, or its files can't be read" },
    examples: ['certgate authority show corp', 'certgate authority show corp --json'],
  });
}

async function show(givenName: string, { folder, json }: ShowFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const { register, certificateDer, files } = await loadAuthority(folder, name);
  const certificate = getDecoded({ certificateDer });
  const { pathLength } = readAuthorityFacts(certificateDer);
  const { subject, thumbprintSha256 } = certificate;
  const serialNumber = formatSerialNumber(certificate.serialNumber);
  const notAfter = formatInstant(certificate.notAfter);
  const issued = register.issued.map((entry) => ({ ...entry, revoked: findRevocation(register, entry) }));
  if (json === true) {
    const { parent, list } = register;
    const facts = { authority: name, parent, subject, serialNumber, thumbprintSha256, notAfter };
    printJson({ ...facts, pathLength: pathLength ?? null, list, issued, files });
    return;
  }
  const { number, nextUpdate } = register.list;
  const fields: readonly (readonly [string, string])[] = [
    ['authority', name],
    ['below', register.parent ?? 'nobody: a root'],
    ['subject', escapeControls(subject)],
    ['serial', serialNumber],
    ['SHA-256', thumbprintSha256],
    ['ends', notAfter],
    ['below it', pathLength === 0 ? 'no authorities' : `authorities, ${pathLength ?? 'any number'} deep`],
    ['certificate', files.certificate],
    ['list', `${number}, due again ${formatDue(nextUpdate)}: ${files.list}`],
  ];
  for (const [label, value] of fields) printLine(`${label.padEnd(12)}${value}`);
  printLine(issued.length === 0 ? 'nothing issued' : 'issued');
  for (const { revoked, ...entry } of issued) {
    const state = revoked === null ? '' : `  REVOKED ${revoked.revokedAt} ${revoked.reason}`;
    const kind = entry.kind === 'authority' ? ' (authority)' : '';
    printLine(
      `  ${formatSerialNumber(entry.serialNumber)}  until ${entry.notAfter}  ${escapeControls(entry.subject)}${kind}${state}`,
    );
  }
}

function findRevocation(
  { revoked }: AuthorityRegister,
  { serialNumber }: IssuedEntry,
): { readonly revokedAt: string; readonly reason: string } | null {
  const entry = revoked.find((each) => each.serialNumber === serialNumber);
  return entry === undefined ? null : { revokedAt: entry.revokedAt, reason: entry.reason };
}

import { formatInstant, formatSerialNumber } from '@certgate/core/internal';
import type { AuthorityRegister, IssuedEntry } from '../../certificates/authority/authority-register.js';
import { loadAuthority } from '../../certificates/authority/load-authority.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { readAuthorityFacts } from '../../certificates/structure/certificate-issuer.js';
import { escapeControls } from '../../faults/safe-text.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { printJson, printLine } from '../command-line/output.js';
import { formatDue } from './authority-list-command.js';
import type { FolderFlags } from './authority-options.js';

interface ShowFlags extends FolderFlags {
  readonly json?: boolean;
}

export async function show(givenName: string, { folder, json }: ShowFlags): Promise<void> {
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

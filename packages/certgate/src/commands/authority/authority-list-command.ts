import { lstat, readdir } from 'node:fs/promises';
import { formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { getAuthorityFiles } from '../../certificates/authority/authority-files.js';
import type { AuthorityRegister, IssuedEntry } from '../../certificates/authority/authority-register.js';
import { loadAuthority, type StoredAuthority } from '../../certificates/authority/load-authority.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { readAuthorityFacts } from '../../certificates/structure/certificate-issuer.js';
import { escapeControls } from '../../texts/safe-text.js';
import { hasCode, ToolFailure } from '#local/tool-failure.js';
import { checkCertificateName } from '../certificate/certificate-name.js';
import { printJson, printLine } from '../command-line/output.js';
import { type Column, formatTable } from '../command-line/table.js';
import type { FolderFlags } from './authority-options.js';

type ListedAuthority = ReturnType<typeof describe>;

const columns: readonly Column<ListedAuthority>[] = [
  ['authority', ({ name }) => name],
  ['below', ({ parent }) => parent ?? ''],
  ['ends', ({ notAfter }) => notAfter],
  ['issued', ({ issued }) => String(issued)],
  ['revoked', ({ revoked }) => String(revoked)],
  ['list', ({ list: last }) => String(last.number)],
  ['next list due', ({ list: last }) => formatDue(last.nextUpdate)],
];

export async function list({ folder, json }: FolderFlags): Promise<void> {
  const names = await listNames(folder);
  const authorities = (await Promise.all(names.map((name) => loadAuthority(folder, name)))).map(describe);
  if (json === true) printJson({ folder, authorities });
  else if (authorities.length === 0) printLine(`There is no authority in ${folder}.`);
  else printLine(formatTable(columns, authorities));
}

function describe({ name, register, certificateDer }: StoredAuthority) {
  const { parent, issued, revoked, list: last } = register;
  const notAfter = formatInstant(getDecoded({ certificateDer }).notAfter);
  return { name, parent, notAfter, issued: issued.length, revoked: revoked.length, list: last };
}

/** Marks a list that has ended, because apps that require revocation data then refuse callers of the authority. */
function formatDue(nextUpdate: string): string {
  return Date.parse(nextUpdate) < Date.now() ? `${nextUpdate}, OVER` : nextUpdate;
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
    const present = await Promise.all(names.map((name) => hasRegister(getAuthorityFiles(folder, name).register)));
    return names.filter((_, index) => present[index]);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return [];
    throw new ToolFailure(`${folder} can't be read: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Whether there is a register, so that the folder belongs to an authority. There may be other folders and files too. A
 * register that exists but can't be looked at must not be left out.
 */
async function hasRegister(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (fault: unknown) => !hasCode(fault, 'ENOENT', 'ENOTDIR'),
  );
}

export async function show(givenName: string, { folder, json }: FolderFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  const { register, certificateDer, files } = await loadAuthority(folder, name);
  const certificate = getDecoded({ certificateDer });
  const report = {
    authority: name,
    parent: register.parent,
    subject: certificate.subject,
    serialNumber: formatSerialNumber(certificate.serialNumber),
    thumbprintSha256: certificate.thumbprintSha256,
    notAfter: formatInstant(certificate.notAfter),
    pathLength: readAuthorityFacts(certificateDer).pathLength ?? null,
    list: register.list,
    issued: register.issued.map((entry) => ({ ...entry, revoked: findRevocation(register, entry) })),
    files,
  };
  if (json === true) {
    printJson(report);
    return;
  }
  const { parent, subject, serialNumber, thumbprintSha256, notAfter, pathLength, issued } = report;
  const fields: readonly (readonly [string, string])[] = [
    ['authority', name],
    ['below', parent ?? 'nobody: a root'],
    ['subject', escapeControls(subject)],
    ['serial', serialNumber],
    ['SHA-256', thumbprintSha256],
    ['ends', notAfter],
    ['below it', pathLength === 0 ? 'no authorities' : `authorities, ${pathLength ?? 'any number'} deep`],
    ['certificate', files.certificate],
    ['list', `${report.list.number}, due again ${formatDue(report.list.nextUpdate)}: ${files.list}`],
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

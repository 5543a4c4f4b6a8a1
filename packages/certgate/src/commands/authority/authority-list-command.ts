import { lstat, readdir } from 'node:fs/promises';
import { formatInstant } from '@certgate/core/internal';
import Table from 'cli-table3';
import { getAuthorityFiles } from '../../certificates/authority/authority-files.js';
import { loadAuthority, type StoredAuthority } from '../../certificates/authority/load-authority.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { hasCode, ToolFailure } from '../../faults/tool-failure.js';
import { printJson, printLine } from '../command-line/output.js';
import type { FolderFlags } from './authority-options.js';

interface ListFlags extends FolderFlags {
  readonly json?: boolean;
}

export async function list({ folder, json }: ListFlags): Promise<void> {
  const names = await listNames(folder);
  const authorities = await Promise.all(names.map((name) => loadAuthority(folder, name)));
  if (json === true) {
    printJson({ folder, authorities: authorities.map(describe) });
    return;
  }
  if (authorities.length === 0) {
    printLine(`There is no authority in ${folder}.`);
    return;
  }
  const head = ['authority', 'below', 'ends', 'issued', 'revoked', 'list', 'next list due'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const each of authorities.map(describe)) {
    const { name, parent, notAfter, issued, revoked, list: last } = each;
    table.push([name, parent ?? '', notAfter, issued, revoked, last.number, formatDue(last.nextUpdate)]);
  }
  printLine(table.toString());
}

function describe({ name, register, certificateDer }: StoredAuthority): {
  readonly name: string;
  readonly parent: string | null;
  readonly notAfter: string;
  readonly issued: number;
  readonly revoked: number;
  readonly list: { readonly number: number; readonly nextUpdate: string };
} {
  const { parent, issued, revoked, list: last } = register;
  const notAfter = formatInstant(getDecoded({ certificateDer }).notAfter);
  return { name, parent, notAfter, issued: issued.length, revoked: revoked.length, list: last };
}

/** Apps that require revocation data refuse everybody once the list is over. */
export function formatDue(nextUpdate: string): string {
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

/** Other folders and files may lie beside the authorities. One whose register can't be looked at is not passed over. */
async function hasRegister(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (fault: unknown) => !hasCode(fault, 'ENOENT', 'ENOTDIR'),
  );
}

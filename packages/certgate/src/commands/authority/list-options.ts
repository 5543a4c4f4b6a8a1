import type { Command } from 'commander';
import { encodeListPem } from '../../certificates/authority/revocation-list.js';
import type { AuthorityFiles } from '../../certificates/authority/authority-files.js';
import { isPresent } from '../certificate/write-file-set.js';
import { parseDays } from '../certificate/certificate-options.js';

/** A week: the list of an authority that nobody tends goes stale soon, and is noticed while somebody remembers. */
export const listDaysByDefault = 7;

export interface ListFlags {
  readonly listDays: number;
  readonly listPem?: boolean;
}

export function addListOptions(command: Command): Command {
  return command
    .option('--list-days <days>', 'when this list ends, and the next one is due', parseDays, listDaysByDefault)
    .option('--list-pem', 'write the list in PEM too; an existing PEM file is always updated');
}

/** Two lists side by side that say different things would be found out on the worst of days. */
export async function wantsPem(files: AuthorityFiles, { listPem }: ListFlags): Promise<boolean> {
  return listPem === true || (await isPresent(files.listPem));
}

export function createListFiles(
  files: AuthorityFiles,
  listDer: Buffer,
  pem: boolean,
): readonly { readonly path: string; readonly content: string | Uint8Array }[] {
  const der = { path: files.list, content: listDer };
  return pem ? [der, { path: files.listPem, content: encodeListPem(listDer) }] : [der];
}

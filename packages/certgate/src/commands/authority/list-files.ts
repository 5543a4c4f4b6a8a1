import type { AuthorityFiles } from '../../certificates/authority/authority-files.js';
import { encodeListPem } from '../../certificates/authority/revocation-list.js';
import { isPresent } from '../certificate/write-file-set.js';
import type { ListFlags } from './authority-options.js';

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

import type { PathCertificate } from '@certgate/core/internal';
import { type AuthorityFiles, getAuthorityFiles } from '../../../certificates/authority/authority-files.js';
import { loadAuthority } from '../../../certificates/authority/load-authority.js';
import { readRegister } from '../../../certificates/authority/update-register.js';
import { isFile } from '../../../certificates/read-bounded-file.js';
import { formatToolCall } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { getPathCertificate, readPathCertificates } from './named-files.js';
import type { VerifyFlags } from './verify-options.js';

/** The certificates and revocation lists that one `--authority` means. */
export interface AuthorityArgument {
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /** The files of the revocation lists that belong to the authority. */
  readonly lists: readonly string[];
}

/**
 * Reads a file, or the authority with this name in the folder of authorities. Throws ToolFailure if both exist, instead
 * of guessing.
 */
export async function readAuthorityArgument(text: string, flags: VerifyFlags): Promise<AuthorityArgument> {
  const isName = isPlainName(text) && (await isFile(getAuthorityFiles(flags.folder, text).register));
  const isPath = await isFile(text);
  if (isName && isPath) {
    throw new ToolFailure(`${text} is both a file and an authority in ${flags.folder}.`, {
      remedy: `Write ./${text} for the file, or pass the authority's certificate.`,
    });
  }
  if (isName) return readAuthorityByName(text, flags.folder);
  if (!isPath && isPlainName(text)) {
    throw new ToolFailure(`There is no file ${text}, and no authority of that name in ${flags.folder}.`, {
      remedy: `To list the authorities: ${formatToolCall(['authority', 'list'])}\nFor another folder: --folder`,
    });
  }
  return { trustAnchors: await readPathCertificates(text, flags, true), intermediates: [], lists: [] };
}

/**
 * Loads an authority by its name. If it is below another one, the trust anchor is its root, as in an app's trust
 * document. Its revocation list and those of the authorities above it are used, as far as they are in the folder.
 */
async function readAuthorityByName(name: string, folder: string): Promise<AuthorityArgument> {
  const { certificateDer, issuers } = await loadAuthority(folder, name);
  const chain = [certificateDer, ...issuers].map((der) => getPathCertificate(der, `The authority ${name}`));
  return { trustAnchors: chain.slice(-1), intermediates: chain.slice(0, -1), lists: await findLists(name, folder) };
}

/**
 * Finds the revocation lists of an authority and of those above it. The root's folder is often kept elsewhere; then the
 * user must pass its list with `--crl`.
 */
async function findLists(name: string, folder: string): Promise<readonly string[]> {
  const lists: string[] = [];
  const seen = new Set<string>();
  for (let next: string | null = name; next !== null && !seen.has(next);) {
    seen.add(next);
    const files: AuthorityFiles = getAuthorityFiles(folder, next);
    if (await isFile(files.list)) lists.push(files.list);
    next = (await readRegister(files).catch(() => undefined))?.parent ?? null;
  }
  return lists;
}

function isPlainName(text: string): boolean {
  return text !== '' && !/[/\\]/.test(text) && !text.startsWith('.');
}

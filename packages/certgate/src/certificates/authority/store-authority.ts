import { createPrivateKey, randomBytes } from 'node:crypto';
import { lstat, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolFailure, hasCode } from '#local/tool-failure.js';
import { renamePatiently, writeDurably } from '../../files/replace-file.js';
import type { CertificateIssuer } from '../structure/certificate-issuer.js';
import { encodePem } from '../structure/pem-blocks.js';
import type { IssuedCertificate } from '../structure/write-certificate.js';
import { getAuthorityFiles, type AuthorityFiles } from './authority-files.js';
import { encryptAuthorityKey } from './authority-key.js';
import { formatRegister, type AuthorityRegister } from './authority-register.js';
import { createNextList, type ListTimes } from './revocation-list.js';

export interface NewAuthority extends ListTimes {
  readonly name: string;
  readonly made: IssuedCertificate;
  readonly password: string;
  readonly parent?: { readonly name: string; readonly issuer: CertificateIssuer };
}

/**
 * Throws ToolFailure if the authority's folder exists. Called first, so that the user does not type a new password
 * twice in vain.
 */
export async function refusePresentAuthority(authorities: string, name: string): Promise<void> {
  const { folder } = getAuthorityFiles(authorities, name);
  const isThere = await lstat(folder).then(
    () => true,
    (fault: unknown) => !hasCode(fault, 'ENOENT', 'ENOTDIR'),
  );
  if (isThere) throw alreadyThere(folder);
}

/**
 * Writes the folder of a new authority, including its first revocation list, and moves it into place as a whole. No
 * file is ever replaced: if a key were overwritten, nobody could revoke what it has signed.
 */
export async function storeAuthority(authorities: string, authority: NewAuthority): Promise<AuthorityFiles> {
  const files = getAuthorityFiles(authorities, authority.name);
  const aside = `.${randomBytes(8).toString('hex')}.tmp`;
  const temporary = join(authorities, aside);
  let isOurs = false;
  try {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    // Keys must never be committed, even if the app's own .gitignore does not exclude them.
    await writeFile(join(temporary, '.gitignore'), '*\n');
    for (const [path, content] of listContents(files, authority)) {
      await writeDurably(join(temporary, path.slice(files.folder.length + 1)), Buffer.from(content));
    }
    // POSIX would replace an empty folder of somebody else. Windows replaces no folder, not even the one made here.
    if (process.platform !== 'win32') {
      await mkdir(files.folder, { mode: 0o700 });
      isOurs = true;
    }
    await renamePatiently(temporary, files.folder);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (isOurs) await rmdir(files.folder).catch(() => undefined);
    if (hasCode(cause, 'ENOTEMPTY', 'EEXIST')) throw alreadyThere(files.folder);
    throw new ToolFailure(`The authority can't be written to ${files.folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return files;
}

function listContents(files: AuthorityFiles, authority: NewAuthority): readonly (readonly [string, string | Buffer])[] {
  const { made, password, parent } = authority;
  const issuers = parent === undefined ? [] : [parent.issuer.certificateDer, ...parent.issuer.issuers];
  const instant = authority.now.toISOString().replace(/\.\d+Z$/, 'Z');
  const empty: AuthorityRegister = {
    version: 1,
    parent: parent?.name ?? null,
    list: { number: 0, thisUpdate: instant, nextUpdate: instant },
    issued: [],
    revoked: [],
  };
  const own = { certificateDer: made.certificateDer, privateKey: createPrivateKey(made.privateKeyPem), issuers };
  // With this first list, an app that requires revocation data can start at once.
  const { register, listDer } = createNextList(empty, own, authority);
  return [
    [files.key, encryptAuthorityKey(made.privateKeyPem, password)],
    [files.certificate, made.certificatePem],
    [files.list, listDer],
    [files.register, formatRegister(register)],
    ...(parent === undefined
      ? []
      : ([[files.issuers, issuers.map((der) => encodePem('CERTIFICATE', der)).join('')]] as const)),
  ];
}

function alreadyThere(folder: string): ToolFailure {
  return new ToolFailure(`${folder} already exists. Nothing was written.`, {
    remedy:
      'Choose another name. There is no --force here, because nothing could be revoked any longer with a key that was overwritten.',
  });
}

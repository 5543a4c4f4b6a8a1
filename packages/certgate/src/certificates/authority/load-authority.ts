// authority/: certificate authorities that the user runs, each in a folder with its key, register and revocation list.

import { readFile } from 'node:fs/promises';
import { formatInstant } from '@certgate/core/internal';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure, hasCode } from '#local/tool-failure.js';
import type { CertificateIssuer } from '../structure/certificate-issuer.js';
import { getDecoded } from '../describe-certificate.js';
import { readCertificateFile } from '../read-certificate-file.js';
import { getAuthorityFiles, type AuthorityFiles } from './authority-files.js';
import { openAuthorityKey } from './authority-key.js';
import type { AuthorityRegister } from './authority-register.js';
import { readRegister } from './update-register.js';

/** The parts of an authority that are not secret. */
export interface StoredAuthority {
  readonly name: string;
  readonly files: AuthorityFiles;
  readonly certificateDer: Buffer;
  readonly issuers: readonly Buffer[];
  /** The register as it was when it was read. Other processes may change the file at any time. */
  readonly register: AuthorityRegister;
}

/** Loads an authority. Throws ToolFailure if there is none with that name, or if its files can't be used. */
export async function loadAuthority(authorities: string, name: string): Promise<StoredAuthority> {
  const files = getAuthorityFiles(authorities, name);
  const register = await readRegister(files).catch((fault: unknown) => {
    const cause = fault instanceof ToolFailure ? fault.cause : undefined;
    throw hasCode(cause, 'ENOENT', 'ENOTDIR') ? explainAbsence(authorities, name) : fault;
  });
  const { certificateDer } = await readCertificateFile(files.certificate);
  const issuers = register.parent === null ? undefined : await readCertificateFile(files.issuers);
  return {
    name,
    files,
    certificateDer,
    issuers: issuers === undefined ? [] : [issuers.certificateDer, ...issuers.otherCertificates],
    register,
  };
}

function explainAbsence(authorities: string, name: string): ToolFailure {
  return new ToolFailure(`There is no authority ${name} in ${authorities}.`, {
    remedy: `To list the authorities: ${formatToolCall(['authority', 'list'])}\nTo create this one: ${formatToolCall(['authority', 'create', name])}\nFor another folder: --folder`,
  });
}

/** Opens the authority's key with its password, so that it can sign. Throws ToolFailure if that fails. */
export async function openAuthority(authority: StoredAuthority, password: string): Promise<CertificateIssuer> {
  const { name, files, certificateDer, issuers } = authority;
  const keyPem = await readFile(files.key, 'utf8').catch((cause: unknown) => {
    throw new ToolFailure(`The key of the authority ${name} can't be read: ${(cause as Error).message}`, { cause });
  });
  return { certificateDer, issuers, privateKey: openAuthorityKey(keyPem, password, { name, certificateDer }) };
}

/**
 * Throws ToolFailure if the register of the authority's parent shows that the parent has revoked the authority, because
 * verifiers would refuse what it issues.
 */
export async function refuseRevokedAuthority(authorities: string, authority: StoredAuthority): Promise<void> {
  const { parent } = authority.register;
  if (parent === null) return;
  // The parent is often kept elsewhere. Then only its revocation list shows whether it revoked this authority.
  const register = await readRegister(getAuthorityFiles(authorities, parent)).catch(() => undefined);
  const { serialNumber } = getDecoded(authority);
  const entry = register?.revoked.find((revoked) => revoked.serialNumber === serialNumber);
  if (entry === undefined) return;
  throw new ToolFailure(
    `The authority ${authority.name} was revoked by ${parent} on ${entry.revokedAt} (${entry.reason}). Nothing was issued.`,
    { remedy: `Create another one: ${formatToolCall(['authority', 'create', 'NAME', '--parent', parent])}` },
  );
}

/** The register's entry for a certificate. */
export function describeIssued(
  certificateDer: Uint8Array,
  kind: 'end-entity' | 'authority',
): AuthorityRegister['issued'][number] {
  const { serialNumber, subject, notBefore, notAfter, thumbprintSha256 } = getDecoded({ certificateDer });
  return {
    serialNumber,
    kind,
    subject,
    notBefore: formatInstant(notBefore),
    notAfter: formatInstant(notAfter),
    thumbprintSha256,
  };
}

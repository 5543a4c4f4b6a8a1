import { loadPathValidation, type PathCertificate } from '@certgate/core/internal';
import { readCertificateFile } from '../../../certificates/read-certificate-file.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { escapeControls } from '../../../faults/safe-text.js';
import { type PasswordFlags } from '../password-options.js';
import { findPasswordSource } from '../find-password.js';

/** Every certificate of a file: PEM with one or many, DER, a PFX. Throws ToolFailure. */
export async function readPathCertificates(file: string, flags: PasswordFlags): Promise<readonly PathCertificate[]> {
  const password = await findPasswordSource(flags, file);
  const { certificateDer, otherCertificates } = await readCertificateFile(file, {
    privateKey: 'ignored',
    ...(password === undefined ? {} : { password }),
  });
  return [certificateDer, ...otherCertificates].map((der, index) =>
    getPathCertificate(der, `${file}, number ${index + 1}`),
  );
}

export function getPathCertificate(der: Uint8Array, name: string): PathCertificate {
  const decoding = loadPathValidation().decodePathCertificate(der);
  if (decoding.ok) return decoding.value;
  throw new ToolFailure(escapeControls(`${name} is not encoded as RFC 5280 requires: ${decoding.fault}.`));
}

/** Two files often hold the same certificate; a path by either is one path. */
export function withoutRepeats(
  certificates: readonly PathCertificate[],
  others: readonly PathCertificate[] = [],
): readonly PathCertificate[] {
  const seen = new Set(others.map(({ thumbprintSha256 }) => thumbprintSha256));
  return certificates.filter(({ thumbprintSha256 }) => !seen.has(thumbprintSha256) && seen.add(thumbprintSha256));
}

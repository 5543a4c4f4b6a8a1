import { type CertificateRevocationList, loadPathValidation, type PathCertificate } from '@certgate/core/internal';
import type { EvidenceSources } from '../../../certificates/path-report/reported-path.js';
import { readBoundedFile } from '../../../certificates/read-bounded-file.js';
import { readCertificateFile } from '../../../certificates/read-certificate-file.js';
import { ToolFailure } from '#local/tool-failure.js';
import { escapeControls } from '../../../texts/safe-text.js';
import { type PasswordFlags } from '../password-options.js';
import { findPasswordSource } from '../find-password.js';

/**
 * Reads every certificate of a file: PEM with one or many, DER, or a PFX.
 *
 * @throws {ToolFailure} if the file has no certificate, if one of them is malformed, or if the password is wrong.
 */
export async function readPathCertificates(
  file: string,
  flags: PasswordFlags,
  areTrustAnchors = false,
): Promise<readonly PathCertificate[]> {
  const password = await findPasswordSource(flags, file);
  const { certificateDer, otherCertificates } = await readCertificateFile(file, {
    privateKey: 'ignored',
    ...(password === undefined ? {} : { password }),
  });
  return [certificateDer, ...otherCertificates].map((der, index) =>
    getPathCertificate(der, `${file}, number ${index + 1}`, areTrustAnchors),
  );
}

export function getPathCertificate(der: Uint8Array, name: string, isTrustAnchor = false): PathCertificate {
  const { decodePathCertificate, decodeTrustAnchor } = loadPathValidation();
  const decoding = isTrustAnchor ? decodeTrustAnchor(der) : decodePathCertificate(der);
  if (decoding.ok) return decoding.value;
  throw new ToolFailure(escapeControls(`${name} is not encoded as RFC 5280 requires: ${decoding.fault}.`));
}

/**
 * Leaves out certificates that come twice or are among the `others`. Two files often contain the same certificate, and
 * its paths must not be listed twice.
 */
export function withoutRepeats(
  certificates: readonly PathCertificate[],
  others: readonly PathCertificate[] = [],
): readonly PathCertificate[] {
  const seen = new Set(others.map(({ thumbprintSha256 }) => thumbprintSha256));
  return certificates.filter(({ thumbprintSha256 }) => !seen.has(thumbprintSha256) && seen.add(thumbprintSha256));
}

/** Twice core's limit for a revocation list in DER, because PEM is longer. */
const maximumListBytes = 64 * 1_048_576;

/**
 * Reads each list, and remembers its file. Throws ToolFailure if a list can't be read, because a missing list could
 * hide a revocation.
 */
export async function readRevocationLists(files: readonly string[]): Promise<EvidenceSources> {
  const sources = new Map<CertificateRevocationList, string>();
  for (const file of new Set(files)) {
    const decoding = loadPathValidation().decodeCrlFile(await readBoundedFile(file, maximumListBytes));
    if (!decoding.ok) {
      const fault = `${file} holds no revocation list, in DER or PEM, that can be used: ${decoding.fault}.`;
      throw new ToolFailure(escapeControls(fault));
    }
    sources.set(decoding.value, file);
  }
  return sources;
}

import type { StoredAuthority } from '../../certificates/authority/load-authority.js';
import { isIssuedBy } from '../../certificates/structure/certificate-issuer.js';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { PfxError } from '../../certificates/pfx/pfx-error.js';
import { isFile } from '../../certificates/read-bounded-file.js';
import { readCertificateFile } from '../../certificates/read-certificate-file.js';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';

export interface RevokedArgument {
  /** In upper-case hexadecimal, with the leading zero octet if a certificate has one. */
  readonly serialNumber: string;
  /** Whether the user passed a certificate with the authority's signature. A serial number by itself proves nothing. */
  readonly isProven: boolean;
}

/**
 * Reads the argument `<certificate-file|serial>`. If a file of that name exists, it is read.
 *
 * @throws {ToolFailure} if the argument is neither, or if the authority did not issue the file's certificate.
 */
export async function readRevokedArgument(text: string, authority: StoredAuthority): Promise<RevokedArgument> {
  if (await isFile(text)) return readFromFile(text, authority);
  const serialNumber = parseSerialNumber(text);
  if (serialNumber !== undefined) return { serialNumber, isProven: false };
  throw new ToolFailure(`There is no file ${text}, and it is not a serial number.`, {
    remedy: `A serial number is hexadecimal. To see those that it issued: ${formatToolCall(['authority', 'show', authority.name])}`,
  });
}

/**
 * Reads a serial number as openssl, browsers and Windows print it: with or without colons, spaces, `0x` or a leading
 * zero octet. Undefined if it is not a serial number.
 */
export function parseSerialNumber(text: string): string | undefined {
  const digits = text.replace(/^0x/i, '').replace(/[: ]/g, '').toUpperCase();
  if (!/^[0-9A-F]{1,42}$/.test(digits)) return undefined;
  const significant = digits.replace(/^0+/, '');
  if (significant === '') return undefined;
  const even = significant.length % 2 === 0 ? significant : `0${significant}`;
  // DER writes a zero octet before a number whose first bit is set.
  return /^[89A-F]/.test(even) ? `00${even}` : even;
}

async function readFromFile(path: string, authority: StoredAuthority): Promise<RevokedArgument> {
  const { certificateDer } = await readCertificateFile(path, { privateKey: 'ignored' }).catch((fault: unknown) => {
    if (!(fault instanceof ToolFailure) || !(fault.cause instanceof PfxError)) throw fault;
    throw new ToolFailure(`${path} is a PFX, and this command can't ask for its password.`, {
      remedy: 'Pass the certificate without the key (.crt.pem), or its serial number.',
      cause: fault,
    });
  });
  if (!isIssuedBy(certificateDer, authority.certificateDer)) {
    throw new ToolFailure(`${path} was not issued by the authority ${authority.name}. Nothing was revoked.`, {
      remedy: `To see who issued it: ${formatToolCall(['certificate', 'inspect', path])}`,
    });
  }
  return { serialNumber: getDecoded({ certificateDer }).serialNumber, isProven: true };
}

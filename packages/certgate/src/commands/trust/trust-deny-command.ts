import {
  findSerialNumber,
  findThumbprint,
  formatSerialNumber,
  type TrustDocumentDenied,
} from '@certgate/core/internal';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  denyCertificate,
  describeDenied,
  undenyCertificate,
} from '../../trust/administration/edits/restriction-edits.js';
import { readShownCertificate } from '../../trust/certificate-reading/shown-certificate.js';
import type { PasswordFlags } from '../certificate/password-options.js';
import { readCertificateArgument } from '../certificate/read-certificate-argument.js';
import { changeTrust } from './change-trust.js';
import type { ChangeFlags } from './options/store-options.js';

interface DenyFlags extends ChangeFlags, PasswordFlags {
  readonly issuedBy?: string;
  readonly serial?: string;
}

export async function deny(text: string | undefined, flags: DenyFlags): Promise<void> {
  const entry = await readEntry(text, flags);
  await changeTrust(flags, {
    verb: 'deny',
    edit: (document, { reason }) => denyCertificate(document, { ...entry, reason }),
    report: () => ({ done: `Denied ${describeDenied(entry)}.`, json: { entry } }),
  });
}

export async function undeny(text: string | undefined, flags: DenyFlags): Promise<void> {
  const entry = await readEntry(text, flags);
  await changeTrust(flags, {
    verb: 'undeny',
    edit: (document) => undenyCertificate(document, entry),
    report: () => ({ done: `No longer denied: ${describeDenied(entry)}.`, json: { entry } }),
  });
}

async function readEntry(text: string | undefined, flags: DenyFlags): Promise<TrustDocumentDenied> {
  const { issuedBy, serial } = flags;
  if (text === undefined) {
    if (issuedBy === undefined || serial === undefined) {
      throw new ToolFailure('No certificate is given.', {
        remedy: 'Pass its thumbprint, its file, or --issued-by and --serial together.',
      });
    }
    const serialNumber = findSerialNumber(serial);
    if (serialNumber !== undefined) return { issuedBy, serialNumber: formatSerialNumber(serialNumber) };
    throw new ToolFailure(`${JSON.stringify(serial)} is not a serial number.`, {
      remedy: `Pass its hexadecimal digits, as this prints them: ${formatToolCall(['certificate', 'inspect', 'FILE'])}`,
    });
  }
  if (issuedBy !== undefined || serial !== undefined) {
    throw new ToolFailure('Pass the certificate, or --issued-by and --serial, but not both.');
  }
  const thumbprint = findThumbprint(text, 'sha256');
  if (thumbprint !== undefined) return { thumbprintSha256: thumbprint };
  const { certificateDer } = await readCertificateArgument(text, flags);
  const { certificate, problems } = readShownCertificate(certificateDer, Date.now());
  if (certificate === undefined) throw new ToolFailure(`${text} can't be used. ${problems[0]?.detail ?? ''}`);
  return { thumbprintSha256: certificate.thumbprintSha256 };
}

import {
  decodeClientCertificate,
  findSerialNumber,
  findThumbprint,
  formatSerialNumber,
  type TrustDocumentDenied,
} from '@certgate/core/internal';
import { ToolFailure } from '../../faults/tool-failure.js';
import {
  denyCertificate,
  describeDenied,
  undenyCertificate,
} from '../../trust/administration/edits/deny-list-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import type { PasswordFlags } from '../certificate/password-options.js';
import { readCertificateArgument } from '../certificate/read-certificate-argument.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { reportUpdate } from './report-update.js';

interface DenyFlags extends ChangeFlags, PasswordFlags {
  readonly issuedBy?: string;
  readonly serial?: string;
}

export function deny(text: string | undefined, flags: DenyFlags): Promise<void> {
  return change('deny', text, flags);
}

export function undeny(text: string | undefined, flags: DenyFlags): Promise<void> {
  return change('undeny', text, flags);
}

async function change(verb: 'deny' | 'undeny', text: string | undefined, flags: DenyFlags): Promise<void> {
  const entry = await readEntry(text, flags);
  const location = await openTrustLocation(flags.store);
  const made = await readChange(verb, flags);
  const update = await updateTrustDocument(location, made, (document) =>
    verb === 'deny' ? denyCertificate(document, { ...entry, reason: made.reason }) : undenyCertificate(document, entry),
  );
  const what = describeDenied(entry);
  reportUpdate(
    location.description,
    update,
    {
      done: verb === 'deny' ? `Denied ${what}.` : `No longer denied: ${what}.`,
      json: { entry },
    },
    flags,
  );
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
      remedy: 'Pass its hexadecimal digits, as certgate certificate inspect FILE prints them.',
    });
  }
  if (issuedBy !== undefined || serial !== undefined) {
    throw new ToolFailure('Pass the certificate, or --issued-by and --serial, but not both.');
  }
  const thumbprint = findThumbprint(text, 'sha256');
  if (thumbprint !== undefined) return { thumbprintSha256: thumbprint };
  const { certificateDer } = await readCertificateArgument(text, flags);
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new ToolFailure(`The certificate in ${text} can't be read: ${decoding.fault}.`);
  return { thumbprintSha256: decoding.certificate.thumbprintSha256 };
}

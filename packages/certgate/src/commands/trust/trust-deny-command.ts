import {
  decodeClientCertificate,
  findSerialNumber,
  findThumbprint,
  formatSerialNumber,
  type TrustDocumentDenied,
} from '@certgate/core/internal';
import { Command } from 'commander';
import { ToolFailure } from '../../faults/tool-failure.js';
import { addHelpSections } from '../command-line/help.js';
import {
  denyCertificate,
  describeDenied,
  undenyCertificate,
} from '../../trust/administration/edits/deny-list-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { addPasswordOptions, type PasswordFlags } from '../certificate/password-options.js';
import { readCertificateArgument } from '../certificate/read-certificate-argument.js';
import { reportUpdate } from './report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';

interface DenyFlags extends StoreFlags, ChangeFlags, PasswordFlags {
  readonly issuedBy?: string;
  readonly serial?: string;
}

export function trustDenyCommand(): Command {
  return createCommand(
    'deny',
    'Put a certificate on the deny list, by its thumbprint or by its serial number under an authority. It is then refused whatever else the document says.',
    'laptop stolen',
  );
}

export function trustUndenyCommand(): Command {
  return createCommand('undeny', 'Remove a certificate from the deny list.', 'found again');
}

function createCommand(verb: 'deny' | 'undeny', description: string, reason: string): Command {
  const command = new Command(verb)
    .description(description)
    .argument('[certificate]', 'its SHA-256 thumbprint, or its file: PFX, PEM, DER or base64')
    .option('--issued-by <authority>', 'with --serial: the authority that issued it')
    .option('--serial <hex>', 'its serial number in hexadecimal; colons and spaces are fine');
  addPasswordOptions(command);
  addStoreOption(command);
  addChangeOptions(command).action((text: string | undefined, flags: DenyFlags) => change(verb, text, flags));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: `${verb === 'deny' ? '' : 'it is not on the deny list, or '}the certificate, the store or an argument can't be used; nothing is written`,
    },
    examples: [
      `certgate trust ${verb} billing.crt.pem --reason "${reason}" --store file:trust.json`,
      `certgate trust ${verb} --issued-by corp --serial 0A1B2C --reason "${reason}" --store file:trust.json`,
    ],
  });
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

import {
  decodeClientCertificate,
  findInstant,
  findThumbprint,
  formatInstant,
  listCertificateFaults,
} from '@certgate/core/internal';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ToolFailure } from '../../../faults/tool-failure.js';
import type { NewPin } from '../../../trust/administration/edits/identity-edits.js';
import { addPasswordOptions, type PasswordFlags } from '../../certificate/password-options.js';
import { readCertificateArgument } from '../../certificate/read-certificate-argument.js';

export interface PinFlags extends PasswordFlags {
  readonly certificate?: string;
  readonly thumbprintSha256?: string;
  readonly publicKeySha256?: string;
  /** Shared with the options for names, where a verb has both. */
  readonly issuedBy?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly evenIfUnfit?: boolean;
}

/** What a certificate is recognised by: the file itself, best, or one of its hashes. */
export function addPinOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        '--certificate <file>',
        'pin this certificate: PFX, PEM, DER or base64; a private key in it is ignored',
      ).conflicts(['thumbprintSha256', 'publicKeySha256']),
    )
    .addOption(
      new Option('--thumbprint-sha256 <hex>', 'pin the certificate with this thumbprint')
        .argParser(parseSha256)
        .conflicts(['publicKeySha256']),
    )
    .addOption(
      new Option(
        '--public-key-sha256 <hex>',
        'pin every certificate with this key; requires --issued-by or --not-after',
      ).argParser(parseSha256),
    )
    .option(
      '--issued-by <authority>',
      'an authority of the document: what is added applies only to certificates that it issued',
    )
    .option('--not-before <time>', 'the pin is valid from then on, e.g. 2027-03-01T00:00:00Z', parseTime)
    .option(
      '--not-after <time>',
      "the pin is valid until then (default with --certificate: the end of the certificate's validity)",
      parseTime,
    )
    .option('--even-if-unfit', 'pin a certificate even if Certgate will refuse it');
  return addPasswordOptions(command);
}

/** Undefined where no certificate is named. @throws {ToolFailure} for one that the gate would refuse anyway. */
export async function readNewPin(flags: PinFlags, now: number): Promise<NewPin | undefined> {
  const window = {
    ...(flags.issuedBy === undefined ? {} : { issuedBy: flags.issuedBy }),
    ...(flags.notBefore === undefined ? {} : { notBefore: flags.notBefore }),
    ...(flags.notAfter === undefined ? {} : { notAfter: flags.notAfter }),
  };
  if (flags.certificate !== undefined) return readCertificatePin(flags.certificate, flags, window, now);
  if (flags.thumbprintSha256 !== undefined) return { pin: { thumbprintSha256: flags.thumbprintSha256, ...window } };
  if (flags.publicKeySha256 !== undefined) {
    if (flags.notAfter === undefined && flags.issuedBy === undefined) {
      throw new ToolFailure(
        'A pin of a public key needs an end, because anybody who has the key can create certificates with any dates.',
        {
          remedy: 'Set the end with --not-after, or name the authority that issues the certificates with --issued-by.',
        },
      );
    }
    return { pin: { publicKeySha256: flags.publicKeySha256, ...window } };
  }
  if (flags.notBefore === undefined && flags.notAfter === undefined) return undefined;
  throw new ToolFailure('--not-before and --not-after require a certificate, and none is given.');
}

async function readCertificatePin(
  file: string,
  flags: PinFlags,
  window: { readonly issuedBy?: string; readonly notBefore?: string; readonly notAfter?: string },
  now: number,
): Promise<NewPin> {
  const { certificateDer } = await readCertificateArgument(file, flags);
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new ToolFailure(`The certificate in ${file} can't be read: ${decoding.fault}.`);
  const { thumbprintSha256, thumbprintSha1, publicKeySha256, notAfter } = decoding.certificate;
  // One that is not valid yet is pinned before it is: that is what rotation is for.
  const faults = listCertificateFaults(decoding.certificate, now).filter(
    ({ code }) => code !== 'certificate_not_yet_valid',
  );
  const [fault] = faults;
  if (fault !== undefined && flags.evenIfUnfit !== true) {
    throw new ToolFailure(`Certgate would refuse the certificate in ${file}: ${fault.detail}`, {
      remedy: 'To see everything that is wrong: certgate certificate inspect. To pin it anyway: --even-if-unfit',
    });
  }
  const pin = { thumbprintSha256, notAfter: formatInstant(notAfter), ...window };
  return { pin, certificate: { thumbprintSha256, thumbprintSha1, publicKeySha256 } };
}

function parseSha256(text: string): string {
  const thumbprint = findThumbprint(text, 'sha256');
  if (thumbprint !== undefined) return thumbprint;
  throw new InvalidArgumentError(
    findThumbprint(text, 'sha1') === undefined
      ? 'It must be 64 hexadecimal digits (colons and spaces are fine).'
      : 'This is a SHA-1 thumbprint. To get the SHA-256 thumbprint: certgate certificate inspect FILE',
  );
}

/** A time of the trust document, kept as it is written. */
export function parseTime(text: string): string {
  if (findInstant(text) !== undefined) return text;
  throw new InvalidArgumentError('It must be a time that exists, in UTC, like 2027-03-01T00:00:00Z.');
}

export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

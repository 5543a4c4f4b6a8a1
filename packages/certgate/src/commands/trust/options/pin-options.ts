import { Option, type Command } from 'commander';
import { addPasswordOptions, type PasswordFlags } from '../../certificate/password-options.js';
import { parseThumbprintSha256, parseTime } from '../../command-line/option-values.js';

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
        .argParser(parseThumbprintSha256)
        .conflicts(['publicKeySha256']),
    )
    .addOption(
      new Option(
        '--public-key-sha256 <hex>',
        'pin every certificate with this key; requires --issued-by or --not-after',
      ).argParser(parseThumbprintSha256),
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

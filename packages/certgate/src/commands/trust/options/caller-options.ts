import { parseThumbprintSha256, parseTime } from '../../command-line/option-values.js';
import type { Options } from '../../command-line/verb.js';
import { passwordOptions, type PasswordFlags } from '../../certificate/password-options.js';

export interface PinFlags extends PasswordFlags {
  readonly certificate?: string;
  readonly thumbprintSha256?: string;
  readonly publicKeySha256?: string;
  /** If a verb has the options for names too, this one is for both. */
  readonly issuedBy?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly evenIfUnfit?: boolean;
}

/** The options for a certificate to pin: best the file itself, or else one of its hashes. */
export const pinOptions: Options = {
  '--certificate <file>': [
    'pin this certificate: PFX, PEM, DER or base64; a private key in it is ignored',
    { conflicts: ['thumbprintSha256', 'publicKeySha256'] },
  ],
  '--thumbprint-sha256 <hex>': [
    'pin the certificate with this thumbprint',
    { parse: parseThumbprintSha256, conflicts: ['publicKeySha256'] },
  ],
  '--public-key-sha256 <hex>': [
    'pin every certificate with this key; requires --issued-by or --not-after',
    parseThumbprintSha256,
  ],
  '--issued-by <authority>': 'an authority of the document: what is added applies only to certificates that it issued',
  '--not-before <time>': ['the pin is valid from then on, e.g. 2027-03-01T00:00:00Z', parseTime],
  '--not-after <time>': [
    "the pin is valid until then (default with --certificate: the end of the certificate's validity)",
    parseTime,
  ],
  '--even-if-unfit': 'pin a certificate even if Certgate will refuse it',
  ...passwordOptions,
};

/** The flags for names. `--issued-by` comes from the options for pins or from the verb's own. */
export interface NameFlags {
  readonly issuedBy?: string;
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
  readonly commonName?: readonly string[];
  readonly organizationalUnit?: readonly string[];
}

/** The options for a name in certificates that the authority of `--issued-by` issued. */
export const nameOptions: Options = {
  '--dns <name>': 'a DNS name of the certificate, or *.corp.example for one label (repeatable)',
  '--uri <uri>': 'a URI of the certificate, e.g. a SPIFFE ID (repeatable)',
  '--email <mailbox>': 'a mailbox of the certificate (repeatable)',
  '--common-name <text>': 'the exact common name of its subject (repeatable)',
  '--organizational-unit <text>': 'an exact organizational unit of its subject (repeatable)',
};

/** The help text of an option that selects only some of an identity's pins. */
export const pinWords = 'only this pin: its hash, or at least the first eight digits of it (repeatable)';

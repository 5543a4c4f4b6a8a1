import { InvalidArgumentError } from 'commander';
import {
  type ExtendedKeyUsageName,
  extendedKeyUsageNames,
  usualDays,
} from '../../certificates/structure/certificate-choices.js';
import { authorityPasswordFileOption, folderOption, purposeHelp } from '../authority/authority-options.js';
import { jsonOption, type VerbGroup } from '../command-line/verb.js';
import { certificateOptions, parseDays } from './certificate-options.js';
import { passwordOptions } from './password-options.js';
import { verifyOptions } from './verify/verify-options.js';

const chainFileHelp =
  "<name>.chain.pem, below an intermediate, is for servers that ask callers for the whole chain. Azure's front end passes only the certificate to the app, never the intermediates: the app must have those in its trust document.";

const pathHelp =
  "The path of your own authority is checked up to its root, with the revocation lists in its folder and its issuers' folders. Other certificates in the certificate's file are not used, because an app uses a caller's chain only with acceptForwardedChain. Pass intermediates with --intermediate. This command doesn't check names, roles and functions; certgate trust explain does.";

export const certificateVerbs: VerbGroup = {
  verbs: {
    create: {
      description:
        'Create a self-signed client certificate: the PFX for the caller, the thumbprint for the trust document.',
      arguments: { '<name>': 'the caller; becomes the common name and the name of the files' },
      options: {
        '--days <days>': ['how long it is valid, 1 to 3650', { parse: parseDays, default: 365 }],
        ...certificateOptions,
      },
      work: async () => (await import('./certificate-create-command.js')).create,
      exitCodes: {
        0: 'the files are written',
        2: "an argument can't be used, a file already exists, or there is no password; nothing is written",
      },
      examples: [
        'certgate certificate create billing',
        'certgate certificate create billing --days 90 --out certificates --password-file billing.password',
        'certgate certificate create billing --uri spiffe://example.org/billing --pem --no-pfx',
      ],
    },
    issue: {
      description: 'Issue a certificate from your own authority, which can also revoke it.',
      arguments: { '<name>': 'the caller; becomes the common name and the name of the files' },
      options: {
        '--authority <name>': [
          'the authority that issues it; certgate authority create creates one',
          { isRequired: true },
        ],
        '--csr <file>': [
          "a certificate request (PKCS #10, PEM or DER) for a key that stays with the caller: no key is made. Names come from this command line; the request's own names and extensions are ignored",
          { conflicts: ['rsa', 'pem', 'compatible', 'passwordFile', 'passwordStdin'] },
        ],
        '--days <days>': [
          `how long it is valid, 1 to 3650 (default: ${usualDays}, or up to the authority's end)`,
          parseDays,
        ],
        '--eku <usage>': [
          `what its key is for: ${extendedKeyUsageNames.join(', ')} (repeatable; default: clientAuth)`,
          collectUsage,
        ],
        ...certificateOptions,
        ...authorityPasswordFileOption,
        ...folderOption,
      },
      work: async () => (await import('./certificate-issue-command.js')).issue,
      notes: [purposeHelp, chainFileHelp],
      exitCodes: {
        0: 'the files are written, and the certificate is in the register',
        1: "another process took over the authority's lock; run the command again",
        2: "an argument or the request can't be used, the authority may not issue that, a password is missing or wrong, or a file already exists; no file is written",
      },
      examples: [
        'certgate certificate issue billing --authority corp',
        'certgate certificate issue billing --authority corp --uri spiffe://corp.example/billing --days 7 --authority-password-file corp.password --password-file billing.password',
        'certgate certificate issue billing --authority corp --csr billing.csr.pem --dns billing.corp.example',
        'certgate certificate issue api --authority corp --eku serverAuth --dns api.corp.example --pem --no-pfx',
      ],
    },
    inspect: {
      description: 'Show the content of a certificate, its thumbprints, and why Certgate would refuse it.',
      arguments: { '<file|->': 'PFX, PEM, DER or base64; - reads standard input, which may be a header value' },
      options: { ...jsonOption, ...passwordOptions },
      work: async () => (await import('./certificate-inspect-command.js')).inspect,
      exitCodes: {
        0: 'Certgate would accept the certificate if the trust document lists it',
        1: 'Certgate would refuse it; the reasons are printed',
        2: "the file can't be read, contains no certificate, or the password is wrong",
      },
      examples: [
        'certgate certificate inspect billing.crt.pem',
        'certgate certificate inspect billing.pfx --password-file billing.password',
        'echo "$HEADER" | certgate certificate inspect - --json',
      ],
    },
    verify: {
      description:
        'Verify a certificate with an authority by RFC 5280, as apps do. Shows every path that is tried, what fails on it, and the verdict.',
      arguments: { '<file|->': 'PFX, PEM, DER or base64; its first certificate. - reads standard input' },
      options: verifyOptions,
      work: async () => (await import('./certificate-verify-command.js')).verify,
      notes: [pathHelp],
      exitCodes: {
        0: 'the certificate is valid',
        1: 'it is not; the code and the reason are printed',
        2: 'a file, an authority or the trust document cannot be used',
      },
      examples: [
        'certgate certificate verify billing.crt.pem --authority services',
        'certgate certificate verify billing.crt.pem --authority root.pem --intermediate issuing.pem --crl root.crl --crl issuing.crl',
        'certgate certificate verify billing.crt.pem --authority root.pem --intermediate issuing.pem --at 2027-03-01T00:00:00Z --json',
        'certgate certificate verify billing.crt.pem --store file:trust.json --authority corp',
      ],
    },
    header: {
      description: 'Print a certificate as App Service sends it in X-ARR-ClientCert: base64 of the DER, on one line.',
      arguments: { '<file|->': 'PFX, PEM, DER or base64; - reads standard input' },
      options: { ...jsonOption, ...passwordOptions },
      work: async () => (await import('./certificate-inspect-command.js')).printHeader,
      exitCodes: {
        0: 'the value is printed',
        2: "the file can't be read, contains no certificate, or the password is wrong",
      },
      examples: [
        'certgate certificate header billing.crt.pem',
        'curl -H "X-ARR-ClientCert: $(certgate certificate header billing.crt.pem)" http://localhost:7071/api/orders',
      ],
    },
  },
};

function collectUsage(text: string, previous: readonly ExtendedKeyUsageName[] = []): readonly ExtendedKeyUsageName[] {
  const usage = extendedKeyUsageNames.find((name) => name === text);
  if (usage === undefined) throw new InvalidArgumentError(`It must be one of ${extendedKeyUsageNames.join(', ')}.`);
  return [...new Set([...previous, usage])];
}

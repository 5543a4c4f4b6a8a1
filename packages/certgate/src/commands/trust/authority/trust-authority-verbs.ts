import type { LeadingDotReading, RevocationMode, RevocationScope } from '@certgate/core/internal';
import { InvalidArgumentError } from 'commander';
import { jsonOption, type VerbGroup } from '../../command-line/verb.js';
import { changeOptions, listChangeExitCodes, storeOption } from '../options/store-options.js';

// The names that core knows, repeated here so that these options need no core.
const revocationModes = Object.keys({
  required: true,
  'when-available': true,
  off: true,
} satisfies Record<RevocationMode, true>);
const revocationScopes = Object.keys({ chain: true, 'end-entity': true } satisfies Record<RevocationScope, true>);
const leadingDotReadings = Object.keys({
  refuse: true,
  'subdomains-only': true,
} satisfies Record<LeadingDotReading, true>);

export const authorityVerbs: VerbGroup = {
  verbs: {
    add: {
      description:
        'Trust an authority to issue certificates for names of identities, or extend an existing authority (--to-existing).',
      arguments: { '<name>': 'its name, to which --issued-by refers' },
      options: {
        '--trust-anchor <file>':
          'a trust anchor, such as a root: PEM (all certificates in the file) or DER (repeatable)',
        '--intermediate <file>': 'a CA certificate between an anchor and the callers (repeatable)',
        '--crl <address>': 'a revocation list: file:PATH or an https: URL (repeatable)',
        '--ocsp <url>': 'its OCSP responder',
        '--ocsp-nonce <rule>': [
          'optional: accept answers without the nonce of the request (default: required)',
          { choices: ['required', 'optional'] },
        ],
        '--revocation <mode>': [
          'what to do if the revocation status is unknown (default: required with --crl or --ocsp, else off)',
          { choices: revocationModes },
        ],
        '--scope <scope>': [
          'which certificates to check for revocation (default: chain)',
          { choices: revocationScopes },
        ],
        '--grace-seconds <seconds>': ['how long a list is used after its end (default: 0)', parseSeconds],
        '--minimum-crl-number <issuer=n>':
          'refuse lists of this issuer with a number below n; requires --revocation required (repeatable); none removes the minimum',
        '--accept-no-rev-avail <seconds>': [
          "require no revocation information for a caller's certificate with noRevAvail and at most this lifetime; requires --revocation required or when-available; none switches it off",
          parseLifetime,
        ],
        '--spiffe-trust-domain <domain>': 'a SPIFFE trust domain that it signs for (repeatable)',
        '--dns-constraints-with-leading-dot <reading>': [
          'how to read a DNS name constraint like .corp.example of its CAs (default: refuse)',
          { choices: leadingDotReadings },
        ],
        '--to-existing': 'add certificates, lists and trust domains to an existing authority, or change a setting',
        ...changeOptions,
      },
      work: async () => (await import('./trust-authority-change-command.js')).add,
      exitCodes: listChangeExitCodes("the name already exists, a certificate is not a CA's"),
      examples: [
        'certgate trust authority add corp --trust-anchor root.pem --intermediate issuing.pem --crl https://pki.example.com/corp.crl --reason "our own CA" --store file:trust.json',
        'certgate trust authority add corp --to-existing --trust-anchor root-2030.pem --reason "renewed" --store file:trust.json',
      ],
    },
    remove: {
      description: 'Remove an authority to which nothing refers, or only some of its certificates.',
      arguments: { '<name>': 'the authority' },
      options: {
        '--thumbprint-sha256 <hex>':
          'only the certificate with this thumbprint, or with at least its first eight digits (repeatable)',
        ...changeOptions,
      },
      work: async () => (await import('./trust-authority-change-command.js')).remove,
      exitCodes: listChangeExitCodes(
        'there is no such authority or certificate, something refers to it',
        'the document is written',
      ),
      examples: [
        'certgate trust authority remove corp --reason "closed down" --store file:trust.json',
        'certgate trust authority remove corp --thumbprint-sha256 9F86D081 --reason "renewed" --store file:trust.json',
      ],
    },
    sync: {
      description:
        'Replace the trust anchors of an authority with those of a SPIFFE bundle: new ones are added, and missing ones removed. Apps read no bundles.',
      arguments: { '<name>': 'the authority of the trust domain; it is added if there is none' },
      options: {
        '--spiffe-bundle <url|file>': [
          'the bundle (a JWK set): an https: URL, whose server must prove its name, or a file',
          { isRequired: true },
        ],
        '--trust-domain <domain>': [
          "the trust domain whose bundle it is; it must be the authority's only one",
          { isRequired: true },
        ],
        '--cacert <file>': "PEM of the server's authority, or of the server itself; replaces the system's authorities",
        '--accept-sequence <number>': [
          'accept the bundle with exactly this sequence number, although the log of changes has a higher one or none; none: a bundle without a number',
          parseSequence,
        ],
        ...changeOptions,
      },
      work: async () => (await import('./trust-authority-sync-command.js')).sync,
      exitCodes: {
        ...listChangeExitCodes(
          "the bundle is empty, older, contradicts itself or the trust domain, or has another authority's CA",
        ),
        1: "the bundle's server gives no answer that can be trusted, or others kept changing the document; nothing is written",
      },
      examples: [
        'certgate trust authority sync spire --spiffe-bundle https://bundle.corp.example/ --trust-domain corp.example --reason "scheduled" --store file:trust.json',
        'certgate trust authority sync spire --spiffe-bundle bundle.json --trust-domain corp.example --dry-run --reason "look" --store file:trust.json',
      ],
    },
    list: {
      description:
        'List the authorities: their certificates and when these end, revocation, and how many identities each has.',
      options: { ...jsonOption, ...storeOption },
      work: async () => (await import('./trust-authority-list-command.js')).list,
      exitCodes: { 0: 'the list is printed', 2: "there is no document, it can't be read, or it is not valid" },
      examples: ['certgate trust authority list --store file:trust.json'],
    },
  },
};

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,6}$/.test(text) || seconds > 604_800) {
    throw new InvalidArgumentError('It must be a whole number of seconds, up to 604800 (a week).');
  }
  return seconds;
}

function parseSequence(text: string): string {
  if (text === 'none' || /^(?:0|[1-9]\d{0,39})$/.test(text)) return text;
  throw new InvalidArgumentError('It must be none, or a whole number from 0.');
}

function parseLifetime(text: string): number | 'none' {
  const seconds = Number(text);
  if (text === 'none') return text;
  if (!/^[1-9]\d{0,6}$/.test(text) || seconds > 2_592_000) {
    throw new InvalidArgumentError('It must be none, or a whole number of seconds from 1 to 2592000 (30 days).');
  }
  return seconds;
}

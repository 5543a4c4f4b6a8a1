import {
  leadingDotReadings,
  revocationModes,
  revocationScopes,
  type LeadingDotReading,
  type RevocationMode,
  type RevocationScope,
  type TrustDocumentMinimumCrlNumber,
  type TrustDocumentRevocation,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { checkTrust } from '../../../trust/check/check-document.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import { encodePem } from '../../../certificates/structure/pem-blocks.js';
import { readCertificateFile } from '../../../certificates/read-certificate-file.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { addHelpSections } from '../../command-line/help.js';
import { escapeControls } from '../../../faults/safe-text.js';
import {
  addAuthority,
  addToAuthority,
  type AuthorityAddition,
} from '../../../trust/administration/edits/authority-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { collect } from '../options/pin-options.js';
import { reportUpdate } from '../report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from '../options/store-options.js';

interface AddFlags extends StoreFlags, ChangeFlags {
  readonly trustAnchor?: readonly string[];
  readonly intermediate?: readonly string[];
  readonly crl?: readonly string[];
  readonly ocsp?: string;
  readonly revocation?: RevocationMode;
  readonly scope?: RevocationScope;
  readonly ocspNonce?: 'required' | 'optional';
  readonly graceSeconds?: number;
  readonly minimumCrlNumber?: readonly string[];
  readonly acceptNoRevAvail?: number | 'none';
  readonly spiffeTrustDomain?: readonly string[];
  readonly dnsConstraintsWithLeadingDot?: LeadingDotReading;
  readonly toExisting?: boolean;
}

export function trustAuthorityAddCommand(): Command {
  const command = new Command('add')
    .description(
      'Trust an authority to issue certificates for names of identities, or extend an existing authority (--to-existing).',
    )
    .argument('<name>', 'its name, to which --issued-by refers')
    .option(
      '--trust-anchor <file>',
      'a trust anchor, such as a root: PEM (all certificates in the file) or DER (repeatable)',
      collect,
    )
    .option('--intermediate <file>', 'a CA certificate between an anchor and the callers (repeatable)', collect)
    .option('--crl <address>', 'a revocation list: file:PATH or an https: URL (repeatable)', collect)
    .option('--ocsp <url>', 'its OCSP responder')
    .addOption(
      new Option(
        '--ocsp-nonce <rule>',
        'optional: accept answers without the nonce of the request (default: required)',
      ).choices(['required', 'optional']),
    )
    .addOption(
      new Option(
        '--revocation <mode>',
        'what to do if the revocation status is unknown (default: required with --crl or --ocsp, else off)',
      ).choices(revocationModes),
    )
    .addOption(
      new Option('--scope <scope>', 'which certificates to check for revocation (default: chain)').choices(
        revocationScopes,
      ),
    )
    .option('--grace-seconds <seconds>', 'how long a list is used after its end (default: 0)', parseSeconds)
    .option(
      '--minimum-crl-number <issuer=n>',
      'refuse lists of this issuer with a number below n; requires --revocation required (repeatable); none removes the minimum',
      collect,
    )
    .option(
      '--accept-no-rev-avail <seconds>',
      "require no revocation information for a caller's certificate with noRevAvail and at most this lifetime; requires --revocation required or when-available; none switches it off",
      parseLifetime,
    )
    .option('--spiffe-trust-domain <domain>', 'a SPIFFE trust domain that it signs for (repeatable)', collect)
    .addOption(
      new Option(
        '--dns-constraints-with-leading-dot <reading>',
        'how to read a DNS name constraint like .corp.example of its CAs (default: refuse)',
      ).choices(leadingDotReadings),
    )
    .option('--to-existing', 'add certificates, lists and trust domains to an existing authority, or change a setting');
  addStoreOption(command);
  addChangeOptions(command).action(add);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: "the name exists already, a certificate is not a CA's, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust authority add corp --trust-anchor root.pem --intermediate issuing.pem --crl https://pki.example.com/corp.crl --reason "our own CA" --store file:trust.json',
      'certgate trust authority add corp --to-existing --trust-anchor root-2030.pem --reason "renewed" --store file:trust.json',
    ],
  });
}

async function add(name: string, flags: AddFlags): Promise<void> {
  const addition = await readAddition(flags);
  const change = await readChange('authority add', flags);
  const location = await openTrustLocation(flags.store);
  const isNew = flags.toExisting !== true;
  if (isNew && addition.trustAnchors.length === 0) {
    throw new ToolFailure('An authority needs at least one trust anchor.', {
      remedy: 'Pass the file of its certificate with --trust-anchor.',
    });
  }
  if (isNew && addition.issuersWithoutMinimum.length > 0) {
    throw new ToolFailure('A new authority has no minimum CRL number that could be removed.', {
      remedy: 'For an existing authority: --to-existing',
    });
  }
  const update = await updateTrustDocument(location, change, (document) =>
    isNew ? addAuthority(document, describeNew(name, addition)) : addToAuthority(document, name, addition),
  );
  const done = isNew ? `Added the authority ${name}.` : `Added to the authority ${name}.`;
  const warnings = listWarnings(update.afterSnapshot, name);
  const notes = [
    ...(isNew
      ? [`It admits nobody until an identity has a name under it: certgate trust add NAME --issued-by ${name} --dns …`]
      : []),
    ...warnings.map((message) => `Warning: ${escapeControls(message)}`),
    ...(warnings.length === 0
      ? []
      : [
          `To set it: certgate trust authority add ${name} --to-existing --dns-constraints-with-leading-dot subdomains-only --reason …`,
        ]),
  ];
  reportUpdate(location.description, update, { done, notes, json: { warnings } }, flags);
}

const warningCodes: readonly string[] = ['authority_constraint_with_leading_dot', 'revocation_list_undeployed'];

/** What stands in the certificates and addresses, and would otherwise be learnt from refused calls. */
function listWarnings(snapshot: TrustSnapshot, name: string): readonly string[] {
  return checkTrust(snapshot, { now: Date.now(), withinDays: 0 })
    .filter(
      ({ code, authorityName }) => warningCodes.includes(code) && authorityName?.toLowerCase() === name.toLowerCase(),
    )
    .map(({ message }) => message);
}

function describeNew(name: string, addition: AuthorityAddition): Parameters<typeof addAuthority>[1] {
  const { trustAnchors, intermediates, spiffeTrustDomains, dnsConstraintsWithLeadingDot, revocation } = addition;
  return {
    name,
    trustAnchors,
    ...(intermediates.length === 0 ? {} : { intermediates }),
    ...(spiffeTrustDomains.length === 0 ? {} : { spiffeTrustDomains }),
    ...(dnsConstraintsWithLeadingDot === undefined ? {} : { dnsConstraintsWithLeadingDot }),
    ...(Object.keys(revocation).length === 0 ? {} : { revocation }),
  };
}

async function readAddition(flags: AddFlags): Promise<AuthorityAddition> {
  const { crl: crls = [], ocsp, ocspNonce, revocation: mode, scope, graceSeconds, spiffeTrustDomain = [] } = flags;
  const { acceptNoRevAvail: lifetime } = flags;
  const minimums = flags.minimumCrlNumber?.map(parseMinimum) ?? [];
  const numbers = minimums.filter(({ number }) => number !== 'none');
  const revocation: TrustDocumentRevocation = {
    ...(mode === undefined ? {} : { mode }),
    ...(scope === undefined ? {} : { scope }),
    ...(crls.length === 0 ? {} : { crls }),
    ...(ocsp === undefined ? {} : { ocsp }),
    ...(ocspNonce === undefined ? {} : { ocspNonce }),
    ...(graceSeconds === undefined ? {} : { graceSeconds }),
    ...(numbers.length === 0 ? {} : { minimumCrlNumbers: numbers }),
    ...(typeof lifetime === 'number' ? { noRevAvailMaximumLifetimeSeconds: lifetime } : {}),
  };
  return {
    trustAnchors: await readCertificates(flags.trustAnchor),
    intermediates: await readCertificates(flags.intermediate),
    spiffeTrustDomains: spiffeTrustDomain,
    dnsConstraintsWithLeadingDot: flags.dnsConstraintsWithLeadingDot,
    revocation,
    isNoRevAvailEnded: lifetime === 'none',
    issuersWithoutMinimum: minimums.filter(({ number }) => number === 'none').map(({ issuer }) => issuer),
  };
}

/** In PEM, each a text of its own; a private key beside them is left alone. */
async function readCertificates(files: readonly string[] = []): Promise<readonly string[]> {
  const read = await Promise.all(files.map((file) => readCertificateFile(file, { privateKey: 'ignored' })));
  return read
    .flatMap(({ certificateDer, otherCertificates }) => [certificateDer, ...otherCertificates])
    .map((der) => encodePem('CERTIFICATE', der));
}

/** The issuer's own name has equals signs: `CN=services=12`. The number may be the word `none`. */
function parseMinimum(text: string): TrustDocumentMinimumCrlNumber {
  const [, issuer, number] = /^(.+)=(\d+|none)$/.exec(text) ?? [];
  if (issuer !== undefined && number !== undefined) return { issuer, number };
  throw new ToolFailure(`--minimum-crl-number takes ISSUER=NUMBER or ISSUER=none, not "${text}".`, {
    remedy: 'Write the issuer as certgate trust authority list --json prints its subject, e.g. "CN=services=12".',
  });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,6}$/.test(text) || seconds > 604_800) {
    throw new InvalidArgumentError('It must be a whole number of seconds, up to 604800 (a week).');
  }
  return seconds;
}

function parseLifetime(text: string): number | 'none' {
  const seconds = Number(text);
  if (text === 'none') return text;
  if (!/^[1-9]\d{0,6}$/.test(text) || seconds > 2_592_000) {
    throw new InvalidArgumentError('It must be none, or a whole number of seconds from 1 to 2592000 (30 days).');
  }
  return seconds;
}

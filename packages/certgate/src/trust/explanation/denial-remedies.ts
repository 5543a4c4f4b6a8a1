import {
  type Denial,
  type DenialCode,
  type DenialFacts,
  entryRules,
  formatInstant,
  formatSerialNumber,
} from '@certgate/core/internal';
import { formatToolCall } from '../../texts/tool-call.js';
import {
  chooseForAuthority,
  chooseForConstraint,
  chooseForPinIssuer,
  chooseForRevocation,
  describeLongLifetime,
} from './authority-choices.js';
import { type RemedyTemplate, formatChange } from './command-template.js';
import { chooseForDocument, describeDocumentFault } from './document-choices.js';
import { chooseForAmbiguity, chooseForUnknownCaller } from './recognition-choices.js';
import {
  type Choices,
  type RemedyContext,
  choose,
  chooseForPinWindow,
  chooseNewCertificate,
  chooseTime,
  listFirst,
  listValues,
} from './remedy-choices.js';

/** What ends a denial. `explain` prints it for a certificate and for a line of the log, and docs/errors.md lists it. */
interface RemedyRule<Code extends DenialCode> {
  /** What to do, or what a person must know before they run a command. */
  readonly advice: string | ((context: RemedyContext, facts: DenialFacts[Code] | undefined) => string);
  /** Every template that `choose` may use. docs/errors.md lists them. */
  readonly commands: readonly RemedyTemplate[];
  readonly choose: (facts: DenialFacts[Code], context: RemedyContext) => Choices;
}

const newCertificateFirst =
  'No change can make this certificate valid. Get a new one from the owner of the caller over a channel that you trust.';
const newCertificate = {
  advice: newCertificateFirst,
  commands: ['rotate'],
  choose: (_facts: unknown, context: RemedyContext) => chooseNewCertificate(context),
} as const;
const caCertificates = ['addIntermediate', 'addTrustAnchor', 'addRotated'] as const;
const renewedAuthority = {
  advice:
    "Get the authority's certificate from the authority itself, never from the caller: every certificate that it signs can be admitted.",
  commands: caCertificates,
  choose: (facts: DenialFacts['path_certificate_expired'], context: RemedyContext) =>
    chooseForAuthority(facts, context, true),
} as const;
const authorityOrPin = {
  commands: [...caCertificates, 'clearPinIssuer'],
  choose: (facts: DenialFacts['path_not_found'], context: RemedyContext) => [
    ...chooseForAuthority(facts, context),
    ...chooseForPinIssuer(facts, context),
  ],
} as const;
const pinWindow = {
  commands: ['clearPinStart', 'movePinEnd', 'removePin', 'rotate'],
  choose: chooseForPinWindow,
} as const;
const purpose = ({ store }: RemedyContext): string =>
  `Somebody did this on purpose. To see why: ${formatToolCall(['trust', 'log', '--store', store])}`;
const frontEndPages = 'See docs/front-ends.md.';
const askAuthority = 'The authority must issue another certificate; no change of the document makes this one valid.';
const reissueAuthority =
  'A CA certificate of the path does not fit. Ask the authority for one that does, and add it to the document.';

/**
 * The remedies by denial code. Every code has an entry, so that none can be forgotten. If the entry is a text, no
 * command ends the denial.
 */
export const denialRemedies: { readonly [Code in DenialCode]: string | RemedyRule<Code> } = {
  front_end_unknown: `Name what ends TLS in front of the app, with the option frontEnd or the variable CERTGATE_FRONT_END. Use app-service only for an app on Azure whose only way in is App Service's front end. ${frontEndPages}`,
  front_end_contradicted: `Name the front end that is really there, once: in the code or in CERTGATE_FRONT_END. Give a secret or an isolation only to a front end that needs one. ${frontEndPages}`,
  front_end_unproven: `Let the front end send a secret and give the app the same one in CERTGATE_FRONT_END_SECRET, or say what keeps others from reaching the app. ${frontEndPages}`,
  front_end_bypassed:
    'If all calls are refused with this code, the front end sends no secret, or another one than CERTGATE_FRONT_END_SECRET: perhaps it was rotated on one side only. If only some are, somebody calls the app past the front end: close that way.',
  http_streaming_ambiguous:
    'A caller that disconnects early causes this, and it is harmless. If it happens often, update the Functions host and @azure/functions.',
  mcp_transport_unsupported:
    'The client must call /runtime/webhooks/mcp, without /sse. Over SSE, the headers are those of another request.',
  mcp_headers_unavailable:
    'Update the extension bundle in host.json: the MCP extension passes on the headers of a call since version 1.0.0. If your own code called the handler, call it through its trigger.',
  gate_setup_failed:
    'secureApp threw and the app went on, or a function cannot be closed. Correct what the detail says, do not catch errors of secureApp, and deploy the app again.',
  gate_not_installed:
    'Call secureApp in a file that "main" in package.json loads. In an HTTP server, close the app or the server: see docs/http-hosts.md. In a unit test, use withClientIdentity.',
  invocation_unknown:
    'A hook or handler must pass on the very context that the worker gave it, not a copy or a Proxy. If the log has gate_late, call secureApp earlier.',
  certificate_missing: `The caller must send its certificate. A TLS library sends none, and reports no error, if it was not given the certificate with its key, or if the server asks for certificates of other CAs: with the same files, curl -v shows (OUT), TLS handshake, CERT verify. If the caller does send it, check that the front end requests one for this path, passes it on, and is the one that the app names. On App Service: the client certificate mode is not Ignore, the path is not an exclusion path, and the call is not plain HTTP. ${frontEndPages}`,
  certificate_malformed: `The front end must write the header as the app expects it: compare frontEnd with the front end that is there. ${frontEndPages} If a client set the header itself, it bypassed the front end. A private key in the header is disclosed: replace it.`,
  certificate_multiple: `A client or another proxy set the header too. Let the front end replace what clients send. If the detail names acceptForwardedChain, callers may have sent a chain. ${frontEndPages}`,
  certificate_too_large: 'The header may have 16,384 characters. Issue a smaller certificate.',
  certificate_verification_failed: `Give the front end the CA that issued this certificate, or let it send UNVERIFIED. ${frontEndPages}`,
  trust_locked: {
    advice: (context, facts) =>
      facts !== undefined && 'setting' in facts
        ? 'Somebody set CERTGATE_LOCKED on purpose. To end the lock, remove the variable and restart the app; no change of the document ends it.'
        : `After the unlock, every caller that the document lists is admitted again. ${purpose(context)}`,
    commands: ['unlock'],
    choose: (facts) => ('setting' in facts ? [] : choose('unlock', {})),
  },
  certificate_on_deny_list: {
    advice: (context) => `If its key is lost, the caller needs a new certificate. ${purpose(context)}`,
    commands: ['undeny', 'undenySerial'],
    choose: ({ entry: { thumbprintSha256: THUMBPRINT, issuedBy: AUTHORITY, serialNumber = '' } }) =>
      THUMBPRINT === undefined
        ? choose('undenySerial', { AUTHORITY, HEX: formatSerialNumber(serialNumber) })
        : choose('undeny', { THUMBPRINT }),
  },
  certificate_not_trusted: {
    advice:
      'Anybody can send a certificate, with any name in it. Ask the owner of the caller over another channel for its SHA-256 thumbprint, compare all 64 digits, and put it in the place of THUMBPRINT-FROM-THE-OWNER.',
    commands: [
      ...['replacePin', 'addCertificate', 'rotate', 'addIdentity', 'addName', 'addNamedIdentity'],
      ...caCertificates,
    ] as const,
    choose: chooseForUnknownCaller,
  },
  identity_ambiguous: {
    advice:
      'Ask both owners whose certificate it is, and leave it in that identity only. If two trust stores have it, make the two entries equal, or leave it in one store.',
    commands: ['removeEntries'],
    choose: chooseForAmbiguity,
  },
  identity_disabled: {
    advice: purpose,
    commands: ['enable'],
    choose: ({ identity: NAME }) => choose('enable', { NAME }),
  },
  identity_expired: {
    advice: 'The end was set on purpose. Ask the owner whether the caller still needs access.',
    commands: ['extend'],
    choose: ({ identity: NAME }, context) => choose('extend', { NAME, TIME: chooseTime(context) }),
  },
  pin_disabled: {
    advice: purpose,
    commands: ['enablePin'],
    choose: ({ identity: NAME, pin, others }) =>
      choose('enablePin', { NAME, PIN: listValues([pin, ...others].filter(({ isDisabled }) => isDisabled === true)) }),
  },
  pin_not_yet_valid: {
    advice: 'The beginning was set on purpose. Until then, the caller is meant to use its previous certificate.',
    ...pinWindow,
  },
  pin_expired: {
    advice:
      'The end was set on purpose, or is the end of the certificate. After a rotation, the caller is meant to use the newer certificate.',
    ...pinWindow,
  },
  trust_unavailable: {
    advice: describeDocumentFault,
    commands: ['sign', 'restore'],
    choose: chooseForDocument,
  },
  certificate_not_yet_valid: 'The certificate is not valid yet.',
  certificate_expired: newCertificate,
  certificate_is_authority: newCertificate,
  certificate_extended_key_usage_unsuitable: {
    ...newCertificate,
    advice: `${newCertificateFirst} Public CAs no longer issue clientAuth: the new one must come from an authority of your own, or the caller must make it for this purpose. Until then, the pin can accept the present one (trust set --accept-without-client-auth-until): see docs/public-certificates.md.`,
  },
  certificate_key_usage_unsuitable: newCertificate,
  certificate_key_unsupported: newCertificate,
  certificate_key_too_weak: newCertificate,
  algorithm_unsupported_by_runtime:
    'Run the app on Node.js, not on Bun, Deno or workerd; for ML-DSA on 24.6 or later, built with OpenSSL 3.5 or later. Or give the caller a certificate with another algorithm.',
  certificate_critical_extension_unknown: newCertificate,
  path_not_found: {
    ...authorityOrPin,
    advice: `The app gets only the caller's own certificate, so the document must have the intermediates. ${renewedAuthority.advice}`,
  },
  path_budget_exhausted:
    "Somebody is probing, or the authority's certificates cross-sign each other: keep only those that are needed in the document.",
  path_signature_invalid: {
    advice:
      'Another authority with the same name signed it: it is a forgery, or the authority has a new key. Get its certificate from the authority itself, never from the caller.',
    ...authorityOrPin,
  },
  path_certificate_malformed: askAuthority,
  path_certificate_not_yet_valid: 'A certificate of the path is not valid yet.',
  path_certificate_expired: renewedAuthority,
  path_authority_unfit: {
    ...renewedAuthority,
    advice: `${reissueAuthority} Get it from the authority itself, never from the caller.`,
  },
  path_length_exceeded: 'A CA issued a CA certificate that it may not issue. Ask the authority.',
  path_name_not_permitted: {
    advice:
      'The CA may not sign for a name of this certificate. The owner should get a certificate from a CA that may; a pin admits the present one until it is replaced.',
    commands: ['addCertificate', 'readLeadingDot'],
    choose: chooseForConstraint,
  },
  path_policy_not_satisfied: askAuthority,
  path_critical_extension_unknown: reissueAuthority,
  path_key_unsupported: reissueAuthority,
  path_algorithm_unsupported: askAuthority,
  path_algorithm_too_weak: askAuthority,
  path_key_too_weak: reissueAuthority,
  path_extended_key_usage_unsuitable: reissueAuthority,
  certificate_revoked: {
    advice:
      'The authority revoked the certificate: never admit it in another way. Ask the authority for a new certificate. An identity with a name under the authority needs no change.',
    commands: ['rotate'],
    choose: ({ pin }, context) => (pin === undefined ? [] : chooseNewCertificate(context)),
  },
  revocation_unavailable: {
    advice: (_context, facts) =>
      `Without a current list, it is unknown which certificates are revoked. Let the authority publish its list in time, and check that the app can reach it and that its number is not below the minimum. A renewed CA key has a list of its own. A command that does not add a list relaxes the check: use it only until the list is there. See docs/authorities.md.${facts !== undefined && 'fault' in facts ? describeLongLifetime(facts.fault) : ''}`,
    commands: ['addRevocationList', 'extendLists', 'acceptNoRevAvail', 'askOnlyCallers'],
    choose: chooseForRevocation,
  },
  function_not_allowed: {
    advice: 'Ask the owner of the function whether this caller may call it.',
    commands: ['addFunction'],
    choose: ({ identity: NAME }, { requirement }) =>
      choose('addFunction', { NAME, FUNCTION: requirement.functionName }),
  },
  role_missing: {
    advice:
      'Ask the owner of the function whether this caller may have the role: it opens every function that requires it.',
    commands: ['addRole'],
    choose: ({ identity: NAME, roles }, { requirement }) => {
      const missing = requirement.roles.filter((anyOf) => !anyOf.some((role) => roles.includes(role)));
      return choose('addRole', { NAME, ROLE: listFirst(missing) });
    },
  },
  internal_fault:
    'Certgate itself failed, and admitted nobody. Report it with the detail: as SECURITY.md says if an attacker could use it, otherwise as an issue.',
};

/** A remedy in the form of `trust explain --json`. */
export interface ReportedRemedy {
  readonly code: DenialCode;
  readonly verifyFirst: string;
  readonly choices: readonly ReportedChoice[];
}

export interface ReportedChoice {
  /** When to take this choice; null if it has no condition. */
  readonly when: string | null;
  /** Commands to be run in this order. A person replaces words like THUMBPRINT-FROM-THE-OWNER first. */
  readonly commands: readonly string[];
  /** What a person must get before they run a command, such as files; null if nothing is missing. */
  readonly needs: string | null;
}

/** The denials that depend on the time. For these, a clock may be wrong. */
const byTime: ReadonlySet<string> = new Set([
  ...Object.entries(entryRules).flatMap(([code, { bound }]) => (bound === 'on' ? [] : [code])),
  ...['certificate_not_yet_valid', 'certificate_expired', 'path_certificate_not_yet_valid', 'path_certificate_expired'],
  'revocation_unavailable',
]);

/**
 * Finds what ends a denial. `facts` may be absent, for example if a custom trust store of the app refused, or if a line
 * of the log doesn't contain them.
 */
export function findRemedy(
  { code, facts, identityName }: Pick<Denial, 'code' | 'facts' | 'identityName'>,
  known: Omit<RemedyContext, 'identityName'>,
): ReportedRemedy {
  const context = { ...known, identityName };
  const rule: string | RemedyRule<never> = denialRemedies[code];
  const { advice, choose: list } = typeof rule === 'string' ? { advice: rule, choose: () => [] } : rule;
  const choices = facts === undefined ? [] : list(facts as never, context);
  return {
    code,
    verifyFirst: `${typeof advice === 'string' ? advice : advice(context, facts as never)}${byTime.has(code) ? describeClock(context) : ''}`,
    choices: choices.map(({ when, commands, needs }) => ({
      when: when ?? null,
      commands: commands.map(({ template, values, store = context.store }) =>
        formatChange(template, values, { ...context, store }),
      ),
      needs: needs ?? null,
    })),
  };
}

function describeClock({ decidedAt }: RemedyContext): string {
  return decidedAt === undefined
    ? ' The clock of the app may be wrong, or that of the machine that made the certificate or the list.'
    : ` Decided at ${formatInstant(decidedAt)} by the clock of the app: if that was not the time, correct that clock; the clock of the machine that made the certificate or the list may be wrong too.`;
}

import type { Denial, DenialCode, DenialFacts } from '@certgate/core/internal';
import { formatInstant } from '@certgate/core/internal';
import { formatToolCall } from '../../faults/tool-call.js';
import { type RemedyTemplate, formatChange } from './command-template.js';
import {
  chooseForAuthority,
  chooseForAmbiguity,
  chooseForConstraint,
  chooseForDenied,
  chooseForRevocationSource,
  chooseForStranger,
  chooseToRenewCa,
} from './recognition-choices.js';
import {
  type RemedyChoice,
  type RemedyContext,
  chooseForPinIssuer,
  chooseForPinWindow,
  chooseNewCertificate,
  chooseToEnable,
  chooseToEnablePins,
  chooseToExtend,
  chooseToGrantFunction,
  chooseToGrantRoles,
  chooseToSign,
  run,
} from './remedy-choices.js';

/** What ends a denial, as `explain` prints it and docs/errors.md lists it, from a certificate and from a line of the log. */
interface RemedyRule<Code extends DenialCode> {
  /** What to do, or what somebody must know before they run a command. */
  readonly verifyFirst: string | ((context: RemedyContext) => string);
  /** The decision depends on the time: a clock may be wrong. */
  readonly isByTime?: true;
  /** Every template that `choose` may use, for docs/errors.md. */
  readonly commands?: readonly RemedyTemplate[];
  readonly choose?: (facts: DenialFacts[Code], context: RemedyContext) => readonly RemedyChoice[];
}

const newCertificateFirst =
  'No change can make this certificate valid. Get a new one from the owner of the caller over a channel that you trust.';
const newCertificate = {
  verifyFirst: newCertificateFirst,
  commands: ['rotate'],
  choose: (_facts: unknown, { identityName }: RemedyContext) => chooseNewCertificate(identityName),
} as const;
const renewedAuthority: RemedyRule<'path_certificate_expired'> = {
  verifyFirst:
    "Get the authority's certificate from the authority itself, never from the caller: every certificate that it signs can be admitted.",
  commands: ['addIntermediate', 'addTrustAnchor', 'removeCaCertificate'],
  choose: chooseToRenewCa,
};
const authorityOrPin = {
  commands: ['addIntermediate', 'addTrustAnchor', 'removeCaCertificate', 'removePin', 'addCertificate'],
  choose: (facts: DenialFacts['path_not_found'], context: RemedyContext) => [
    ...chooseForAuthority(facts, context),
    ...chooseForPinIssuer(facts, context),
  ],
} as const;
const purpose = ({ store }: RemedyContext): string =>
  `Somebody did this on purpose. To see why: ${formatToolCall(['trust', 'log', '--store', store])}.`;
const pinWindow = {
  commands: ['clearPinStart', 'movePinEnd', 'removePin', 'rotate'],
  choose: chooseForPinWindow,
  isByTime: true,
} as const;
const frontEndPages = 'See docs/front-ends.md.';
const askAuthority = 'The authority must issue another certificate; no change of the document makes this one valid.';
const reissueAuthority =
  'A CA certificate of the path does not fit. Ask the authority for one that does, and add it to the document.';

/** By denial code. Every code has its entry, so that none can be forgotten. */
export const denialRemedies: { readonly [Code in DenialCode]: RemedyRule<Code> } = {
  front_end_unknown: {
    verifyFirst: `Name what ends TLS in front of the app: the option frontEnd, or the app setting CERTGATE_FRONT_END. ${frontEndPages}`,
  },
  front_end_contradicted: {
    verifyFirst: `Name the front end that is really there, once: in the code or in CERTGATE_FRONT_END. ${frontEndPages}`,
  },
  front_end_unproven: {
    verifyFirst: `Let the front end send a secret and give the app the same in CERTGATE_FRONT_END_SECRET, or say what keeps others from reaching the app. ${frontEndPages}`,
  },
  front_end_bypassed: {
    verifyFirst:
      'If all calls are refused so, the front end sends no secret, or another one than CERTGATE_FRONT_END_SECRET: a rotation was made on one side only. If only some are, somebody calls the app past the front end: close that way.',
  },
  http_streaming_ambiguous: {
    verifyFirst:
      'A caller that disconnects early causes this, and it is harmless. If it is frequent, update the Functions host and @azure/functions.',
  },
  mcp_transport_unsupported: { verifyFirst: 'The client must call /runtime/webhooks/mcp, without /sse.' },
  mcp_headers_unavailable: { verifyFirst: 'Update the extension bundle in host.json.' },
  gate_setup_failed: {
    verifyFirst: 'Correct what secureApp threw, and do not catch its errors. Then deploy the app again.',
  },
  gate_not_installed: {
    verifyFirst: 'Call secureApp (or close the server) before functions with a role are registered.',
  },
  invocation_unknown: { verifyFirst: 'A hook or handler must pass on the very context that the worker gave it.' },
  certificate_missing: {
    verifyFirst:
      'The caller must send its certificate. If it does, look at the app: the client certificate mode must not be Ignore, the path no exclusion path, the call no plain HTTP, and the front end the one that the app names.',
  },
  certificate_malformed: {
    verifyFirst: `The front end must write the header as the app expects it: compare frontEnd with what is there. ${frontEndPages} If a client set the header itself, it bypassed the front end.`,
  },
  certificate_multiple: {
    verifyFirst: 'A client or another proxy set the header too. Let the front end replace what clients send.',
  },
  certificate_too_large: { verifyFirst: 'Issue a smaller certificate.' },
  certificate_verification_failed: {
    verifyFirst: `Give the front end the CA that issued this certificate, or let it send UNVERIFIED. ${frontEndPages}`,
  },
  trust_locked: {
    verifyFirst: (context) =>
      context.isLockedBySetting
        ? 'Somebody set the app setting CERTGATE_LOCKED on purpose. To end it, remove the setting and restart the app; no change of the document does.'
        : `${purpose(context)} After the unlock every caller that the document lists is admitted again.`,
    commands: ['unlock'],
    choose: (_facts, { isLockedBySetting }) => (isLockedBySetting ? [] : [{ commands: [run('unlock', {})] }]),
  },
  certificate_on_deny_list: {
    verifyFirst: (context) =>
      `${purpose(context)} A certificate is denied when its key is lost: if it is, the caller needs a new one.`,
    commands: ['undeny', 'undenySerial'],
    choose: chooseForDenied,
  },
  certificate_not_trusted: {
    verifyFirst:
      'Anybody can send a certificate, with any name in it. Ask the owner of the caller over another channel for its SHA-256 thumbprint, compare all 64 digits, and put it in the place of THUMBPRINT-FROM-THE-OWNER.',
    commands: [
      'removePin',
      'addCertificate',
      'rotate',
      'addIdentity',
      'addName',
      'addNamedIdentity',
      'addIntermediate',
      'addTrustAnchor',
      'removeCaCertificate',
    ],
    choose: chooseForStranger,
  },
  identity_ambiguous: {
    verifyFirst: 'Ask both owners whose certificate it is: the other one loses it.',
    commands: ['removePin', 'removeName'],
    choose: chooseForAmbiguity,
  },
  identity_disabled: { verifyFirst: purpose, commands: ['enable'], choose: chooseToEnable },
  identity_expired: {
    verifyFirst: 'The end was set on purpose. Ask the owner whether the caller still needs access.',
    isByTime: true,
    commands: ['extend'],
    choose: chooseToExtend,
  },
  pin_disabled: { verifyFirst: purpose, commands: ['enablePin'], choose: chooseToEnablePins },
  pin_not_yet_valid: {
    verifyFirst: 'The beginning was set on purpose. Until then, the caller is meant to use its previous certificate.',
    ...pinWindow,
  },
  pin_expired: {
    verifyFirst:
      'The end was set on purpose, or is the end of the certificate. After a rotation, the caller is meant to use the newer certificate.',
    ...pinWindow,
  },
  trust_unavailable: {
    verifyFirst: ({ store }) =>
      `The detail names the source and its fault. To see who changed the document: ${formatToolCall(['trust', 'log', '--store', store])}. To check it: ${formatToolCall(['trust', 'check', '--store', store])}.`,
    commands: ['sign'],
    choose: (_facts, context) => chooseToSign(context),
  },
  certificate_not_yet_valid: { verifyFirst: 'The certificate begins later.', isByTime: true },
  certificate_expired: { ...newCertificate, isByTime: true },
  certificate_is_authority: newCertificate,
  certificate_extended_key_usage_unsuitable: {
    ...newCertificate,
    verifyFirst: `${newCertificateFirst} Public CAs no longer issue clientAuth: the new one must come from an authority of your own, or the caller must make it for this purpose. Until then, the pin can accept the present one (trust set --accept-without-client-auth-until): see docs/public-certificates.md.`,
  },
  certificate_key_usage_unsuitable: newCertificate,
  certificate_key_unsupported: newCertificate,
  certificate_key_too_weak: newCertificate,
  algorithm_unsupported_by_runtime: {
    verifyFirst:
      'Run the app on Node.js 24.6 or later, built with OpenSSL 3.5 or later; or give the caller a certificate with RSA, EC or Ed25519.',
  },
  certificate_critical_extension_unknown: newCertificate,
  path_not_found: { ...renewedAuthority, ...authorityOrPin },
  path_budget_exhausted: {
    verifyFirst:
      "Somebody is probing, or the authority's certificates cross-sign each other: keep only those that are needed in the document.",
  },
  path_signature_invalid: {
    verifyFirst:
      'Another authority of the same name signed it: a forgery, or the authority has a new key. Get its certificate from the authority itself, never from the caller.',
    ...authorityOrPin,
  },
  path_certificate_malformed: { verifyFirst: askAuthority },
  path_certificate_not_yet_valid: { verifyFirst: 'A certificate of the path begins later.', isByTime: true },
  path_certificate_expired: { ...renewedAuthority, isByTime: true },
  path_authority_unfit: {
    ...renewedAuthority,
    verifyFirst: `${reissueAuthority} Get it from the authority itself, never from the caller.`,
  },
  path_length_exceeded: { verifyFirst: 'A CA issued a CA certificate that it may not issue. Ask the authority.' },
  path_name_not_permitted: {
    verifyFirst:
      'The CA may not sign for a name of this certificate. The owner should get a certificate from a CA that may; a pin admits the present one all the same.',
    commands: ['addCertificate', 'readLeadingDot'],
    choose: chooseForConstraint,
  },
  path_policy_not_satisfied: { verifyFirst: askAuthority },
  path_critical_extension_unknown: { verifyFirst: reissueAuthority },
  path_key_unsupported: { verifyFirst: reissueAuthority },
  path_algorithm_unsupported: { verifyFirst: askAuthority },
  path_algorithm_too_weak: { verifyFirst: askAuthority },
  path_key_too_weak: { verifyFirst: reissueAuthority },
  path_extended_key_usage_unsuitable: { verifyFirst: reissueAuthority },
  certificate_revoked: {
    verifyFirst:
      'The authority revoked the certificate: never admit it in another way. Ask the authority for a new certificate. An identity with a name under the authority needs no change.',
    commands: ['rotate'],
    choose: ({ pin }, { identityName }) => (pin === undefined ? [] : chooseNewCertificate(identityName)),
  },
  revocation_unavailable: {
    verifyFirst:
      'Without a current list, it is unknown which certificates are revoked. Let the authority publish its list in time, and check that the app can reach it.',
    isByTime: true,
    commands: ['addRevocationList', 'extendLists', 'acceptNoRevAvail', 'askOnlyCallers'],
    choose: chooseForRevocationSource,
  },
  function_not_allowed: {
    verifyFirst: 'Ask the owner of the function whether this caller may call it.',
    commands: ['addFunction'],
    choose: chooseToGrantFunction,
  },
  role_missing: {
    verifyFirst:
      'Ask the owner of the function whether this caller may have the role: it opens every function that requires it.',
    commands: ['addRole'],
    choose: chooseToGrantRoles,
  },
  internal_fault: {
    verifyFirst: 'Report it with the detail: as SECURITY.md says if an attacker could use it, otherwise as an issue.',
  },
};

/** As `trust explain --json` prints it. */
export interface ReportedRemedy {
  readonly code: DenialCode;
  readonly verifyFirst: string;
  readonly choices: readonly ReportedChoice[];
}

export interface ReportedChoice {
  /** Null: there is one choice alone. */
  readonly when: string | null;
  /** To be run in this order, as they are. */
  readonly commands: readonly string[];
  /** A file of a command that somebody has to get first. */
  readonly needs: string | null;
}

/** `facts` are absent where a store of the app's own refused, and where a line of the log doesn't tell them. */
export function findRemedy({ code, facts }: Pick<Denial, 'code' | 'facts'>, context: RemedyContext): ReportedRemedy {
  const { store, requirement, decidedAt } = context;
  const { verifyFirst, isByTime, choose }: RemedyRule<never> = denialRemedies[code];
  const choices = facts === undefined || choose === undefined ? [] : choose(facts as never, context);
  const clock =
    isByTime === true
      ? decidedAt === undefined
        ? ' The clock of the app may be wrong, or that of the machine that made the certificate or the list.'
        : ` Decided at ${formatInstant(decidedAt)} by the clock of the app: if that was not the time, correct that clock; the clock of the machine that made the certificate or the list may be wrong too.`
      : '';
  // True of every case; who runs it knows more, and may say it.
  const reason = context.reason ?? `${code} at ${requirement.functionName}`;
  return {
    code,
    verifyFirst: `${typeof verifyFirst === 'string' ? verifyFirst : verifyFirst(context)}${clock}`,
    choices: choices.map(({ when, commands, needs }) => ({
      when: when ?? null,
      commands: commands.map(({ template, values }) => formatChange(template, values, { reason, store })),
      needs: needs ?? null,
    })),
  };
}

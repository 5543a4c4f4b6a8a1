import type { Denial, DenialCode, DenialFacts } from '@certgate/core/internal';
import { type RemedyTemplate, formatChange } from './command-template.js';
import {
  chooseForAuthority,
  chooseForAmbiguity,
  chooseForDenied,
  chooseForRevocationSource,
  chooseForStranger,
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

/** What ends a denial, as `explain` prints it and docs/errors.md lists it. */
interface RemedyRule<Code extends DenialCode> {
  /** What somebody must know before; absent: nothing but that the caller may call. */
  readonly verifyFirst?: string;
  /** Every template that `choose` may use, for docs/errors.md. */
  readonly commands: readonly RemedyTemplate[];
  readonly choose: (facts: DenialFacts[Code], context: RemedyContext) => readonly RemedyChoice[];
}

const noCommand: RemedyRule<DenialCode> = { commands: [], choose: () => [] };
const newCertificateFirst =
  'No change can make this certificate valid. Get a new one from the owner of the caller over a channel that you trust.';
const newCertificate: RemedyRule<DenialCode> = {
  verifyFirst: newCertificateFirst,
  commands: ['rotate'],
  choose: (_facts, { identityName }) => chooseNewCertificate(identityName),
};
const renewedAuthority: RemedyRule<'path_certificate_expired'> = {
  verifyFirst:
    "Get the authority's certificate from the authority itself, never from the caller: every certificate that it signs can be admitted.",
  commands: ['addIntermediate', 'addTrustAnchor'],
  choose: chooseForAuthority,
};
const purpose = 'Somebody did this on purpose. To see why: npx --no-install certgate trust log';
const pinWindow = {
  commands: ['clearPinStart', 'movePinEnd', 'removePin', 'rotate'],
  choose: chooseForPinWindow,
} as const;

/** By denial code. Every code has its entry, so that none can be forgotten. */
export const denialRemedies: { readonly [Code in DenialCode]: RemedyRule<Code> } = {
  front_end_unknown: noCommand,
  front_end_contradicted: noCommand,
  front_end_unproven: noCommand,
  front_end_bypassed: noCommand,
  http_streaming_ambiguous: noCommand,
  mcp_transport_unsupported: noCommand,
  mcp_headers_unavailable: noCommand,
  gate_setup_failed: noCommand,
  gate_not_installed: noCommand,
  invocation_unknown: noCommand,
  certificate_missing: noCommand,
  certificate_malformed: noCommand,
  certificate_multiple: noCommand,
  certificate_too_large: noCommand,
  certificate_verification_failed: noCommand,
  trust_locked: {
    verifyFirst: `${purpose}. After the unlock every caller that the document lists is admitted again.`,
    commands: ['unlock'],
    // No command takes away an app setting.
    choose: (facts) => ('setting' in facts ? [] : [{ commands: [run('unlock', {})] }]),
  },
  certificate_on_deny_list: {
    verifyFirst: `${purpose}. A certificate is denied when its key is lost: if it is, the caller needs a new one.`,
    commands: ['undeny', 'undenySerial'],
    choose: chooseForDenied,
  },
  certificate_not_trusted: {
    verifyFirst:
      'Anybody can send a certificate, with any name in it. Ask the owner of the caller over another channel for its SHA-256 thumbprint, and compare all 64 digits.',
    commands: [
      'removePin',
      'addCertificate',
      'rotate',
      'addIdentity',
      'addName',
      'addNamedIdentity',
      'addIntermediate',
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
    verifyFirst: 'To see who changed the document, and what: npx --no-install certgate trust log',
    commands: ['sign'],
    choose: (_facts, context) => chooseToSign(context),
  },
  certificate_not_yet_valid: noCommand,
  certificate_expired: newCertificate,
  certificate_is_authority: newCertificate,
  certificate_extended_key_usage_unsuitable: {
    ...newCertificate,
    verifyFirst: `${newCertificateFirst} Public CAs no longer issue clientAuth: the new one must come from an authority of your own, or the caller must make it for this purpose. Until then, the pin can accept the present one (trust set --accept-without-client-auth-until): see docs/public-certificates.md.`,
  },
  certificate_key_usage_unsuitable: newCertificate,
  certificate_key_unsupported: newCertificate,
  certificate_key_too_weak: newCertificate,
  algorithm_unsupported_by_runtime: noCommand,
  certificate_critical_extension_unknown: newCertificate,
  path_not_found: {
    ...renewedAuthority,
    commands: ['addIntermediate', 'addTrustAnchor', 'removePin', 'addCertificate'],
    choose: chooseForAuthorityOrPin,
  },
  path_budget_exhausted: noCommand,
  path_signature_invalid: {
    verifyFirst:
      'Another authority of the same name signed it: a forgery, or the authority has a new key. Get its certificate from the authority itself, never from the caller.',
    commands: ['addIntermediate', 'addTrustAnchor', 'removePin', 'addCertificate'],
    choose: chooseForAuthorityOrPin,
  },
  path_certificate_malformed: noCommand,
  path_certificate_not_yet_valid: noCommand,
  path_certificate_expired: renewedAuthority,
  path_authority_unfit: noCommand,
  path_length_exceeded: noCommand,
  path_name_not_permitted: noCommand,
  path_policy_not_satisfied: noCommand,
  path_critical_extension_unknown: noCommand,
  path_key_unsupported: noCommand,
  path_algorithm_unsupported: noCommand,
  path_algorithm_too_weak: noCommand,
  path_key_too_weak: noCommand,
  path_extended_key_usage_unsuitable: noCommand,
  certificate_revoked: {
    verifyFirst:
      'The authority revoked the certificate: never admit it in another way. Ask the authority for a new certificate. An identity with a name under the authority needs no change.',
    commands: ['rotate'],
    choose: ({ pin }, { identityName }) => (pin === undefined ? [] : chooseNewCertificate(identityName)),
  },
  revocation_unavailable: {
    verifyFirst:
      'Without a list, it is unknown which certificates are revoked. Check whether the authority publishes its list in time, and whether the app can reach it.',
    commands: ['addRevocationList'],
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
  internal_fault: noCommand,
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

function chooseForAuthorityOrPin(
  facts: DenialFacts['path_not_found'],
  context: RemedyContext,
): readonly RemedyChoice[] {
  return [...chooseForAuthority(facts, context), ...chooseForPinIssuer(facts, context)];
}

/** Null where the denial is not the document's to mend: docs/errors.md says what is. */
export function findRemedy({ code, facts }: Denial, context: RemedyContext): ReportedRemedy | null {
  const { store, requirement } = context;
  const { verifyFirst, choose }: RemedyRule<never> = denialRemedies[code];
  if (verifyFirst === undefined) return null;
  const choices = facts === undefined ? [] : choose(facts as never, context);
  // True of every case; who runs it knows more, and may say it.
  const reason = `${code} at ${requirement.functionName}`;
  return {
    code,
    verifyFirst,
    choices: choices.map(({ when, commands, needs }) => ({
      when: when ?? null,
      commands: commands.map(({ template, values }) => formatChange(template, values, { reason, store })),
      needs: needs ?? null,
    })),
  };
}

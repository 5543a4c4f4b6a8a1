import { escapeInvisible, shortenText } from '@certgate/x509/internal';
import type { DenialFacts, PinEntry, StrangerFacts } from '../denial-facts.js';
import { describeInstant, type Sentences, repeatFault } from './sentence-parts.js';

type TrustCode = Extract<
  keyof DenialFacts,
  | `trust_${string}`
  | `identity_${string}`
  | `pin_${string}`
  | `path_${string}`
  | 'certificate_on_deny_list'
  | 'certificate_not_trusted'
  | 'certificate_revoked'
  | 'revocation_unavailable'
>;

/** The sentences about the trust document and about certification paths. */
export const trustSentences: Sentences<TrustCode> = {
  trust_locked: (facts) =>
    'setting' in facts
      ? `The environment variable ${facts.setting} is set, so nobody is admitted, whatever the trust document says. To end it, remove the variable and restart the app.`
      : `The trust document is locked since ${describeInstant(facts.since)} by ${facts.by}: ${facts.reason}. Nobody is admitted until \`certgate trust unlock\`.`,
  certificate_on_deny_list: ({ entry, certificate, question }) => {
    const { path, reason } = entry;
    const denied = `The certificate is on the trust document's deny list (${path})${reason === undefined ? '' : `: ${reason}`}.`;
    const fault =
      certificate === undefined ? denied : `The certification path leads through "${certificate.subject}". ${denied}`;
    return repeatFault({ ...question, fault });
  },
  certificate_not_trusted: describeUnknownCaller,
  identity_ambiguous: ({ identities: [one, other], isAcrossStores }) => {
    const [first, second] = [one?.identity ?? '', other?.identity ?? ''];
    if (isAcrossStores !== true)
      return `The certificate belongs to two identities, "${first}" and "${second}"; leave it in one.`;
    return first === second
      ? `Two trust stores know the certificate as "${first}" and give it different roles or functions; make the entries equal, or leave it in one store.`
      : `The certificate belongs to two identities, "${first}" and "${second}", in two trust stores; leave it in one.`;
  },
  identity_disabled: ({ identity }) => `The identity "${identity}" is disabled in the trust document.`,
  identity_expired: ({ identity, expiresAt }) =>
    `The identity "${identity}" ended at ${describeInstant(expiresAt)} (expiresAt).`,
  pin_disabled: (facts) => `${describeRefusedPin(facts)} is disabled in the trust document.`,
  pin_not_yet_valid: (facts) =>
    'isOfStore' in facts
      ? `What admits "${facts.identity}" has not begun.`
      : `${describeRefusedPin(facts)} begins at ${describeInstant(facts.notBefore)} (notBefore).`,
  pin_expired: (facts) =>
    'isOfStore' in facts
      ? `What admitted "${facts.identity}" has ended.`
      : `${describeRefusedPin(facts)} ended at ${describeInstant(facts.notAfter)} (notAfter).${describeOwnEnd(facts)}`,
  path_budget_exhausted: (facts) =>
    'nameCount' in facts
      ? `The certificate has ${facts.nameCount} names, of which ${facts.limit} are compared at most; issue one with fewer.`
      : repeatFault(facts),
  path_certificate_malformed: (facts) =>
    'authority' in facts ? repeatFault(facts) : `No path can lead to what is not a certificate: ${facts.fault}.`,
  revocation_unavailable: (facts) =>
    'isOfStore' in facts ? `The revocation information on "${facts.identity}" is not current.` : repeatFault(facts),
};

/**
 * Names the pin. A pin of the certificate's other signature has another hash than the thumbprint in the log, so it is
 * remarked.
 */
function describeRefusedPin({ identity, pin }: { readonly identity: string; readonly pin: PinEntry }): string {
  const remark = pin.isOfTwin === true ? ', of the same certificate under its other ECDSA signature,' : '';
  return `This pin of "${identity}"${remark}`;
}

/**
 * Whether the certificate itself has ended too: `trust add --certificate` copies the certificate's end to the pin, and
 * the gate reports the pin's end first.
 */
function describeOwnEnd({
  certificateNotAfter: end,
  isCertificateExpired,
}: Extract<DenialFacts['pin_expired'], PinEntry | { readonly notAfter: number }>): string {
  if (end === undefined) return '';
  return isCertificateExpired === true
    ? ` The certificate itself has expired too, at ${describeInstant(end)}: the caller needs a new one, and a longer pin does not help.`
    : ` The certificate itself is valid until ${describeInstant(end)}.`;
}

function describeUnknownCaller(facts: StrangerFacts): string {
  const { authorities, names, attributeWithoutText: odd, decodingFault, chainFault } = facts;
  if (authorities === undefined) {
    return chainFault === undefined
      ? // A log line is not a reason to admit anybody, because the caller chooses what the line shows.
        'No identity of the trust document has this certificate, and anybody can send one: before you add it, compare its thumbprint with the one that the owner of the caller gives you over another channel.'
      : `No authority of the trust document has its issuer's name. ${chainFault}`;
  }
  const issuers = authorities.map((name) => `"${name}"`).join(', ');
  if (decodingFault !== undefined)
    return `It names an issuer of ${issuers}, and no name of it can be compared, since it is not a certificate: ${decodingFault}.`;
  const texts = names?.map(({ type, value }) => `${type} ${value}`);
  const listed = texts?.length === 0 ? 'no name that an identity could have' : texts?.join(', ');
  const shown = listed === undefined ? '' : ` (${escapeInvisible(shortenText(listed))})`;
  const remark = odd === undefined ? '' : ` Its ${shortenText(odd)} is not text, and names no identity.`;
  return `It names an issuer of ${issuers}, and no identity of the trust document is bound there to any of its names${shown}; before you add one, ask the owner of the caller over another channel whether the certificate is the caller's.${remark}`;
}

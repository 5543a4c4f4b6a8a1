import { formatInstant } from '@certgate/x509/internal';
import { type ClientAuthLoss, describeIssuance } from '../access/client-auth.js';
import { findEndingAuthority } from '../access/authentication.js';
import type { ClientIdentity } from '../access/decision.js';
import type { TrustedIdentity } from '../trust-snapshot/trust-snapshot.js';
import { type Draft, type LineStart, startLine } from './log-text.js';

/**
 * A caller's access ends soon. Level warning, once a day per instance and certificate or identity; at most 1,000
 * certificates and 500 identities a day.
 */
export interface ExpiryLogLine extends LineStart<'expiry'> {
  /** What the line is about. */
  readonly code: 'access_ends_soon';
  /** The identity's name in the trust document. */
  readonly identity: string;
  /** Who is responsible for the identity, if the trust document says so. */
  readonly owner?: string;
  /** The SHA-256 of the certificate in use, or of the pinned one, in upper-case hexadecimal. */
  readonly thumbprintSha256?: string;
  /** RFC 3339: when the caller begins to be refused. */
  readonly endsAt: string;
  /**
   * What ends first. `certificate`: its own `notAfter`. `authority`: the `notAfter` of a CA certificate above it.
   * `trust`: the pin, the identity, or what a custom store returned.
   */
  readonly endsFirst: 'certificate' | 'authority' | 'trust';
  /** How much the certificate looks like one of a public CA. Such a CA's next certificate may lack `clientAuth`. */
  readonly publicIssuance?: ClientAuthLoss['verdict'];
  /** What ends and what to do. */
  readonly detail: string;
}

/**
 * A certificate in use looks like one of a public CA. If its successor lacks `clientAuth`, the gate will refuse it,
 * unless a pin's grace period accepts it. Level warning, once a day per instance and certificate.
 */
export interface RenewalLogLine extends LineStart<'renewal'> {
  /** What the line is about. */
  readonly code: 'client_auth_ends_at_renewal';
  /** The identity's name in the trust document. */
  readonly identity: string;
  /** Who is responsible for the identity, if the trust document says so. */
  readonly owner?: string;
  /** The SHA-256 of the certificate in use, in upper-case hexadecimal. */
  readonly thumbprintSha256: string;
  /** RFC 3339: when the certificate ends. */
  readonly endsAt: string;
  /** How much the certificate looks like one of a public CA. */
  readonly publicIssuance: ClientAuthLoss['verdict'];
  /** The signs of a public CA that the certificate has. */
  readonly evidence: ClientAuthLoss['evidence'];
  /** What to do. */
  readonly detail: string;
}

/** Makes the line. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
export function createRenewalLine(
  { name, owner, certificate }: ClientIdentity,
  loss: ClientAuthLoss,
  now: number,
): Draft<RenewalLogLine> {
  const endsAt = formatInstant(certificate.notAfter);
  return {
    ...startLine('renewal', now),
    code: 'client_auth_ends_at_renewal',
    identity: name,
    owner,
    thumbprintSha256: certificate.thumbprintSha256,
    endsAt,
    publicIssuance: loss.verdict,
    evidence: loss.evidence,
    detail: `The certificate that "${name}" uses looks like one of a public CA (${describeIssuance(loss)}), and ends at ${endsAt}. ${lossDetail}`,
  };
}

const lossDetail =
  'Public CAs no longer issue clientAuth, so the next certificate will be refused: before that, give the caller a certificate from an authority of your own, or pin one that it makes for this purpose. See docs/public-certificates.md.';

/**
 * Makes the line. `isAutomated`: the certificate is of a kind that is renewed automatically. `now` is in milliseconds
 * since 1970-01-01T00:00:00Z.
 */
export function createExpiryLine(
  identity: ClientIdentity,
  isAutomated: boolean,
  loss: ClientAuthLoss | undefined,
  now: number,
): Draft<ExpiryLogLine> {
  const { name, owner, certificate, accessEndsAt } = identity;
  const { thumbprintSha256, notAfter } = certificate;
  const authority = findEndingAuthority(identity);
  const endsFirst = accessEndsAt === notAfter ? 'certificate' : authority === undefined ? 'trust' : 'authority';
  const endsAt = formatInstant(accessEndsAt);
  return {
    ...startLine('expiry', now),
    code: 'access_ends_soon',
    identity: name,
    owner,
    thumbprintSha256,
    endsAt,
    endsFirst,
    publicIssuance: loss?.verdict,
    detail:
      describeEnd(identity, { endsFirst, endsAt, isAutomated, authority }) +
      (loss === undefined ? '' : ` ${lossDetail}`),
  };
}

/**
 * Makes the line about an identity that the trust document lists, whether it has called or not. `isOfPin`: its last pin
 * ends before the identity does, or at the same time.
 */
export function createListedEndLine(
  { name, owner }: Pick<TrustedIdentity, 'name' | 'owner'>,
  given: { readonly endsAt: number; readonly isOfPin: boolean; readonly thumbprintSha256: string | undefined },
  now: number,
): Draft<ExpiryLogLine> {
  const { isOfPin, thumbprintSha256 } = given;
  const endsAt = formatInstant(given.endsAt);
  return {
    ...startLine('expiry', now),
    code: 'access_ends_soon',
    identity: name,
    owner,
    thumbprintSha256,
    endsAt,
    endsFirst: 'trust',
    detail: isOfPin
      ? `The last pin of "${name}" in the trust document ends at ${endsAt}: add a pin for the caller's newer certificate, or extend this one.`
      : `The trust document ends the identity "${name}" at ${endsAt} (expiresAt): extend it if the caller still needs access.`,
  };
}

interface AccessEnd extends Pick<ExpiryLogLine, 'endsFirst' | 'endsAt'> {
  readonly isAutomated: boolean;
  readonly authority: string | undefined;
}

function describeEnd(
  { name, matchedBy, accessEndsAt, withoutClientAuthUntil }: ClientIdentity,
  { endsFirst, endsAt, isAutomated, authority }: AccessEnd,
): string {
  if (isAutomated)
    return `The certificate that "${name}" uses ends at ${endsAt}, and nine tenths of its lifetime are over: check why it was not renewed.`;
  if (endsFirst === 'certificate')
    return `The certificate that "${name}" uses ends at ${endsAt}: the caller needs a new one, and its pin in the trust document.`;
  if (endsFirst === 'authority')
    return `The CA certificate "${authority}", which vouches for "${name}" (${matchedBy}), ends at ${endsAt}: the operator of the CA must renew it, and you must add the renewed one to the authority in the trust document. No change of the identity helps.`;
  return accessEndsAt === withoutClientAuthUntil
    ? `The certificate that "${name}" uses lacks clientAuth, and its pin accepts that until ${endsAt} (acceptWithoutClientAuth): before that, the caller needs a certificate with clientAuth. See docs/public-certificates.md.`
    : `The trust document ends the access of "${name}" with this certificate at ${endsAt}: extend it, or let the caller change over to the newer certificate.`;
}

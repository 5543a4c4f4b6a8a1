import { formatInstant } from '@certgate/x509/internal';
import { type ClientAuthLoss, describeIssuance } from '../access/client-auth.js';
import type { ClientIdentity } from '../access/decision.js';
import type { TrustedIdentity } from '../trust-snapshot/trust-snapshot.js';
import { type LineStart, startLine } from './log-text.js';

/**
 * A certificate in use will soon be refused, or a caller that the trust document lists. Level warning, once a day per
 * instance and certificate, or identity.
 */
export interface ExpiryLogLine extends LineStart<'expiry'> {
  readonly code: 'access_ends_soon';
  readonly identity: string;
  /** Who answers for the identity, where the trust document says it. */
  readonly owner?: string;
  /** Absent where no certificate is known: the line is about what the trust document says alone. */
  readonly thumbprintSha256?: string;
  /** RFC 3339. */
  readonly endsAt: string;
  /** What ends first: the certificate itself, or what the trust document (or store) says of it: its pin, its identity. */
  readonly endsFirst: 'certificate' | 'trust';
  /** Where the certificate looks like one of a public CA: how much. Its successor will then lack clientAuth. */
  readonly publicIssuance?: ClientAuthLoss['verdict'];
  readonly detail: string;
}

/**
 * A certificate in use looks like one of a public CA, so that its successor will lack clientAuth, and be refused. Level
 * warning, once a day per instance and certificate.
 */
export interface RenewalLogLine extends LineStart<'renewal'> {
  readonly code: 'client_auth_ends_at_renewal';
  readonly identity: string;
  /** Who answers for the identity, where the trust document says it. */
  readonly owner?: string;
  readonly thumbprintSha256: string;
  /** RFC 3339: when the certificate ends. Its renewal comes before. */
  readonly endsAt: string;
  /** How much it looks so. */
  readonly publicIssuance: ClientAuthLoss['verdict'];
  /** By what. */
  readonly evidence: ClientAuthLoss['evidence'];
  readonly detail: string;
}

/** `now` is in milliseconds. */
export function createRenewalLine(
  { name, owner, certificate }: ClientIdentity,
  loss: ClientAuthLoss,
  now: number,
): RenewalLogLine {
  const endsAt = formatInstant(certificate.notAfter);
  return {
    ...startLine('renewal', now),
    code: 'client_auth_ends_at_renewal',
    identity: name,
    ...(owner === undefined ? {} : { owner }),
    thumbprintSha256: certificate.thumbprintSha256,
    endsAt,
    publicIssuance: loss.verdict,
    evidence: loss.evidence,
    detail: `The certificate that "${name}" uses looks like one of a public CA (${describeIssuance(loss)}), and ends at ${endsAt}. ${lossDetail}`,
  };
}

const lossDetail =
  'Public CAs no longer issue clientAuth, so the next certificate will be refused: before that, give the caller a certificate from an authority of your own, or pin one that it makes for this purpose. See docs/public-certificates.md.';

/** `isAutomated`: the certificate is of a kind that is renewed automatically. */
export function createExpiryLine(
  identity: ClientIdentity,
  isAutomated: boolean,
  loss: ClientAuthLoss | undefined,
  now: number,
): ExpiryLogLine {
  const { name, owner, certificate, accessEndsAt } = identity;
  const { thumbprintSha256, notAfter } = certificate;
  const endsFirst = accessEndsAt === notAfter ? 'certificate' : 'trust';
  const endsAt = formatInstant(accessEndsAt);
  return {
    ...startLine('expiry', now),
    code: 'access_ends_soon',
    identity: name,
    ...(owner === undefined ? {} : { owner }),
    thumbprintSha256,
    endsAt,
    endsFirst,
    ...(loss === undefined ? {} : { publicIssuance: loss.verdict }),
    detail: describeEnd(identity, { endsFirst, endsAt, isAutomated }) + (loss === undefined ? '' : ` ${lossDetail}`),
  };
}

/** Of an identity that the trust document lists, whether or not it has called. `isOfPin`: its last pin ends first. */
export function createListedEndLine(
  { name, owner }: Pick<TrustedIdentity, 'name' | 'owner'>,
  given: { readonly endsAt: number; readonly isOfPin: boolean; readonly thumbprintSha256: string | undefined },
  now: number,
): ExpiryLogLine {
  const { isOfPin, thumbprintSha256 } = given;
  const endsAt = formatInstant(given.endsAt);
  return {
    ...startLine('expiry', now),
    code: 'access_ends_soon',
    identity: name,
    ...(owner === undefined ? {} : { owner }),
    ...(thumbprintSha256 === undefined ? {} : { thumbprintSha256 }),
    endsAt,
    endsFirst: 'trust',
    detail: isOfPin
      ? `The last pin of "${name}" in the trust document ends at ${endsAt}: add a pin for the caller's newer certificate, or extend this one.`
      : `The trust document ends the identity "${name}" at ${endsAt} (expiresAt): extend it if the caller still needs access.`,
  };
}

function describeEnd(
  { name, accessEndsAt, withoutClientAuthUntil }: ClientIdentity,
  { endsFirst, endsAt, isAutomated }: Pick<ExpiryLogLine, 'endsFirst' | 'endsAt'> & { readonly isAutomated: boolean },
): string {
  if (isAutomated)
    return `The certificate that "${name}" uses ends at ${endsAt}, and nine tenths of its lifetime are over: check why it was not renewed.`;
  if (endsFirst === 'certificate')
    return `The certificate that "${name}" uses ends at ${endsAt}: the caller needs a new one, and its pin in the trust document.`;
  return accessEndsAt === withoutClientAuthUntil
    ? `The certificate that "${name}" uses lacks clientAuth, and its pin accepts that until ${endsAt} (acceptWithoutClientAuth): before that, the caller needs a certificate with clientAuth. See docs/public-certificates.md.`
    : `The trust document ends the access of "${name}" with this certificate at ${endsAt}: extend it, or let the caller change over to the newer certificate.`;
}

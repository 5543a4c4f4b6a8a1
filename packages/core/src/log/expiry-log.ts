import { formatInstant, isEndingSoon } from '@certgate/x509/internal';
import { type ClientAuthLoss, describeIssuance, findClientAuthLoss } from '../access/client-auth.js';
import type { ClientIdentity } from '../access/decision.js';
import { DailyNotice } from './daily-notice.js';
import { type LoggingCall, logShapeVersion } from './decision-log.js';
import { formatLogLine } from './log-text.js';

/** A certificate in use will soon be refused. Level warning, once a day per instance and certificate. */
export interface ExpiryLogLine {
  readonly certgate: typeof logShapeVersion;
  readonly event: 'expiry';
  readonly code: 'access_ends_soon';
  readonly identity: string;
  /** Who answers for the identity, where the trust document says it. */
  readonly owner?: string;
  readonly thumbprintSha256: string;
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
export interface RenewalLogLine {
  readonly certgate: typeof logShapeVersion;
  readonly event: 'renewal';
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

/** Warns of certificates in use that will soon be refused, and of those whose successors will be. */
export class ExpiryLog {
  /** By certificate. Whoever holds a key that is pinned can make certificates without end. */
  readonly #notice = new DailyNotice();
  readonly #renewals = new DailyNotice();

  /** For each call that is let in; `now` is in milliseconds. */
  note(context: LoggingCall, identity: ClientIdentity, now: number): void {
    const { certificate } = identity;
    const loss = findClientAuthLoss(certificate);
    if (loss !== undefined && this.#renewals.isDue(certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createRenewalLine(identity, loss)));
    if (isEndDue(identity, now) && this.#notice.isDue(certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createExpiryLine(identity, loss)));
  }
}

const weekMilliseconds = 7 * 86_400_000;

/**
 * Nobody renews a certificate of less than a week by hand. SPIRE renews at half of its life, cert-manager and step at two
 * thirds, Vault's agent at nine tenths: a warning in the last third would be written of every certificate, each hour, and
 * nobody would see the one that was not renewed.
 */
function isOfAutomation({ accessEndsAt, certificate: { notBefore, notAfter } }: ClientIdentity): boolean {
  return accessEndsAt === notAfter && notAfter - notBefore < weekMilliseconds;
}

function isNearlyOver({ notBefore, notAfter }: ClientIdentity['certificate'], now: number): boolean {
  return notAfter - now <= (notAfter - notBefore) / 10;
}

function isEndDue(identity: ClientIdentity, now: number): boolean {
  return isOfAutomation(identity)
    ? isNearlyOver(identity.certificate, now)
    : isEndingSoon(identity.accessBeginsAt, identity.accessEndsAt, now);
}

function createRenewalLine({ name, owner, certificate }: ClientIdentity, loss: ClientAuthLoss): RenewalLogLine {
  const endsAt = formatInstant(certificate.notAfter);
  return {
    certgate: logShapeVersion,
    event: 'renewal',
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
  'Public CAs no longer issue clientAuth, so its successor will be refused: before that, give the caller a certificate of an authority of your own, or pin one that it makes for this. See docs/public-certificates.md.';

function createExpiryLine(identity: ClientIdentity, loss: ClientAuthLoss | undefined): ExpiryLogLine {
  const { name, owner, certificate, accessEndsAt } = identity;
  const { thumbprintSha256, notAfter } = certificate;
  const endsFirst = accessEndsAt === notAfter ? 'certificate' : 'trust';
  const endsAt = formatInstant(accessEndsAt);
  return {
    certgate: logShapeVersion,
    event: 'expiry',
    code: 'access_ends_soon',
    identity: name,
    ...(owner === undefined ? {} : { owner }),
    thumbprintSha256,
    endsAt,
    endsFirst,
    ...(loss === undefined ? {} : { publicIssuance: loss.verdict }),
    detail: describeEnd(identity, endsFirst, endsAt) + (loss === undefined ? '' : ` ${lossDetail}`),
  };
}

function describeEnd(identity: ClientIdentity, endsFirst: ExpiryLogLine['endsFirst'], endsAt: string): string {
  const { name, accessEndsAt, withoutClientAuthUntil } = identity;
  if (isOfAutomation(identity))
    return `The certificate that "${name}" uses ends at ${endsAt}, and nine tenths of its life are over: check what should have renewed it.`;
  if (endsFirst === 'certificate')
    return `The certificate that "${name}" uses ends at ${endsAt}: the caller needs a new one, and its pin in the trust document.`;
  return accessEndsAt === withoutClientAuthUntil
    ? `The certificate that "${name}" uses lacks clientAuth, and its pin accepts that until ${endsAt} (acceptWithoutClientAuth): before that, the caller needs a certificate with clientAuth. See docs/public-certificates.md.`
    : `The trust document ends the access of "${name}" with this certificate at ${endsAt}: extend it, or let the caller change over to the newer certificate.`;
}

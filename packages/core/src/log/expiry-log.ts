import { formatInstant, isEndingSoon } from '@certgate/x509/internal';
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
  readonly detail: string;
}

/** Warns of certificates in use that will soon be refused. */
export class ExpiryLog {
  /** By certificate. Whoever holds a key that is pinned can make certificates without end. */
  readonly #notice = new DailyNotice();

  /** For each call that is let in; `now` is in milliseconds. */
  note(context: LoggingCall, identity: ClientIdentity, now: number): void {
    const isDue = isOfAutomation(identity)
      ? isNearlyOver(identity.certificate, now)
      : isEndingSoon(identity.accessBeginsAt, identity.accessEndsAt, now);
    if (!isDue) return;
    if (this.#notice.isDue(identity.certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createExpiryLine(identity)));
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

function createExpiryLine(identity: ClientIdentity): ExpiryLogLine {
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
    detail: isOfAutomation(identity)
      ? `The certificate that "${name}" uses ends at ${endsAt}, and nine tenths of its life are over: check what should have renewed it.`
      : endsFirst === 'certificate'
        ? `The certificate that "${name}" uses ends at ${endsAt}: the caller needs a new one, and its pin in the trust document.`
        : `The trust document ends the access of "${name}" with this certificate at ${endsAt}: extend it, or let the caller change over to the newer certificate.`,
  };
}

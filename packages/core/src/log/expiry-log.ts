import { isEndingSoon } from '@certgate/x509/internal';
import { findClientAuthLoss } from '../access/client-auth-loss.js';
import type { ClientIdentity } from '../access/decision.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { DailyNotice } from './daily-notice.js';
import type { LoggingCall } from './decision-channel.js';
import { createExpiryLine, createRenewalLine } from './expiry-lines.js';
import { ListedEnds } from './listed-ends.js';
import { formatLogLine } from './log-text.js';

/** Warns about certificates in use that will soon be refused, and about those whose successors may be refused. */
export class ExpiryLog {
  /** Which certificates were logged today. The owner of a pinned key can make any number of certificates. */
  readonly #notice = new DailyNotice();
  readonly #renewals = new DailyNotice();
  readonly #listed = new ListedEnds();
  readonly #hasLine = (thumbprintSha256: string, now: number): boolean => this.#notice.isKnown(thumbprintSha256, now);

  /** Looks at the certificate of an admitted call. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  note(context: LoggingCall, identity: ClientIdentity, now: number): void {
    const { certificate } = identity;
    const loss = findClientAuthLoss(certificate);
    if (loss !== undefined && this.#renewals.isDue(certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createRenewalLine(identity, loss, now)));
    const isAutomated = isOfAutomation(identity);
    if (isEndDue(identity, isAutomated, now) && this.#notice.isDue(certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createExpiryLine(identity, isAutomated, loss, now)));
  }

  /**
   * Looks at callers in the documents in use, even if they have not called. It must run after `note`, for each decided
   * call.
   */
  noteListed(context: LoggingCall, list: () => readonly TrustSnapshot[], now: number): void {
    this.#listed.note(context, list, this.#hasLine, now);
  }
}

const weekMilliseconds = 7 * 86_400_000;

/**
 * Whether the access ends with a certificate whose renewal is automatic: hardly anybody renews a certificate of less
 * than a week by hand. SPIRE renews it after half of its lifetime, cert-manager and step after two thirds, Vault's agent
 * after nine tenths. Therefore a warning in the last third would often be about certificates that are renewed in time,
 * and would hide one that was not.
 */
function isOfAutomation({ accessEndsAt, certificate: { notBefore, notAfter } }: ClientIdentity): boolean {
  return accessEndsAt === notAfter && notAfter - notBefore < weekMilliseconds;
}

function isEndDue(
  { accessBeginsAt, accessEndsAt, certificate }: ClientIdentity,
  isAutomated: boolean,
  now: number,
): boolean {
  const { notBefore, notAfter } = certificate;
  return isAutomated ? notAfter - now <= (notAfter - notBefore) / 10 : isEndingSoon(accessBeginsAt, accessEndsAt, now);
}

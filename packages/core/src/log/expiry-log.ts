import { isEndingSoon } from '@certgate/x509/internal';
import { findClientAuthLoss } from '../access/client-auth-loss.js';
import type { ClientIdentity } from '../access/decision.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { DailyNotice } from './daily-notice.js';
import type { LoggingCall } from './decision-channel.js';
import { createExpiryLine, createRenewalLine } from './expiry-lines.js';
import { ListedEnds } from './listed-ends.js';
import { formatLogLine } from './log-text.js';

/** Warns of certificates in use that will soon be refused, and of those whose successors will be. */
export class ExpiryLog {
  /** By certificate. Whoever holds a key that is pinned can make certificates without end. */
  readonly #notice = new DailyNotice();
  readonly #renewals = new DailyNotice();
  readonly #listed = new ListedEnds();
  readonly #isSaid = (thumbprintSha256: string, now: number): boolean => this.#notice.isKnown(thumbprintSha256, now);

  /** For each call that is let in; `now` is in milliseconds. */
  note(context: LoggingCall, identity: ClientIdentity, now: number): void {
    const { certificate } = identity;
    const loss = findClientAuthLoss(certificate);
    if (loss !== undefined && this.#renewals.isDue(certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createRenewalLine(identity, loss, now)));
    const isAutomated = isOfAutomation(identity);
    if (isEndDue(identity, isAutomated, now) && this.#notice.isDue(certificate.thumbprintSha256, now))
      context.warn(formatLogLine(createExpiryLine(identity, isAutomated, loss, now)));
  }

  /** For each call that is decided, after `note`: callers that the documents in use list need not call. */
  noteListed(context: LoggingCall, list: () => readonly TrustSnapshot[], now: number): void {
    this.#listed.note(context, list, this.#isSaid, now);
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

function isEndDue(
  { accessBeginsAt, accessEndsAt, certificate }: ClientIdentity,
  isAutomated: boolean,
  now: number,
): boolean {
  const { notBefore, notAfter } = certificate;
  return isAutomated ? notAfter - now <= (notAfter - notBefore) / 10 : isEndingSoon(accessBeginsAt, accessEndsAt, now);
}

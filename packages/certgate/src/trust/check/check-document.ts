import {
  type ClientAuthGrace,
  copyOwn,
  describeGrace,
  describeLock,
  formatInstant,
  isEndingSoon,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { type Moment, checkAuthorities } from './check-authorities.js';
import { describePin } from '../comparison/trust-change.js';
import type { CheckCode, CheckSeverity, CheckFinding } from './check-finding.js';
import { findLookalikes } from './find-lookalikes.js';
import { formatTrustChange } from '../../faults/tool-call.js';

/** The options of `checkTrust`. */
export interface TrustCheckOptions {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /**
   * What ends within so many days is told; of what lives no longer than that, and no longer than 30 days, in its last third.
   * Absent: as the app's log warns, by `isEndingSoon`.
   */
  readonly withinDays?: number | undefined;
}

const millisecondsPerDay = 86_400_000;
const shortLifetime = 30 * millisecondsPerDay;

const severities: readonly CheckSeverity[] = ['error', 'warning', 'information'];

/**
 * What an operator should know of a valid document at one moment. What is disabled is so on purpose, and is passed over.
 * The gravest first, then what ends first, then in the document's order.
 *
 * @throws {RangeError} when `now` is no finite number, or `withinDays` none from 0.
 */
export function checkTrust(snapshot: TrustSnapshot, options: TrustCheckOptions): readonly CheckFinding[] {
  const { now, withinDays } = copyOwn(options);
  if (!Number.isFinite(now)) throw new RangeError('now must be a time in milliseconds.');
  if (withinDays !== undefined && !(Number.isFinite(withinDays) && withinDays >= 0))
    throw new RangeError('withinDays must be a number from 0.');
  const moment = createMoment({ now, withinDays });
  const findings = [
    ...checkLock(snapshot),
    ...checkAuthorities(snapshot, moment),
    ...snapshot.identities.flatMap((identity, index) =>
      identity.enabled
        ? [
            ...checkIdentity(identity, `identities[${index}]`, moment),
            ...findDeniedPins(snapshot, identity, `identities[${index}]`),
          ]
        : [],
    ),
    ...findLookalikes(snapshot),
  ];
  // The sort is stable: the document's order stays where nothing else decides.
  return Object.freeze(
    findings.sort(
      (one, other) =>
        severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
        compareEnds(one.endsAt ?? Number.POSITIVE_INFINITY, other.endsAt ?? Number.POSITIVE_INFINITY),
    ),
  );
}

/** What ends soon, by the options. */
export function createMoment({ now, withinDays }: TrustCheckOptions): Moment {
  return {
    now,
    endsSoon: (startsAt = Number.NEGATIVE_INFINITY, endsAt) => {
      if (withinDays === undefined) return isEndingSoon(startsAt, endsAt, now);
      const notice = withinDays * millisecondsPerDay;
      // A CA certificate of a day, which is replaced every day, would be told of on every day of a month.
      const lifetime = endsAt - startsAt;
      return endsAt - now <= (lifetime <= Math.min(notice, shortLifetime) ? lifetime / 3 : notice);
    },
  };
}

/** A warning and no error: a lock is meant, and a pipeline that fails on errors alone may go on. */
function checkLock({ locked }: TrustSnapshot): readonly CheckFinding[] {
  if (locked === undefined) return [];
  const message = `Nobody is admitted: the document is locked ${describeLock(locked)}. To end it: ${formatTrustChange('unlock')}`;
  const nobody = { identityName: undefined, owner: undefined, pin: undefined, endsAt: undefined };
  return [Object.freeze({ code: 'document_locked', severity: 'warning', path: 'locked', ...nobody, message })];
}

/** Two infinities have no difference. */
function compareEnds(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

interface Place {
  readonly identity: TrustedIdentity;
  readonly path: string;
  readonly pin?: TrustPin;
  readonly endsAt?: number;
}

type Report = (code: CheckCode, severity: CheckSeverity, place: Place, message: string) => CheckFinding;

const report: Report = (code, severity, { identity, path, pin, endsAt }, message) =>
  Object.freeze({
    code,
    severity,
    path,
    identityName: identity.name,
    owner: identity.owner,
    pin: pin && Object.freeze({ kind: pin.kind, value: pin.value }),
    endsAt,
    message,
  });

function checkIdentity(identity: TrustedIdentity, path: string, moment: Moment): CheckFinding[] {
  const { name, expiresAt, pins, names } = identity;
  if (expiresAt !== undefined && !(moment.now < expiresAt)) {
    const message = `"${name}" ended at ${formatInstant(expiresAt)} (expiresAt); extend it, or take it out.`;
    return [report('identity_ended', 'warning', { identity, path, endsAt: expiresAt }, message)];
  }
  const findings: CheckFinding[] = [];
  if (expiresAt !== undefined && moment.endsSoon(undefined, expiresAt)) {
    const message = `"${name}" ends at ${formatInstant(expiresAt)} (expiresAt); extend it if the caller stays.`;
    findings.push(report('identity_ends_soon', 'warning', { identity, path, endsAt: expiresAt }, message));
  }
  if (pins.length === 0 && names.length === 0) {
    const message = `No certificate is pinned and no name is given, so nobody can be "${name}".`;
    findings.push(report('identity_without_pins', 'warning', { identity, path }, message));
  } else if (names.length === 0 && !pins.some((pin) => isUsable(identity, pin, moment.now))) {
    // Disabled pins are so on purpose; one that has ended may have been forgotten.
    const isForgotten = pins.some(({ enabled }) => enabled);
    const message = `No pin of "${name}" admits now or later, so nobody can be it; pin a certificate that is in use.`;
    const severity = isForgotten ? 'error' : 'warning';
    findings.push(report('identity_without_usable_pins', severity, { identity, path }, message));
  }
  for (const [index, pin] of pins.entries()) {
    if (pin.enabled) findings.push(...checkPin(identity, pin, `${path}.pins[${index}]`, moment));
  }
  return findings;
}

function checkPin(identity: TrustedIdentity, pin: TrustPin, path: string, moment: Moment): CheckFinding[] {
  const { notBefore, notAfter, kind } = pin;
  const place = { identity, path, pin };
  const what = `The pin ${describePin(pin)} of "${identity.name}"`;
  if (notAfter !== undefined && !(moment.now < notAfter)) {
    const message = `${what} ended at ${formatInstant(notAfter)} (notAfter); take it out.`;
    return [report('pin_ended', 'warning', { ...place, endsAt: notAfter }, message)];
  }
  const findings: CheckFinding[] = [];
  if (notBefore !== undefined && identity.expiresAt !== undefined && notBefore >= identity.expiresAt) {
    const message = `${what} begins at ${formatInstant(notBefore)}, when the identity has ended (${formatInstant(identity.expiresAt)}), so it never admits.`;
    findings.push(report('pin_window_dead', 'error', place, message));
  } else if (notBefore !== undefined && moment.now < notBefore) {
    const message = `${what} begins at ${formatInstant(notBefore)} (notBefore).`;
    findings.push(report('pin_not_begun', 'information', place, message));
  }
  const end = findEnd(identity, pin);
  // A certificate that an authority issued ends as the authority says.
  if (end === undefined && pin.issuedBy === undefined) {
    const message = `${what} has no end of its own: when its certificate ends, this document can't tell.`;
    findings.push(report('pin_without_end', 'information', place, message));
  } else if (end !== undefined && end === notAfter && moment.endsSoon(notBefore, end)) {
    findings.push(reportEndSoon(what, { ...place, endsAt: end }, hasSuccessor(identity, pin, end)));
  }
  if (pin.acceptWithoutClientAuth !== undefined) {
    findings.push(reportGrace(what, pin.acceptWithoutClientAuth, place, moment.now));
  }
  if (kind === 'thumbprintSha1') {
    const message = `${what} is by SHA-1, which is accepted for migration; replace it by thumbprintSha256.`;
    findings.push(report('pin_sha1', 'warning', place, message));
  }
  return findings;
}

function reportGrace(what: string, grace: ClientAuthGrace, place: Place, now: number): CheckFinding {
  const endsAt = grace.until;
  const message =
    now < endsAt
      ? `${what} accepts a certificate without clientAuth ${describeGrace(grace)}. When this ends, the certificate is refused: give the caller another one before then.`
      : `${what} accepted a certificate without clientAuth ${describeGrace(grace)}. That is over: remove acceptWithoutClientAuth.`;
  return report('pin_accepts_without_client_auth', 'warning', { ...place, endsAt }, message);
}

function findDeniedPins({ denied }: TrustSnapshot, identity: TrustedIdentity, path: string): readonly CheckFinding[] {
  return identity.pins.flatMap((pin, index) => {
    if (pin.kind !== 'thumbprintSha256' || !pin.enabled || !denied.thumbprintsSha256.has(pin.value)) return [];
    const message = `The pin ${describePin(pin)} of "${identity.name}" is on the deny list, so it never admits; take it out.`;
    return [report('pin_denied', 'warning', { identity, path: `${path}.pins[${index}]`, pin }, message)];
  });
}

function reportEndSoon(what: string, place: Place & { endsAt: number }, hasNext: boolean): CheckFinding {
  const ends = `${what} ends at ${formatInstant(place.endsAt)} (notAfter)`;
  return hasNext
    ? report('pin_ends_soon', 'information', place, `${ends}; another pin goes on from there.`)
    : report('pin_ends_soon', 'warning', place, `${ends}, and no other goes on from there; rotate the certificate.`);
}

/** The earlier of the pin's and the identity's. */
function findEnd({ expiresAt }: TrustedIdentity, { notAfter }: TrustPin): number | undefined {
  if (expiresAt === undefined || notAfter === undefined) return notAfter;
  return Math.min(expiresAt, notAfter);
}

/** Now or later. */
function isUsable({ expiresAt }: TrustedIdentity, { enabled, notBefore, notAfter }: TrustPin, now: number): boolean {
  const start = Math.max(now, notBefore ?? Number.NEGATIVE_INFINITY);
  const end = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, notAfter ?? Number.POSITIVE_INFINITY);
  return enabled && start < end;
}

function hasSuccessor(identity: TrustedIdentity, pin: TrustPin, end: number): boolean {
  return identity.pins.some(
    (other) =>
      other !== pin &&
      other.enabled &&
      (other.notBefore ?? Number.NEGATIVE_INFINITY) <= end &&
      (other.notAfter ?? Number.POSITIVE_INFINITY) > end,
  );
}

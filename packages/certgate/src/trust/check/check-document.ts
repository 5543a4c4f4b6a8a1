// check/: what an operator should know of a trust document: what is wrong in it, what ends, and pins that admit nobody.
import {
  describeGrace,
  describeLock,
  type EntryStanding,
  findPinSpan,
  findStanding,
  formatInstant,
  isEndingSoon,
  isPinDenied,
  type Standing,
  type StandingCode,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { type CheckMoment, checkAuthorities } from './check-authorities.js';
import { nameShortPin } from '../comparison/trust-change.js';
import { aboutPin, type CheckFinding, sortFindings } from './check-finding.js';
import { findLookalikes } from './find-lookalikes.js';
import type { CertificateFolder } from '../import/certificate-folder.js';
import { reviewPublicIssuance } from './public-certificates.js';
import { findUnfitPins } from './unfit-pins.js';
import { formatTrustChange } from '../../texts/tool-call.js';

/** The options of `checkTrust`. */
export interface TrustCheckOptions {
  /** The moment of the check, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /**
   * The check reports what ends within this many days. If something lives no longer than that, and no longer than 30
   * days, the check reports it in its last third. Absent to use the rule of the app's log (`isEndingSoon`).
   */
  readonly withinDays?: number | undefined;
}

const millisecondsPerDay = 86_400_000;
const shortLifetime = 30 * millisecondsPerDay;

/** The findings about a valid document, the gravest first. Revocation lists are not read. */
export function listFindings(
  snapshot: TrustSnapshot,
  { now, withinDays, folder }: TrustCheckOptions & { readonly folder?: CertificateFolder | undefined },
): readonly CheckFinding[] {
  const losses = reviewPublicIssuance(snapshot, folder, now).findings;
  const inspected = checkTrust(snapshot, { now, withinDays }).map((finding) => withLoss(finding, losses));
  return sortFindings([...findUnfitPins(snapshot, folder, now), ...inspected, ...losses]);
}

/** A person who replaces a certificate that ends must learn that the renewed certificate will be refused. */
function withLoss(finding: CheckFinding, losses: readonly CheckFinding[]): CheckFinding {
  if (finding.code !== 'pin_ends_soon' || !losses.some(({ path }) => path === finding.path)) return finding;
  const { message } = finding;
  return { ...finding, message: `${message} It will lose clientAuth at renewal: see client_auth_ends_at_renewal.` };
}

/**
 * Lists what an operator should know about a valid document at one moment. Disabled identities and pins are skipped,
 * because they are disabled on purpose, but the checks of names and lookalikes include them. The gravest findings come
 * first, then those that end first.
 *
 * @throws {RangeError} if `now` is not a finite number, or if `withinDays` is not a finite number from 0.
 */
export function checkTrust(snapshot: TrustSnapshot, options: TrustCheckOptions): readonly CheckFinding[] {
  const { now, withinDays } = options;
  if (!Number.isFinite(now)) throw new RangeError('now must be a time in milliseconds.');
  if (withinDays !== undefined && !(Number.isFinite(withinDays) && withinDays >= 0))
    throw new RangeError('withinDays must be a number from 0.');
  const moment = createMoment({ now, withinDays });
  // A lock is one finding. The other findings are those of the document without the lock.
  const unlocked: TrustSnapshot = { ...snapshot, locked: undefined };
  return sortFindings([
    ...checkLock(snapshot),
    ...checkAuthorities(snapshot, moment),
    ...snapshot.identities.flatMap((identity, index) =>
      identity.enabled ? checkIdentity(unlocked, identity, `identities[${index}]`, moment) : [],
    ),
    ...findLookalikes(snapshot),
  ]);
}

/** Decides by the options what ends soon. */
export function createMoment({ now, withinDays }: TrustCheckOptions): CheckMoment {
  return {
    now,
    endsSoon: (startsAt = Number.NEGATIVE_INFINITY, endsAt) => {
      if (withinDays === undefined) return isEndingSoon(startsAt, endsAt, now);
      const notice = withinDays * millisecondsPerDay;
      // Otherwise a CA certificate that is valid for a day, and is replaced every day, would always be reported.
      const lifetime = endsAt - startsAt;
      return endsAt - now <= (lifetime <= Math.min(notice, shortLifetime) ? lifetime / 3 : notice);
    },
  };
}

/** A lock is a warning and not an error: it is meant, and a pipeline that fails only on errors may go on. */
function checkLock({ locked }: TrustSnapshot): readonly CheckFinding[] {
  if (locked === undefined) return [];
  const message = `Nobody is admitted: the document is locked ${describeLock(locked)}. To end it: ${formatTrustChange('unlock')}`;
  return [{ code: 'document_locked', severity: 'warning', path: 'locked', message }];
}

/** A finding without its place. The code that knows the place adds it. */
type PlacelessFinding = Pick<CheckFinding, 'code' | 'severity' | 'endsAt' | 'message'>;

function checkIdentity(
  snapshot: TrustSnapshot,
  identity: TrustedIdentity,
  path: string,
  moment: CheckMoment,
): readonly CheckFinding[] {
  const { name, owner } = identity;
  const place = { path, identityName: name, owner };
  const standing = findStanding(snapshot, identity, moment.now);
  const hasEnded = standing.reasons.includes('identity_expired');
  return [
    ...checkItself(standing, hasEnded, moment).map((finding) => ({ ...place, ...finding })),
    ...standing.entries.flatMap((entry, index) => {
      const { pin } = entry.entry;
      if (pin?.enabled !== true) return [];
      const findings = [
        ...(hasEnded ? [] : checkPin(entry, pin, standing, moment)),
        ...checkDenied(identity, pin, snapshot),
      ];
      return findings.map((finding) => ({
        ...aboutPin({ identity, pin, path: `${path}.pins[${index}]` }),
        ...finding,
      }));
    }),
  ];
}

function checkItself(
  { identity, entries }: Standing,
  hasEnded: boolean,
  { now, endsSoon }: CheckMoment,
): readonly PlacelessFinding[] {
  const { name, expiresAt, pins, names } = identity;
  const findings: PlacelessFinding[] = [];
  if (expiresAt !== undefined && hasEnded) {
    const message = `"${name}" ended at ${formatInstant(expiresAt)} (expiresAt); extend it, or remove it.`;
    return [{ code: 'identity_ended', severity: 'warning', endsAt: expiresAt, message }];
  }
  if (expiresAt !== undefined && endsSoon(undefined, expiresAt)) {
    const message = `"${name}" ends at ${formatInstant(expiresAt)} (expiresAt); extend it if the caller stays.`;
    findings.push({ code: 'identity_ends_soon', severity: 'warning', endsAt: expiresAt, message });
  }
  if (pins.length === 0 && names.length === 0) {
    const message = `No certificate is pinned and no name is given, so nobody can be "${name}".`;
    findings.push({ code: 'identity_without_pins', severity: 'warning', message });
  } else if (names.length === 0 && !entries.some(({ windows }) => windows.some(({ validUntil }) => validUntil > now))) {
    // A pin that is disabled or denied is so on purpose. A pin that has ended may have been forgotten.
    const isMeant = entries.every(({ reasons }) => onPurpose.some((code) => reasons.includes(code)));
    const message = `No pin of "${name}" admits anybody now or later, so nobody can be this identity; pin a certificate that is in use.`;
    findings.push({ code: 'identity_without_usable_pins', severity: isMeant ? 'warning' : 'error', message });
  }
  return findings;
}

const onPurpose: readonly StandingCode[] = ['pin_disabled', 'certificate_on_deny_list'];

function checkPin(
  entry: EntryStanding,
  pin: TrustPin,
  { identity, entries }: Standing,
  { now, endsSoon }: CheckMoment,
): readonly PlacelessFinding[] {
  const { notAfter, kind, acceptWithoutClientAuth: grace } = pin;
  const { validFrom: start } = findPinSpan(pin);
  const what = `The pin ${nameShortPin(pin)} of "${identity.name}"`;
  if (notAfter !== undefined && entry.reasons.includes('pin_expired')) {
    const message = `${what} ended at ${formatInstant(notAfter)} (notAfter); remove it.`;
    return [{ code: 'pin_ended', severity: 'warning', endsAt: notAfter, message }];
  }
  const findings: PlacelessFinding[] = [];
  if (identity.expiresAt !== undefined && start >= identity.expiresAt) {
    const message = `${what} begins at ${formatInstant(start)}, when the identity has ended (${formatInstant(identity.expiresAt)}), so it never admits.`;
    findings.push({ code: 'pin_window_dead', severity: 'error', message });
  } else if (now < start) {
    const message = `${what} begins at ${formatInstant(start)}.`;
    findings.push({ code: 'pin_not_begun', severity: 'information', message });
  }
  // A pin with `issuedBy` needs no end of its own, because its authority limits how long it admits.
  if (notAfter === undefined && pin.issuedBy === undefined) {
    const message = `${what} has no notAfter: this document can't tell when its certificate ends.`;
    findings.push({ code: 'pin_without_end', severity: 'information', message });
  } else if (notAfter !== undefined && isEndOf(entry, notAfter) && endsSoon(start, notAfter)) {
    const hasNext = entries.some((other) => other.entry.pin !== undefined && isOpenAt(other, notAfter));
    const next = hasNext
      ? '; another pin goes on from there.'
      : ', and no other goes on from there; rotate the certificate.';
    const message = `${what} ends at ${formatInstant(notAfter)} (notAfter)${next}`;
    findings.push({ code: 'pin_ends_soon', severity: hasNext ? 'information' : 'warning', endsAt: notAfter, message });
  }
  if (grace !== undefined) {
    const message =
      now < grace.until
        ? `${what} accepts a certificate without clientAuth ${describeGrace(grace)}. When this ends, the certificate is refused: give the caller another one before then.`
        : `${what} accepted a certificate without clientAuth ${describeGrace(grace)}. That is over: remove acceptWithoutClientAuth.`;
    const code = 'pin_accepts_without_client_auth';
    findings.push({ code, severity: 'warning', endsAt: grace.until, message });
  }
  if (kind === 'thumbprintSha1') {
    const message = `${what} is by SHA-1, which is accepted for migration; replace it with thumbprintSha256.`;
    findings.push({ code: 'pin_sha1', severity: 'warning', message });
  }
  return findings;
}

function checkDenied(identity: TrustedIdentity, pin: TrustPin, snapshot: TrustSnapshot): readonly PlacelessFinding[] {
  if (!isPinDenied(snapshot, pin)) return [];
  const message = `The pin ${nameShortPin(pin)} of "${identity.name}" is on the deny list, so it never admits; remove it.`;
  return [{ code: 'pin_denied', severity: 'warning', message }];
}

/**
 * Whether the pin's own end is what ends it: neither its identity nor its authority ends earlier, and the deny list
 * doesn't have the certificate.
 */
function isEndOf({ windows }: EntryStanding, notAfter: number): boolean {
  return windows.some(({ validUntil }) => validUntil === notAfter);
}

function isOpenAt({ windows }: EntryStanding, at: number): boolean {
  return windows.some(({ validFrom, validUntil }) => validFrom <= at && at < validUntil);
}

import {
  type DeniedCertificate,
  describeLock,
  formatSerialNumber,
  shortenThumbprint,
  type TrustLock,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { compareLists } from './compare-identities.js';
import { canAdmit, canCall } from './in-force.js';
import { describeText, type TrustChange, type TrustEffect } from './trust-change.js';

/** Compares what restricts a document as a whole: the deny list, the apps that it is for, and the lock. */
export function* compareRestrictions(
  before: TrustSnapshot,
  after: TrustSnapshot,
): Generator<TrustChange, void, undefined> {
  yield* compareDenied(before, after);
  yield* compareAudiences(before.audience, after.audience);
  yield* compareLocks(before.locked, after.locked);
}

/** Compares the apps that the document is for. An app that it doesn't name refuses it. */
function compareAudiences(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly TrustChange[] {
  const change = (effect: TrustEffect, sentence: string): TrustChange => ({ effect, aspect: 'audience', sentence });
  if (before === undefined && after === undefined) return [];
  if (before === undefined) {
    return [change('loses', `The document is for ${after?.join(', ') ?? ''} only; every other app refuses it.`)];
  }
  if (after === undefined) {
    return [change('gains', `The document is for every app, no longer only for ${before.join(', ')}.`)];
  }
  const inLowerCase = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase());
  const { added, removed } = compareLists(inLowerCase(before), inLowerCase(after));
  return [
    ...added.map((name) => change('gains', `The document is also for the app ${name}.`)),
    ...removed.map((name) => change('loses', `The document is no longer for the app ${name}, which refuses it.`)),
  ];
}

/**
 * An entry that is added to the deny list loses, and one that is removed from it gains, if the certificate could be
 * admitted otherwise.
 */
function* compareDenied(before: TrustSnapshot, after: TrustSnapshot): Generator<TrustChange, void, undefined> {
  for (const index of ['thumbprintsSha256', 'serialNumbers'] as const) {
    const [earlier, later] = [before.denied[index], after.denied[index]];
    for (const [key, entry] of later) {
      const former = earlier.get(key);
      if (former === undefined) {
        const reason = entry.reason === undefined ? '' : `: ${describeText(entry.reason)}`;
        yield describeDenied(canBeAdmitted(entry, before) ? 'loses' : 'changes', entry, `is denied${reason}`, before);
      } else if (former.reason !== entry.reason) {
        const what = `is denied because of ${describeText(entry.reason)}, no longer of ${describeText(former.reason)}`;
        yield describeDenied('changes', entry, what, before);
      }
    }
    for (const [key, entry] of earlier) {
      if (later.has(key)) continue;
      yield describeDenied(canBeAdmitted(entry, after) ? 'gains' : 'changes', entry, 'is no longer denied', after);
    }
  }
}

/**
 * Whether the document could admit the certificate without its denial. A pin with its thumbprint decides, unless the
 * document has the certificate as a CA. Otherwise any entry may match: the document doesn't show what matches the
 * certificate, its twin (with the other ECDSA signature), or the certificates that a denied CA issued.
 */
function canBeAdmitted({ thumbprintSha256 }: DeniedCertificate, snapshot: TrustSnapshot): boolean {
  const { authorities, identities, pins } = snapshot;
  const holder = pins.thumbprintSha256.get(thumbprintSha256 ?? '');
  const isAuthority = authorities.some(({ trustAnchors, intermediates }) =>
    [...trustAnchors, ...intermediates].some((each) => each.thumbprintSha256 === thumbprintSha256),
  );
  if (holder !== undefined && !isAuthority) return canAdmit(snapshot, holder);
  return identities.some((identity) => canCall({ snapshot, identity }));
}

/** `snapshot` is the document in which a pin of the certificate is looked up. */
function describeDenied(
  effect: TrustEffect,
  { thumbprintSha256, serialNumber, issuedBy }: DeniedCertificate,
  what: string,
  snapshot: TrustSnapshot,
): TrustChange {
  const holder = thumbprintSha256 === undefined ? undefined : snapshot.pins.thumbprintSha256.get(thumbprintSha256);
  const certificate =
    thumbprintSha256 === undefined
      ? `with the serial number ${formatSerialNumber(serialNumber ?? '')} of the authority ${issuedBy ?? ''}`
      : `thumbprintSha256 ${shortenThumbprint(thumbprintSha256)}`;
  return {
    effect,
    aspect: 'denied',
    ...(holder === undefined ? {} : { identityName: holder.identity.name }),
    ...(thumbprintSha256 === undefined ? {} : { pin: { kind: 'thumbprintSha256', value: thumbprintSha256 } }),
    ...(issuedBy === undefined ? {} : { authorityName: issuedBy }),
    sentence: `The certificate ${certificate} ${what}.${holder === undefined ? '' : ` It is pinned for "${holder.identity.name}".`}`,
  };
}

function compareLocks(before: TrustLock | undefined, after: TrustLock | undefined): readonly TrustChange[] {
  const change = (effect: TrustEffect, sentence: string): TrustChange => ({ effect, aspect: 'locked', sentence });
  if (after === undefined) {
    if (before === undefined) return [];
    const was = `It was locked ${describeLock(before)}.`;
    return [change('gains', `The document is no longer locked: the callers that it lists are admitted again. ${was}`)];
  }
  const lock = describeLock(after);
  if (before === undefined) return [change('loses', `The document is locked, so nobody is admitted: ${lock}.`)];
  return describeLock(before) === lock ? [] : [change('changes', `The document stays locked, now ${lock}.`)];
}

import { listAdmissible } from './trust-authority-comparison.js';
import { type TrustChange, describeCandidates, describeText } from './trust-change.js';
import type { DeniedCertificate } from './trust-deny-list.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/** What came to the deny list loses, what went from it gains: for whoever might have had the certificate. */
export function* compareDenied(before: TrustSnapshot, after: TrustSnapshot): Generator<TrustChange, void, undefined> {
  for (const index of ['thumbprintsSha256', 'serialNumbers'] as const) {
    const [earlier, later] = [before.denied[index], after.denied[index]];
    for (const [key, entry] of later) {
      const former = earlier.get(key);
      if (former === undefined) {
        yield describe(
          'loses',
          entry,
          before,
          `is denied${entry.reason === undefined ? '' : `: ${describeText(entry.reason)}`}`,
        );
      } else if (former.reason !== entry.reason) {
        const said = `is denied because of ${describeText(entry.reason)}, no longer of ${describeText(former.reason)}`;
        yield { ...describe('loses', entry, before, said), effect: 'changes' };
      }
    }
    for (const [key, entry] of earlier) {
      if (!later.has(key)) yield describe('gains', entry, after, 'is no longer denied');
    }
  }
}

/** `snapshot` is where the certificate could be admitted, were it not denied. */
function describe(
  effect: 'gains' | 'loses',
  entry: DeniedCertificate,
  snapshot: TrustSnapshot,
  what: string,
): TrustChange {
  const candidates = listCandidates(entry, snapshot);
  const certificate =
    entry.thumbprintSha256 === undefined
      ? `with the serial number ${entry.serialNumber ?? ''} of the authority ${entry.issuedBy ?? ''}`
      : `thumbprintSha256 ${entry.thumbprintSha256.slice(0, 16)}…`;
  const concerned = candidates.length === 0 ? '' : ` It may be of ${describeCandidates(candidates)}.`;
  return {
    effect: candidates.length === 0 ? 'changes' : effect,
    aspect: 'denied',
    identityName: undefined,
    candidates: Object.freeze(candidates),
    ...(entry.issuedBy === undefined ? {} : { authorityName: entry.issuedBy }),
    sentence: `The certificate ${certificate} ${what}.${concerned}`,
  };
}

function listCandidates({ thumbprintSha256, issuedBy }: DeniedCertificate, snapshot: TrustSnapshot): readonly string[] {
  // A serial number is refused before anything else is asked, whatever else would let its certificate in.
  if (issuedBy !== undefined) return listAdmissible(snapshot).map(({ name }) => name);
  const pinned = snapshot.pins.thumbprintSha256.get(thumbprintSha256 ?? '');
  // Whoever else has it besides makes it ambiguous.
  if (pinned !== undefined && pinned.pin.issuedBy === undefined)
    return pinned.identity.enabled ? [pinned.identity.name] : [];
  return snapshot.identities
    .filter(
      ({ enabled, subjects, pins }) =>
        enabled &&
        (subjects.length > 0 ||
          pins.some(({ kind, value }) => kind !== 'thumbprintSha256' || value === thumbprintSha256)),
    )
    .map(({ name }) => name);
}

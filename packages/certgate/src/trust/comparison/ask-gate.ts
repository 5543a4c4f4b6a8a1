import {
  type ConfirmedFinding,
  findInSnapshot,
  findNominations,
  formatInstant,
  listInstants,
  listNames,
  pinKinds,
  type PresentedCertificate,
  shortenThumbprint,
  type SnapshotFinding,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { IsAsked } from './possible-effects.js';
import { changeOf, type TrustChange } from './trust-change.js';

/**
 * Certificates for which the gate is asked whether a change locks them out. `now` is the first moment of which it is
 * asked, in milliseconds since 1970-01-01T00:00:00Z.
 */
export interface AskedCertificates {
  readonly certificates: readonly PresentedCertificate[];
  readonly now: number;
}

interface GateAnswers {
  readonly changes: readonly TrustChange[];
  /** Whether a pin is of a certificate for which the gate knows all entries that match. */
  readonly isAsked: IsAsked;
}

/**
 * Asks what each document says about each certificate, now and at later moments at which the answer may change. The
 * gate's own checks of the certificate (dates, usages, key) are left out, and so are a lock and all revocation
 * information.
 */
export function askGate(
  before: TrustSnapshot,
  after: TrustSnapshot,
  { certificates, now }: AskedCertificates,
): GateAnswers {
  const asked = new Set<string>();
  const changes = certificates.flatMap((certificate) => {
    const { thumbprintSha256: value } = certificate;
    const answers = listMoments([before, after], certificate, now).map((at) => ({
      at,
      was: ask(before, certificate, at),
      is: ask(after, certificate, at),
    }));
    // A certificate with a name of the document may come with CA certificates that aren't at hand, so that the gate
    // does not know all matches.
    if (answers.some(({ was }) => was.outcome === 'found') || !hasListedName(before, certificate)) asked.add(value);
    return answers
      .flatMap(({ at, was, is }) => {
        if (was.outcome !== 'found' || is.outcome === 'found') return [];
        const why = 'detail' in is ? ` ${is.detail}` : '';
        const from = at === now ? 'now' : formatInstant(at);
        const sentence = `The certificate ${shortenThumbprint(value)} is recognized as "${was.identity.name}". From ${from} on, the gate refuses it:${why}`;
        return [changeOf(was.identity, 'loses', 'pin', sentence, { pin: { kind: 'thumbprintSha256', value } })];
      })
      .slice(0, 1);
  });
  return { changes, isAsked: ({ kind, value }) => kind === 'thumbprintSha256' && asked.has(value) };
}

/**
 * `now`, and the later moments at which the times of a matching pin or of its identity, or the beginning of the
 * certificate, may change the gate's answer, in order.
 */
function listMoments(
  snapshots: readonly TrustSnapshot[],
  certificate: PresentedCertificate,
  now: number,
): readonly number[] {
  const { decoding } = certificate;
  const pinned = snapshots.flatMap(({ pins }) =>
    pinKinds.flatMap((kind) => pins[kind].get(certificate[kind] ?? '') ?? []),
  );
  const moments = [...pinned.flatMap(listInstants), ...(decoding.ok ? [decoding.certificate.notBefore] : [])];
  return [...new Set([now, ...moments.filter((at) => at > now)])].sort((one, other) => one - other);
}

function ask(snapshot: TrustSnapshot, certificate: PresentedCertificate, at: number): ConfirmedAnswer {
  const authorities = snapshot.authorities.map((authority) => ({
    ...authority,
    revocation: { ...authority.revocation, mode: 'off' as const },
  }));
  const finding = findInSnapshot({ ...snapshot, locked: undefined, authorities }, certificate, at);
  return finding.outcome === 'nominated' ? finding.confirm() : finding;
}

type ConfirmedAnswer = ConfirmedFinding | Exclude<SnapshotFinding, { readonly outcome: 'nominated' }>;

function hasListedName(snapshot: TrustSnapshot, { pathDecoding }: PresentedCertificate): boolean {
  if (snapshot.names.size === 0 || !pathDecoding.ok) return false;
  return findNominations(snapshot, listNames(pathDecoding.value), snapshot.authorities).length > 0;
}

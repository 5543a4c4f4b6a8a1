import type { DeniedCertificate, PinKind } from '@certgate/core/internal';
import { type ComparedDocuments, findEntry, findIssuer, unknownThumbprint } from './compared-documents.js';
import type { UntoldReason } from './replay-report.js';
import type { TrustEntry } from './stand-in.js';

/** What a line proves about the certificate, with the document that decided it. */
export interface ProvenCaller {
  /** Or `unknownThumbprint`. Undefined: that of a certificate that neither document names. */
  readonly thumbprintSha256: string | undefined;
  /**
   * `admitted`: all that matched is one identity's and in force. `matched`: one identity's pins matched, and what else did is
   * not known. `stranger`: nothing matched. `nothing`: what matched is not known, or another document decided.
   */
  readonly proof: 'admitted' | 'matched' | 'stranger' | 'nothing';
  /** The identity, as the earlier document spells it. */
  readonly identity: string | undefined;
  /** The entries of the earlier document that the line names. */
  readonly matched: readonly TrustEntry[];
  /** Thumbprints of which the log shows that they are of certificates of this identity under their other signature. */
  readonly twins: ReadonlySet<string>;
}

/** An entry that matches the certificate, or doesn't: no line tells. */
export interface PossibleEntry {
  readonly entry: TrustEntry;
  readonly reason: UntoldReason;
  /** If it matches, it may refuse for what its authority says. */
  readonly mayRefuse: boolean;
}

/** What of the later document matches a caller's certificate. */
export interface PossibleMatches {
  readonly certain: readonly TrustEntry[];
  readonly possible: readonly PossibleEntry[];
  readonly denied: DeniedCertificate | undefined;
  /** Why the document may refuse the certificate whatever else matches it. */
  readonly mayRefuse: UntoldReason | undefined;
}

export function findPossibleMatches(documents: ComparedDocuments, caller: ProvenCaller): PossibleMatches {
  const { after, deniesSerials } = documents;
  const { thumbprintSha256 = '', twins } = caller;
  const own = after.pins.thumbprintSha256.get(thumbprintSha256);
  const pinned: readonly TrustEntry[] = [
    ...(own === undefined ? [] : [own]),
    // A name has no pin to compare.
    ...caller.matched
      .flatMap((entry) => findEntry(after, entry) ?? [])
      .filter(({ pin }) => pin === undefined || pin !== own?.pin),
  ];
  const certain = pinned.filter((entry) => isVouchedFor(entry, documents, caller));
  const others = listUnproven(documents, caller).filter(({ pin, trustName }) =>
    pinned.every((entry) => (pin === undefined ? entry.trustName !== trustName : entry.pin !== pin)),
  );
  const twinEntries = [...twins].flatMap((twin) => after.pins.thumbprintSha256.get(twin) ?? []);
  return {
    certain,
    possible: [
      ...pinned
        .filter((entry) => !certain.includes(entry))
        .map((entry) => ({ entry, reason: findPathReason(entry, documents), mayRefuse: true })),
      ...others.map((entry) => describePossible(entry, documents, caller)),
      ...twinEntries.map((entry) => ({ entry, reason: 'twin', mayRefuse: true }) as const),
    ],
    denied: after.denied.thumbprintsSha256.get(thumbprintSha256),
    mayRefuse:
      deniesSerials || (thumbprintSha256 === unknownThumbprint && documents.deniesThumbprints)
        ? 'denyList'
        : [...twins].some((twin) => after.denied.thumbprintsSha256.has(twin))
          ? 'twin'
          : undefined,
  };
}

/** Whether the entry needs no authority, or the line shows that a path to it was valid and nothing about it has changed. */
function isVouchedFor(entry: TrustEntry, documents: ComparedDocuments, { proof, matched }: ProvenCaller): boolean {
  const issuer = findIssuer(entry);
  if (issuer === undefined) return true;
  const { changedAuthorities, deniesThumbprints } = documents;
  if (proof !== 'admitted' || changedAuthorities.has(issuer) || deniesThumbprints) return false;
  return matched.some((each) => findIssuer(each) === issuer);
}

function listUnproven(documents: ComparedDocuments, caller: ProvenCaller): readonly TrustEntry[] {
  const { doubtful, added, addedThumbprints, kept, changedAuthorities } = documents;
  const { proof, identity = '', thumbprintSha256 } = caller;
  if (proof === 'nothing') return doubtful;
  const isOpen = (entry: TrustEntry): boolean => isCompatible(entry, caller);
  if (proof === 'stranger') return added.filter(isOpen);
  const own = (kept.get(identity) ?? []).filter((entry) => proof === 'matched' || isLater(entry, caller));
  // Of a caller that a pin refused, nobody looked at the names.
  const names =
    proof === 'matched'
      ? doubtful.filter(
          ({ trustName }) => trustName !== undefined && !changedAuthorities.has(trustName.issuedBy.toLowerCase()),
        )
      : [];
  const thumbprints = thumbprintSha256 === unknownThumbprint ? addedThumbprints : [];
  return [...new Set([...added, ...own, ...names, ...thumbprints])].filter(isOpen);
}

/** A certificate has one hash of each kind. */
function isCompatible({ pin }: TrustEntry, { proof, matched }: ProvenCaller): boolean {
  if (pin === undefined || proof !== 'admitted') return true;
  return matched.every((each) => each.pin?.kind !== pin.kind || each.pin.value === pin.value);
}

/** The order in which the gate names one of several entries that match. */
const ranks: Readonly<Record<PinKind, number>> = { thumbprintSha256: 0, thumbprintSha1: 1, publicKeySha256: 2 };

/** Of the identity's own entries, the line names the first that matched: none before it did. */
function isLater({ pin }: TrustEntry, { matched: [first] }: ProvenCaller): boolean {
  if (pin === undefined || first === undefined) return true;
  return first.pin !== undefined && ranks[pin.kind] >= ranks[first.pin.kind];
}

function describePossible(entry: TrustEntry, documents: ComparedDocuments, caller: ProvenCaller): PossibleEntry {
  const issuer = findIssuer(entry);
  const { before, changedAuthorities, deniesThumbprints } = documents;
  if (issuer === undefined) return { entry, reason: 'entries', mayRefuse: false };
  if (changedAuthorities.has(issuer)) return { entry, reason: 'authorities', mayRefuse: true };
  const former = findEntry(before, entry);
  // If it matched an admitted caller then, its authority vouched for the certificate.
  const isProven = caller.proof === 'admitted' && former !== undefined && findIssuer(former) === issuer;
  if (isProven) return { entry, reason: deniesThumbprints ? 'denyList' : 'entries', mayRefuse: deniesThumbprints };
  return { entry, reason: 'entries', mayRefuse: true };
}

/** Why it isn't known whether there is a valid path. */
function findPathReason(entry: TrustEntry, { changedAuthorities, deniesThumbprints }: ComparedDocuments): UntoldReason {
  return deniesThumbprints && !changedAuthorities.has(findIssuer(entry) ?? '') ? 'denyList' : 'authorities';
}

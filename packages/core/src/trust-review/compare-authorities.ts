import { type PathCertificate, revocationModes } from '@certgate/x509/path';
import { shortenThumbprint, formatInstant } from '@certgate/x509';
import type {
  AuthorityRevocation,
  TrustedAuthority,
  TrustedIdentity,
  TrustSnapshot,
} from '../trust-snapshot/trust-snapshot.js';
import { type TrustChange, type TrustEffect, describeCandidates } from './trust-change.js';
import { compareLists } from './compare-identities.js';

/**
 * What differs in the authorities. Names and pins under an authority that is new or gone are compared with the
 * identities; here it is what an authority that stays vouches for. An authority that vouches for more can also make a
 * certificate ambiguous that somebody else has by a pin or by another authority.
 */
export function* compareAuthorities(
  before: TrustSnapshot,
  after: TrustSnapshot,
): Generator<TrustChange, void, undefined> {
  const earlier = indexByName(before);
  const later = indexByName(after);
  for (const [key, authority] of later) {
    const former = earlier.get(key);
    if (former === undefined) yield describeWhole(authority, 'is new');
    else if (former !== authority) yield* compareAuthority(new AuthorityPair(before, after, former, authority));
  }
  for (const [key, authority] of earlier) if (!later.has(key)) yield describeWhole(authority, 'is gone');
}

function indexByName({ authorities }: TrustSnapshot): ReadonlyMap<string, TrustedAuthority> {
  return new Map(authorities.map((authority) => [authority.name.toLowerCase(), authority]));
}

function describeWhole({ name, trustAnchors }: TrustedAuthority, what: string): TrustChange {
  const anchors = trustAnchors.map(describeCertificate).join(', ');
  return {
    effect: 'changes',
    aspect: 'authority',
    identityName: undefined,
    authorityName: name,
    sentence: `The authority "${name}" ${what}, with ${anchors}.`,
  };
}

/** One authority in both documents, and whose names and pins refer to it. */
class AuthorityPair {
  readonly earlier: TrustedAuthority;
  readonly later: TrustedAuthority;
  readonly #before: TrustSnapshot;
  readonly #after: TrustSnapshot;

  constructor(before: TrustSnapshot, after: TrustSnapshot, earlier: TrustedAuthority, later: TrustedAuthority) {
    this.#before = before;
    this.#after = after;
    this.earlier = earlier;
    this.later = later;
  }

  /** Whoever could call by it before, or can afterwards: who gains must be enabled after, who loses before. */
  describe(effect: TrustEffect, aspect: 'authority' | 'revocation', sentence: string): TrustChange {
    const snapshot = effect === 'loses' ? this.#before : this.#after;
    const candidates = listUnder(snapshot, this.later.name).map(({ name }) => name);
    const concerned = candidates.length === 0 ? '' : ` It concerns ${describeCandidates(candidates)}.`;
    return {
      effect: candidates.length === 0 ? 'changes' : effect,
      aspect,
      identityName: undefined,
      candidates: Object.freeze(candidates),
      authorityName: this.later.name,
      sentence: `${sentence}${concerned}`,
    };
  }

  /** `loses`: it vouches for more, so others' certificates may become ambiguous. `gains`: the other way round. */
  describeAmbiguity(effect: 'gains' | 'loses'): readonly TrustChange[] {
    const { name } = this.later;
    const snapshot = effect === 'loses' ? this.#before : this.#after;
    const under = new Set(listUnder(effect === 'loses' ? this.#after : this.#before, name, true).map(toKey));
    const candidates = snapshot.identities
      .filter(
        (identity) =>
          identity.enabled && hasOtherWay(identity, name) && !(under.size === 1 && under.has(toKey(identity))),
      )
      .map((identity) => identity.name);
    if (under.size === 0 || candidates.length === 0) return [];
    const sentence =
      effect === 'loses'
        ? `A certificate that the authority "${name}" vouches for from now on is ambiguous and refused, if an identity has it by a pin or by another authority, and its name here stands for another.`
        : `A certificate that was ambiguous, since the authority "${name}" vouched for it, may now be admitted as the identity that has it by a pin or by another authority.`;
    return [
      {
        effect,
        aspect: 'refusal',
        identityName: undefined,
        candidates: Object.freeze(candidates),
        authorityName: name,
        sentence: `${sentence} Identities that this may concern: ${describeCandidates(candidates)}.`,
      },
    ];
  }

  /** A serial number that is denied under the authority is so for whatever certificate names one of its CAs as its issuer. */
  describeDenied(effect: 'gains' | 'loses'): readonly TrustChange[] {
    const key = this.later.name.toLowerCase();
    const { serialNumbers } = (effect === 'loses' ? this.#after : this.#before).denied;
    const isDenied = [...serialNumbers.values()].some(({ issuedBy }) => issuedBy?.toLowerCase() === key);
    const candidates = listAdmissible(effect === 'loses' ? this.#before : this.#after).map(({ name }) => name);
    if (!isDenied || candidates.length === 0) return [];
    const sentence = `The serial numbers that are denied under the authority "${this.later.name}" are refused ${effect === 'loses' ? 'from more' : 'from fewer'} CAs. Whose certificates that may concern: ${describeCandidates(candidates)}.`;
    return [
      {
        effect,
        aspect: 'refusal',
        identityName: undefined,
        candidates: Object.freeze(candidates),
        authorityName: this.later.name,
        sentence,
      },
    ];
  }
}

function toKey({ name }: Pick<TrustedIdentity, 'name'>): string {
  return name.toLowerCase();
}

/** The enabled identities (or all) of which a name or a pin refers to the authority. */
export function listUnder(snapshot: TrustSnapshot, authorityName: string, all = false): readonly TrustedIdentity[] {
  const key = authorityName.toLowerCase();
  const isUnder = ({ issuedBy }: { readonly issuedBy: string | undefined }): boolean => issuedBy?.toLowerCase() === key;
  return snapshot.identities.filter(
    ({ enabled, subjects, pins }) => (all || enabled) && (subjects.some(isUnder) || pins.some(isUnder)),
  );
}

/** The enabled identities that anybody can be. */
export function listAdmissible({ identities }: TrustSnapshot): readonly TrustedIdentity[] {
  return identities.filter(({ enabled, subjects, pins }) => enabled && (subjects.length > 0 || pins.length > 0));
}

function hasOtherWay({ subjects, pins }: TrustedIdentity, authorityName: string): boolean {
  const key = authorityName.toLowerCase();
  return [...subjects, ...pins].some(({ issuedBy }) => issuedBy?.toLowerCase() !== key);
}

const leadingDotSentences: Readonly<
  Record<TrustedAuthority['dnsConstraintsWithLeadingDot'], (name: string) => string>
> = {
  'subdomains-only': (name) =>
    `The authority "${name}" reads a DNS name constraint with a leading dot as "subdomains only", and no longer refuses the DNS names beneath it.`,
  refuse: (name) =>
    `The authority "${name}" refuses every DNS name beneath a DNS name constraint with a leading dot, and no longer reads it as "subdomains only".`,
};

function* compareAuthority(pair: AuthorityPair): Generator<TrustChange, void, undefined> {
  const { earlier, later } = pair;
  const { name } = later;
  if (earlier.name !== name) {
    yield { ...pair.describe('changes', 'authority', `The authority "${earlier.name}" is now written "${name}".`) };
  }
  const widened: TrustChange[] = [];
  const narrowed: TrustChange[] = [];
  for (const [key, what] of [
    ['trustAnchors', 'trust anchor'],
    ['intermediates', 'intermediate'],
  ] as const) {
    for (const one of listMissing(later[key], earlier[key])) {
      widened.push(
        pair.describe('gains', 'authority', `The authority "${name}" has the ${what} ${describeCertificate(one)}.`),
      );
    }
    for (const one of listMissing(earlier[key], later[key])) {
      narrowed.push(
        pair.describe(
          'loses',
          'authority',
          `The authority "${name}" no longer has the ${what} ${describeCertificate(one)}.`,
        ),
      );
    }
  }
  const domains = compareLists(earlier.spiffeTrustDomains, later.spiffeTrustDomains);
  for (const domain of domains.added) {
    widened.push(pair.describe('gains', 'authority', `The authority "${name}" signs for the trust domain ${domain}.`));
  }
  for (const domain of domains.removed) {
    narrowed.push(
      pair.describe('loses', 'authority', `The authority "${name}" no longer signs for the trust domain ${domain}.`),
    );
  }
  const { dnsConstraintsWithLeadingDot: dot } = later;
  if (dot !== earlier.dnsConstraintsWithLeadingDot) {
    const [effect, list] = dot === 'subdomains-only' ? (['gains', widened] as const) : (['loses', narrowed] as const);
    list.push(pair.describe(effect, 'authority', leadingDotSentences[dot](name)));
  }
  yield* widened;
  yield* narrowed;
  if (widened.length > 0) {
    yield* pair.describeAmbiguity('loses');
    yield* pair.describeDenied('loses');
  }
  if (narrowed.length > 0) {
    yield* pair.describeAmbiguity('gains');
    yield* pair.describeDenied('gains');
  }
  yield* compareRevocations(pair);
}

function listMissing(
  wanted: readonly PathCertificate[],
  there: readonly PathCertificate[],
): readonly PathCertificate[] {
  const known = new Set(there.map(({ thumbprintSha256 }) => thumbprintSha256));
  return wanted.filter(({ thumbprintSha256 }) => !known.has(thumbprintSha256));
}

function describeCertificate({ subjectText, thumbprintSha256, notAfter }: PathCertificate): string {
  return `"${subjectText.slice(0, 120)}" (${shortenThumbprint(thumbprintSha256)}, until ${formatInstant(notAfter)})`;
}

/** Stricter loses, looser gains; where revocation is read from, or how long it counts, may do either. */
function* compareRevocations(pair: AuthorityPair): Generator<TrustChange, void, undefined> {
  const { earlier, later } = pair;
  const [before, after] = [earlier.revocation, later.revocation];
  const say = (effect: TrustEffect, sentence: string): TrustChange => pair.describe(effect, 'revocation', sentence);
  const both = (sentence: string): readonly TrustChange[] =>
    before.mode === 'off' && after.mode === 'off'
      ? [say('changes', sentence)]
      : [say('gains', sentence), say('loses', sentence)];
  const whose = `of the authority "${later.name}"`;
  const isOff = before.mode === 'off' && after.mode === 'off';
  if (before.mode !== after.mode) {
    // The modes stand in order, the strictest first.
    const isLooser = revocationModes.indexOf(after.mode) > revocationModes.indexOf(before.mode);
    yield say(isLooser ? 'gains' : 'loses', `Revocation ${whose} is ${after.mode}, no longer ${before.mode}.`);
  }
  if (before.scope !== after.scope) {
    const effect = isOff ? 'changes' : after.scope === 'end-entity' ? 'gains' : 'loses';
    yield say(effect, `Revocation ${whose} is asked for the ${after.scope}, no longer for the ${before.scope}.`);
  }
  if (describeSources(before) !== describeSources(after)) {
    yield* both(
      `Revocation ${whose} is read from ${describeSources(after)}, no longer from ${describeSources(before)}.`,
    );
  }
  if (before.ocspNonce !== after.ocspNonce) {
    const effect = isOff ? 'changes' : after.ocspNonce === 'optional' ? 'gains' : 'loses';
    yield say(effect, `The nonce of OCSP answers ${whose} is ${after.ocspNonce}, no longer ${before.ocspNonce}.`);
  }
  for (const [effect, sentence] of compareMinimums(before, after, whose)) yield say(effect, sentence);
  if (before.graceMilliseconds !== after.graceMilliseconds) {
    yield* both(
      `Revocation lists ${whose} count for ${after.graceMilliseconds / 1000} seconds after their end, no longer ${before.graceMilliseconds / 1000}.`,
    );
  }
}

/** A higher minimum refuses lists, and with them callers; a lower one takes older lists, which know fewer revocations. */
function* compareMinimums(
  before: AuthorityRevocation,
  after: AuthorityRevocation,
  whose: string,
): Generator<readonly [TrustEffect, string], void, undefined> {
  const [earlier, later] = [before.minimumCrlNumbers, after.minimumCrlNumbers];
  for (const issuer of new Set([...earlier.keys(), ...later.keys()])) {
    const [old, present] = [earlier.get(issuer), later.get(issuer)];
    if (old === present) continue;
    const effect = (present ?? -1n) > (old ?? -1n) ? 'loses' : 'gains';
    const sentence = `Revocation lists ${whose} by "${issuer}" count from number ${present ?? 'any'} on, no longer from ${old ?? 'any'}.`;
    yield [effect, sentence];
  }
}

function describeSources({ crls, ocsp }: AuthorityRevocation): string {
  const sources = [...crls, ...(ocsp === undefined ? [] : [`OCSP at ${ocsp}`])];
  return sources.length === 0 ? 'nowhere' : sources.map(hideQuery).join(', ');
}

/** A query may be a key. */
function hideQuery(address: string): string {
  return address.startsWith('file:') ? address : address.replace(/\?.*$/, '?…');
}

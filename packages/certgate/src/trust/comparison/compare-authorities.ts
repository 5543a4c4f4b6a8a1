import {
  type AuthorityRevocation,
  formatInstant,
  loadPathValidation,
  type PathCertificate,
  shortenThumbprint,
  type TrustedAuthority,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { type TrustChange, type TrustEffect, describeCandidates } from './trust-change.js';
import { compareLists } from './compare-identities.js';

/**
 * What differs in the authorities. Names and pins under an authority that is new or gone are compared with the
 * identities; here it is what an authority that stays vouches for.
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
    else if (former !== authority) {
      const pair = pairUp(before, after, former, authority);
      yield* compareAuthority(pair);
      yield* compareRevocations(pair);
    }
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

/** One authority in both documents. */
interface AuthorityPair {
  readonly earlier: TrustedAuthority;
  readonly later: TrustedAuthority;
  /** It concerns whoever could call by the authority before, or can afterwards: with nobody, it only `changes`. */
  readonly describe: (effect: TrustEffect, aspect: 'authority' | 'revocation', sentence: string) => TrustChange;
}

function pairUp(
  before: TrustSnapshot,
  after: TrustSnapshot,
  earlier: TrustedAuthority,
  later: TrustedAuthority,
): AuthorityPair {
  const under = { before: listUnder(before, later.name), after: listUnder(after, later.name) };
  return {
    earlier,
    later,
    describe(effect, aspect, sentence) {
      const candidates = effect === 'loses' ? under.before : under.after;
      const concerned = candidates.length === 0 ? '' : ` It concerns ${describeCandidates(candidates)}.`;
      return {
        effect: candidates.length === 0 ? 'changes' : effect,
        aspect,
        identityName: undefined,
        candidates,
        authorityName: later.name,
        sentence: `${sentence}${concerned}`,
      };
    },
  };
}

/** The enabled identities of which a name or a pin refers to the authority. */
function listUnder({ identities }: TrustSnapshot, authorityName: string): readonly string[] {
  const key = authorityName.toLowerCase();
  const isUnder = ({ issuedBy }: { readonly issuedBy: string | undefined }): boolean => issuedBy?.toLowerCase() === key;
  return identities
    .filter(({ enabled, names, pins }) => enabled && (names.some(isUnder) || pins.some(isUnder)))
    .map(({ name }) => name);
}

const leadingDotSentences: Readonly<
  Record<TrustedAuthority['dnsConstraintsWithLeadingDot'], (name: string) => string>
> = {
  'subdomains-only': (name) =>
    `The authority "${name}" reads a DNS name constraint with a leading dot as "subdomains only", and no longer refuses the DNS names beneath it.`,
  refuse: (name) =>
    `The authority "${name}" refuses every DNS name beneath a DNS name constraint with a leading dot, and no longer reads it as "subdomains only".`,
};

function* compareAuthority({ earlier, later, describe }: AuthorityPair): Generator<TrustChange, void, undefined> {
  const { name, dnsConstraintsWithLeadingDot: dot } = later;
  if (earlier.name !== name) {
    yield describe('changes', 'authority', `The authority "${earlier.name}" is now written "${name}".`);
  }
  for (const [key, what] of [
    ['trustAnchors', 'trust anchor'],
    ['intermediates', 'intermediate'],
  ] as const) {
    for (const one of listMissing(later[key], earlier[key])) {
      yield describe('gains', 'authority', `The authority "${name}" has the ${what} ${describeCertificate(one)}.`);
    }
    for (const one of listMissing(earlier[key], later[key])) {
      const sentence = `The authority "${name}" no longer has the ${what} ${describeCertificate(one)}.`;
      yield describe('loses', 'authority', sentence);
    }
  }
  const domains = compareLists(earlier.spiffeTrustDomains, later.spiffeTrustDomains);
  for (const domain of domains.added) {
    yield describe('gains', 'authority', `The authority "${name}" signs for the trust domain ${domain}.`);
  }
  for (const domain of domains.removed) {
    yield describe('loses', 'authority', `The authority "${name}" no longer signs for the trust domain ${domain}.`);
  }
  if (dot !== earlier.dnsConstraintsWithLeadingDot) {
    yield describe(dot === 'subdomains-only' ? 'gains' : 'loses', 'authority', leadingDotSentences[dot](name));
  }
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
function* compareRevocations({ earlier, later, describe }: AuthorityPair): Generator<TrustChange, void, undefined> {
  const [before, after] = [earlier.revocation, later.revocation];
  const say = (effect: TrustEffect, sentence: string): TrustChange => describe(effect, 'revocation', sentence);
  const both = (sentence: string): readonly TrustChange[] =>
    before.mode === 'off' && after.mode === 'off'
      ? [say('changes', sentence)]
      : [say('gains', sentence), say('loses', sentence)];
  const whose = `of the authority "${later.name}"`;
  const isOff = before.mode === 'off' && after.mode === 'off';
  if (before.mode !== after.mode) {
    // The modes stand in order, the strictest first.
    const { revocationModes } = loadPathValidation();
    const isLooser = revocationModes.indexOf(after.mode) > revocationModes.indexOf(before.mode);
    yield say(isLooser ? 'gains' : 'loses', `Revocation ${whose} is ${after.mode}, no longer ${before.mode}.`);
  }
  if (before.scope !== after.scope) {
    const effect = isOff ? 'changes' : after.scope === 'end-entity' ? 'gains' : 'loses';
    yield say(effect, `Revocation ${whose} is asked for the ${after.scope}, no longer for the ${before.scope}.`);
  }
  if (describeSources(before) !== describeSources(after)) {
    const [from, earlier] = [describeSources(after), describeSources(before)];
    yield* both(
      from === undefined
        ? `Revocation ${whose} is no longer read from ${earlier ?? ''}.`
        : `Revocation ${whose} is read from ${from}, ${earlier === undefined ? 'and was read from nowhere before' : `no longer from ${earlier}`}.`,
    );
  }
  if (before.ocspNonce !== after.ocspNonce) {
    const effect = isOff ? 'changes' : after.ocspNonce === 'optional' ? 'gains' : 'loses';
    yield say(effect, `The nonce of OCSP answers ${whose} is ${after.ocspNonce}, no longer ${before.ocspNonce}.`);
  }
  for (const [effect, sentence] of compareMinimums(before, after, whose)) yield say(effect, sentence);
  const [formerly, now] = [before, after].map((each) => each.noRevAvailMaximumLifetimeMilliseconds);
  if (now !== formerly) {
    // Of "off" too: where the code names lists, that is "required".
    const effect = (now ?? 0) > (formerly ?? 0) ? 'gains' : 'loses';
    yield say(effect, describeNoRevAvail(whose, before, after));
  }
  if (before.graceMilliseconds !== after.graceMilliseconds) {
    yield* both(
      `Revocation lists ${whose} count for ${after.graceMilliseconds / 1000} seconds after their end, no longer ${before.graceMilliseconds / 1000}.`,
    );
  }
}

function describeNoRevAvail(whose: string, before: AuthorityRevocation, after: AuthorityRevocation): string {
  const [formerly, now] = [before, after].map((each) => each.noRevAvailMaximumLifetimeMilliseconds);
  const certificates = `Certificates ${whose} with noRevAvail`;
  if (now === undefined) return `${certificates} are treated like any other.`;
  const until = before.mode === 'off' ? '' : '; until now, they were treated like any other';
  const change = formerly === undefined ? until : `; no longer up to ${formerly / 1000}`;
  return `${certificates} need no revocation information up to a lifetime of ${now / 1000} seconds${change}.`;
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

/** Undefined: there is none. */
function describeSources({ crls, ocsp }: AuthorityRevocation): string | undefined {
  const sources = [...crls, ...(ocsp === undefined ? [] : [`OCSP at ${ocsp}`])];
  return sources.length === 0 ? undefined : sources.map(hideQuery).join(', ');
}

/** A query may be a key. */
function hideQuery(address: string): string {
  return address.startsWith('file:') ? address : address.replace(/\?.*$/, '?…');
}

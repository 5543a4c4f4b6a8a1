import {
  type AuthorityRevocation,
  formatInstant,
  type ListedEntry,
  listEntries,
  loadPathValidation,
  type PathCertificate,
  shortenThumbprint,
  type TrustedAuthority,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { type TrustChange, type TrustEffect, describeCandidates } from './trust-change.js';
import { compareLists, indexByName } from './compare-identities.js';
import { canAdmit } from './in-force.js';

/**
 * Lists what differs in the authorities. A new or removed authority has the effect `changes`, because the names and
 * pins under it are compared with their identities.
 */
export function* compareAuthorities(
  before: TrustSnapshot,
  after: TrustSnapshot,
): Generator<TrustChange, void, undefined> {
  const earlier = indexByName(before.authorities);
  const later = indexByName(after.authorities);
  for (const [key, authority] of later) {
    const former = earlier.get(key);
    if (former === undefined) yield describeWhole(authority, 'is new');
    else if (former !== authority)
      yield* compareAuthority(former, authority, createDescription(before, after, authority));
  }
  for (const [key, authority] of earlier) if (!later.has(key)) yield describeWhole(authority, 'is gone');
}

function describeWhole({ name, trustAnchors }: TrustedAuthority, what: string): TrustChange {
  const anchors = trustAnchors.map(describeCertificate).join(', ');
  const sentence = `The authority "${name}" ${what}, with ${anchors}.`;
  return { effect: 'changes', aspect: 'authority', authorityName: name, sentence };
}

type DescribeChange = (effect: TrustEffect, aspect: 'authority' | 'revocation', sentence: string) => TrustChange;

/**
 * A change concerns the identities that could call by the authority before (a loss) or can call afterwards (any other
 * effect). If there are none, the effect is `changes`.
 */
function createDescription(before: TrustSnapshot, after: TrustSnapshot, { name }: TrustedAuthority): DescribeChange {
  const under = { before: listUnder(before, name), after: listUnder(after, name) };
  return (effect, aspect, sentence) => {
    const candidates = effect === 'loses' ? under.before : under.after;
    const about = { aspect, candidates, authorityName: name };
    if (candidates.length === 0) return { effect: 'changes', ...about, sentence };
    return { effect, ...about, sentence: `${sentence} It concerns ${describeCandidates(candidates)}.` };
  };
}

/** The names of the identities that have a name or a pin under the authority that can admit callers. */
function listUnder(snapshot: TrustSnapshot, authorityName: string): readonly string[] {
  const key = authorityName.toLowerCase();
  const isUnder = ({ pin, trustName }: ListedEntry): boolean => (pin ?? trustName).issuedBy?.toLowerCase() === key;
  return snapshot.identities
    .filter((identity) => listEntries(identity).some((entry) => isUnder(entry) && canAdmit(snapshot, entry)))
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

function* compareAuthority(
  earlier: TrustedAuthority,
  later: TrustedAuthority,
  describe: DescribeChange,
): Generator<TrustChange, void, undefined> {
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
  yield* compareRevocations(earlier.revocation, later.revocation, `of the authority "${name}"`, (effect, sentence) =>
    describe(effect, 'revocation', sentence),
  );
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

/** A stricter setting loses, a looser one gains. A change of the sources or of the grace period may do both. */
function* compareRevocations(
  before: AuthorityRevocation,
  after: AuthorityRevocation,
  whose: string,
  say: (effect: TrustEffect, sentence: string) => TrustChange,
): Generator<TrustChange, void, undefined> {
  const isOff = before.mode === 'off' && after.mode === 'off';
  const both = (sentence: string): readonly TrustChange[] =>
    isOff ? [say('changes', sentence)] : [say('gains', sentence), say('loses', sentence)];
  if (before.mode !== after.mode) {
    // The modes are ordered, the strictest first.
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
    // This matters even if the mode is `off`: if the app's code requires revocation information, the gate treats `off`
    // as `required`.
    const effect = (now ?? 0) > (formerly ?? 0) ? 'gains' : 'loses';
    yield say(effect, describeNoRevAvail(whose, before, after));
  }
  if (before.graceMilliseconds !== after.graceMilliseconds) {
    yield* both(
      `Revocation lists ${whose} are used for ${after.graceMilliseconds / 1000} seconds after their end, no longer ${before.graceMilliseconds / 1000}.`,
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

/**
 * A higher minimum refuses lists, and therefore callers. A lower one accepts older lists, which contain fewer
 * revocations.
 */
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
    const sentence = `Revocation lists ${whose} by "${issuer}" are accepted from number ${present ?? 'any'} on, no longer from ${old ?? 'any'}.`;
    yield [effect, sentence];
  }
}

/** The sources in words; undefined if there is none. */
function describeSources({ crls, ocsp }: AuthorityRevocation): string | undefined {
  const sources = [...crls, ...(ocsp === undefined ? [] : [`OCSP at ${ocsp}`])];
  return sources.length === 0 ? undefined : sources.map(hideQuery).join(', ');
}

/** The query may contain a key. */
function hideQuery(address: string): string {
  return address.startsWith('file:') ? address : address.replace(/\?.*$/, '?…');
}

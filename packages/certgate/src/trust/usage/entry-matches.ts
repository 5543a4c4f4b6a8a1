import {
  shortenMatched,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { IdentityTally, MatchTally } from './usage-tracker.js';

/** A match in the lines, with the identity that the lines name for it. */
export interface NamedMatch {
  readonly name: string;
  readonly match: MatchTally;
}

/** How lines write an entry: by its kind, the authority of a name, and the value as a line shortens it. */
export interface EntryKey {
  readonly key: string;
  readonly entry: TrustPin | TrustName;
}

export function listKeys({ pins, names }: TrustedIdentity): readonly EntryKey[] {
  return [
    ...pins.map((entry) => ({ key: keyOf(entry.kind, entry.value), entry })),
    ...names.map((entry) => ({ key: keyOf(`${entry.type} issued by ${entry.issuedBy}`, entry.value), entry })),
  ];
}

function keyOf(matchedBy: string, matched: string): string {
  return `${withoutIssuer(matchedBy).toLowerCase()}\n${shortenMatched(matched)}`;
}

const byAuthority = ' issued by ';

/**
 * A pin is found by its kind, without the authority in `issuedBy`, because the document may have changed that since.
 */
function withoutIssuer(matchedBy: string): string {
  return matchedBy.replace(/^(thumbprintSha256|thumbprintSha1|publicKeySha256) issued by .*$/s, '$1');
}

/** Finds out which matches in the lines are those of an entry of the document. */
export class EntryMatches {
  readonly #byKey: ReadonlyMap<string, readonly NamedMatch[]>;
  /** By key: how many entries of the document lines write in this way. */
  readonly #counts: ReadonlyMap<string, number>;
  /** The names of the document's identities, in lower case. */
  readonly #listed: ReadonlySet<string>;

  constructor({ authorities, identities }: TrustSnapshot, tallies: readonly IdentityTally[]) {
    this.#byKey = indexMatches(tallies, new Set(authorities.map(({ name }) => name.toLowerCase())));
    this.#counts = countKeys(identities);
    this.#listed = new Set(identities.map(({ name }) => name.toLowerCase()));
  }

  isListed(name: string): boolean {
    return this.#listed.has(name.toLowerCase());
  }

  /** Whether lines write several entries of the document in this way. */
  isRepeated(key: string): boolean {
    return (this.#counts.get(key) ?? 0) > 1;
  }

  /**
   * Finds the matches of an entry. If the key is that of several entries, the name in the line decides whose match it
   * is, provided that the document lists this name. Matches of the identity whose lines give no value are included if
   * they are of the entry's kind.
   */
  find({ key, entry }: EntryKey, { name }: TrustedIdentity): readonly NamedMatch[] {
    const found = this.#byKey.get(key) ?? [];
    const formerly = 'type' in entry ? (this.#byKey.get(keyOf(entry.type, entry.value)) ?? []) : [];
    const ofKind = this.#byKey.get(keyWithoutValue(name, 'type' in entry ? entry.type : entry.kind)) ?? [];
    return [
      ...[...found, ...formerly].filter(
        (each) => this.#counts.get(key) === 1 || isSame(each.name, name) || !this.isListed(each.name),
      ),
      ...ofKind,
    ];
  }
}

function indexMatches(
  tallies: readonly IdentityTally[],
  authorities: ReadonlySet<string>,
): ReadonlyMap<string, readonly NamedMatch[]> {
  const index = new Map<string, NamedMatch[]>();
  for (const { name, matches } of tallies) {
    for (const match of matches) {
      if (match.matched === undefined) {
        pushTo(index, keyWithoutValue(name, match.matchedBy), { name, match });
        continue;
      }
      const [type = '', authority = ''] = withoutIssuer(match.matchedBy).split(byAuthority, 2);
      // The document doesn't have this authority. It may be the former name of one that the document has.
      const isOfOther = authority !== '' && !authorities.has(authority.toLowerCase());
      const key = keyOf(isOfOther ? type : match.matchedBy, match.matched);
      pushTo(index, key, { name, match });
    }
  }
  return index;
}

function pushTo(index: Map<string, NamedMatch[]>, key: string, match: NamedMatch): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, [match]);
  else known.push(match);
}

/** The key of a line that gives the kind of entry by which a caller was admitted, but not the entry's value. */
function keyWithoutValue(name: string, matchedBy: string): string {
  const [kind = ''] = withoutIssuer(matchedBy).split(byAuthority, 1);
  return `${kind.toLowerCase()} of\n${name.toLowerCase()}`;
}

function countKeys(identities: readonly TrustedIdentity[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { key } of identities.flatMap(listKeys)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

export function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

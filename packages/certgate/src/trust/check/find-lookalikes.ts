import { nameShortPin } from '../comparison/trust-change.js';
import { aboutPin, type CheckFinding } from './check-finding.js';
import type { TrustSnapshot, TrustedIdentity } from '@certgate/core/internal';

/** Finds what a valid document may contain, but a person would confuse. */
export function findLookalikes(snapshot: TrustSnapshot): readonly CheckFinding[] {
  return [
    ...findNamesAlike(snapshot.identities),
    ...snapshot.identities.flatMap((identity, index) => [
      ...findHashInTwoKinds(snapshot, identity, `identities[${index}]`),
      ...findRolesAlike(identity, `identities[${index}]`),
    ]),
  ];
}

/**
 * Finds names that people and readers of logs would confuse: they differ only in Unicode form, width, letter case or
 * white space.
 */
function findNamesAlike(identities: readonly TrustedIdentity[]): readonly CheckFinding[] {
  const names = identities.map(({ name }) => name);
  const alike = findTwice(names, (name) => name.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' '));
  return alike.map(({ text, earlier, index }) => ({
    code: 'names_look_alike',
    severity: 'warning',
    path: `identities[${index}].name`,
    identityName: text,
    owner: identities[index]?.owner,
    message: `"${text}" looks like "${earlier}", but is another identity; rename one of them.`,
  }));
}

/**
 * Finds roles that differ only in letter case. Roles are compared exactly, but two such roles are often one, misspelt.
 */
function findRolesAlike({ name, owner, roles }: TrustedIdentity, path: string): readonly CheckFinding[] {
  if (roles.length < 2) return [];
  return findTwice(roles, (role) => role.toLowerCase()).map(({ text, earlier, index }) => ({
    code: 'names_look_alike',
    severity: 'information',
    path: `${path}.roles[${index}]`,
    identityName: name,
    owner,
    message: `The roles "${earlier}" and "${text}" of "${name}" are two different roles: letter case matters in roles.`,
  }));
}

/** Finds a hash that is pinned both as a certificate's and as a key's: one of them was pasted into the wrong place. */
function findHashInTwoKinds({ pins }: TrustSnapshot, identity: TrustedIdentity, path: string): readonly CheckFinding[] {
  return identity.pins.flatMap((pin, index) => {
    const other = pin.kind === 'publicKeySha256' ? pins.thumbprintSha256.get(pin.value) : undefined;
    if (other === undefined) return [];
    const message = `The pin ${nameShortPin(pin)} of "${identity.name}" has the digits of a thumbprintSha256 pin of "${other.identity.name}": one of them is in the wrong place and admits nobody.`;
    const place = aboutPin({ identity, pin, path: `${path}.pins[${index}]` });
    return [{ code: 'hash_in_two_kinds', severity: 'warning', ...place, message }];
  });
}

interface Twice {
  readonly text: string;
  readonly earlier: string;
  readonly index: number;
}

function findTwice(texts: readonly string[], keyOf: (text: string) => string): readonly Twice[] {
  const seen = new Map<string, string>();
  return texts.flatMap((text, index) => {
    const key = keyOf(text);
    const earlier = seen.get(key);
    if (earlier !== undefined) return [{ text, earlier, index }];
    seen.set(key, text);
    return [];
  });
}

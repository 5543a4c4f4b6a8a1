import type { Draft } from './documents.js';
import type { Random } from './random.js';

/** Names that few callers have. Those of a SPIFFE trust domain are for the authority that signs for it. */
const rare = [
  { uri: 'spiffe://corp.example/a' },
  { uri: 'https://corp.example/a' },
  { uri: 'https://corp.example/A' },
  { organizationalUnit: 'Sales' },
  { organizationalUnit: 'sales' },
] as const;

/** Spells a document otherwise, which changes nothing. Now and then, a rare name takes the place of another. */
export function respell(random: Random, draft: Draft): void {
  const turn = (text: string): string =>
    random.pick([text, text, text.toUpperCase(), text.toLowerCase(), text.toLowerCase().replace(/..(?=.)/g, '$&:')]);
  const raise = (text: string): string => random.pick([text, text, text.toUpperCase()]);
  draft.denied = draft.denied.map(({ thumbprintSha256, issuedBy = '', serialNumber = '' }) =>
    thumbprintSha256 === undefined
      ? { issuedBy: raise(issuedBy), serialNumber: turn(`${random.pick(['', '00'])}${serialNumber}`) }
      : { thumbprintSha256: turn(thumbprintSha256) },
  );
  const names = draft.identities.flatMap((identity) => identity.names);
  let hasRare = names.some((name) => (name.uri ?? name.organizationalUnit) !== undefined);
  for (const identity of draft.identities)
    identity.names = identity.names.map((name) => {
      const issuedBy = raise(name.issuedBy);
      if (hasRare || !/^corp/i.test(issuedBy) || random.chance(0.88))
        return { ...name, issuedBy, ...(name.dns === undefined ? {} : { dns: raise(name.dns) }) };
      hasRare = true;
      return { issuedBy, ...random.pick(rare) };
    });
}

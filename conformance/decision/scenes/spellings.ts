import type { Draft } from './documents.js';
import type { Random } from './random.js';

/** Names that few callers have. Those with a SPIFFE trust domain are only for the authority of that domain. */
const rare = [
  { uri: 'spiffe://corp.example/a' },
  { uri: 'https://corp.example/a' },
  { uri: 'https://corp.example/A' },
  { organizationalUnit: 'Sales' },
  { organizationalUnit: 'sales' },
] as const;

/** Changes the spelling of a document, which must not change its meaning. Sometimes, a rare name replaces another. */
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

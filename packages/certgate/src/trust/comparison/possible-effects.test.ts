import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseTrustDocument, presentCertificate, type TrustSnapshot } from '@certgate/core/internal';
import { authorityOf, getStage, issuedDocument } from '@certgate/core/test-support/authority-stage.js';
import type { IdentityInput } from '@certgate/core/test-support/documents.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { compareTrustDocuments } from './compare-documents.js';
import { callers, decide, instants, scenes } from './test-support/random-scenes.js';

test('each caller that the gate newly admits or refuses is reported, or may be one that the documents cannot show', () => {
  const seen = { gains: 0, loses: 0, possibleGains: 0, possibleLosses: 0, silent: 0 };
  fc.assert(
    fc.property(scenes, instants, ([before, after], at) => {
      const comparison = compareTrustDocuments(before, after);
      const { changes, possibleGains, possibleLosses } = comparison;
      if (changes.length > 0 && possibleGains === undefined && possibleLosses === undefined) seen.silent += 1;
      for (const caller of callers) {
        const [was, is] = [before, after].map((trust) => findCaller(trust, caller, at));
        if (was === is) continue;
        for (const [effect, whom, possible] of [
          ['gains', is, 'possibleGains'],
          ['loses', was, 'possibleLosses'],
        ] as const) {
          if (whom === undefined) continue;
          const isReported = changes.some(
            ({ effect: reported, identityName, candidates = [identityName ?? whom] }) =>
              reported === effect && candidates.includes(whom),
          );
          seen[isReported ? effect : possible] += 1;
          const sentences = changes.map((change) => `${change.effect} ${change.sentence}`).join('\n');
          assert.ok(isReported || comparison[possible] !== undefined, `${whom} ${effect}:\n${sentences}`);
        }
      }
    }),
    { numRuns: countRuns(150) },
  );
  // Possible gains are rare in these scenes. The next group has some.
  const { possibleGains, possibleLosses, ...often } = seen;
  for (const [way, times] of Object.entries({ ...often, possible: possibleGains + possibleLosses }))
    assert.ok(times > 0, `${way}: ${JSON.stringify(seen)}`);
});

function findCaller(...question: Parameters<typeof decide>): string | undefined {
  const decision = decide(...question);
  return decision.outcome === 'allowed' ? decision.identity.name : undefined;
}

const pinsOf = callers.map(({ der }) => presentCertificate(der));
const corp = { issuedBy: 'corp' };
const authorities = [
  authorityOf({ spiffeTrustDomains: ['corp.example'] }),
  authorityOf({ name: 'partner', anchors: [getStage().impostorRoot], intermediates: [] }),
];
const read = (identities: readonly IdentityInput[]): TrustSnapshot =>
  parseTrustDocument(issuedDocument(identities, { authorities }));

describe('a removed entry may leave certificates to another one, and an added entry may take them', () => {
  const [first = '', second = ''] = pinsOf.map(({ thumbprintSha256 }) => thumbprintSha256);
  const [sha1 = ''] = pinsOf.map(({ thumbprintSha1 }) => thumbprintSha1);
  const x = (...pins: readonly object[]): IdentityInput => ({ name: 'x', pins });
  const y = (...pins: readonly object[]): IdentityInput => ({ name: 'y', pins });
  const named = (name: string, ...names: readonly object[]): IdentityInput => ({
    name,
    names: names.map((each) => ({ ...corp, ...each })),
  });
  const compare = (before: readonly IdentityInput[], after: readonly IdentityInput[]): readonly [boolean, boolean] => {
    const { gains, possibleGains } = compareTrustDocuments(read(before), read(after));
    const mirrored = compareTrustDocuments(read(after), read(before));
    assert.deepEqual([mirrored.loses, mirrored.possibleLosses !== undefined], [gains, possibleGains !== undefined]);
    return [gains, possibleGains !== undefined];
  };
  const wildcard = named('y', { dns: '*.corp.example' });
  const under = named('x', { dns: 'a.corp.example' });
  const nobody: readonly [boolean, boolean] = [false, false];
  const cases: readonly (readonly [
    string,
    readonly IdentityInput[],
    readonly IdentityInput[],
    readonly [boolean, boolean],
  ])[] = [
    ['two pins of one kind', [x({ thumbprintSha256: first }), y({ thumbprintSha256: second })], [y({ thumbprintSha256: second })], nobody], // prettier-ignore
    ['pins of two kinds', [x({ thumbprintSha256: first }), y({ thumbprintSha1: sha1 })], [y({ thumbprintSha1: sha1 })], [false, true]], // prettier-ignore
    ['a pin beside one of another kind that is disabled', [x({ thumbprintSha256: first }), y({ thumbprintSha1: sha1, enabled: false })], [y({ thumbprintSha1: sha1, enabled: false })], nobody], // prettier-ignore
    ['a pin beside another kind of the same identity', [x({ thumbprintSha256: first }, { thumbprintSha1: sha1 })], [x({ thumbprintSha256: first })], nobody], // prettier-ignore
    ['a disabled pin beside another kind of the same identity', [x({ thumbprintSha256: first }, { thumbprintSha1: sha1, enabled: false })], [x({ thumbprintSha256: first })], [false, true]], // prettier-ignore
    ['a pin beside a name', [x({ thumbprintSha256: first }), wildcard], [wildcard], [false, true]],
    ['a pin of another authority beside a name of the same identity', [{ ...under, ...x({ thumbprintSha256: first, issuedBy: 'partner' }) }], [under], [false, true]], // prettier-ignore
    ['two common names', [named('x', { commonName: 'a' }), named('y', { commonName: 'b' })], [named('y', { commonName: 'b' })], nobody], // prettier-ignore
    ['a common name under two authorities', [named('x', { commonName: 'a' }), named('y', { commonName: 'a', issuedBy: 'partner' })], [named('y', { commonName: 'a', issuedBy: 'partner' })], [false, true]], // prettier-ignore
    ['two SPIFFE IDs', [named('x', { uri: 'spiffe://corp.example/a' }), named('y', { uri: 'spiffe://corp.example/b' })], [named('y', { uri: 'spiffe://corp.example/b' })], nobody], // prettier-ignore
    ['a name under a wildcard', [under, wildcard], [wildcard], [true, true]],
    ['the wildcard over a name', [under, wildcard], [under], [true, true]],
    ['the wildcard over a disabled name', [{ ...under, enabled: false }, wildcard], [{ ...under, enabled: false }], nobody], // prettier-ignore
    ['both', [under, wildcard], [x()], nobody],
    ['a name that comes under a wildcard', [wildcard], [{ ...under, enabled: false }, wildcard], nobody],
  ];
  for (const [what, before, after, expected] of cases) {
    test(what, () => {
      assert.deepEqual(compare(before, after), expected);
    });
  }

  test('possible effects have sentences for people', () => {
    const { changes, possibleGains } = compareTrustDocuments(read([under, wildcard]), read([wildcard]));
    assert.deepEqual(
      changes.filter(({ effect }) => effect === 'gains').map(({ sentence }) => sentence),
      [
        'A certificate with dns a.corp.example of the authority corp is now recognized as "y"; before, it was refused as ambiguous with "x".',
      ],
    );
    assert.equal(
      possibleGains,
      'Some certificates no longer match a pin or name of "x". If one of them also matches another pin or name, of "y", the gate may have refused it before and admit it now. The documents don\'t show whether there is such a certificate; to check one: npx --no-install certgate trust explain --certificate FILE --function NAME --store STORE',
    );
    const { loses, possibleLosses } = compareTrustDocuments(read([wildcard]), read([under, wildcard]));
    assert.ok(loses);
    assert.match(
      possibleLosses ?? '',
      /^Some certificates now match a pin or name of "x"\. .* of "y", the gate may have admitted it before and refuse it now\. /,
    );
  });
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { now } from '@certgate/x509/test-support/certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { getAuthorityPems } from '@certgate/core/test-support/authority-certificates.js';
import { authorityOf, getStage, issueCaller } from '@certgate/core/test-support/authority-stage.js';
import { type IdentityInput, documentOf } from '@certgate/core/test-support/documents.js';
import { type TrustComparison, compareTrustDocuments } from './compare-documents.js';
import { decideAccess, parseTrustDocument, presentCertificate, type TrustSnapshot } from '@certgate/core/internal';

const pems = getAuthorityPems();
const sha256 = 'A1'.repeat(32);
const corp = { name: 'corp', trustAnchors: [pems.corp] };
const partner = { name: 'partner', trustAnchors: [pems.partner] };
const hashOf = (pem: string): string => presentCertificate(new X509Certificate(pem).raw).thumbprintSha256;
const dns = (text: string, issuedBy = 'corp'): object => ({ issuedBy, dns: text });

const read = (identities: readonly IdentityInput[], more: object = {}): TrustSnapshot =>
  parseTrustDocument(documentOf(identities, { authorities: [corp, partner], ...more }));
const listChanges = ({ changes }: TrustComparison): readonly string[] =>
  changes.map(
    ({ effect, aspect, identityName, candidates }) =>
      `${effect} ${aspect} ${identityName ?? candidates?.map((name) => `${name}?`).join(' ') ?? '-'}`,
  );

describe('what is reported about authorities, names and the deny list', () => {
  const a = { name: 'a', names: [dns('a.example')] };
  const minimum = (...numbers: readonly string[]): object => ({
    mode: 'required',
    minimumCrlNumbers: numbers.map((number) => ({ issuer: 'CN=Corp CA', number })),
  });
  const revocation = (fields: object): object => ({ authorities: [{ ...corp, revocation: fields }, partner] });
  const dotted = (reading: string): object => ({
    authorities: [{ ...corp, dnsConstraintsWithLeadingDot: reading }, partner],
  });
  const pinned = (issuedBy?: string): IdentityInput => ({
    name: 'a',
    pins: [{ thumbprintSha256: sha256, ...(issuedBy && { issuedBy }) }],
  });
  const cases: readonly (readonly [string, TrustSnapshot, TrustSnapshot, readonly string[]])[] = [
    ['the same', read([a]), read([a]), []],
    ['a name in another case', read([a]), read([{ ...a, names: [dns('A.example', 'CORP')] }]), []],
    ['an identity by its name', read([]), read([a]), ['gains identity a', 'gains trustName a']],
    ['a disabled one', read([]), read([{ ...a, enabled: false }]), ['changes identity a', 'changes trustName a']],
    ['a name that goes', read([a]), read([{ name: 'a' }]), ['loses trustName a']],
    [
      'a name that moves',
      read([a, { name: 'b' }]),
      read([{ name: 'a' }, { ...a, name: 'b' }]),
      ['loses trustName a', 'gains trustName b'],
    ],
    [
      'one more name, beside that of another',
      read([a, { name: 'b' }]),
      read([a, { name: 'b', names: [dns('b.example')] }]),
      ['gains trustName b'],
    ],
    ['a pin of an authority', read([pinned()]), read([pinned('corp')]), ['loses pinIssuer a']],
    ['a pin of any issuer', read([pinned('corp')]), read([pinned()]), ['gains pinIssuer a']],
    [
      'a pin of another authority',
      read([pinned('corp')]),
      read([pinned('partner')]),
      ['gains pinIssuer a', 'loses pinIssuer a'],
    ],
    ['an authority', read([a], { authorities: [corp] }), read([a]), ['changes authority -']],
    ['an authority that goes', read([a]), read([a], { authorities: [corp] }), ['changes authority -']],
    [
      'an anchor',
      read([a, { name: 'b' }]),
      read([a, { name: 'b' }], { authorities: [{ ...corp, trustAnchors: [pems.corp, pems.corpImpostor] }, partner] }),
      ['gains authority a?'],
    ],
    [
      'an anchor in the place of another, beside a pin',
      read([a, { ...pinned(), name: 'b' }]),
      read([a, { ...pinned(), name: 'b' }], { authorities: [{ ...corp, trustAnchors: [pems.corpImpostor] }, partner] }),
      ['gains authority a?', 'loses authority a?'],
    ],
    [
      'an intermediate that goes',
      read([a], { authorities: [{ ...corp, intermediates: [pems.issuing] }, partner] }),
      read([a]),
      ['loses authority a?'],
    ],
    [
      'an anchor in the place of a denied one',
      read([a], { denied: [{ thumbprintSha256: hashOf(pems.corp) }] }),
      read([a], {
        authorities: [{ ...corp, trustAnchors: [pems.corpImpostor] }, partner],
        denied: [{ thumbprintSha256: hashOf(pems.corp) }],
      }),
      ['gains authority a?', 'changes authority '],
    ],
    ['leading dots that are read', read([a]), read([a], dotted('subdomains-only')), ['gains authority a?']],
    [
      'leading dots that are refused again, beside a pin',
      read([a, { ...pinned(), name: 'b' }], dotted('subdomains-only')),
      read([a, { ...pinned(), name: 'b' }], dotted('refuse')),
      ['loses authority a?'],
    ],
    ['leading dots that are refused, as by default', read([a]), read([a], dotted('refuse')), []],
    ['stricter revocation', read([a]), read([a], revocation({ mode: 'when-available' })), ['loses revocation a?']],
    ...(
      [
        ['noRevAvail that excuses', undefined, 3600, ['gains revocation a?']],
        ['noRevAvail that excuses longer lives', 3600, 3601, ['gains revocation a?']],
        ['noRevAvail that excuses shorter lives', 3601, 3600, ['loses revocation a?']],
        ['noRevAvail that excuses no more', 1, undefined, ['loses revocation a?']],
        ['noRevAvail as before', 3600, 3600, []],
      ] as const
    ).map(([what, before, after, changes]) => {
      const [earlier, later] = [before, after].map((seconds) =>
        read(
          [a],
          revocation({
            mode: 'required',
            ...(seconds === undefined ? {} : { noRevAvailMaximumLifetimeSeconds: seconds }),
          }),
        ),
      );
      assert.ok(earlier !== undefined && later !== undefined);
      return [what, earlier, later, changes] as const;
    }),
    ...(
      [
        ['a minimum CRL number', [], ['12'], ['loses revocation a?']],
        ['a higher one', ['12'], ['13'], ['loses revocation a?']],
        ['a lower one', ['13'], ['12'], ['gains revocation a?']],
        ['none any more', ['0'], [], ['gains revocation a?']],
        ['the same one', ['12'], ['12'], []],
      ] as const
    ).map(
      ([what, before, after, changes]) =>
        [what, read([a], revocation(minimum(...before))), read([a], revocation(minimum(...after))), changes] as const,
    ),
    [
      'looser revocation',
      read([a], revocation({ mode: 'required', scope: 'chain' })),
      read([a], revocation({ mode: 'required', scope: 'end-entity' })),
      ['gains revocation a?'],
    ],
    [
      'another list',
      read([a], revocation({ crls: ['file:a'] })),
      read([a], revocation({ crls: ['file:b'] })),
      ['gains revocation a?', 'loses revocation a?'],
    ],
    [
      'another list that nobody asks',
      read([a], revocation({ mode: 'off', crls: ['file:a'] })),
      read([a], revocation({ mode: 'off', crls: ['file:b'] })),
      ['changes revocation a?'],
    ],
    [
      'a denied serial number',
      read([a, { ...pinned(), name: 'b' }]),
      read([a, { ...pinned(), name: 'b' }], { denied: [{ issuedBy: 'corp', serialNumber: '1' }] }),
      ['loses denied -'],
    ],
    [
      'a thumbprint that is no longer denied',
      read([a, { ...pinned(), name: 'b' }], { denied: [{ thumbprintSha256: sha256 }] }),
      read([a, { ...pinned(), name: 'b' }]),
      ['gains denied b'],
    ],
    ...[{ enabled: false }, { issuedBy: 'partner', notBefore: '2040-01-01T00:00:00Z' }].map((more) => {
      const list = [a, { name: 'b', pins: [{ thumbprintSha256: sha256, ...more }] }];
      const denied = [{ thumbprintSha256: sha256 }];
      return ['a denied pin that admits nobody', read(list), read(list, { denied }), ['changes denied b']] as const;
    }),
    [
      'what belongs to a pin that stays denied',
      read([a, { name: 'b', pins: [{ thumbprintSha256: sha256, notAfter: '2030-01-01T00:00:00Z' }] }], {
        denied: [{ thumbprintSha256: sha256 }],
      }),
      read([a, { name: 'b', pins: [{ thumbprintSha256: sha256 }], roles: ['x'] }], {
        denied: [{ thumbprintSha256: sha256 }],
      }),
      ['changes roles b', 'changes roles b', 'changes pinWindow b'],
    ],
    [
      'a denied certificate that is not pinned, and may be the other signature of one that is',
      read([pinned()]),
      read([pinned()], { denied: [{ thumbprintSha256: 'B2'.repeat(32) }] }),
      ['loses denied -'],
    ],
    [
      "a stranger's thumbprint, and another reason",
      read([pinned()], { denied: [{ thumbprintSha256: 'B2'.repeat(32) }] }),
      read([pinned()], { denied: [{ thumbprintSha256: 'B2'.repeat(32), reason: 'x' }] }),
      ['changes denied -'],
    ],
  ];
  for (const [what, before, after, expected] of cases) {
    test(what, () => {
      assert.deepEqual(listChanges(compareTrustDocuments(before, after)), expected);
    });
  }

  test('the sentence about the lifetime for noRevAvail does not describe the time before if the mode was "off"', () => {
    const say = (before: object, after: object): string =>
      compareTrustDocuments(read([a], revocation(before)), read([a], revocation(after)))
        .changes.map(({ sentence }) => sentence)
        .filter((sentence) => sentence.includes('noRevAvail'))
        .join();
    const [off, required] = [{ mode: 'off' }, { mode: 'required' }];
    const hour = { ...required, noRevAvailMaximumLifetimeSeconds: 3600 };
    assert.match(say(off, hour), /need no revocation information up to a lifetime of 3600 seconds\. It/);
    assert.match(say(required, hour), /3600 seconds; until now, they were treated like any other\. It/);
    assert.match(say(hour, off), /with noRevAvail are treated like any other\. It/);
  });
});

describe('the comparison reports every decision that changes', () => {
  const callers = [['a'], ['a', 'b'], ['b']].map((names) =>
    issueCaller({ names: names.map((name) => `DNS:${name}.example.org`), serialNumber: '0B01' }),
  );
  const hashes = presentCertificate(callers[0]?.der ?? Buffer.of());
  const denied = [
    { thumbprintSha256: hashes.thumbprintSha256 },
    ...['corp', 'partner'].map((issuer) => ({ issuedBy: issuer, serialNumber: '0B01' })),
  ];
  const pin = (kind: 'thumbprintSha256' | 'publicKeySha256'): fc.Arbitrary<object> =>
    fc.record(
      {
        [kind]: fc.constant(hashes[kind]),
        notAfter: fc.constant('2099-01-01T00:00:00Z'),
        issuedBy: fc.constantFrom('corp', 'corp', 'partner'),
        enabled: fc.constantFrom(true, true, false),
      },
      { requiredKeys: [kind, 'notAfter'] },
    );
  const name = fc.record({
    issuedBy: fc.constantFrom('corp', 'corp', 'partner'),
    dns: fc.constantFrom('a.example.org', 'b.example.org', '*.example.org'),
  });
  const holder = fc.nat({ max: 1 });
  const document = fc.record({
    anchors: fc.subarray(['root', 'impostorRoot'] as const, { minLength: 1 }),
    denied: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(denied, { minLength: 1, maxLength: 1 })),
    pins: fc.tuple(...(['thumbprintSha256', 'publicKeySha256'] as const).map((kind) => fc.option(fc.tuple(holder, pin(kind)), { freq: 1 }))), // prettier-ignore
    names: fc.uniqueArray(fc.tuple(holder, name), { maxLength: 2, selector: ([, one]) => JSON.stringify(one) }),
    enabled: fc.tuple(fc.constantFrom(true, true, false), fc.constant(true)),
  });
  type Document = typeof document extends fc.Arbitrary<infer T> ? T : never;
  const readDocument = ({ anchors, denied: refused, pins, names, enabled }: Document, holders = 'ab'): TrustSnapshot =>
    read(
      enabled.map((isEnabled, index) => ({
        name: holders[index] ?? '',
        enabled: isEnabled,
        names: names.flatMap(([held, one]) => (held === index ? [one] : [])),
        pins: pins.flatMap((one) => (one?.[0] === index ? [one[1]] : [])),
      })),
      { authorities: [authorityOf({ anchors: anchors.map((each) => getStage()[each]) }), partner], denied: refused },
    );
  /** The second document has some parts of its own. If it has none, the two identities exchange their names. */
  const parts = ['anchors', 'denied', 'pins', 'names', 'enabled'] as const;
  const pairs = fc.tuple(document, document, fc.subarray([...parts], { maxLength: 3 }));

  test('for any two documents and any certificate, or says that the documents cannot tell', () => {
    const seen = { gained: 0, lost: 0, moved: 0 };
    fc.assert(
      fc.property(pairs, fc.nat({ max: callers.length - 1 }), ([one, other, own], choice) => {
        const changed = { ...one, ...Object.fromEntries(own.map((part) => [part, other[part]])) };
        const [before, after] = [readDocument(one), readDocument(changed, own.length === 0 ? 'ba' : 'ab')];
        const { header } = callers[choice] ?? issueCaller();
        const [earlier, later] = [before, after].map((trust) =>
          decideAccess({ header, trust, requirement: { functionName: 'f', roles: [] }, now }),
        );
        const comparison = compareTrustDocuments(before, after);
        const mirrored = compareTrustDocuments(after, before);
        assert.deepEqual([comparison.gains, comparison.loses], [mirrored.loses, mirrored.gains]);
        const [was, is] = [earlier, later].map((one) => (one?.outcome === 'allowed' ? one.identity.name : undefined));
        if (was === is) return;
        for (const [wanted, whom, possible] of [
          ['gains', is, comparison.possibleGains],
          ['loses', was, comparison.possibleLosses],
        ] as const) {
          const isReported = comparison.changes.some(
            ({ effect, aspect, identityName, candidates = [] }) =>
              effect === wanted && (aspect === 'denied' || [identityName, ...candidates].includes(whom)),
          );
          assert.ok(
            whom === undefined || isReported || possible !== undefined,
            `${whom} ${wanted}, and only ${String(listChanges(comparison))}`,
          );
        }
        seen[was === undefined ? 'gained' : is === undefined ? 'lost' : 'moved'] += 1;
      }),
      { numRuns: countRuns(300) },
    );
    for (const [way, times] of Object.entries(seen)) assert.ok(times > 0, `${way}: ${JSON.stringify(seen)}`);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { getAuthorityPems } from '@certgate/core/test-support/authority-certificates.js';
import { type IdentityInput, documentOf } from '@certgate/core/test-support/documents.js';
import { type TrustComparison, compareTrustDocuments } from './compare-documents.js';
import {
  deniedSerialKey,
  listNameKeys,
  parseTrustDocument,
  type TrustedIdentity,
  type TrustSnapshot,
} from '@certgate/core/internal';

const pems = getAuthorityPems();
const sha256 = 'A1'.repeat(32);
const corp = { name: 'corp', trustAnchors: [pems.corp] };
const partner = { name: 'partner', trustAnchors: [pems.partner] };
const dns = (text: string, issuedBy = 'corp'): object => ({ issuedBy, dns: text });

const read = (identities: readonly IdentityInput[], more: object = {}): TrustSnapshot =>
  parseTrustDocument(documentOf(identities, { authorities: [corp, partner], ...more }));
const listChanges = ({ changes }: TrustComparison): readonly string[] =>
  changes.map(
    ({ effect, aspect, identityName, candidates }) =>
      `${effect} ${aspect} ${identityName ?? candidates?.map((name) => `${name}?`).join(' ') ?? '-'}`,
  );

describe('what is told of authorities, names and the deny list', () => {
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

  test('the lifetime for noRevAvail, without a word of what "off" asked', () => {
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

describe('nothing is decided otherwise that is not told', () => {
  interface Certificate {
    readonly names: readonly string[];
    /** The anchors that it has a path to. */
    readonly anchors: readonly string[];
  }
  const hashes = { thumbprintSha256: sha256, publicKeySha256: 'B2'.repeat(32) };
  const commonNames = new Map([
    ['corp', 'CN=Corp CA'],
    ['partner', 'CN=Partner CA'],
    ['issuing', 'CN=Corp Issuing CA'],
  ]);

  interface Outcome {
    /** Whom the certificate stands for; undefined: it is refused. */
    readonly name: string | undefined;
    /** How many pins and names match it. */
    readonly matches: number;
    readonly isDeniedBySerialNumber: boolean;
  }

  /** What path validation and the store are to decide, as plainly as can be. */
  const decide = (snapshot: TrustSnapshot, { names, anchors }: Certificate): Outcome => {
    const issuers = snapshot.authorities
      .filter(({ trustAnchors }) =>
        trustAnchors.some(({ subjectText }) => anchors.some((one) => commonNames.get(one) === subjectText)),
      )
      .map(({ name }) => name);
    const { denied, pins, names: trustNames } = snapshot;
    const isDeniedBySerialNumber = issuers.some((name) => denied.serialNumbers.has(deniedSerialKey(name, '01')));
    const isDenied = isDeniedBySerialNumber || denied.thumbprintsSha256.has(hashes.thumbprintSha256);
    const matches: { identity: TrustedIdentity; isDisabled: boolean }[] = [];
    for (const kind of ['thumbprintSha256', 'publicKeySha256'] as const) {
      const found = pins[kind].get(hashes[kind]);
      if (found === undefined) continue;
      const { pin, identity } = found;
      if (pin.issuedBy === undefined || issuers.includes(pin.issuedBy))
        matches.push({ identity, isDisabled: !pin.enabled });
    }
    for (const issuer of issuers) {
      for (const key of names.flatMap((name) => listNameKeys(issuer, 'dns', name))) {
        const found = trustNames.get(key);
        if (found !== undefined) matches.push({ identity: found.identity, isDisabled: false });
      }
    }
    const [first] = matches;
    const isOne = matches.every(({ identity, isDisabled }) => identity === first?.identity && !isDisabled);
    const name = !isDenied && isOne && first?.identity.enabled === true ? first.identity.name : undefined;
    return { name, matches: matches.length, isDeniedBySerialNumber };
  };

  const issuedBy = fc.constantFrom('corp', 'partner');
  const pin = (kind: keyof typeof hashes): fc.Arbitrary<object> =>
    fc.record(
      {
        [kind]: fc.constant(hashes[kind]),
        notAfter: fc.constant('2099-01-01T00:00:00Z'),
        issuedBy,
        enabled: fc.boolean(),
      },
      { requiredKeys: [kind, 'notAfter'] },
    );
  const slots = [pin('thumbprintSha256'), pin('publicKeySha256')];
  const trustName = fc.record({ issuedBy, dns: fc.constantFrom('a.example.org', 'b.example.org', '*.example.org') });
  const document = fc
    .record({
      anchors: fc.subarray([pems.corp, pems.issuing], { minLength: 1 }),
      denied: fc.subarray(
        [
          { thumbprintSha256: sha256 },
          { issuedBy: 'corp', serialNumber: '1' },
          { issuedBy: 'partner', serialNumber: '1' },
        ],
        { maxLength: 1 },
      ),
      pins: fc.tuple(...slots.map((slot) => fc.option(fc.tuple(fc.nat({ max: 1 }), slot)))),
      names: fc.uniqueArray(fc.tuple(fc.nat({ max: 1 }), trustName), {
        maxLength: 3,
        selector: ([, one]) => JSON.stringify(one),
      }),
      enabled: fc.tuple(fc.boolean(), fc.constant(true)),
    })
    .map(({ anchors, denied, pins, names: drawn, enabled }) => ({
      identities: enabled.map((isEnabled, holder) => ({
        name: ['a', 'b'][holder],
        enabled: isEnabled,
        names: drawn.flatMap(([index, one]) => (index === holder ? [one] : [])),
        pins: pins.flatMap((one) => (one?.[0] === holder ? [one[1]] : [])),
      })),
      more: { authorities: [{ ...corp, trustAnchors: anchors }, partner], denied },
    }));
  /** Two of their own, or the same with the holders exchanged. */
  const documents = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(document, document) },
    document.map((one): readonly [typeof one, typeof one] => [
      one,
      { ...one, identities: one.identities.map((each, holder) => ({ ...each, name: ['b', 'a'][holder] })) },
    ]),
  );
  const certificate: fc.Arbitrary<Certificate> = fc.record({
    names: fc.subarray(['a.example.org', 'b.example.org', 'c.example.org']),
    anchors: fc.subarray(['corp', 'partner', 'issuing']),
  });

  /** Several entries that refuse together, or a denied serial number whose CA came or went: no document tells of whom. */
  const isUndecided = ({ name, matches, isDeniedBySerialNumber }: Outcome): boolean =>
    name === undefined && (matches > 1 || isDeniedBySerialNumber);

  test('for any two documents and any certificate that they can tell about', () => {
    const seen = { gained: 0, lost: 0, moved: 0 };
    const tells = ({ changes }: TrustComparison, wanted: string, name: string): boolean =>
      changes.some(
        ({ effect, aspect, identityName, candidates = [] }) =>
          effect === wanted && (aspect === 'denied' || [identityName, ...candidates].includes(name)),
      );
    fc.assert(
      fc.property(documents, certificate, ([one, other], presented) => {
        const [before, after] = [read(one.identities, one.more), read(other.identities, other.more)];
        const outcomes = [decide(before, presented), decide(after, presented)];
        const [earlier, later] = outcomes.map(({ name }) => name);
        const comparison = compareTrustDocuments(before, after);
        const mirrored = compareTrustDocuments(after, before);
        assert.deepEqual([comparison.gains, comparison.loses], [mirrored.loses, mirrored.gains]);
        if (earlier === later || outcomes.some(isUndecided)) return;
        if (later !== undefined)
          assert.ok(tells(comparison, 'gains', later), `${later} gains, and only ${String(listChanges(comparison))}`);
        if (earlier !== undefined)
          assert.ok(
            tells(comparison, 'loses', earlier),
            `${earlier} loses, and only ${String(listChanges(comparison))}`,
          );
        seen[earlier === undefined ? 'gained' : later === undefined ? 'lost' : 'moved'] += 1;
      }),
      { numRuns: countRuns(2000) },
    );
    for (const [way, times] of Object.entries(seen)) assert.ok(times > 0, `${way}: ${JSON.stringify(seen)}`);
  });
});

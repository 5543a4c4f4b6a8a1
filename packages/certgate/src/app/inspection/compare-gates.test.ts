import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AgreedGate, compareGates } from './compare-gates.js';
import type { AgreedStore } from './agreed-store.js';

const plain: AgreedGate = {
  frontEnd: null,
  frontEndSecret: false,
  frontEndIsolation: null,
  forwardedElements: null,
  acceptForwardedChain: false,
  unsafeTrustCertificateHeaderFromAnywhere: false,
  decisionLog: 'all',
  strangerNames: true,
  trust: [],
};

const compare = (before: Partial<AgreedGate>, after: Partial<AgreedGate>): readonly string[] =>
  compareGates({ ...plain, ...before }, { ...plain, ...after }).map(({ effect, what }) => `${effect} ${what}`);

test('a change that asks for less proof, or believes other fields, opens', () => {
  const opening: readonly (readonly [Partial<AgreedGate>, Partial<AgreedGate>, string])[] = [
    [{}, { frontEnd: 'nginx' }, 'frontEnd'],
    [{ frontEnd: 'nginx' }, { frontEnd: 'caddy' }, 'frontEnd'],
    [{ frontEnd: 'nginx' }, {}, 'frontEnd'],
    [{ frontEndSecret: true }, {}, 'frontEndSecret'],
    [{}, { frontEndIsolation: 'ingress' }, 'frontEndIsolation'],
    [{ frontEndIsolation: 'loopback' }, { frontEndIsolation: 'ingress' }, 'frontEndIsolation'],
    [{ forwardedElements: 2 }, {}, 'forwardedElements'],
    [{}, { acceptForwardedChain: true }, 'acceptForwardedChain'],
    [{}, { unsafeTrustCertificateHeaderFromAnywhere: true }, 'unsafeTrustCertificateHeaderFromAnywhere'],
  ];
  for (const [before, after, what] of opening) assert.deepEqual(compare(before, after), [`opens ${what}`]);
  const closing = opening.filter(([, after]) => Object.values(after).includes(true));
  for (const [before, after, what] of closing) assert.deepEqual(compare(after, before), [`closes ${what}`]);
  assert.deepEqual(compare({ frontEndSecret: true }, { frontEndIsolation: 'ingress' }), [
    'opens frontEndSecret',
    'opens frontEndIsolation',
  ]);
});

test('one forwarded element means the same as no number', () => {
  assert.deepEqual(compare({ forwardedElements: 1 }, {}), []);
});

test('two gates are the same only if nothing differs, and a gate differs from no gate and from an unknown one', () => {
  const gates = fc.record({
    frontEnd: fc.constantFrom(null, 'nginx', 'envoy'),
    frontEndSecret: fc.boolean(),
    frontEndIsolation: fc.constantFrom(null, 'ingress', 'loopback'),
    forwardedElements: fc.constantFrom(null, 2, 3),
    acceptForwardedChain: fc.boolean(),
    unsafeTrustCertificateHeaderFromAnywhere: fc.boolean(),
    decisionLog: fc.constantFrom('all', 'denials'),
    strangerNames: fc.boolean(),
    trust: fc.constant([]),
  }) as fc.Arbitrary<AgreedGate>;
  fc.assert(
    fc.property(gates, gates, (before, after) => {
      const differing = (Object.keys(plain) as (keyof AgreedGate)[]).filter((name) => before[name] !== after[name]);
      assert.deepEqual(compareGates(before, after).map(({ what }) => what).sort(), differing.sort()); // prettier-ignore
      assert.deepEqual(compareGates(before, null).map(({ effect }) => effect), ['opens']); // prettier-ignore
      assert.deepEqual(compareGates(null, after).map(({ effect }) => effect), ['closes']); // prettier-ignore
      assert.deepEqual(compareGates(undefined, after).map(({ effect }) => effect), ['changes']); // prettier-ignore
    }),
  );
  assert.deepEqual(compareGates(null, null), []);
});

const file: AgreedStore = {
  place: 'file trust.json',
  isExact: true,
  options: { maximumStalenessSeconds: 60, audience: 'orders', signedBy: ['A'], minimumRevision: 3, crlBlobs: {} },
};
const silent: AgreedStore = { place: 'a store of your own', isExact: false, options: {} };
const withOptions = (more: object, place = file.place): AgreedStore => ({
  place,
  isExact: true,
  options: { ...file.options, ...more },
});

test('every difference in a store is reported, and opens if more documents are used, or an old one for longer', () => {
  const own = { ...withOptions({}, 'document 00'), options: { audience: null } };
  const cases: readonly (readonly [
    before: readonly AgreedStore[],
    after: readonly AgreedStore[],
    changes: readonly string[],
  ])[] = [
    [[file, own], [own, file], []],
    [[file], [silent], ['changes file trust.json → a store of your own (not known exactly)']],
    [[silent], [silent], []],
    [
      [{ ...file, options: {} }],
      [{ ...file, options: { audience: 'a' } }],
      ['changes file trust.json: audience not given → a'],
    ],
    [[file], [file, file], ['changes null → file trust.json']],
    [[file], [own, file], ['changes null → document 00']],
    [[file, own], [file], ['changes document 00 → null']],
    [[file], [withOptions({}, 'file other.json')], ['changes file trust.json → file other.json']],
    [[file], [withOptions({ signedBy: null })], ['opens file trust.json: signedBy A → not given']],
    [[withOptions({ signedBy: null })], [file], ['closes file trust.json: signedBy not given → A']],
    [[file], [withOptions({ signedBy: ['A', 'B'] })], ['opens file trust.json: signedBy A → A or B']],
    [[withOptions({ signedBy: ['A', 'B'] })], [file], ['closes file trust.json: signedBy A or B → A']],
    [[file], [withOptions({ audience: null })], ['changes file trust.json: audience orders → not given']],
    [[file], [withOptions({ minimumRevision: 0 })], ['opens file trust.json: minimumRevision 3 → 0']],
    [[file], [withOptions({ minimumRevision: 4 })], ['closes file trust.json: minimumRevision 3 → 4']],
    [
      [file],
      [withOptions({ maximumStalenessSeconds: 61 })],
      ['opens file trust.json: maximumStalenessSeconds 60 → 61'],
    ],
    [[file], [withOptions({ crlBlobs: { corp: ['b'] } })], ['changes file trust.json: crlBlobs {} → {"corp":["b"]}']],
    [[file], [withOptions({ later: 1 })], ['changes file trust.json: later not given → 1']],
  ];
  for (const [before, after, changes] of cases) {
    const found = compareGates({ ...plain, trust: before }, { ...plain, trust: after });
    assert.deepEqual(found.map((each) => `${each.effect} ${each.before} → ${each.after}`), changes); // prettier-ignore
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateDescription } from '@certgate/core/internal';
import fc from 'fast-check';
import { compareGates } from './compare-gates.js';

const plain: GateDescription = {
  frontEnd: null,
  frontEndSecret: false,
  frontEndIsolation: null,
  forwardedElements: null,
  acceptForwardedChain: false,
  unsafeTrustCertificateHeaderFromAnywhere: false,
};

const compare = (before: Partial<GateDescription>, after: Partial<GateDescription>): readonly string[] =>
  compareGates({ ...plain, ...before }, { ...plain, ...after }).map(({ effect, what }) => `${effect} ${what}`);

test('what asks for less proof, or believes other fields, opens', () => {
  const opening: readonly (readonly [Partial<GateDescription>, Partial<GateDescription>, string])[] = [
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

test('one element is what no number means', () => {
  assert.deepEqual(compare({ forwardedElements: 1 }, {}), []);
});

test('two gates are the same only where nothing differs, and a gate is not the same as none or an unknown one', () => {
  const gates = fc.record({
    frontEnd: fc.constantFrom(null, 'nginx', 'envoy'),
    frontEndSecret: fc.boolean(),
    frontEndIsolation: fc.constantFrom(null, 'ingress', 'loopback'),
    forwardedElements: fc.constantFrom(null, 2, 3),
    acceptForwardedChain: fc.boolean(),
    unsafeTrustCertificateHeaderFromAnywhere: fc.boolean(),
  }) as fc.Arbitrary<GateDescription>;
  fc.assert(
    fc.property(gates, gates, (before, after) => {
      const differing = (Object.keys(plain) as (keyof GateDescription)[]).filter(
        (name) => before[name] !== after[name],
      );
      assert.deepEqual(compareGates(before, after).map(({ what }) => what).sort(), differing.sort()); // prettier-ignore
      assert.deepEqual(compareGates(before, null).map(({ effect }) => effect), ['opens']); // prettier-ignore
      assert.deepEqual(compareGates(null, after).map(({ effect }) => effect), ['closes']); // prettier-ignore
      assert.deepEqual(compareGates(undefined, after).map(({ effect }) => effect), ['changes']); // prettier-ignore
    }),
  );
  assert.deepEqual(compareGates(null, null), []);
});

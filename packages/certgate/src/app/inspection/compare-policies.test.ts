import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparePolicies } from './compare-policies.js';
import { type InspectedPolicy, findWrittenPolicy } from './inspected-policy.js';

const roles = ['a', 'b', 'c', 'd'];
const instants = ['2027-01-01T00:00:00Z', '2027-02-01T00:00:00Z'];

const ends = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...instants).map((reportOnlyUntil) => ({ reportOnlyUntil })),
  fc.constantFrom(...instants).map((observedUntil) => ({ observedUntil })),
);
const groups = fc.array(fc.array(fc.constantFrom(...roles), { minLength: 1, maxLength: 3 }), { maxLength: 3 });
const certificatePolicies: fc.Arbitrary<InspectedPolicy> = fc
  .tuple(groups, ends)
  .map(([each, end]) => findWrittenPolicy({ kind: 'certificate', roles: each, ...end })!);

const policies: fc.Arbitrary<InspectedPolicy> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<InspectedPolicy>({ kind: 'none' }, { kind: 'anonymous' }) },
  { weight: 5, arbitrary: certificatePolicies },
);

/** Every possible set of roles, and `undefined` for a caller without a certificate. */
const callers = [
  undefined,
  ...Array.from({ length: 16 }, (_, bits) => roles.filter((_role, index) => (bits >> index) % 2 === 1)),
];
const times = ['2026-12-01T00:00:00Z', '2027-01-15T00:00:00Z', '2027-03-01T00:00:00Z'].map((text) => Date.parse(text));

function admits(policy: InspectedPolicy, caller: readonly string[] | undefined, now: number): boolean {
  if (policy.kind !== 'certificate') return true;
  if (policy.observedUntil !== undefined && now < Date.parse(policy.observedUntil)) return true;
  if (caller === undefined) return false;
  if (policy.reportOnlyUntil !== undefined && now < Date.parse(policy.reportOnlyUntil)) return true;
  return policy.roles.every((anyOf) => anyOf.some((role) => caller.includes(role)));
}

test('the comparison opens if a caller gets in only afterwards, and closes if a caller got in only before', () => {
  fc.assert(
    fc.property(policies, policies, (before, after) => {
      const { opens, closes } = comparePolicies(before, after);
      const cells = callers.flatMap((caller) => times.map((now) => [caller, now] as const));
      if (cells.some(([caller, now]) => !admits(before, caller, now) && admits(after, caller, now))) assert.ok(opens);
      if (cells.some(([caller, now]) => admits(before, caller, now) && !admits(after, caller, now))) assert.ok(closes);
    }),
    { numRuns: 2000 },
  );
});

test('the comparison reports nothing if only the words differ', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      assert.deepEqual(comparePolicies(policy, policy), { opens: false, closes: false });
    }),
  );
  const one = findWrittenPolicy({ kind: 'certificate', roles: [['b', 'a'], ['c'], ['c']] })!;
  const other = findWrittenPolicy({ kind: 'certificate', roles: [['c'], ['a', 'b', 'a']] })!;
  assert.deepEqual(one, other);
  // A group that another group implies has no effect.
  const more = findWrittenPolicy({ kind: 'certificate', roles: [['a', 'b'], ['c'], ['c', 'd']] })!;
  assert.deepEqual(comparePolicies(one, more), { opens: false, closes: false });
});

test('without end dates, the comparison reports a difference only if some caller is affected', () => {
  const plain = certificatePolicies.filter(
    (policy) =>
      policy.kind === 'certificate' && policy.reportOnlyUntil === undefined && policy.observedUntil === undefined,
  );
  fc.assert(
    fc.property(plain, plain, (before, after) => {
      const gains = callers.some((caller) => !admits(before, caller, 0) && admits(after, caller, 0));
      const losses = callers.some((caller) => admits(before, caller, 0) && !admits(after, caller, 0));
      assert.deepEqual(comparePolicies(before, after), { opens: gains, closes: losses });
    }),
    { numRuns: 2000 },
  );
});

test('no gate is looser than an anonymous function, and an anonymous function than any certificate', () => {
  const [none, anonymous, certificate] = [
    { kind: 'none' },
    { kind: 'anonymous' },
    { kind: 'certificate', roles: [], reportOnlyUntil: '2027-01-01T00:00:00Z' },
  ] satisfies InspectedPolicy[];
  assert.deepEqual(comparePolicies(anonymous!, none!), { opens: true, closes: false });
  assert.deepEqual(comparePolicies(certificate!, anonymous!), { opens: true, closes: false });
  assert.deepEqual(comparePolicies(none!, certificate!), { opens: false, closes: true });
});

test('a policy that is both report-only and observed is refused, because no gate can have it', () => {
  const [reportOnlyUntil] = instants;
  const both = { kind: 'certificate', roles: [], reportOnlyUntil, observedUntil: reportOnlyUntil };
  assert.equal(findWrittenPolicy(both), undefined);
  for (const observedUntil of ['tomorrow', 5, null])
    assert.equal(findWrittenPolicy({ kind: 'certificate', roles: [], observedUntil }), undefined);
  assert.equal(findWrittenPolicy({ kind: 'anonymous', observedUntil: reportOnlyUntil }), undefined);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  type IssuedCertificate,
  authorityExtensions,
  isVerifiedByOpenssl,
  issueCertificate,
} from '../test-support/issued-certificates.js';
import { walkPolicyTree } from '../test-support/policy-tree.js';
import { PathBudget, defaultPathLimits } from './path-budget.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { anyPolicy } from '../certificate/path-extensions.js';
import { type PolicyInputs, type PolicyOutcome, anyPolicyInputs, processPolicies } from './policy-graph.js';
import { countRuns } from '../test-support/random-runs.js';

type PolicyPart = Pick<
  PathCertificate,
  'certificatePolicies' | 'policyMappings' | 'policyConstraints' | 'inhibitAnyPolicy' | 'isSelfIssued'
>;

const silent: PolicyPart = {
  certificatePolicies: undefined,
  policyMappings: undefined,
  policyConstraints: undefined,
  inhibitAnyPolicy: undefined,
  isSelfIssued: false,
};

const process = (
  parts: readonly Partial<PolicyPart>[],
  inputs: Partial<PolicyInputs> = {},
  budget = new PathBudget(),
): PolicyOutcome =>
  processPolicies(
    parts.map((part) => ({ ...silent, ...part }) as PathCertificate),
    { ...anyPolicyInputs, ...inputs },
    budget,
  );

const policies = (...certificatePolicies: string[]): Partial<PolicyPart> => ({ certificatePolicies });
const mapped = (...pairs: readonly (readonly [string, string])[]): Partial<PolicyPart> => ({
  policyMappings: pairs.map(([issuerDomainPolicy, subjectDomainPolicy]) => ({
    issuerDomainPolicy,
    subjectDomainPolicy,
  })),
});
const requireExplicit = (requireExplicitPolicy: number): Partial<PolicyPart> => ({
  policyConstraints: { requireExplicitPolicy, inhibitPolicyMapping: undefined },
});

const acceptedWith = (...userConstrainedPolicySet: string[]) => ({ outcome: 'accepted', userConstrainedPolicySet });
const reduce = (verdict: PolicyOutcome): object => {
  if (verdict.outcome === 'accepted') return acceptedWith(...verdict.userConstrainedPolicySet);
  return verdict.outcome === 'refused'
    ? { outcome: 'refused', at: verdict.certificateIndex }
    : { outcome: verdict.outcome };
};
const refusedAt = (at: number) => ({ outcome: 'refused', at });

// Further cases are compared with the tree of RFC 5280 and with openssl, below.
describe('the policies of a path', () => {
  const explicit = { initialExplicitPolicy: true };
  const cases: readonly [string, readonly Partial<PolicyPart>[], Partial<PolicyInputs>, object][] = [
    ['another in the middle', [policies('1'), policies('2'), policies('2')], explicit, refusedAt(1)],
    [
      'several that are acceptable, in any order',
      [policies(anyPolicy)],
      { ...explicit, initialPolicySet: ['3', '2', '1'] },
      acceptedWith('1', '2', '3'),
    ],
    ['none acceptable at all', [policies(anyPolicy)], { ...explicit, initialPolicySet: [] }, refusedAt(0)],
    [
      'anyPolicy of a self-issued authority where it is inhibited',
      [{ ...policies(anyPolicy), isSelfIssued: true }, policies('1')],
      { ...explicit, initialAnyPolicyInhibit: true },
      acceptedWith('1'),
    ],
    [
      'anyPolicy of a self-issued target where it is inhibited',
      [{ ...policies(anyPolicy), isSelfIssued: true }],
      { ...explicit, initialAnyPolicyInhibit: true },
      refusedAt(0),
    ],
    ['a mapping from anyPolicy', [{ ...policies('1'), ...mapped([anyPolicy, '2']) }, {}], {}, refusedAt(0)],
    ['a mapping to anyPolicy', [{ ...policies('1'), ...mapped(['1', anyPolicy]) }, {}], {}, refusedAt(0)],
    [
      'a self-issued authority does not count down',
      [requireExplicit(2), { isSelfIssued: true }, {}],
      {},
      acceptedWith(),
    ],
    ['a path of nothing', [], {}, refusedAt(0)],
  ];
  for (const [what, parts, inputs, expected] of cases) {
    test(what, () => {
      assert.deepEqual(reduce(process(parts, inputs)), expected);
    });
  }
});

test("the authority's policies are returned besides the acceptable ones", () => {
  for (const [initialPolicySet, userConstrainedPolicySet] of [
    [[anyPolicy], ['1', '2']],
    [['2'], ['2']],
    [['3'], []],
  ] as const)
    assert.deepEqual(process([policies('2', '1')], { initialPolicySet }), {
      outcome: 'accepted',
      userConstrainedPolicySet,
      authorityConstrainedPolicySet: ['1', '2'],
    });
});

describe('the comparisons that a path costs', () => {
  for (const [what, parts, cost] of [
    ['none where no policy is said', [{}, {}], 0],
    ['one policy', [policies('1')], 6],
    ['two, of a CA and its certificate', [policies('1', '2'), policies('1', '2')], 19],
    ['none more where nothing is left', [policies('1'), policies('2'), policies('3')], 6],
    ['anyPolicy and a name', [policies('1', '2'), policies('1', anyPolicy), policies('1')], 22],
    ['mappings', [{ ...policies('1'), ...mapped(['1', '2'], ['1', '3']) }, policies('2', '3')], 19],
    ['mappings of anyPolicy', [{ ...policies(anyPolicy), ...mapped(['1', '2']) }, policies('2')], 16],
  ] as const) {
    test(`${what}: ${cost}`, () => {
      const ask = (comparisons: number): string =>
        process(parts, {}, new PathBudget({ ...defaultPathLimits, comparisons })).outcome;
      assert.equal(ask(cost), 'accepted');
      if (cost > 0) assert.equal(ask(cost - 1), 'exhausted');
    });
  }
});

test('the graph gives the same answer as the tree of RFC 5280', () => {
  const named = fc.constantFrom('1', '2', '3');
  const policy = fc.oneof({ weight: 3, arbitrary: named }, { weight: 2, arbitrary: fc.constant(anyPolicy) });
  const mappingSide = fc.oneof({ weight: 40, arbitrary: named }, { weight: 1, arbitrary: fc.constant(anyPolicy) });
  const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
  const part: fc.Arbitrary<PolicyPart> = fc.record({
    certificatePolicies: fc.option(fc.uniqueArray(policy, { minLength: 1 }), { nil: undefined, freq: 20 }),
    policyMappings: fc.option(
      fc.array(fc.record({ issuerDomainPolicy: mappingSide, subjectDomainPolicy: mappingSide }), {
        minLength: 1,
        maxLength: 4,
      }),
      { nil: undefined },
    ),
    policyConstraints: perhaps(
      fc.record({ requireExplicitPolicy: perhaps(fc.nat(3)), inhibitPolicyMapping: perhaps(fc.nat(3)) }),
    ),
    inhibitAnyPolicy: perhaps(fc.nat(3)),
    isSelfIssued: fc.boolean(),
  });
  const inputs: fc.Arbitrary<PolicyInputs> = fc.record({
    initialPolicySet: fc.oneof(fc.constant([anyPolicy]), fc.uniqueArray(policy, { maxLength: 3 })),
    initialExplicitPolicy: fc.boolean(),
    initialPolicyMappingInhibit: fc.constantFrom(false, false, false, true),
    initialAnyPolicyInhibit: fc.constantFrom(false, false, false, true),
  });
  let acceptedCount = 0;
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), inputs, (parts, given) => {
      const tree = walkPolicyTree(parts as PathCertificate[], given);
      const expected = tree.isAccepted ? acceptedWith(...tree.userPolicies) : refusedAt(tree.index);
      assert.deepEqual(reduce(process(parts, given)), expected);
      if (tree.isAccepted && tree.userPolicies.length > 0) acceptedCount += 1;
    }),
    { numRuns: countRuns(1000) },
  );
  assert.ok(acceptedCount > 20, `only ${acceptedCount} paths had a policy`);
});

describe('a chain made to explode', () => {
  const names = Array.from({ length: 16 }, (_, index) => `1.2.${index}`);
  const everything = {
    certificatePolicies: names,
    ...mapped(...names.flatMap((from) => names.map((to) => [from, to] as const))),
  };
  const chain = [...Array.from({ length: 30 }, () => everything), policies(...names)];

  test('costs no more than its certificates are long', () => {
    const verdict = process(chain, {}, new PathBudget({ ...defaultPathLimits, comparisons: 50_000 }));
    assert.deepEqual(reduce(verdict), acceptedWith(...[...names].sort()));
  });
  test('is refused when the budget is spent, wherever that happens', () => {
    for (let comparisons = 0; comparisons < 10_000; comparisons += 97) {
      const budget = new PathBudget({ ...defaultPathLimits, comparisons });
      assert.deepEqual(process(chain, {}, budget), { outcome: 'exhausted' });
    }
  });
});

describe('certificates made by openssl', () => {
  const one = '1.3.6.1.4.1.55555.1';
  const two = '1.3.6.1.4.1.55555.2';
  const root = issueCertificate({ name: ['CN = root'], extensions: authorityExtensions });
  const authority = (extensions: readonly string[], sections: readonly string[] = []): IssuedCertificate =>
    issueCertificate({ name: ['CN = ca'], extensions: [...authorityExtensions, ...extensions], sections }, root);
  const client = (issuer: IssuedCertificate, ...extensions: string[]): IssuedCertificate =>
    issueCertificate({ name: ['CN = client'], extensions: ['basicConstraints = CA:FALSE', ...extensions] }, issuer);

  const mapping = ['[mapping]', `${one} = ${two}`];
  const rows: readonly [string, readonly string[], readonly string[]][] = [
    ['one policy', [`certificatePolicies = ${one}`], [`certificatePolicies = ${one}`]],
    ['no policy', [], []],
    ['another policy', [`certificatePolicies = ${one}`], [`certificatePolicies = ${two}`]],
    ['anyPolicy', ['certificatePolicies = 2.5.29.32.0'], [`certificatePolicies = ${one}`]],
    [
      'inhibited anyPolicy',
      [`certificatePolicies = ${one}`, 'inhibitAnyPolicy = critical, 0'],
      ['certificatePolicies = 2.5.29.32.0'],
    ],
    [
      'a mapping',
      [`certificatePolicies = ${one}`, 'policyMappings = critical, @mapping'],
      [`certificatePolicies = ${two}`],
    ],
    [
      'an explicit policy that is missing',
      ['policyConstraints = critical, requireExplicitPolicy:0'],
      [`certificatePolicies = ${one}`],
    ],
  ];
  for (const [what, ofAuthority, ofClient] of rows) {
    test(`${what}: openssl agrees, whatever policies are required`, () => {
      const ca = authority(ofAuthority, mapping);
      const target = client(ca, ...ofClient);
      for (const policy of [anyPolicy, one, two]) {
        for (const initialExplicitPolicy of [false, true]) {
          const inputs = { ...anyPolicyInputs, initialPolicySet: [policy], initialExplicitPolicy };
          const path = [ca.certificate, target.certificate];
          const verdict = processPolicies(path, inputs, new PathBudget());
          const options = ['-policy_check', '-policy', policy, ...(initialExplicitPolicy ? ['-explicit_policy'] : [])];
          const expected = isVerifiedByOpenssl([root, ca, target], options);
          assert.equal(verdict.outcome, expected ? 'accepted' : 'refused', `${policy} ${initialExplicitPolicy}`);
        }
      }
    });
  }
});

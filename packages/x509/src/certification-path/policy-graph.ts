import { anyPolicy, type PolicyMapping } from '../certificate/path-extensions.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { aFlag, anObjectIdentifier, listOf, type MemberRules } from '../encoding/own-members.js';
import { outOfBudget, type PathBudget } from './path-budget.js';

export const policyRules: MemberRules<PolicyInputs> = {
  initialPolicySet: listOf(anObjectIdentifier),
  initialExplicitPolicy: aFlag,
  initialPolicyMappingInhibit: aFlag,
  initialAnyPolicyInhibit: aFlag,
};

/** RFC 5280 §6.1.1: the inputs of a relying party that requires no policy. */
export const anyPolicyInputs: PolicyInputs = Object.freeze({
  initialPolicySet: Object.freeze([anyPolicy]),
  initialExplicitPolicy: false,
  initialPolicyMappingInhibit: false,
  initialAnyPolicyInhibit: false,
});

export type PolicyOutcome =
  | {
      readonly outcome: 'accepted';
      /** Sorted. The identifier of anyPolicy means any policy. */
      readonly userConstrainedPolicySet: readonly string[];
      readonly authorityConstrainedPolicySet: readonly string[];
    }
  | PolicyFault;

/** Why the policies of a path are not acceptable. */
export type PolicyFaultReason =
  | 'certificate_missing'
  /** A policy is required, and no policy is left after a certificate of the path. */
  | 'policy_missing'
  | 'any_policy_mapped'
  /** A policy is required, and the path has none of `initialPolicySet`. */
  | 'policy_not_acceptable';

export type PolicyFault =
  | { readonly outcome: 'refused'; readonly certificateIndex: number; readonly reason: PolicyFaultReason }
  | { readonly outcome: 'exhausted' };

interface PolicyState {
  readonly outcome: 'going_on';
  readonly level: PolicyLevel;
  readonly counters: PolicyCounters;
}

interface PolicyStep {
  readonly certificate: PathCertificate;
  readonly index: number;
  readonly isTarget: boolean;
  readonly budget: PathBudget;
}

/**
 * The policies of a certification path (RFC 5280 §6.1.2–6.1.5 as RFC 9618 amends them). The path begins with the
 * certificate that the trust anchor issued and ends with the target.
 */
export function processPolicies(
  path: readonly PathCertificate[],
  inputs: PolicyInputs,
  budget: PathBudget,
): PolicyOutcome {
  const counters = startPolicyCounters(path.length, inputs);
  let state: PolicyState = { outcome: 'going_on', level: firstPolicyLevel, counters };
  for (const [index, certificate] of path.entries()) {
    const step = { certificate, index, isTarget: index === path.length - 1, budget };
    const entered = enterCertificate(state, step);
    if (entered.outcome !== 'going_on') return entered;
    if (step.isTarget) return wrapUp(entered, step, inputs);
    const prepared = prepareForNext(entered, step);
    if (prepared.outcome !== 'going_on') return prepared;
    state = prepared;
  }
  return refuse(0, 'certificate_missing');
}

/** §6.1.3 (d)–(f). */
function enterCertificate(state: PolicyState, step: PolicyStep): PolicyState | PolicyFault {
  const { counters } = state;
  const isAnyPolicyAllowed = counters.inhibitAnyPolicy > 0 || (!step.isTarget && step.certificate.isSelfIssued);
  const level = growPolicyGraph(state.level, step.certificate, isAnyPolicyAllowed, step.budget);
  if (level === undefined) return outOfBudget;
  if (counters.explicitPolicy === 0 && level.nodes.size === 0) return refuse(step.index, 'policy_missing');
  return { ...state, level };
}

/** §6.1.4 (a), (b), (h)–(j). */
function prepareForNext(state: PolicyState, step: PolicyStep): PolicyState | PolicyFault {
  const { policyMappings } = step.certificate;
  const counters = advancePolicyCounters(state.counters, step.certificate);
  if (policyMappings === undefined) return { ...state, counters };
  if (policyMappings.some(isOfAnyPolicy)) return refuse(step.index, 'any_policy_mapped');
  const level = mapPolicies(state.level, policyMappings, state.counters.policyMapping > 0, step.budget);
  return level === undefined ? outOfBudget : { ...state, level, counters };
}

function isOfAnyPolicy({ issuerDomainPolicy, subjectDomainPolicy }: PolicyMapping): boolean {
  return issuerDomainPolicy === anyPolicy || subjectDomainPolicy === anyPolicy;
}

/** §6.1.5 (a), (b), (g). */
function wrapUp(state: PolicyState, step: PolicyStep, inputs: PolicyInputs): PolicyOutcome {
  const authorityPolicies = listAuthorityPolicies(state.level, step.budget);
  if (authorityPolicies === undefined) return outOfBudget;
  const userPolicies = constrainToUser(authorityPolicies, inputs.initialPolicySet);
  if (userPolicies.length === 0 && isPolicyRequiredAtEnd(state.counters, step.certificate))
    return refuse(step.index, 'policy_not_acceptable');
  return Object.freeze({
    outcome: 'accepted',
    userConstrainedPolicySet: userPolicies,
    authorityConstrainedPolicySet: [...authorityPolicies].sort(),
  });
}

/** §6.1.5 (g) (5), (6). */
function constrainToUser(authorityPolicies: ReadonlySet<string>, acceptable: readonly string[]): readonly string[] {
  if (acceptable.includes(anyPolicy)) return [...authorityPolicies].sort();
  const isAny = authorityPolicies.has(anyPolicy);
  return [...new Set(acceptable)].filter((policy) => isAny || authorityPolicies.has(policy)).sort();
}

function refuse(certificateIndex: number, reason: PolicyFaultReason): PolicyFault {
  return Object.freeze({ outcome: 'refused', certificateIndex, reason });
}

/** The requirements of the relying party for policies (RFC 5280 §6.1.1 (c), (e)–(g)). */
export interface PolicyInputs {
  /** The acceptable policies. With anyPolicy, every policy is acceptable. */
  readonly initialPolicySet: readonly string[];
  readonly initialExplicitPolicy: boolean;
  readonly initialPolicyMappingInhibit: boolean;
  readonly initialAnyPolicyInhibit: boolean;
}

/**
 * How many more certificates that aren't self-issued may follow before each rule takes effect (RFC 5280 §6.1.2
 * (d)–(f)).
 */
interface PolicyCounters {
  readonly explicitPolicy: number;
  readonly policyMapping: number;
  readonly inhibitAnyPolicy: number;
}

function startPolicyCounters(pathLength: number, inputs: PolicyInputs): PolicyCounters {
  const never = pathLength + 1;
  return {
    explicitPolicy: inputs.initialExplicitPolicy ? 0 : never,
    policyMapping: inputs.initialPolicyMappingInhibit ? 0 : never,
    inhibitAnyPolicy: inputs.initialAnyPolicyInhibit ? 0 : never,
  };
}

/** §6.1.4 (h)–(j): the counters for the certificate that this one issued. */
function advancePolicyCounters(counters: PolicyCounters, issuer: PathCertificate): PolicyCounters {
  const passed = issuer.isSelfIssued ? 0 : 1;
  const lower = (counter: number, limit: number | undefined): number =>
    Math.min(Math.max(counter - passed, 0), limit ?? Infinity);
  return {
    explicitPolicy: lower(counters.explicitPolicy, issuer.policyConstraints?.requireExplicitPolicy),
    policyMapping: lower(counters.policyMapping, issuer.policyConstraints?.inhibitPolicyMapping),
    inhibitAnyPolicy: lower(counters.inhibitAnyPolicy, issuer.inhibitAnyPolicy),
  };
}

/**
 * §6.1.5 (a), (b): whether the path as a whole must have a policy. The target reduces the counter even if it is
 * self-issued.
 */
function isPolicyRequiredAtEnd({ explicitPolicy }: PolicyCounters, target: PathCertificate): boolean {
  return explicitPolicy <= 1 || target.policyConstraints?.requireExplicitPolicy === 0;
}

/**
 * RFC 9618's graph, which replaces the tree of RFC 5280 §6.1: one node for each policy and depth, however many ways
 * lead to it. The tree has a node for every way, so that a few certificates with mappings make it outgrow any memory.
 *
 * The pruning of the RFC is not needed here: the graph is NULL exactly if its deepest level is empty, and the walk at
 * the end starts at that level, so it never meets a node without a descendant there.
 */
interface PolicyLevel {
  readonly nodes: ReadonlyMap<string, PolicyNode>;
  /** For each policy, the nodes whose expected_policy_set contains it. */
  readonly expecting: ReadonlyMap<string, readonly PolicyNode[]>;
  /** How many items the next step may have to look at. */
  readonly size: number;
}

interface PolicyNode {
  readonly policy: string;
  readonly parents: readonly PolicyNode[];
}

const emptyLevel: PolicyLevel = levelOf([]);

/** §6.1.2 (a). */
const firstPolicyLevel: PolicyLevel = levelOf([{ policy: anyPolicy, parents: [] }]);

/** §6.1.3 (d), (e): makes the level of a certificate from its issuer's. Undefined if the budget doesn't suffice. */
function growPolicyGraph(
  above: PolicyLevel,
  { certificatePolicies }: PathCertificate,
  isAnyPolicyAllowed: boolean,
  budget: PathBudget,
): PolicyLevel | undefined {
  if (certificatePolicies === undefined || above.nodes.size === 0) return emptyLevel;
  if (!budget.spendComparisons(above.size + certificatePolicies.length)) return undefined;
  const anyPolicyNodes = above.expecting.get(anyPolicy) ?? [];
  const named = certificatePolicies
    .filter((policy) => policy !== anyPolicy)
    .map((policy) => ({ policy, parents: above.expecting.get(policy) ?? anyPolicyNodes }))
    .filter(({ parents }) => parents.length > 0);
  if (!isAnyPolicyAllowed || !certificatePolicies.includes(anyPolicy)) return levelOf(named);
  const names = new Set(named.map(({ policy }) => policy));
  const expanded = [...above.expecting]
    .filter(([policy]) => !names.has(policy))
    .map(([policy, parents]) => ({ policy, parents }));
  return levelOf([...named, ...expanded]);
}

/**
 * §6.1.4 (b): the policies that the certificate's level expects of the certificates below. Undefined if the budget
 * doesn't suffice.
 */
function mapPolicies(
  level: PolicyLevel,
  mappings: readonly PolicyMapping[],
  isMappingAllowed: boolean,
  budget: PathBudget,
): PolicyLevel | undefined {
  if (!budget.spendComparisons(level.size + mappings.length)) return undefined;
  const equivalents = new Map<string, Set<string>>();
  for (const { issuerDomainPolicy, subjectDomainPolicy } of mappings) {
    const known = equivalents.get(issuerDomainPolicy);
    if (known === undefined) equivalents.set(issuerDomainPolicy, new Set([subjectDomainPolicy]));
    else known.add(subjectDomainPolicy);
  }
  const nodes = [...level.nodes.values()];
  if (!isMappingAllowed) return levelOf(nodes.filter(({ policy }) => !equivalents.has(policy)));
  const anyPolicyNode = level.nodes.get(anyPolicy);
  const added = [...equivalents.keys()]
    .filter((policy) => anyPolicyNode !== undefined && !level.nodes.has(policy))
    // §6.1.4 (b) (1): a child of the node of anyPolicy one level up, which is the only parent of the one here.
    .map((policy) => ({ policy, parents: anyPolicyNode?.parents ?? [] }));
  return levelOf([...nodes, ...added], equivalents);
}

function levelOf(
  nodes: readonly PolicyNode[],
  equivalents: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): PolicyLevel {
  const expecting = new Map<string, PolicyNode[]>();
  let size = nodes.length;
  for (const node of nodes) {
    for (const policy of equivalents.get(node.policy) ?? [node.policy]) {
      size += 1;
      const known = expecting.get(policy);
      if (known === undefined) expecting.set(policy, [node]);
      else known.push(node);
    }
  }
  return { nodes: new Map(nodes.map((node) => [node.policy, node])), expecting, size };
}

/**
 * §6.1.5 (g) (1)–(4): the authority-constrained-policy-set, in the trust anchor's terms: the policies that came
 * directly from anyPolicy, and anyPolicy itself if it reached the end.
 */
function listAuthorityPolicies(last: PolicyLevel, budget: PathBudget): ReadonlySet<string> | undefined {
  const policies = new Set<string>(last.nodes.has(anyPolicy) ? [anyPolicy] : []);
  const seen = new Set<PolicyNode>(last.nodes.values());
  // A loop over a set includes nodes that are added meanwhile.
  for (const { policy, parents } of seen) {
    if (!budget.spendComparisons(1 + parents.length)) return undefined;
    if (policy !== anyPolicy && parents[0]?.policy === anyPolicy) policies.add(policy);
    for (const parent of parents) seen.add(parent);
  }
  return policies;
}

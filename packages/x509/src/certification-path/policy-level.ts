import type { PathBudget } from './path-budget.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { type PolicyMapping, anyPolicy } from '../certificate/certificate-extensions.js';

/**
 * RFC 9618's graph, which stands in for the tree of RFC 5280 §6.1: one node for a policy and a depth, however many ways
 * lead to it. The tree has a node for every way, and a few certificates with mappings make it outgrow any memory.
 *
 * What the RFC prunes needs no pruning here: the graph is NULL exactly when its deepest level is empty, and the walk at
 * the end starts at that level, so it never sees a node without a descendant there.
 */
export interface PolicyLevel {
  readonly nodes: ReadonlyMap<string, PolicyNode>;
  /** The nodes in whose expected_policy_set a policy is. */
  readonly expecting: ReadonlyMap<string, readonly PolicyNode[]>;
  /** How much the next step may have to look at. */
  readonly size: number;
}

interface PolicyNode {
  readonly policy: string;
  readonly parents: readonly PolicyNode[];
}

const emptyLevel: PolicyLevel = levelOf([]);

/** §6.1.2 (a). */
export const firstPolicyLevel: PolicyLevel = levelOf([{ policy: anyPolicy, parents: [] }]);

/** §6.1.3 (d), (e): the level of a certificate, from its issuer's; undefined where the budget doesn't suffice for it. */
export function growPolicyGraph(
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

/** §6.1.4 (b): what the certificate's level expects of the certificates beneath it. */
export function mapPolicies(
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
    // §6.1.4 (b) (1): a child of the node of anyPolicy one level up, which is the sole parent of the one here.
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
 * §6.1.5 (g) (1)–(4): the authority-constrained-policy-set, in the trust anchor's terms: the policies that came straight
 * from anyPolicy, and anyPolicy itself where it reached the end.
 */
export function listAuthorityPolicies(last: PolicyLevel, budget: PathBudget): ReadonlySet<string> | undefined {
  const policies = new Set<string>(last.nodes.has(anyPolicy) ? [anyPolicy] : []);
  const seen = new Set<PolicyNode>(last.nodes.values());
  // A set that is added to while it is walked through gives the added nodes too.
  for (const { policy, parents } of seen) {
    if (!budget.spendComparisons(1 + parents.length)) return undefined;
    if (policy !== anyPolicy && parents[0]?.policy === anyPolicy) policies.add(policy);
    for (const parent of parents) seen.add(parent);
  }
  return policies;
}

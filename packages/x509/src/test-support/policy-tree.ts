import type { PathCertificate } from '../certificate/path-certificate.js';
import type { PolicyInputs } from '../certification-path/policy-graph.js';

/**
 * The outcome of RFC 5280 §6.1.2–6.1.5, followed step by step with the policy tree that RFC 9618 replaces. It is an
 * oracle for small paths, and shares no code with our policy graph.
 */
export interface TreeOutcome {
  readonly isAccepted: boolean;
  /** The index of the certificate at which the path was refused. The length of the path if it was accepted. */
  readonly index: number;
  readonly userPolicies: readonly string[];
}

interface TreeNode {
  readonly policy: string;
  readonly parent: TreeNode | undefined;
  readonly depth: number;
  expected: string[];
  children: TreeNode[];
}

const any = '2.5.29.32.0';

export function walkPolicyTree(path: readonly PathCertificate[], inputs: PolicyInputs): TreeOutcome {
  const n = path.length;
  let root: TreeNode | undefined = { policy: any, parent: undefined, depth: 0, expected: [any], children: [] };
  let explicitPolicy = inputs.initialExplicitPolicy ? 0 : n + 1;
  let policyMapping = inputs.initialPolicyMappingInhibit ? 0 : n + 1;
  let inhibitAny = inputs.initialAnyPolicyInhibit ? 0 : n + 1;
  const refusedAt = (index: number): TreeOutcome => ({ isAccepted: false, index, userPolicies: [] });
  for (const [index, certificate] of path.entries()) {
    const i = index + 1;
    const policies = certificate.certificatePolicies;
    if (policies === undefined) root = undefined;
    if (policies !== undefined && root !== undefined) {
      const above = listDepth(root, i - 1);
      for (const policy of policies.filter((each) => each !== any)) {
        const expecting = above.filter((node) => node.expected.includes(policy));
        const anyNodes = above.filter((node) => node.policy === any);
        for (const node of expecting.length > 0 ? expecting : anyNodes) addChild(node, policy);
      }
      if (policies.includes(any) && (inhibitAny > 0 || (i < n && certificate.isSelfIssued))) {
        for (const node of above) {
          for (const policy of node.expected) {
            if (!node.children.some((child) => child.policy === policy)) addChild(node, policy);
          }
        }
      }
      root = prune(root, i);
    }
    if (explicitPolicy === 0 && root === undefined) return refusedAt(index);
    if (i === n) {
      if (explicitPolicy > 0) explicitPolicy -= 1;
      if (certificate.policyConstraints?.requireExplicitPolicy === 0) explicitPolicy = 0;
      break;
    }
    const mappings = certificate.policyMappings ?? [];
    if (mappings.some((each) => each.issuerDomainPolicy === any || each.subjectDomainPolicy === any)) {
      return refusedAt(index);
    }
    for (const policy of new Set(mappings.map(({ issuerDomainPolicy }) => issuerDomainPolicy))) {
      if (root === undefined) break;
      const here: readonly TreeNode[] = listDepth(root, i);
      const named = here.filter((node) => node.policy === policy);
      const subjectPolicies = mappings
        .filter(({ issuerDomainPolicy }) => issuerDomainPolicy === policy)
        .map(({ subjectDomainPolicy }) => subjectDomainPolicy);
      if (policyMapping === 0) {
        named.forEach(remove);
        root = prune(root, i);
      } else if (named.length > 0) {
        for (const node of named) node.expected = [...new Set(subjectPolicies)];
      } else {
        const anyNode = here.find((node) => node.policy === any);
        if (anyNode?.parent !== undefined) addChild(anyNode.parent, policy).expected = [...new Set(subjectPolicies)];
      }
    }
    if (!certificate.isSelfIssued) {
      if (explicitPolicy > 0) explicitPolicy -= 1;
      if (policyMapping > 0) policyMapping -= 1;
      if (inhibitAny > 0) inhibitAny -= 1;
    }
    const { requireExplicitPolicy, inhibitPolicyMapping } = certificate.policyConstraints ?? {};
    if (requireExplicitPolicy !== undefined && requireExplicitPolicy < explicitPolicy) {
      explicitPolicy = requireExplicitPolicy;
    }
    if (inhibitPolicyMapping !== undefined && inhibitPolicyMapping < policyMapping) {
      policyMapping = inhibitPolicyMapping;
    }
    if (certificate.inhibitAnyPolicy !== undefined && certificate.inhibitAnyPolicy < inhibitAny) {
      inhibitAny = certificate.inhibitAnyPolicy;
    }
  }
  if (root !== undefined && !inputs.initialPolicySet.includes(any)) root = intersect(root, n, inputs.initialPolicySet);
  if (explicitPolicy === 0 && root === undefined) return refusedAt(n - 1);
  const userPolicies = root === undefined ? [] : listNodeSet(root, n).map(({ policy }) => policy);
  return { isAccepted: true, index: n, userPolicies: [...new Set(userPolicies)].sort() };
}

/** RFC 5280 §6.1.5 (g) (iii). */
function intersect(root: TreeNode, n: number, acceptable: readonly string[]): TreeNode | undefined {
  const nodeSet = listNodeSet(root, n).filter(({ policy }) => policy !== any);
  for (const node of nodeSet) if (!acceptable.includes(node.policy)) remove(node);
  const anyNode = listDepth(root, n).find(({ policy }) => policy === any);
  if (anyNode?.parent !== undefined) {
    for (const policy of acceptable) {
      if (!nodeSet.some((node) => node.policy === policy)) addChild(anyNode.parent, policy);
    }
    remove(anyNode);
  }
  return prune(root, n);
}

/** The nodes whose parent is anyPolicy. A node of anyPolicy itself is included only at the last depth. */
function listNodeSet(root: TreeNode, n: number): readonly TreeNode[] {
  return Array.from({ length: n }, (_, depth) => listDepth(root, depth + 1))
    .flat()
    .filter((node) => node.parent?.policy === any && (node.policy !== any || node.depth === n));
}

function listDepth(root: TreeNode, depth: number): readonly TreeNode[] {
  return depth === root.depth ? [root] : root.children.flatMap((child) => listDepth(child, depth));
}

function addChild(parent: TreeNode, policy: string): TreeNode {
  const child: TreeNode = { policy, parent, depth: parent.depth + 1, expected: [policy], children: [] };
  parent.children.push(child);
  return child;
}

function remove(node: TreeNode): void {
  if (node.parent !== undefined) node.parent.children = node.parent.children.filter((child) => child !== node);
}

/** Removes the nodes without a descendant at this depth. Undefined if nothing remains. */
function prune(node: TreeNode, depth: number): TreeNode | undefined {
  if (node.depth === depth) return node;
  node.children = node.children.filter((child) => prune(child, depth) !== undefined);
  return node.children.length > 0 ? node : undefined;
}

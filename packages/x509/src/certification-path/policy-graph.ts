import { anyPolicy, type PolicyMapping } from '../certificate/certificate-extensions.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import type { PathBudget } from './path-budget.js';
import {
  firstPolicyLevel,
  growPolicyGraph,
  listAuthorityPolicies,
  mapPolicies,
  type PolicyLevel,
} from './policy-level.js';

/** RFC 5280 §6.1.1: whoever asks for no policy. */
export const anyPolicyInputs: PolicyInputs = Object.freeze({
  initialPolicySet: Object.freeze([anyPolicy]),
  initialExplicitPolicy: false,
  initialPolicyMappingInhibit: false,
  initialAnyPolicyInhibit: false,
});

export type PolicyVerdict =
  | {
      readonly outcome: 'accepted';
      /** Sorted; anyPolicy's identifier stands for any. */
      readonly userConstrainedPolicySet: readonly string[];
      readonly authorityConstrainedPolicySet: readonly string[];
    }
  | PolicyFault;

export type PolicyFault =
  | { readonly outcome: 'refused'; readonly certificateIndex: number; readonly detail: string }
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

const exhausted: PolicyFault = Object.freeze({ outcome: 'exhausted' });

/**
 * The policies of a certification path (RFC 5280 §6.1.2–6.1.5 as RFC 9618 amends them). The path begins with the
 * certificate that the trust anchor issued and ends with the target.
 */
export function processPolicies(
  path: readonly PathCertificate[],
  inputs: PolicyInputs,
  budget: PathBudget,
): PolicyVerdict {
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
  return refuse(0, 'a certification path without a certificate has no policies');
}

/** §6.1.3 (d)–(f). */
function enterCertificate(state: PolicyState, step: PolicyStep): PolicyState | PolicyFault {
  const { counters } = state;
  const isAnyPolicyAllowed = counters.inhibitAnyPolicy > 0 || (!step.isTarget && step.certificate.isSelfIssued);
  const level = growPolicyGraph(state.level, step.certificate, isAnyPolicyAllowed, step.budget);
  if (level === undefined) return exhausted;
  if (counters.explicitPolicy === 0 && level.nodes.size === 0)
    return refuse(step.index, 'a policy is required, and with this certificate no policy is left');
  return { ...state, level };
}

/** §6.1.4 (a), (b), (h)–(j). */
function prepareForNext(state: PolicyState, step: PolicyStep): PolicyState | PolicyFault {
  const { policyMappings } = step.certificate;
  const counters = advancePolicyCounters(state.counters, step.certificate);
  if (policyMappings === undefined) return { ...state, counters };
  if (policyMappings.some(isOfAnyPolicy)) return refuse(step.index, 'a policy mapping names anyPolicy');
  const level = mapPolicies(state.level, policyMappings, state.counters.policyMapping > 0, step.budget);
  return level === undefined ? exhausted : { ...state, level, counters };
}

function isOfAnyPolicy({ issuerDomainPolicy, subjectDomainPolicy }: PolicyMapping): boolean {
  return issuerDomainPolicy === anyPolicy || subjectDomainPolicy === anyPolicy;
}

/** §6.1.5 (a), (b), (g). */
function wrapUp(state: PolicyState, step: PolicyStep, inputs: PolicyInputs): PolicyVerdict {
  const authorityPolicies = listAuthorityPolicies(state.level, step.budget);
  if (authorityPolicies === undefined) return exhausted;
  const userPolicies = constrainToUser(authorityPolicies, inputs.initialPolicySet);
  if (userPolicies.length === 0 && isPolicyRequiredAtEnd(state.counters, step.certificate))
    return refuse(step.index, 'a policy is required, and the path has none of those that are acceptable');
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

function refuse(certificateIndex: number, detail: string): PolicyFault {
  return Object.freeze({ outcome: 'refused', certificateIndex, detail });
}

/** What the relying party asks of policies (RFC 5280 §6.1.1 (c), (e)–(g)). */
export interface PolicyInputs {
  /** The policies that are acceptable; any is, where anyPolicy is among them. */
  readonly initialPolicySet: readonly string[];
  readonly initialExplicitPolicy: boolean;
  readonly initialPolicyMappingInhibit: boolean;
  readonly initialAnyPolicyInhibit: boolean;
}

/** How many more certificates that aren't self-issued may pass before each rule takes effect (RFC 5280 §6.1.2 (d)–(f)). */
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

/** §6.1.5 (a), (b): must the path as a whole have a policy? The target counts down even where it is self-issued. */
function isPolicyRequiredAtEnd({ explicitPolicy }: PolicyCounters, target: PathCertificate): boolean {
  return explicitPolicy <= 1 || target.policyConstraints?.requireExplicitPolicy === 0;
}

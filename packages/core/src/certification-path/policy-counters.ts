import type { PathCertificate } from './path-certificate.js';

/** What the relying party asks of policies (RFC 5280 §6.1.1 (c), (e)–(g)). */
export interface PolicyInputs {
  /** The policies that are acceptable; any is, where anyPolicy is among them. */
  readonly initialPolicySet: readonly string[];
  readonly initialExplicitPolicy: boolean;
  readonly initialPolicyMappingInhibit: boolean;
  readonly initialAnyPolicyInhibit: boolean;
}

/** How many more certificates that aren't self-issued may pass before each rule takes effect (RFC 5280 §6.1.2 (d)–(f)). */
export interface PolicyCounters {
  readonly explicitPolicy: number;
  readonly policyMapping: number;
  readonly inhibitAnyPolicy: number;
}

export function startPolicyCounters(pathLength: number, inputs: PolicyInputs): PolicyCounters {
  const never = pathLength + 1;
  return {
    explicitPolicy: inputs.initialExplicitPolicy ? 0 : never,
    policyMapping: inputs.initialPolicyMappingInhibit ? 0 : never,
    inhibitAnyPolicy: inputs.initialAnyPolicyInhibit ? 0 : never,
  };
}

/** §6.1.4 (h)–(j): the counters for the certificate that this one issued. */
export function advancePolicyCounters(counters: PolicyCounters, issuer: PathCertificate): PolicyCounters {
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
export function isPolicyRequiredAtEnd({ explicitPolicy }: PolicyCounters, target: PathCertificate): boolean {
  return explicitPolicy <= 1 || target.policyConstraints?.requireExplicitPolicy === 0;
}

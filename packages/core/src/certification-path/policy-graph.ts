// STUB until the name-constraints branch is merged
import type { PathBudget } from './path-budget.js';
import type { PathCertificate } from './path-certificate.js';
export interface PolicyInputs {
  readonly initialPolicySet: readonly string[];
  readonly initialExplicitPolicy: boolean;
  readonly initialPolicyMappingInhibit: boolean;
  readonly initialAnyPolicyInhibit: boolean;
}
export const anyPolicyInputs: PolicyInputs = {
  initialPolicySet: ['2.5.29.32.0'],
  initialExplicitPolicy: false,
  initialPolicyMappingInhibit: false,
  initialAnyPolicyInhibit: false,
};
export type PolicyVerdict =
  | { readonly outcome: 'accepted'; readonly userConstrainedPolicySet: readonly string[] }
  | { readonly outcome: 'refused'; readonly certificateIndex: number; readonly detail: string }
  | { readonly outcome: 'exhausted' };
export const processPolicies = (
  _path: readonly PathCertificate[],
  _inputs: PolicyInputs,
  _budget: PathBudget,
): PolicyVerdict => ({ outcome: 'accepted', userConstrainedPolicySet: ['2.5.29.32.0'] });

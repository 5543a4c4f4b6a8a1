// STUB until the name-constraints branch is merged
import type { NameConstraints } from './name-constraints-extension.js';
import type { PathBudget } from './path-budget.js';
import type { PathCertificate } from './path-certificate.js';
export type NameConstraintState = readonly NameConstraints[];
export const unconstrainedNames: NameConstraintState = [];
export const constrainNames = (state: NameConstraintState, constraints: NameConstraints): NameConstraintState => [
  ...state,
  constraints,
];
export type NameFault = { readonly kind: 'exhausted' } | { readonly kind: 'not-permitted'; readonly detail: string };
export const findNameFault = (
  _state: NameConstraintState,
  _certificate: PathCertificate,
  _budget: PathBudget,
  _options: { readonly treatsCommonNameAsDns: boolean },
): NameFault | undefined => undefined;

import type { GeneralNameForm } from '../general-name.js';
import { type FormConstraints, indexConstraints } from './name-constraint-index.js';
import type { NameConstraints } from './name-constraints-extension.js';
import { locateName } from './name-location.js';
import type { NameLocation } from './name-subtrees.js';
import type { PathBudget } from './path-budget.js';
import type { PathCertificate } from './path-certificate.js';
import { type NameCheckOptions, type SubjectName, listSubjectNames } from './subject-names.js';

/**
 * RFC 5280 §6.1.1 (h), (i): permitted_subtrees and excluded_subtrees, by form. What each certificate says is kept by
 * itself, and a name must satisfy all of them: that is the intersection, without computing it.
 */
export interface NameConstraintState {
  readonly byForm: ReadonlyMap<GeneralNameForm, readonly FormConstraints[]>;
}

export type NameFault =
  /** The detail names the name, escaped, and what is wrong with it; not the certificate. */
  { readonly outcome: 'refused'; readonly detail: string } | { readonly outcome: 'exhausted' };

export const unconstrainedNames: NameConstraintState = Object.freeze({ byForm: new Map() });

const exhausted: NameFault = Object.freeze({ outcome: 'exhausted' });

/** §6.1.4 (g): what holds for the certificates beneath one with these constraints. */
export function constrainNames(state: NameConstraintState, constraints: NameConstraints): NameConstraintState {
  const byForm = new Map(state.byForm);
  for (const [form, added] of indexConstraints(constraints)) byForm.set(form, [...(byForm.get(form) ?? []), added]);
  return Object.freeze({ byForm });
}

/**
 * §6.1.3 (b), (c): the first name of the certificate that isn't let in. The caller leaves out self-issued certificates
 * that aren't the path's last.
 */
export function findNameFault(
  state: NameConstraintState,
  certificate: PathCertificate,
  budget: PathBudget,
  options: NameCheckOptions = {},
): NameFault | undefined {
  if (state.byForm.size === 0) return undefined;
  for (const subjectName of listSubjectNames(certificate, options)) {
    if (!budget.spendComparisons(1)) return exhausted;
    const fault = findFaultOfName(state, subjectName, budget);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function findFaultOfName(
  state: NameConstraintState,
  { name, description }: SubjectName,
  budget: PathBudget,
): NameFault | undefined {
  const constraints = state.byForm.get(name.form);
  if (constraints === undefined) return undefined;
  const location = locateName(name);
  if (location === undefined) return refuse(`${description()} can't be compared with the issuers' name constraints`);
  // Two lists, and each looks at every part once, for a wildcard twice.
  if (!budget.spendComparisons(constraints.length * 3 * (location.parts.length + 1))) return exhausted;
  const reason = constraints.map((each) => findReason(each, location)).find((each) => each !== undefined);
  return reason === undefined ? undefined : refuse(`${description()} ${reason}`);
}

function findReason(
  { permitted, excluded, hasUnprocessable }: FormConstraints,
  location: NameLocation,
): string | undefined {
  if (hasUnprocessable) return "falls under an issuer's name constraint that can't be processed";
  if (excluded.touches(location)) return "is excluded by an issuer's name constraints";
  if (permitted?.covers(location) === false) return "is none that an issuer's name constraints permit";
  return undefined;
}

function refuse(detail: string): NameFault {
  return Object.freeze({ outcome: 'refused', detail });
}

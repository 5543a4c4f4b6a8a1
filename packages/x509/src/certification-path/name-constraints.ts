import type { NameConstraints } from '../certificate/path-extensions.js';
import { nameAttributeTypes } from '../certificate/distinguished-name.js';
import type { GeneralName, GeneralNameForm } from '../certificate/general-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { findHostLabels, findSubtree, type LeadingDotReading, locateName } from './name-location.js';
import {
  type AddressSubtree,
  AddressSubtrees,
  findAddressSubtree,
  LabelSubtrees,
  type NameLocation,
  type NameSubtree,
  type NameSubtrees,
} from './name-subtrees.js';
import { outOfBudget, type PathBudget } from './path-budget.js';

/**
 * RFC 5280 §6.1.2 (b), (c): permitted_subtrees and excluded_subtrees, by form. The constraints of each certificate are
 * kept apart, and a name must satisfy all of them. That is the intersection, without computing it.
 */
export interface NameConstraintState {
  readonly byForm: ReadonlyMap<GeneralNameForm, readonly IssuedConstraints[]>;
}

/** The constraints of one CA certificate on names of one form. */
interface IssuedConstraints {
  readonly constraints: FormConstraints;
  readonly issuer: ConstrainingCertificate;
}

/** The name constraints of a CA certificate, and its subject, which names the certificate in messages. */
export type ConstrainingCertificate = Pick<PathCertificate, 'nameConstraints' | 'subjectText'>;

/** The part of a certificate that a constrained name comes from. */
export type NameOrigin = 'subject' | 'alternative_name' | 'international_mailbox' | 'email_address' | 'common_name';

/** Why the name constraints of issuers refuse a name. */
export type NameConstraintFault = {
  readonly name: GeneralName;
  readonly origin: NameOrigin;
} & (
  | { readonly reason: 'incomparable' }
  | { readonly reason: 'excluded' | 'not_permitted'; readonly issuer: ConstrainingCertificate }
  | {
      /** RFC 5280 §4.2.1.10: a constraint that can't be processed rejects every name of its form. */
      readonly reason: 'unprocessable';
      readonly issuer: ConstrainingCertificate;
      readonly constraint: GeneralName;
    }
);

export type NameFault =
  | { readonly outcome: 'refused'; readonly fault: NameConstraintFault }
  | { readonly outcome: 'exhausted' };

export const unconstrainedNames: NameConstraintState = Object.freeze({ byForm: new Map() });

/** §6.1.4 (g): returns the constraints for the certificates below this one. */
export function constrainNames(
  state: NameConstraintState,
  issuer: ConstrainingCertificate,
  leadingDot: LeadingDotReading = 'refuse',
): NameConstraintState {
  if (issuer.nameConstraints === undefined) return state;
  const byForm = new Map(state.byForm);
  for (const [form, constraints] of indexConstraints(issuer.nameConstraints, leadingDot))
    byForm.set(form, [...(byForm.get(form) ?? []), { constraints, issuer }]);
  return Object.freeze({ byForm });
}

/**
 * §6.1.3 (b), (c): the fault of the first name of the certificate that isn't permitted. The caller leaves out
 * self-issued certificates that aren't the last of the path.
 */
export function findNameFault(
  state: NameConstraintState,
  certificate: PathCertificate,
  budget: PathBudget,
  options: NameCheckOptions = {},
): NameFault | undefined {
  if (state.byForm.size === 0) return undefined;
  for (const subjectName of listSubjectNames(certificate, options)) {
    if (!budget.spendComparisons(1)) return outOfBudget;
    const fault = findFaultOfName(state, subjectName, budget);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The fault of one name, whatever certificate contains it. */
export function findFaultOfGeneralName(
  state: NameConstraintState,
  name: GeneralName,
  budget: PathBudget,
): NameFault | undefined {
  return findFaultOfName(state, { name, origin: 'alternative_name' }, budget);
}

function findFaultOfName(
  state: NameConstraintState,
  constrained: ConstrainedName,
  budget: PathBudget,
): NameFault | undefined {
  const constraints = state.byForm.get(constrained.name.form);
  if (constraints === undefined) return undefined;
  const location = locateName(constrained.name);
  if (location === undefined) return refuse({ ...constrained, reason: 'incomparable' });
  // The permitted list looks at every part of the name once, the excluded list once, or twice for a wildcard.
  if (!budget.spendComparisons(constraints.length * 3 * (location.parts.length + 1))) return outOfBudget;
  for (const each of constraints) {
    const refusal = findRefusal(each, location);
    if (refusal !== undefined) return refuse({ ...constrained, ...refusal });
  }
  return undefined;
}

type NameConstraintRefusal<Fault = NameConstraintFault> = Fault extends { readonly issuer: unknown }
  ? Omit<Fault, keyof ConstrainedName>
  : never;

function findRefusal(
  { constraints, issuer }: IssuedConstraints,
  location: NameLocation,
): NameConstraintRefusal | undefined {
  const { permitted, excluded, unprocessable } = constraints;
  if (unprocessable !== undefined) return { reason: 'unprocessable', issuer, constraint: unprocessable };
  if (excluded.touches(location)) return { reason: 'excluded', issuer };
  return permitted?.covers(location) === false ? { reason: 'not_permitted', issuer } : undefined;
}

function refuse(fault: NameConstraintFault): NameFault {
  return Object.freeze({ outcome: 'refused', fault });
}

/** The constraints of one certificate on names of one form. */
interface FormConstraints {
  /** Undefined if it permits every name of the form that it doesn't exclude. */
  readonly permitted: NameSubtrees | undefined;
  readonly excluded: NameSubtrees;
  /** The first base that can't be processed. It rejects every name of the form (RFC 5280 §4.2.1.10). */
  readonly unprocessable: GeneralName | undefined;
}

type ConstraintIndex = ReadonlyMap<GeneralNameForm, FormConstraints>;

/** The bases of a certificate are read once, because a search for a path meets the same certificate many times. */
const indexes: Readonly<Record<LeadingDotReading, WeakMap<NameConstraints, ConstraintIndex>>> = {
  refuse: new WeakMap(),
  'subdomains-only': new WeakMap(),
};

function indexConstraints(constraints: NameConstraints, leadingDot: LeadingDotReading): ConstraintIndex {
  const known = indexes[leadingDot].get(constraints);
  if (known !== undefined) return known;
  const { permitted = [], excluded } = constraints;
  const forms = new Set([...permitted, ...excluded].map(({ form }) => form));
  const index = new Map([...forms].map((form) => [form, constrainForm(form, constraints, leadingDot)]));
  indexes[leadingDot].set(constraints, index);
  return index;
}

function constrainForm(
  form: GeneralNameForm,
  { permitted = [], excluded }: NameConstraints,
  leadingDot: LeadingDotReading,
): FormConstraints {
  const permittedBases = indexBases(form, permitted, (base) => findSubtree(base, 'permitted', leadingDot));
  const excludedBases = indexBases(form, excluded, (base) => findSubtree(base, 'excluded', leadingDot));
  return {
    permitted: permittedBases.count === 0 ? undefined : permittedBases.subtrees,
    excluded: excludedBases.subtrees,
    unprocessable: permittedBases.unprocessable ?? excludedBases.unprocessable,
  };
}

interface BaseIndex {
  readonly count: number;
  readonly subtrees: NameSubtrees;
  readonly unprocessable: GeneralName | undefined;
}

function indexBases(
  form: GeneralNameForm,
  all: readonly GeneralName[],
  find: (base: GeneralName) => NameSubtree | undefined,
): BaseIndex {
  const bases = all.filter((base) => base.form === form);
  const count = bases.length;
  if (form === 'iPAddress') {
    const findAddress = (base: GeneralName): AddressSubtree | undefined =>
      'octets' in base ? findAddressSubtree(base.octets) : undefined;
    const { found, unprocessable } = readBases(bases, findAddress);
    return { count, subtrees: new AddressSubtrees(found), unprocessable };
  }
  const { found, unprocessable } = readBases(bases, find);
  return { count, subtrees: new LabelSubtrees(found), unprocessable };
}

function readBases<T extends object>(
  bases: readonly GeneralName[],
  find: (base: GeneralName) => T | undefined,
): { readonly found: readonly T[]; readonly unprocessable: GeneralName | undefined } {
  const found = bases.map(find);
  const at = found.indexOf(undefined);
  return { found: found.filter((each) => each !== undefined), unprocessable: at === -1 ? undefined : bases[at] };
}

interface NameCheckOptions {
  /**
   * Whether the constraints on dNSName apply to common names that read as host names too. RFC 5280 doesn't require
   * this. Otherwise, an authority with such constraints could issue another caller's host name as a common name.
   */
  readonly commonNamesAsHosts?: boolean;
}

/** A name that name constraints apply to, and its origin. */
type ConstrainedName = Pick<NameConstraintFault, 'name' | 'origin'>;

/** id-on-SmtpUTF8Mailbox (RFC 9598 §3), 1.3.6.1.5.5.7.8.9, as encoded. */
const internationalMailbox = Buffer.from('06082b06010505070809', 'hex');

/**
 * RFC 5280 §4.2.1.10: the subject, unless it is empty, every alternative name, and mailboxes in the subject. With
 * `commonNamesAsHosts`, also common names that read as host names.
 */
function* listSubjectNames(certificate: PathCertificate, options: NameCheckOptions): Generator<ConstrainedName> {
  if (certificate.subject.relativeNames.length > 0)
    yield { name: { form: 'directoryName', name: certificate.subject }, origin: 'subject' };
  for (const name of certificate.subjectAlternativeNames ?? []) {
    yield { name, origin: 'alternative_name' };
    if (isInternationalMailbox(name)) yield { name: { form: 'rfc822Name', text: '' }, origin: 'international_mailbox' };
  }
  for (const { type, value } of certificate.subjectName.flat()) {
    // The standard requires this only if there is no subject alternative name. Here the constraints always apply, because
    // an alternative name doesn't make the mailbox more trustworthy.
    if (type === nameAttributeTypes.emailAddress)
      yield { name: { form: 'rfc822Name', text: value }, origin: 'email_address' };
    const isHost = options.commonNamesAsHosts === true && type === nameAttributeTypes.commonName && readsAsHost(value);
    if (isHost) yield { name: { form: 'dNSName', text: value }, origin: 'common_name' };
  }
}

/**
 * RFC 9598 §6: constraints on rfc822Name apply to it. Its content is not read, so it is a mailbox that can't be
 * compared.
 */
function isInternationalMailbox(name: GeneralName): boolean {
  return name.form === 'otherName' && Buffer.from(name.encoded).includes(internationalMailbox);
}

/** A text of one label may also be the name of a person or a service. */
function readsAsHost(text: string): boolean {
  return (findHostLabels(text.replace(/^\*\./, ''))?.length ?? 0) > 1;
}

import type { GeneralName, GeneralNameForm } from '../general-name.js';
import type { NameConstraints } from './name-constraints-extension.js';
import { type SubtreeList, findSubtree } from './name-location.js';
import { AddressSubtrees, LabelSubtrees, type NameSubtrees, findAddressSubtree } from './name-subtrees.js';

/** What one certificate says of names of one form. */
export interface FormConstraints {
  /** Undefined: it permits all that it doesn't exclude. */
  readonly permitted: NameSubtrees | undefined;
  readonly excluded: NameSubtrees;
  /** RFC 5280 §4.2.1.10: what can't be processed rejects every name of the form. */
  readonly hasUnprocessable: boolean;
}

type ConstraintIndex = ReadonlyMap<GeneralNameForm, FormConstraints>;

/** A search for a path comes by the same certificate many times; its bases are read once. */
const indexes = new WeakMap<NameConstraints, ConstraintIndex>();

export function indexConstraints(constraints: NameConstraints): ConstraintIndex {
  const known = indexes.get(constraints);
  if (known !== undefined) return known;
  const { permitted = [], excluded } = constraints;
  const forms = new Set([...permitted, ...excluded].map(({ form }) => form));
  const index = new Map([...forms].map((form) => [form, constrainForm(form, permitted, excluded)]));
  indexes.set(constraints, index);
  return index;
}

function constrainForm(
  form: GeneralNameForm,
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
): FormConstraints {
  const permittedBases = indexBases(form, permitted, 'permitted');
  const excludedBases = indexBases(form, excluded, 'excluded');
  return {
    permitted: permittedBases.count === 0 ? undefined : permittedBases.subtrees,
    excluded: excludedBases.subtrees,
    hasUnprocessable: permittedBases.hasUnprocessable || excludedBases.hasUnprocessable,
  };
}

interface BaseIndex {
  readonly count: number;
  readonly subtrees: NameSubtrees;
  readonly hasUnprocessable: boolean;
}

function indexBases(form: GeneralNameForm, all: readonly GeneralName[], list: SubtreeList): BaseIndex {
  const bases = all.filter((base) => base.form === form);
  const count = bases.length;
  if (form === 'iPAddress') {
    const found = bases.flatMap((base) => ('octets' in base ? (findAddressSubtree(base.octets) ?? []) : []));
    return { count, subtrees: new AddressSubtrees(found), hasUnprocessable: found.length < count };
  }
  const found = bases.flatMap((base) => findSubtree(base, list) ?? []);
  return { count, subtrees: new LabelSubtrees(found), hasUnprocessable: found.length < count };
}

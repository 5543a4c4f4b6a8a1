import { canonicalizeFieldName, type RawField } from '../exchange/raw-fields.js';

/** Without the fields of these names, which the front end sets or removes itself. Names have no letter case. */
export function removeFields(fields: readonly RawField[], lowerCaseNames: readonly string[]): RawField[] {
  return fields.filter(([name]) => !lowerCaseNames.includes(name.toLowerCase()));
}

/** Without those that some server behind might take for one of these names as well: `X_Client_Certificate`. */
export function removeLookalikes(fields: readonly RawField[], lowerCaseNames: readonly string[]): RawField[] {
  return fields.filter(([name]) => !lowerCaseNames.includes(canonicalizeFieldName(name)));
}

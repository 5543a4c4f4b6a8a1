import type { GateDescription } from '@certgate/core/internal';
import { isJsonObject, type JsonObject } from '#local/json-file.js';

/** A test for the value of each option. A description must have exactly these keys. */
const isOption: { readonly [Name in keyof GateDescription]: (value: unknown) => value is GateDescription[Name] } = {
  frontEnd: isNameOrNull,
  frontEndSecret: isBoolean,
  frontEndIsolation: isNameOrNull,
  forwardedElements: (value): value is number | null => value === null || Number.isInteger(value),
  acceptForwardedChain: isBoolean,
  unsafeTrustCertificateHeaderFromAnywhere: isBoolean,
  decisionLog: (value): value is GateDescription['decisionLog'] => typeof value === 'string',
  strangerNames: isBoolean,
  stores: (value): value is GateDescription['stores'] => Array.isArray(value) && value.every(isStore),
};

/**
 * Reads the options that an app's gate reports, or that a file contains. Undefined if they have another form. Names of
 * front ends and isolations are not checked, because the app's version may know others.
 */
export function findGateOptions(value: unknown): GateDescription | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(isOption) as (keyof GateDescription)[];
  const isComplete = names.every((name) => Object.hasOwn(given, name) && isOption[name](given[name]));
  if (!isComplete || Object.keys(given).length !== names.length) return undefined;
  return Object.fromEntries(names.map((name) => [name, given[name]])) as unknown as GateDescription;
}

function isStore(value: unknown): boolean {
  const { sources, options } = Object(value) as JsonObject;
  const isSource = (source: unknown): boolean => typeof (Object(source) as JsonObject)['description'] === 'string';
  return isJsonObject(options) && Array.isArray(sources) && sources.length > 0 && sources.every(isSource);
}

function isNameOrNull(value: unknown): value is never {
  return value === null || (typeof value === 'string' && value !== '');
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

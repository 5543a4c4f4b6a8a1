import { copyOwn, type FunctionRequirement } from '@certgate/core';

/** What a route requires of its callers, beside an allowed certificate. */
export interface RouteRequirement {
  /**
   * The name that stands in log lines, and by which the trust document's `functions` says who may call; by default that of
   * the gate.
   */
  readonly functionName?: string;
  /** Every entry must be met. A list is met by any role of it. */
  readonly roles?: readonly (string | readonly string[])[];
}

const knownMembers = ['functionName', 'roles'];

/** @throws {TypeError} for an unknown member, a function without a name, or a role that is empty or no text. */
export function readRequirement(
  requirement: RouteRequirement | undefined,
  ofGate: FunctionRequirement,
): FunctionRequirement {
  if (requirement === undefined) return ofGate;
  if (typeof (requirement as unknown) !== 'object' || (requirement as unknown) === null)
    throw new TypeError('A requirement is an object with functionName or roles.');
  const own = copyOwn(requirement);
  const unknown = Reflect.ownKeys(own).find((key) => !knownMembers.some((known) => known === key));
  if (unknown !== undefined)
    throw new TypeError(`A requirement has no member ${String(unknown)}; known are ${knownMembers.join(', ')}.`);
  const { functionName = ofGate.functionName, roles = [] } = own;
  if (!Array.isArray(roles)) throw new TypeError('The roles of a requirement are a list.');
  const groups = [...(roles as RouteRequirement['roles'] & object)].map((entry) => expectRoles(entry));
  return copyOwn({ functionName: expectFunctionName(functionName), roles: Object.freeze(groups) });
}

/** Where an adapter is set up. @throws {TypeError} as `readRequirement`. */
export function expectRequirement(requirement: RouteRequirement | undefined): void {
  readRequirement(requirement, { functionName: 'http', roles: [] });
}

/** @throws {TypeError} for what is no name. */
export function expectFunctionName(name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '') return name;
  throw new TypeError('functionName must be a text that is not empty.');
}

function expectRoles(entry: unknown): readonly string[] {
  // A copy first: `every` passes over the holes of a list.
  const list: readonly unknown[] = Array.isArray(entry) ? [...(entry as unknown[])] : [entry];
  if (list.length > 0 && list.every(isRole)) return Object.freeze(list);
  throw new TypeError('A required role must be a text that is not empty.');
}

function isRole(role: unknown): role is string {
  return typeof role === 'string' && role.trim() !== '';
}

import { copyOwn, type FunctionRequirement, invalidArgument } from '@certgate/core';

/** What a route requires of its callers, in addition to an allowed certificate. */
export interface RouteRequirement {
  /**
   * The name in log lines, for which the trust document's `functions` says who may call. By default, the name of the
   * gate.
   */
  readonly functionName?: string;
  /** The required roles. Every entry must be met. An entry that is a list is met by any role in it. */
  readonly roles?: readonly (string | readonly string[])[];
}

const knownMembers = ['functionName', 'roles'];

/**
 * Reads a requirement. Without a name, it has that of `ofGate`; roles are not inherited. `subject` names what has it,
 * for messages.
 *
 * @throws {CertgateError} if it is not an object, if it has an unknown or undefined member, if its name is blank or not
 * a text, if `roles` is not a list, or if an entry is neither a text that is not blank nor a list of one or more such
 * texts.
 */
export function readRequirement(
  requirement: RouteRequirement,
  ofGate: FunctionRequirement,
  subject: string,
): FunctionRequirement {
  if (typeof (requirement as unknown) !== 'object' || (requirement as unknown) === null)
    throw invalidArgument(
      `The requirement of ${subject} is ${describe(requirement)}; it must be an object with functionName or roles.`,
    );
  const own: Readonly<Record<string, unknown>> = copyOwn(requirement as object as Record<string, unknown>);
  const unknown = Reflect.ownKeys(own).find((key) => !knownMembers.some((known) => known === key));
  if (unknown !== undefined)
    throw invalidArgument(
      `The requirement of ${subject} has no member ${String(unknown)}; its members are ${knownMembers.join(', ')}.`,
    );
  // A member that is `undefined` is a mistake. If it were ignored, the gate would admit callers that it should refuse.
  const missing = knownMembers.find((name) => name in own && own[name] === undefined);
  if (missing !== undefined)
    throw invalidArgument(`${missing} of ${subject} is undefined. Give it a value, or leave it out.`);
  const { functionName = ofGate.functionName, roles = [] } = own;
  if (!Array.isArray(roles)) throw invalidArgument(`The roles of ${subject} must be a list.`);
  const groups = [...(roles as unknown[])].map((entry) => expectRoles(entry, subject));
  return copyOwn({ functionName: expectFunctionName(functionName, subject), roles: Object.freeze(groups) });
}

/** Checks a requirement when an adapter is set up. @throws {CertgateError} in the same cases as `readRequirement`. */
export function expectRequirement(requirement: RouteRequirement, subject: string): void {
  readRequirement(requirement, { functionName: 'http', roles: [] }, subject);
}

function describe(value: unknown): string {
  return value === undefined || value === null ? String(value) : `a ${typeof value}`;
}

/** Checks a function's name. `subject` names what has it, for messages. @throws {CertgateError} if it is not a name. */
export function expectFunctionName(name: unknown, subject: string): string {
  if (typeof name === 'string' && name.trim() !== '') return name;
  throw invalidArgument(`functionName of ${subject} must be a non-empty string.`);
}

function expectRoles(entry: unknown, subject: string): readonly string[] {
  // The list is copied first, because `every` skips the holes of a list.
  const list: readonly unknown[] = Array.isArray(entry) ? [...(entry as unknown[])] : [entry];
  if (list.length > 0 && list.every(isRole)) return Object.freeze(list);
  throw invalidArgument(`A role that ${subject} requires must be a non-empty string.`);
}

function isRole(role: unknown): role is string {
  return typeof role === 'string' && role.trim() !== '';
}

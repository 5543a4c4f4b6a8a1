import { copyOwn, type FunctionRequirement, invalidArgument } from '@certgate/core';

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

/**
 * `subject` is what has the requirement, for messages.
 *
 * @throws {CertgateError} for what is no requirement, an unknown member or one that is undefined, a function without a name, or a
 * role that is empty or no text.
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
  // What is written was meant: without it, callers would be admitted that it should refuse.
  const missing = knownMembers.find((name) => name in own && own[name] === undefined);
  if (missing !== undefined)
    throw invalidArgument(`${missing} of ${subject} is undefined. Give it a value, or leave it out.`);
  const { functionName = ofGate.functionName, roles = [] } = own;
  if (!Array.isArray(roles)) throw invalidArgument(`The roles of ${subject} must be a list.`);
  const groups = [...(roles as unknown[])].map((entry) => expectRoles(entry, subject));
  return copyOwn({ functionName: expectFunctionName(functionName, subject), roles: Object.freeze(groups) });
}

/** Where an adapter is set up. @throws {CertgateError} as `readRequirement`. */
export function expectRequirement(requirement: RouteRequirement, subject: string): void {
  readRequirement(requirement, { functionName: 'http', roles: [] }, subject);
}

function describe(value: unknown): string {
  return value === undefined || value === null ? String(value) : `a ${typeof value}`;
}

/** `subject` is what has the name, for messages. @throws {CertgateError} for what is no name. */
export function expectFunctionName(name: unknown, subject: string): string {
  if (typeof name === 'string' && name.trim() !== '') return name;
  throw invalidArgument(`functionName of ${subject} must be a non-empty string.`);
}

function expectRoles(entry: unknown, subject: string): readonly string[] {
  // A copy first: `every` passes over the holes of a list.
  const list: readonly unknown[] = Array.isArray(entry) ? [...(entry as unknown[])] : [entry];
  if (list.length > 0 && list.every(isRole)) return Object.freeze(list);
  throw invalidArgument(`A role that ${subject} requires must be a non-empty string.`);
}

function isRole(role: unknown): role is string {
  return typeof role === 'string' && role.trim() !== '';
}

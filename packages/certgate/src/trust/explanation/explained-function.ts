import type { FunctionRequirement } from '@certgate/core/internal';
import { type InspectedHttpFunction, isCallable } from '../../app/inspection/coverage-report.js';
import { type InspectedPolicy, describeInspectedPolicy } from '../../app/inspection/inspected-policy.js';
import { inspectApp } from '../../app/inspection/inspect-app.js';
import { ToolFailure } from '../../faults/tool-failure.js';

/** The function that is asked about, and what it asks of its callers. */
export interface ExplainedFunction {
  readonly name: string;
  readonly policy: InspectedPolicy;
  /** Undefined: nobody asked the app. */
  readonly covered: InspectedHttpFunction['covered'] | undefined;
}

export interface FunctionFlags {
  readonly function: string;
  readonly app?: string;
  readonly requiresRole?: readonly string[];
}

/** From the app itself, or from what the command line says of it. */
export async function findExplainedFunction({
  function: name,
  app,
  requiresRole = [],
}: FunctionFlags): Promise<ExplainedFunction> {
  if (app === undefined) {
    const policy: InspectedPolicy = { kind: 'certificate', roles: requiresRole.map((role) => [role]) };
    return { name, policy, covered: undefined };
  }
  const { functions } = await inspectApp({ folder: app });
  const found = functions.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    const names = functions.filter(isCallable).map((each) => each.name);
    throw new ToolFailure(`The app in ${app} has no function "${name}".`, {
      remedy: names.length === 0 ? 'It has no HTTP or MCP function.' : `Its functions are ${names.join(', ')}.`,
    });
  }
  if (!isCallable(found)) {
    throw new ToolFailure(
      `The function "${found.name}" has the trigger ${found.trigger}, so no certificate comes with it and the gate is not asked.`,
    );
  }
  return { name: found.name, policy: found.policy, covered: found.covered };
}

/** Undefined: the gate doesn't read certificates there, or doesn't stand there. */
export function findRequirement({ name, policy }: ExplainedFunction): FunctionRequirement | undefined {
  if (policy.kind !== 'certificate') return undefined;
  const { roles, reportOnlyUntil } = policy;
  return {
    functionName: name,
    roles,
    ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil: Date.parse(reportOnlyUntil) }),
  };
}

export function describeExplainedFunction({ name, policy, covered }: ExplainedFunction): string {
  const note = covered === undefined ? ', by this command line' : '';
  return `${name}: open to ${describeInspectedPolicy(policy)}${note}`;
}

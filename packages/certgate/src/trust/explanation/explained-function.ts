import type { FunctionRequirement } from '@certgate/core/internal';
import type { InspectedHttpFunction } from '../../app/inspection/coverage-report.js';
import {
  type InspectedPolicy,
  describeInspectedPolicy,
  readInspectedPolicy,
} from '../../app/inspection/inspected-policy.js';
import { inspectApp } from '../../app/inspection/inspect-app.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  describeFunctionApp,
  type GateAnswer,
  type GateQuestion,
  type HostedFunction,
} from '#local/functions-host/functions-host.js';
import { explainFailedStart } from '../../local-app/explain-failed-start.js';
import { type HostedTrust, readHostedTrust } from '../../local-app/hosted-trust.js';
import { trustVariable } from '../administration/location/trust-location.js';

/** The function that the question is about, and what it requires of its callers. */
export interface ExplainedFunction {
  readonly name: string;
  readonly policy: InspectedPolicy;
  /** How the gate covers the function; undefined if the app was not asked. */
  readonly covered: InspectedHttpFunction['covered'] | undefined;
}

/** What the app's gate answers, and where it reads who may call. */
export interface AppAnswer extends Omit<GateAnswer, 'report'> {
  readonly trust: HostedTrust;
}

/** What the app answers after it was loaded with this document. */
export interface AskedApp {
  /**
   * The gate's answer. Undefined if the app does not start with this document (then there is a `startFault`), or if it
   * has no gate that can say what it decides.
   */
  readonly answer: AppAnswer | undefined;
  /**
   * Whether the app decided by this document, or refused it while it reads no other document. True if it does not start
   * with this document.
   */
  readonly isByDocument: boolean;
  /** Why the app does not start with this document, although it starts with its own settings. */
  readonly startFault?: string;
}

export interface FunctionFlags {
  readonly function: string;
  readonly app?: string;
  readonly requiresRole?: readonly string[];
}

/**
 * Asks the app, which reads `document` in place of what CERTGATE_TRUST names. Without an app, the command line says
 * what the function requires.
 */
export async function findExplainedFunction(
  { function: name, app: folder, requiresRole = [] }: FunctionFlags,
  document: string,
  question: Omit<GateQuestion, 'functionName'>,
): Promise<{ readonly explained: ExplainedFunction; readonly app?: AskedApp }> {
  if (folder === undefined) {
    const policy: InspectedPolicy = { kind: 'certificate', roles: requiresRole.map((role) => [role]) };
    return { explained: { name, policy, covered: undefined } };
  }
  const environment = { [trustVariable]: document };
  let startFault: ToolFailure | undefined;
  const description = await describeFunctionApp({
    folder,
    environment,
    question: { functionName: name, ...question },
  })
    .catch(explainFailedStart)
    .catch((error: unknown) => {
      if (!(error instanceof ToolFailure)) throw error;
      startFault = error;
    });
  if (description !== undefined) {
    const { functions } = description;
    const answer = description.answer && readAnswer(description.answer);
    const { source = '', mirror, parts = [] } = answer?.trust ?? {};
    const isMirrored = [mirror, ...parts.map((part) => part.mirror)].some((each) => each?.isInUse === true);
    const isRead = !isMirrored && source.includes(document.replace(/^blob:/, ''));
    const isByDocument = isRead && (answer?.code !== 'trust_unavailable' || !source.startsWith('first of '));
    return { explained: findHosted(functions, name, folder), app: { answer, isByDocument } };
  }
  const {
    report: { functions },
  } = await inspectApp({ folder });
  const inspected = functions.find((each) => each.name.toLowerCase() === name.toLowerCase());
  // The app lacks the function with its own settings too, so the document did not cause the fault.
  if (inspected === undefined || !('policy' in inspected))
    throw startFault ?? new Error('The app has no such function.');
  const { policy, covered } = inspected;
  const app: AskedApp = { answer: undefined, isByDocument: true, startFault: startFault?.message ?? '' };
  return { explained: { name: inspected.name, policy, covered }, app };
}

function findHosted(functions: readonly HostedFunction[], name: string, folder: string): ExplainedFunction {
  const isCallable = ({ http, mcp }: HostedFunction): boolean => http || mcp !== undefined;
  const found = functions.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    const names = functions.filter(isCallable).map((each) => each.name);
    throw new ToolFailure(`The app in ${folder} has no function "${name}".`, {
      remedy: names.length === 0 ? 'It has no HTTP or MCP function.' : `Its functions are ${names.join(', ')}.`,
    });
  }
  if (!isCallable(found)) {
    throw new ToolFailure(
      `The function "${found.name}" has the trigger ${found.triggerType}, so no certificate comes with it and the gate is not asked.`,
    );
  }
  if (found.disabled === true) {
    throw new ToolFailure(
      `The function "${found.name}" is disabled, so the host answers 404 to everybody and the gate is not asked.`,
    );
  }
  return { name: found.name, policy: readInspectedPolicy(found), covered: found.covered ?? 'none' };
}

/** What the gate requires. Undefined if no gate asks for a certificate at the function. */
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

function readAnswer({ report, ...answer }: GateAnswer): AppAnswer {
  return { ...answer, trust: readHostedTrust(report) ?? { source: 'a trust store of its own' } };
}

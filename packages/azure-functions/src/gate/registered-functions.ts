import { CertgateError } from '@certgate/core';
import {
  type AnyHandler,
  closedPolicy,
  findPolicy,
  functionCoverage,
  type FunctionCoverage,
  functionPolicies,
  type RegisteredFunction,
  tightenPolicy,
} from './shared-state.js';
import { requiresSystemKey } from './mcp-system-key.js';
import {
  findFunctionKind,
  findWebhook,
  findWorkerCore,
  type FunctionMetadata,
  joinTriggerKinds,
  replaceMethod,
  requiresKey,
  type WorkerCore,
} from './worker-core.js';

/**
 * Watches every registration from now on, for all copies of this package. It begins with the first mark or with
 * `secureApp`, whichever comes first. A marked handler is always registered after its mark was set, so no mark is
 * missed, whatever the order in which files are loaded. Outside a worker, it does nothing.
 */
export function watchRegistrations(): void {
  const core = findWorkerCore();
  if (core !== undefined) getCoverage(core);
}

/**
 * The registrations of this core module that were seen. From the first call on, all of them are seen, unless the method
 * can't be replaced.
 */
export function getCoverage(core: WorkerCore): FunctionCoverage {
  const present = functionCoverage.get(core);
  if (present !== undefined) return present;
  const coverage: FunctionCoverage = { functions: new Map(), gate: undefined };
  functionCoverage.set(core, coverage);
  // The library reads the method at each call, whichever copy of the library calls. If the method can't be replaced, no
  // name is known. Then no mark opens a function, and every function is closed unless its call shows a trigger that
  // brings no certificate.
  replaceMethod(core, 'registerFunction', (register) => (metadata: FunctionMetadata, callback: unknown) => {
    const isCallable = typeof callback === 'function';
    return register(metadata, isCallable ? coverHandler(coverage, metadata, callback as AnyHandler) : callback);
  });
  return coverage;
}

export function findRegistered({ functions }: FunctionCoverage, functionName: string): RegisteredFunction | undefined {
  return functions.get(toLowerCase(functionName));
}

/**
 * The lower-case form of names that the worker gives, which are the app's own. Otherwise it would be made and hashed at
 * every invocation.
 */
const lowerCaseNames = new Map<string, string>();

function toLowerCase(functionName: string): string {
  const known = lowerCaseNames.get(functionName);
  if (known !== undefined) return known;
  const lowerCase = functionName.toLowerCase();
  // The limit bounds the memory if somebody passes any number of names.
  if (lowerCaseNames.size < maximumLowerCaseNames) lowerCaseNames.set(functionName, lowerCase);
  return lowerCase;
}

const maximumLowerCaseNames = 1000;

/** The handler to register in place of `handler`. */
function coverHandler(coverage: FunctionCoverage, metadata: FunctionMetadata, handler: AnyHandler): AnyHandler {
  const name = metadata.name ?? 'unnamed function';
  const kind = findFunctionKind(metadata) ?? 'http';
  if ((kind === 'other' || kind === 'unknown-mcp') && functionPolicies.has(handler)) {
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      `The function "${name}" has no HTTP trigger and no MCP trigger that Certgate knows, so no certificate can come with it: remove allowAnonymous, requireRole, reportOnly or observe.`,
    );
  }
  // Whatever starts these functions brings no certificate, so their handlers are not wrapped.
  if (kind === 'other') {
    const webhook = findWebhook(metadata);
    const more = webhook === undefined ? {} : { webhook };
    return noteRegistered(coverage, { name, kind, policy: closedPolicy, handler, ...more }).handler;
  }
  const covered = function (this: unknown, ...args: unknown[]): unknown {
    const { gate } = coverage;
    if (gate === undefined) return Reflect.apply(handler, this, args);
    return gate.runHandler(registered, handler, this, args);
  } as AnyHandler;
  const policy = findPolicy(handler) ?? closedPolicy;
  const isObserved = policy.kind === 'certificate' && policy.observedUntil !== undefined;
  const isKeyed =
    kind === 'mcp' ? isObserved && requiresSystemKey(() => process.cwd(), process.env) : requiresKey(metadata);
  if (isObserved && !isKeyed)
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      kind === 'mcp' ? describeNoSystemKey(name) : describeNoKey(name),
    );
  const registered = noteRegistered(coverage, { name, kind, policy, handler: covered, requiresKey: isKeyed });
  return covered;
}

function describeNoKey(name: string): string {
  return `The function "${name}" is observed, so only Azure's function key protects it, but its authLevel does not ask for one (without an authLevel, app.http means anonymous). Set authLevel: 'function', or remove observe to close the function to callers without an allowed certificate.`;
}

function describeNoSystemKey(name: string): string {
  return `The MCP function "${name}" is observed, so only the system key of Azure's MCP extension protects it, but host.json (extensions.mcp.system.webhookAuthorizationLevel) or an app setting switches that key off, or host.json can't be read. Set it to System, or remove observe to close the function to callers without an allowed certificate.`;
}

/**
 * Notes a registration. A second registration of the same name is an error of the worker, which the app may catch, so
 * the stricter of both policies applies.
 */
function noteRegistered(coverage: FunctionCoverage, registered: RegisteredFunction): RegisteredFunction {
  const before = findRegistered(coverage, registered.name);
  const noted = Object.freeze(before === undefined ? registered : tightenRegistered(before, registered));
  coverage.functions.set(noted.name.toLowerCase(), noted);
  coverage.gate?.noteRegistration(noted);
  return noted;
}

function tightenRegistered(before: RegisteredFunction, registered: RegisteredFunction): RegisteredFunction {
  const kind = joinTriggerKinds([before.kind, registered.kind]) ?? 'http';
  const isKeyed = isKeyRequired(before) && isKeyRequired(registered);
  return { ...registered, kind, policy: tightenPolicy(before.policy, registered.policy), requiresKey: isKeyed };
}

/**
 * Whether the registration says that the host requires a key. Another copy of this package may have noted it, so only
 * its own member is used.
 */
export function isKeyRequired(registered: RegisteredFunction): boolean {
  return Object.hasOwn(registered, 'requiresKey') && registered.requiresKey === true;
}

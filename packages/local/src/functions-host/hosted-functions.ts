import { ToolFailure } from '../tool-failure.js';
import { findGateFault, findGateMark } from './hosted-gate.js';
import type { AppContext, RegisteredCallback } from './worker/app-context.js';
import { findUnsuppliedBinding } from './worker/durable-client.js';
import type { DescribedFunction, HostedFunction, HostedMcp } from './worker/host-protocol.js';
import { findMcpTrigger, type McpTrigger } from './mcp/mcp-trigger.js';
import { readToolInputSchema } from './mcp/tool-input-schema.js';
import { compareNames, findTrigger, isDisabled, isHttpTrigger, type Route } from './routing/router.js';

/** The names that the real host accepts for a function (`Utility.IsValidFunctionName`). */
const functionName = /^(?!host$)[a-z][a-z0-9_-]{0,127}$/i;

/**
 * Refuses, before anything is served, what `checkRegistrations` refuses, and an app with an HTTP function whose
 * bindings this host can't supply.
 */
export function checkFunctions(app: AppContext): void {
  checkRegistrations(app);
  for (const registered of app.functions.values()) checkBindings(registered);
}

/**
 * Refuses an app without functions, an app whose `secureApp` failed, and an app with a function that has no trigger, or
 * whose name is not valid or not unique.
 */
export function checkRegistrations(app: AppContext): void {
  if (app.duplicateFunction !== undefined) throw duplicateName(app.duplicateFunction);
  const fault = findGateFault();
  if (fault !== undefined) {
    throw new ToolFailure(`secureApp failed, and the app caught the error: ${fault}`, {
      remedy: 'Correct what it says, and let the error through. In Azure, every call of the app would be refused.',
    });
  }
  if (app.functions.size === 0) {
    throw new ToolFailure('The app loaded, but it registered no function.', {
      remedy:
        'Check that "main" in package.json names the files that call app.http (programming model v4), and that only one copy of @azure/functions is bundled.',
    });
  }
  const names = new Set<string>();
  for (const registered of app.functions.values()) {
    const { name } = registered.metadata;
    if (!functionName.test(name)) {
      throw new ToolFailure(`"${name}" is not a valid function name.`, {
        remedy: 'Start with a letter; then letters, digits, "_" and "-", at most 128 in all, and not "host".',
      });
    }
    if (names.has(name.toLowerCase())) throw duplicateName(name);
    names.add(name.toLowerCase());
    if (findTrigger(registered) === undefined) {
      throw new ToolFailure(`The function "${name}" has no trigger.`, { remedy: 'Register it with a trigger.' });
    }
  }
}

function duplicateName(name: string): ToolFailure {
  return new ToolFailure(`The function "${name}" is registered twice (names are compared without case).`, {
    remedy: 'Give every function its own name.',
  });
}

function checkBindings(registered: RegisteredCallback): void {
  const trigger = findTrigger(registered);
  const { name, bindings } = registered.metadata;
  if (trigger === undefined || !isHttpTrigger(trigger[1].type)) return;
  const extra = findUnsuppliedBinding(bindings, trigger[0]);
  if (extra === undefined) return;
  throw new ToolFailure(
    `The HTTP function "${name}" has the extra ${extra.kind} "${extra.type}", which this local host can't supply.`,
    { remedy: 'Run this app behind `func start` instead: it brings the bindings.' },
  );
}

export function describeFunctions(app: AppContext, routes: readonly Route[]): readonly HostedFunction[] {
  return [...app.functions.values()]
    .sort((left, right) => compareNames(left.metadata.name, right.metadata.name))
    .map((registered) =>
      describeFunction(
        registered,
        routes.find((route) => route.registered === registered),
        app.coreApi,
      ),
    );
}

/** Describes functions with their bindings, which decide which extensions Azure's host loads. */
export function describeWithBindings(app: AppContext, routes: readonly Route[]): readonly DescribedFunction[] {
  return describeFunctions(app, routes).map((hosted) => {
    const registered = [...app.functions.values()].find(({ metadata }) => metadata.name === hosted.name);
    const bindings = Object.values(registered?.metadata.bindings ?? {});
    const types = bindings.flatMap(({ type }) => type?.toLowerCase() ?? []);
    const isStartedByBlobEvents = bindings.some(
      ({ type, source }) => type?.toLowerCase() === 'blobtrigger' && String(source).toLowerCase() === 'eventgrid',
    );
    return { ...hosted, bindings: [...new Set(types)].sort(), isStartedByBlobEvents };
  });
}

function describeFunction(
  registered: RegisteredCallback,
  route: Route | undefined,
  coreApi: object | undefined,
): HostedFunction {
  const { name } = registered.metadata;
  const base = {
    name,
    triggerType: findTrigger(registered)?.[1].type ?? 'unknown',
    ...(isDisabled(name) ? { disabled: true as const } : {}),
  };
  const mcp = findMcpTrigger(registered);
  if (mcp !== undefined) {
    return { ...base, http: false, mcp: describeMcp(mcp), ...describeCoverage(base.name, coreApi) };
  }
  if (route === undefined) return { ...base, http: false };
  return {
    ...base,
    http: true,
    route: `/${route.template.text.replace(/^\//, '')}`,
    ...(route.methods === undefined ? {} : { methods: route.methods }),
    ...(route.authLevel === undefined ? {} : { authLevel: route.authLevel }),
    ...describeCoverage(base.name, coreApi),
  };
}

function describeMcp(trigger: McpTrigger): HostedMcp {
  const { kind, name } = trigger;
  if (kind !== 'tool') return { kind, name };
  try {
    return { kind, name, inputSchema: readToolInputSchema(trigger).schema };
  } catch {
    // The schema can't be read. A host that serves the tool refuses to start, and explains why.
    return { kind, name };
  }
}

/**
 * Reads what Certgate's adapter stores under registered symbols: whether there is a gate, and the policies of functions
 * by name. This host does not load the adapter, because the app has its own copy. With a gate, a function that the
 * adapter has not seen is closed to callers without an allowed certificate.
 */
function describeCoverage(name: string, coreApi: object | undefined): Pick<HostedFunction, 'covered' | 'policy'> {
  if (findGateMark() === undefined) return { covered: 'none' };
  const functions = findRegisteredFunctions(coreApi);
  if (functions?.has(name.toLowerCase()) !== true) return { covered: 'gate', policy: closedPolicy };
  const { policy } = Object(functions.get(name.toLowerCase())) as { readonly policy?: unknown };
  return { covered: 'gate', ...(policy === undefined ? {} : { policy }) };
}

const closedPolicy = Object.freeze({ kind: 'certificate', roles: Object.freeze([]) });

function findRegisteredFunctions(coreApi: object | undefined): ReadonlyMap<unknown, unknown> | undefined {
  const coverage: unknown = Reflect.get(globalThis, Symbol.for('certgate/function-coverage/v1'));
  if (!(coverage instanceof WeakMap) || coreApi === undefined) return undefined;
  const { functions } = Object((coverage as WeakMap<object, unknown>).get(coreApi)) as { readonly functions?: unknown };
  return functions instanceof Map ? functions : undefined;
}

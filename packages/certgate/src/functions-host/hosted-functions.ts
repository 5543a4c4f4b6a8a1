import { CommandFailure } from '../command-line/command-failure.js';
import type { AppContext, RegisteredFunction } from './worker/app-context.js';
import type { FunctionCallback } from './worker/core-types.js';
import { isDurableClient } from './worker/durable-client.js';
import type { DescribedFunction, HostedFunction, HostedTrust } from './worker/host-protocol.js';
import { compareNames, findTrigger, isHttpTrigger, type Route } from './routing/router.js';

/** What the real host accepts as a function's name (`Utility.IsValidFunctionName`). */
const functionName = /^(?!host$)[a-z][a-z0-9_-]{0,127}$/i;

/** Refuses what this host can't run as Azure would, before anything is served. */
export function checkFunctions(app: AppContext): void {
  checkRegistrations(app);
  for (const registered of app.functions.values()) checkBindings(registered);
}

/** Refuses what Azure's host would not load either. */
export function checkRegistrations(app: AppContext): void {
  if (app.duplicateFunction !== undefined) throw duplicateName(app.duplicateFunction);
  if (app.functions.size === 0) {
    throw new CommandFailure('The app loaded, but it registered no function.', {
      remedy:
        'Check that "main" in package.json names the files that call app.http (programming model v4), and that only one copy of @azure/functions is bundled.',
    });
  }
  const names = new Set<string>();
  for (const registered of app.functions.values()) {
    const { name } = registered.metadata;
    if (!functionName.test(name)) {
      throw new CommandFailure(`"${name}" is no valid function name.`, {
        remedy: 'Start with a letter; then letters, digits, "_" and "-", at most 128 in all, and not "host".',
      });
    }
    if (names.has(name.toLowerCase())) throw duplicateName(name);
    names.add(name.toLowerCase());
    if (findTrigger(registered) === undefined) {
      throw new CommandFailure(`The function "${name}" has no trigger.`, { remedy: 'Register it with a trigger.' });
    }
  }
}

function duplicateName(name: string): CommandFailure {
  return new CommandFailure(`The function "${name}" is registered twice (names are compared without case).`, {
    remedy: 'Give every function its own name.',
  });
}

function checkBindings(registered: RegisteredFunction): void {
  const trigger = findTrigger(registered);
  const { name, bindings } = registered.metadata;
  if (trigger === undefined || !isHttpTrigger(trigger[1].type)) return;
  const extra = Object.entries(bindings).filter(
    ([key, binding]) => key !== trigger[0] && key !== '$return' && !isDurableClient(binding),
  );
  const returned = bindings['$return'];
  if (returned !== undefined && returned.type?.toLowerCase() !== 'http') extra.push(['$return', returned]);
  const [first] = extra;
  if (first === undefined) return;
  const kind = first[1].direction === 'in' ? 'input' : 'output';
  throw new CommandFailure(
    `The HTTP function "${name}" has the extra ${kind} "${first[1].type ?? first[0]}", which this local host can't supply.`,
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
      ),
    );
}

/** What `describeFunctions` says, with the bindings: they decide which extensions Azure's host loads. */
export function describeWithBindings(app: AppContext, routes: readonly Route[]): readonly DescribedFunction[] {
  return describeFunctions(app, routes).map((hosted) => {
    const registered = [...app.functions.values()].find(({ metadata }) => metadata.name === hosted.name);
    const types = Object.values(registered?.metadata.bindings ?? {}).flatMap(({ type }) => type?.toLowerCase() ?? []);
    return { ...hosted, bindings: [...new Set(types)].sort() };
  });
}

function describeFunction(registered: RegisteredFunction, route: Route | undefined): HostedFunction {
  const base = { name: registered.metadata.name, triggerType: findTrigger(registered)?.[1].type ?? 'unknown' };
  if (route === undefined) return { ...base, http: false };
  return {
    ...base,
    http: true,
    route: `/${route.template.text.replace(/^\//, '')}`,
    ...(route.methods === undefined ? {} : { methods: route.methods }),
    ...(route.authLevel === undefined ? {} : { authLevel: route.authLevel }),
    ...describeCoverage(registered.callback),
  };
}

/**
 * Certgate's adapter leaves its marks under registered symbols, so that this host reads them without loading the
 * adapter (the app has its own copy): the wrappers it put around handlers, whether its hook stands, and policies.
 */
function describeCoverage(callback: FunctionCallback): Pick<HostedFunction, 'covered' | 'policy'> {
  const gated = findWeakMap('certgate/gated-handlers/v1');
  if (gated?.has(callback) === true) {
    const mark = gated.get(callback) as { readonly policy?: unknown } | undefined;
    return { covered: 'registration', ...withPolicy(mark?.policy) };
  }
  if (findGateMark() === undefined) return { covered: 'none' };
  return { covered: 'hook', ...withPolicy(findWeakMap('certgate/function-policies/v1')?.get(callback)) };
}

/** What the gate's trust store says of itself; it is shown and nothing else, since any code of the app could have put it there. */
export function describeTrust(): HostedTrust | undefined {
  try {
    const { findTrustReport } = Object(findGateMark()) as { readonly findTrustReport?: unknown };
    if (typeof findTrustReport !== 'function') return undefined;
    const report = Object(Reflect.apply(findTrustReport, undefined, [])) as Readonly<Record<string, unknown>>;
    const { description: source, revision, fault } = report;
    if (typeof source !== 'string') return undefined;
    return {
      source,
      ...(typeof revision === 'number' ? { revision } : {}),
      ...(typeof fault === 'string' ? { fault } : {}),
    };
  } catch {
    return undefined;
  }
}

function findGateMark(): unknown {
  return Reflect.get(globalThis, Symbol.for('certgate/gate/v1'));
}

function findWeakMap(name: string): WeakMap<object, unknown> | undefined {
  const value: unknown = Reflect.get(globalThis, Symbol.for(name));
  return value instanceof WeakMap ? (value as WeakMap<object, unknown>) : undefined;
}

function withPolicy(policy: unknown): { readonly policy?: unknown } {
  return policy === undefined ? {} : { policy };
}

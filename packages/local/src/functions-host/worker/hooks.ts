import type { AppContext, AppLog, HookName } from './app-context.js';

/** What the hooks of one invocation see of it while they log. */
export interface InvocationHookData {
  readonly hookData: Record<string, unknown>;
  readonly invocationContext: unknown;
}

/**
 * Runs hooks one after another, awaited. The walk is over the live list, as in the worker (`executeHooks`): a hook
 * that disposes itself while it runs makes the walk skip the one after it. A copy would be kinder, and would hide
 * from a developer that this hook is skipped in Azure.
 */
export async function executeHooks(
  app: AppContext,
  name: Exclude<HookName, 'log'>,
  context: unknown,
  log: (message: string) => void,
): Promise<void> {
  const hooks = app.hooks[name];
  if (hooks.length === 0) return;
  log(`Executing ${hooks.length} "${name}" hooks`);
  for (const hook of hooks) await hook(context);
  log(`Executed "${name}" hooks`);
}

/** Logs through the app's `log` hooks: they may change the text and level of what the app logged, never of system lines. */
export function writeAppLog(app: AppContext, log: AppLog, invocation?: InvocationHookData): void {
  app.writeLog(afterLogHooks(app, log, invocation));
}

function afterLogHooks(app: AppContext, log: AppLog, invocation: InvocationHookData | undefined): AppLog {
  if (app.hooks.log.length === 0) return log;
  const context = withReadOnly(
    { level: log.level, message: log.message },
    {
      hookData: invocation?.hookData ?? {},
      category: log.category,
      appHookData: app.appHookData,
      invocationContext: invocation?.invocationContext,
    },
  );
  try {
    for (const hook of app.hooks.log) hook(context);
  } catch {
    // A hook must not keep a line from being written.
    return log;
  }
  return log.category === 'user' ? { ...log, level: context.level, message: context.message } : log;
}

export function createAppHookContext(app: AppContext): object {
  return withReadOnly(
    { functionAppDirectory: app.folder },
    { hookData: app.appLevelHookData, appHookData: app.appHookData },
  );
}

/** Hook contexts are plain objects with a few properties that can't be assigned: the worker throws on those. */
export function withReadOnly<Writable extends object, Fixed extends object>(
  writable: Writable,
  fixed: Fixed,
): Writable & Readonly<Fixed> {
  for (const [name, value] of Object.entries(fixed) as [string, unknown][]) {
    Object.defineProperty(writable, name, {
      enumerable: true,
      configurable: true,
      get: () => value,
      set: () => {
        throw new TypeError(`Cannot assign to read only property '${name}'`);
      },
    });
  }
  return writable as Writable & Readonly<Fixed>;
}

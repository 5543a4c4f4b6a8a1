import type { AppContext, AppLog, HookName } from './app-context.js';

/** What log hooks get to know about the invocation that logs. */
export interface InvocationHookData {
  readonly hookData: Record<string, unknown>;
  readonly invocationContext: unknown;
}

/**
 * Runs hooks one after another, and awaits each. It iterates over the live list, as the worker does (`executeHooks`),
 * so that a hook which disposes itself while it runs makes the next one be skipped. With a copy, a developer would not
 * notice that the hook is skipped in Azure.
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

/**
 * Logs through the app's `log` hooks. They may change the text and the level of the app's own lines, but not of system
 * lines.
 */
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
    // A hook that throws must not prevent the line from being written.
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

/** Adds properties that can't be assigned. As in the worker, an assignment throws. */
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

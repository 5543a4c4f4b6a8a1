import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.js';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof hookNames)[number];

export interface AppLog {
  readonly level: LogLevel;
  readonly category: LogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

/**
 * Everything the app has told its host. The one mutable thing in the host process, because registration is mutation:
 * the app registers and disposes while it loads, and its hooks even while they run.
 */
export class AppContext {
  readonly folder: string;
  readonly functions: Map<string, RegisteredFunction> = new Map();
  readonly hooks: Readonly<Record<HookName, HookCallback[]>> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  /** Shared by all hooks of the app. */
  readonly appHookData: Record<string, unknown> = {};
  /** Shared by `appStart` and `appTerminate` alone. */
  readonly appLevelHookData: Record<string, unknown> = {};
  /** Sends a line to the parent. */
  readonly writeLog: (log: AppLog) => void;
  programmingModel: ProgrammingModel | undefined;
  /** What the app's libraries get as `@azure/functions-core`; Certgate's adapter files what it knows of the app under it. */
  coreApi: object | undefined;
  /** Set once the app has started; registering later is an error, as in the worker. */
  registrationClosed = false;
  /** The name of a function that was registered twice, kept because the app may swallow the exception. */
  duplicateFunction: string | undefined;

  constructor(folder: string, writeLog: (log: AppLog) => void) {
    this.folder = folder;
    this.writeLog = writeLog;
  }
}

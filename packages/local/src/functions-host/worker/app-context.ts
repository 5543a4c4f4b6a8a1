import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.js';

export interface RegisteredCallback {
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
 * Everything that the app has told its host. It can change at any time, because the app registers and disposes while it
 * loads, and its hooks even while they run.
 */
export class AppContext {
  readonly folder: string;
  readonly functions: Map<string, RegisteredCallback> = new Map();
  readonly hooks: Readonly<Record<HookName, HookCallback[]>> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  /** Shared by all hooks of the app. */
  readonly appHookData: Record<string, unknown> = {};
  /** Shared only by `appStart` and `appTerminate`. */
  readonly appLevelHookData: Record<string, unknown> = {};
  /** Sends a line to the parent. */
  readonly writeLog: (log: AppLog) => void;
  programmingModel: ProgrammingModel | undefined;
  /**
   * The object that the app's libraries get as `@azure/functions-core`. Certgate's adapter stores what it knows about
   * the app under this object.
   */
  coreApi: object | undefined;
  /** Set once the app has started. As in the worker, the registration of a function is then an error. */
  registrationClosed = false;
  /** The name of a function that was registered twice. It is kept because the app may catch the exception. */
  duplicateFunction: string | undefined;

  constructor(folder: string, writeLog: (log: AppLog) => void) {
    this.folder = folder;
    this.writeLog = writeLog;
  }
}

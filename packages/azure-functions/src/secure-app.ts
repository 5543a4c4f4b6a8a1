import type { app as AzureFunctionsApp, PreInvocationContext } from '@azure/functions';
import type { TrustStore } from '@certgate/core';
import { type FrontEndName, frontEndNames, readFrontEndSetting } from './front-end.js';
import { FunctionGate, frontEndOverride } from './function-gate.js';
import { warnAtStart } from './start-log.js';
import { type AnyHandler, announceGate, securedCores } from './shared-state.js';
import {
  type FunctionMetadata,
  type WorkerCore,
  findWorkerCore,
  hasHttpTrigger,
  isHttpTriggerType,
} from './worker-core.js';

/** The `app` of `@azure/functions`, given as an argument so that nothing of the library is imported at run time. */
export type FunctionApp = Pick<typeof AzureFunctionsApp, 'hook'>;

export interface SecureAppOptions {
  /** Who may call: `trustStoreFromFile(process.env.CERTGATE_TRUST)`, or any other store. */
  readonly trustStore: TrustStore;
  /**
   * The front end that ends TLS and sets the certificate header. It may be left out on App Service (and Premium), and in
   * Development; everywhere else every call is refused until it is named here or by the app setting CERTGATE_FRONT_END.
   */
  readonly frontEnd?: FrontEndName;
  /** @deprecated Dangerous: see `unsafeTrustCertificateHeaderFromAnywhere`. */
  readonly [frontEndOverride]?: true;
}

/**
 * Closes every HTTP function of the app to callers without an allowed client certificate: those registered later by
 * wrapping them as they are registered, those registered before by a hook. Call it once, in the file that is loaded
 * first. Only functions registered after it are safe from other hooks that dispose themselves or put handlers back.
 *
 * Nothing is read here: the first load of trust happens when the app starts.
 *
 * @throws {TypeError} for an unknown option or a value that is none of the allowed.
 * Where an app is bundled into one file per function, each bundle holds a copy of this package and calls this once; each
 * copy's gate then decides for the functions that are registered after it.
 *
 * @throws {Error} when this copy of the package has secured the app already.
 */
export function secureApp(app: FunctionApp, options: SecureAppOptions): void {
  expectApp(app);
  const checked = readOptions(options);
  const core = findWorkerCore();
  if (core !== undefined && securedByThisCopy.has(core)) {
    throw new Error('secureApp was called twice. Call it once, in the file that is loaded first.');
  }
  const gate = new FunctionGate(checked);
  if (core !== undefined) {
    securedByThisCopy.add(core);
    countGate(core);
    wrapRegistrations(core, gate);
  }
  app.hook.preInvocation((context) => {
    coverInvocation(gate, context);
  });
  app.hook.appStart(async () => gate.start(core));
  announceGate();
}

/** The worker's core modules that this copy has secured. */
const securedByThisCopy = new WeakSet<WorkerCore>();

/** Bundles have a reason for several gates; two trust stores by accident (an ESM and a CommonJS copy) look the same. */
function countGate(core: WorkerCore): void {
  const count = (securedCores.get(core) ?? 0) + 1;
  securedCores.set(core, count);
  if (count !== 2) return;
  warnAtStart(
    'gate_repeated',
    'secureApp was called by more than one copy of @certgate/azure-functions. Each decides, with its own trust store, for the functions registered after it. One bundle per function does that; if the app is not bundled so, load one copy only.',
  );
}

/** The worker looks `registerFunction` up on its core object at each call, whichever copy of the library calls. */
function wrapRegistrations(core: WorkerCore, gate: FunctionGate): void {
  const register = core.registerFunction;
  core.registerFunction = function (this: unknown, metadata: FunctionMetadata, callback: unknown): unknown {
    const isCallable = typeof callback === 'function';
    const covered = isCallable
      ? gate.coverRegistration(metadata, hasHttpTrigger(metadata), callback as AnyHandler)
      : callback;
    return Reflect.apply(register, core, [metadata, covered]);
  };
}

function coverInvocation(gate: FunctionGate, context: PreInvocationContext): void {
  const { functionName, options } = context.invocationContext;
  // Compared without letter case, as the library does: app.generic takes HTTPTRIGGER for an HTTP trigger too.
  if (!isHttpTriggerType(options.trigger.type)) return;
  context.functionHandler = gate.coverInvocation(functionName, context.functionHandler);
}

function expectApp(app: unknown): asserts app is FunctionApp {
  const hook = isRecord(app) ? app['hook'] : undefined;
  if (!isRecord(hook) || typeof hook['preInvocation'] !== 'function' || typeof hook['appStart'] !== 'function') {
    throw new TypeError(
      "secureApp needs the app of @azure/functions as its first argument: import { app } from '@azure/functions'.",
    );
  }
}

const knownOptions: readonly (string | symbol)[] = ['trustStore', 'frontEnd', frontEndOverride];

/** A copy of what was checked: the caller's object may be changed later, and what it inherits was written by nobody. */
function readOptions(options: unknown): SecureAppOptions {
  if (!isRecord(options)) throw new TypeError('secureApp needs options as its second argument: { trustStore }.');
  const own: Readonly<Record<string | symbol, unknown>> = Object.assign(Object.create(null) as object, options);
  const unknown = Reflect.ownKeys(own).find((key) => !knownOptions.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`secureApp does not know the option ${String(unknown)}; known are trustStore, frontEnd.`);
  }
  expectTrustStore(own['trustStore']);
  if ('frontEnd' in own) expectFrontEnd(own['frontEnd']);
  if (frontEndOverride in own && own[frontEndOverride] !== true) {
    throw new TypeError('unsafeTrustCertificateHeaderFromAnywhere can only be true, or be left out.');
  }
  const { fault } = readFrontEndSetting(process.env);
  if (fault !== undefined) throw new TypeError(fault);
  return Object.freeze(own) as object as SecureAppOptions;
}

function expectTrustStore(trustStore: unknown): void {
  if (isRecord(trustStore) && typeof trustStore['find'] === 'function') return;
  throw new TypeError(
    'secureApp needs a trustStore: trustStoreFromFile(process.env.CERTGATE_TRUST), or an object with a find method.',
  );
}

function expectFrontEnd(frontEnd: unknown): void {
  if (frontEndNames.some((name) => name === frontEnd)) return;
  throw new TypeError(
    `secureApp does not know the frontEnd ${JSON.stringify(frontEnd)}; known are ${frontEndNames.join(', ')}.`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

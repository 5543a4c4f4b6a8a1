import type { app as AzureFunctionsApp } from '@azure/functions';
import {
  type DecisionLogChoice,
  type FrontEndIsolation,
  type FrontEndName,
  frontEndOverride,
  type FrontEndSecretOption,
  type TrustStore,
  readGateOptions,
  readMember,
} from '@certgate/core';
import { AppGate } from './gate/app-gate.js';
import { announceGate, securedCores } from './gate/shared-state.js';
import { type WorkerCore, findWorkerCore } from './gate/worker-core.js';

/** The `app` of `@azure/functions`, given as an argument so that nothing of the library is imported at run time. */
export type FunctionApp = Pick<typeof AzureFunctionsApp, 'hook'>;

/** The options of `secureApp`. Only `trustStore` is required. */
export interface SecureAppOptions {
  /** Who may call: `trustStoreFrom(process.env.CERTGATE_TRUST)`, or any other store. */
  readonly trustStore: TrustStore;
  /**
   * The front end that ends TLS and sets the certificate header. It may be left out on App Service (and Premium), and in
   * Development; everywhere else every call is refused until it is named here or by the app setting CERTGATE_FRONT_END.
   */
  readonly frontEnd?: FrontEndName;
  /**
   * What a front end of your own sends with each request in `X-Certgate-Front-End-Secret`, so that a request which came past
   * it is refused. It is compared in constant time; give two while you exchange it. 32 to 256 characters of A-Z a-z 0-9 and
   * . _ ~ + / = -. By default the app setting CERTGATE_FRONT_END_SECRET, one value or two with a space between them.
   */
  readonly frontEndSecret?: FrontEndSecretOption | undefined;
  /**
   * Instead of a secret: what keeps everybody but the front end from reaching the app. Nothing of it is checked. By default
   * the app setting CERTGATE_FRONT_END_ISOLATION.
   */
  readonly frontEndIsolation?: FrontEndIsolation;
  /**
   * For the front end `envoy` alone: the exact number of elements in `X-Forwarded-Client-Cert`, 1 by default. The last one is
   * used: it says who connected to the nearest hop.
   */
  readonly forwardedElements?: number;
  /**
   * Lets the CA certificates that a caller sends stand on the path to an authority, where the front end forwards them (`envoy`,
   * `rfc9440`). Then every CA below a trust anchor may issue for its callers, not only those that the trust document lists.
   */
  readonly acceptForwardedChain?: true;
  /**
   * Which decisions are logged. `'all'`, the default: one line for each. `'denials'`: only refusals, and what a report-only
   * or observed function lets through. That saves a log message per admitted call, and then no log of the app says which identity
   * called which function and when. The decision channel carries every decision either way.
   */
  readonly decisionLog?: DecisionLogChoice;
  /** @deprecated Dangerous: see `unsafeTrustCertificateHeaderFromAnywhere`. */
  readonly [frontEndOverride]?: true;
}

/**
 * Closes every HTTP function and every MCP tool, resource and prompt of the app to callers without an allowed client
 * certificate, however and whenever the function was registered. Call it once, in any file that the app loads at start.
 *
 * Nothing is read here: the first load of trust happens when the app starts.
 *
 * Where an app is bundled into one file per function, each bundle holds a copy of this package and calls this once. The
 * first one's gate then stands for all, if every other one says the same.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { secureApp, trustStoreFrom } from '@certgate/azure-functions';
 *
 * secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
 * ```
 *
 * @throws {TypeError} for an unknown option or a value that is none of the allowed.
 * @throws {Error} when the app was secured already, by this copy of the package or with another configuration.
 */
export function secureApp(app: FunctionApp, options: SecureAppOptions): void {
  expectApp(app);
  const checked = readGateOptions(options, { who: 'secureApp', more: [], environment: process.env });
  const core = findWorkerCore();
  if (core !== undefined && securedCores.has(core)) {
    joinGate(core, checked);
    return;
  }
  const gate = new AppGate(checked, core, app.hook);
  if (core !== undefined) {
    securedByThisCopy.add(core);
    securedCores.set(core, describeConfiguration(checked) ?? true);
  }
  gate.install();
  app.hook.appStart(() => gate.start());
  announceGate(() => gate.findTrustReport());
}

/** The worker's core modules that this copy of the package has secured, or joined. */
const securedByThisCopy = new WeakSet<WorkerCore>();

/**
 * Another copy's gate closes every function already, those of this copy's bundle too, so a second one would decide
 * everything twice. It stands for both only where both would decide the same: what can't be compared is an error, since
 * the stricter of the two might be the one that is passed over.
 */
function joinGate(core: WorkerCore, options: SecureAppOptions): void {
  const configuration = describeConfiguration(options);
  const isSame = configuration !== undefined && securedCores.get(core) === configuration;
  if (!isSame || securedByThisCopy.has(core)) {
    throw new Error(
      'secureApp was called twice. Call it once. In an app with a bundle per function file, make the file that calls it a ' +
        'bundle of its own, and let "main" in package.json load it too.',
    );
  }
  securedByThisCopy.add(core);
}

function describeConfiguration({
  trustStore,
  frontEnd,
  frontEndSecret,
  frontEndIsolation,
  forwardedElements,
  acceptForwardedChain,
  decisionLog = 'all',
  ...rest
}: SecureAppOptions): string | undefined {
  const configuration = readMember(trustStore, 'configuration');
  if (typeof configuration !== 'string') return undefined;
  const ofFrontEnd = [
    frontEnd ?? null,
    frontEndSecret ?? null,
    frontEndIsolation ?? null,
    forwardedElements ?? null,
    acceptForwardedChain === true,
    rest[frontEndOverride] === true,
  ];
  return JSON.stringify([configuration, ...ofFrontEnd, decisionLog]);
}

function expectApp(app: unknown): asserts app is FunctionApp {
  const hook = isRecord(app) ? readMember(app, 'hook') : undefined;
  const isHook = (name: string): boolean => isRecord(hook) && typeof readMember(hook, name) === 'function';
  if (!isHook('preInvocation') || !isHook('appStart')) {
    throw new TypeError(
      "secureApp needs the app of @azure/functions as its first argument: import { app } from '@azure/functions'.",
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

import type { app as AzureFunctionsApp } from '@azure/functions';
import {
  type DecisionLogChoice,
  type FrontEndIsolation,
  type FrontEndName,
  frontEndOverride,
  type FrontEndSecretOption,
  type GateOptions,
  type TrustStore,
  describeFault,
  describeGateOptions,
  readGateOptions,
  readMember,
  CertgateError,
  invalidArgument,
} from '@certgate/core';
import { AppGate } from './gate/app-gate.js';
import { isStartOver } from './gate/app-start.js';
import { getCoverage } from './gate/registered-functions.js';
import { announceGate, securedCores } from './gate/shared-state.js';
import { type WorkerCore, findWorkerCore, hasMembers } from './gate/worker-core.js';

/** The `app` of `@azure/functions`. It is an argument so that nothing of the library is imported at run time. */
export type FunctionApp = Pick<typeof AzureFunctionsApp, 'hook'>;

/** The options of `secureApp`. Only `trustStore` is required. */
export interface SecureAppOptions {
  /** Who may call: `trustStoreFrom(process.env.CERTGATE_TRUST)`, or any other store. */
  readonly trustStore: TrustStore;
  /**
   * The front end that ends TLS and sets the certificate header. It may be left out on App Service (and Premium) and in
   * Development. On Flex Consumption, on Linux Consumption and on other platforms, every call of a closed function is
   * refused until the front end is named, here or by the app setting CERTGATE_FRONT_END, and, unless it is App Service's
   * own, has a `frontEndSecret` or a `frontEndIsolation`.
   */
  readonly frontEnd?: FrontEndName;
  /**
   * A secret that a front end of your own sends with each request in `X-Certgate-Front-End-Secret`, so that a request
   * that came past the front end is refused. It is compared in constant time. Give two while you exchange it. 32 to 256
   * characters of A-Z a-z 0-9 and . _ ~ + / = -. By default, the app setting CERTGATE_FRONT_END_SECRET: one value, or
   * two with a space between them.
   */
  readonly frontEndSecret?: FrontEndSecretOption | undefined;
  /**
   * Instead of a secret: what keeps everybody but the front end from reaching the app. Nothing checks it. By default,
   * the app setting CERTGATE_FRONT_END_ISOLATION.
   */
  readonly frontEndIsolation?: FrontEndIsolation;
  /**
   * For the front end `envoy` only: the exact number of elements in `X-Forwarded-Client-Cert`, 1 by default. The last
   * one is used, because it shows who connected to the nearest hop.
   */
  readonly forwardedElements?: number;
  /**
   * Accepts the CA certificates that a caller sends as part of the path to an authority, if the front end forwards them
   * (`envoy`, `traefik`, `rfc9440`). Then every CA below a trust anchor may issue certificates for its callers, not
   * only the CAs that the trust document lists.
   */
  readonly acceptForwardedChain?: true;
  /**
   * Which decisions are logged. `'all'`, the default: admitted calls too. `'denials'`: only refusals, and calls that
   * are let through as an exception, such as those of a report-only or observed function. That saves a log message per
   * admitted call, but then no log of the app shows which identity called which function and when. The option doesn't
   * change what the decision channel publishes.
   */
  readonly decisionLog?: DecisionLogChoice;
  /**
   * Whether the log line about an unknown certificate shows its names: subject, issuer, and those in `detail`. Even
   * with `true`, the default, it leaves out e-mail addresses and what looks like a personal number.
   */
  readonly strangerNames?: boolean;
  /** @deprecated Dangerous: see `unsafeTrustCertificateHeaderFromAnywhere`. */
  readonly [frontEndOverride]?: true;
}

/**
 * The only way to do without a known front end outside Development: `secureApp(app, { trustStore, [this]: true })`. It
 * is a symbol, so that no configuration file can set it.
 *
 * @deprecated Dangerous: whoever reaches the app can then claim any certificate. Use it only if nobody else can reach
 * the app.
 */
export const unsafeTrustCertificateHeaderFromAnywhere: typeof frontEndOverride = frontEndOverride;

/**
 * Closes every HTTP function and every MCP tool, resource and prompt of the app to callers without an allowed client
 * certificate, except functions that `allowAnonymous` or `observe` opens. Functions that were registered before are
 * closed too. Call it once, in any file that the app loads at start.
 *
 * It reads no trust document: the trust is loaded for the first time when the app starts. A call after the start closes
 * the app from then on, and the log reports it (`gate_late`). If it throws before the app is secured, and the app goes
 * on, every call of an HTTP or MCP function is refused (`gate_setup_failed`), even of an open one, until a later
 * `secureApp` does not throw.
 *
 * If an app is bundled into one file per function, each bundle contains a copy of this package and calls this once. The
 * first copy's gate then decides for all of them, provided that all are configured alike.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { secureApp, trustStoreFrom } from '@certgate/azure-functions';
 *
 * secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
 * ```
 *
 * @throws {CertgateError} if `app` is not the app of `@azure/functions`, if an option is unknown, or if the value of an
 * option or app setting is not allowed.
 * @throws {CertgateError} if the app was secured already, by this copy of the package, by an older version of it, or
 * with another configuration or one that can't be compared.
 */
export function secureApp(app: FunctionApp, options: SecureAppOptions): void {
  const core = findWorkerCore();
  try {
    expectApp(app);
    const checked = readGateOptions(options, { who: 'secureApp', more: [], environment: process.env });
    if (core !== undefined && securedCores.has(core)) joinGate(core, checked);
    else installGate(app, checked, core);
  } catch (error) {
    if (core !== undefined) closeAfterFault(error, app, core);
    throw error;
  }
}

function installGate(app: FunctionApp, options: GateOptions, core: WorkerCore | undefined): void {
  const gate = new AppGate(options, core, app.hook);
  app.hook.appStart(() => gate.start.begin());
  gate.install();
  announceGate({
    findTrustReport: () => gate.findTrustReport(),
    decideFor: (functionName, certificate, now) => gate.decideFor(functionName, certificate, now),
    describe: () => describeGateOptions(options),
    findSecretVariable: () => findSecretVariable(options),
  });
  if (core === undefined) return;
  securedByThisCopy.add(core);
  securedCores.set(core, describeConfiguration(options) ?? true);
  if (isStartOver(app)) gate.installLate();
}

/**
 * The name of an environment variable that contains a secret of the code. `certgate dev`, which plays the front end,
 * reads the secret there. Undefined if the code gave no secret; null if no variable contains one.
 */
function findSecretVariable({ frontEndSecret }: GateOptions): string | null | undefined {
  if (frontEndSecret === undefined) return undefined;
  const secrets = [frontEndSecret].flat();
  return Object.keys(process.env).find((name) => secrets.some((secret) => secret === process.env[name])) ?? null;
}

/**
 * Closes the whole app after an error, because the app may catch the error and go on. Does nothing if the app is
 * secured already (`securedCores`).
 */
function closeAfterFault(error: unknown, app: unknown, core: WorkerCore): void {
  if (securedCores.has(core)) return;
  try {
    const hook = findHook(app);
    const gate = new AppGate({ trustStore: emptyStore }, core, hook);
    gate.install();
    gate.start.fail(error);
    announceGate({ findTrustReport: () => undefined }, describeFault(error));
    hook?.appStart(() => gate.start.begin());
  } catch {
    // Another fault must not hide the first one.
  }
}

function findHook(app: unknown): FunctionApp['hook'] | undefined {
  try {
    return isApp(app) ? app.hook : undefined;
  } catch {
    return undefined;
  }
}

/** The store of a gate that refuses everybody and never asks it. */
const emptyStore: TrustStore = { find: () => ({ outcome: 'unavailable', detail: 'secureApp failed' }) };

/** The worker's core modules that this copy of the package has secured, or whose gate it has joined. */
const securedByThisCopy = new WeakSet<WorkerCore>();

/**
 * Joins the gate of another copy of this package. That gate already closes every function, even those of this copy's
 * bundle, and a second gate would decide everything twice. It may decide for both copies only if both are configured
 * alike. If that can't be compared, it is an error, because the stricter of the two might be the one that is ignored.
 */
function joinGate(core: WorkerCore, options: GateOptions): void {
  const configuration = describeConfiguration(options);
  const isSame = configuration !== undefined && securedCores.get(core) === configuration;
  const { gate } = getCoverage(core);
  if (gate === undefined || !Object.hasOwn(gate, 'isHookProof')) {
    // The app must be closed if it catches the error below.
    securedCores.delete(core);
    throw new CertgateError(
      'CERTGATE_ALREADY_INSTALLED',
      'Another copy of @certgate/azure-functions, of an older version, has already secured the app. Its gate can be misled by ' +
        'two preInvocation hooks together, so it does not stand for this copy. Give all files of the app one version.',
    );
  }
  if (!isSame || securedByThisCopy.has(core)) {
    throw new CertgateError(
      'CERTGATE_ALREADY_INSTALLED',
      'secureApp was called twice. Call it once. In an app with a bundle per function file, make the file that calls it a ' +
        'bundle of its own, and let "main" in package.json load it too.',
    );
  }
  securedByThisCopy.add(core);
}

function describeConfiguration(options: GateOptions): string | undefined {
  const configuration: unknown = readMember(options.trustStore, 'configuration');
  if (typeof configuration !== 'string') return undefined;
  return JSON.stringify([configuration, describeGateOptions(options), options.frontEndSecret]);
}

function expectApp(app: unknown): asserts app is FunctionApp {
  if (isApp(app)) return;
  throw invalidArgument(
    "secureApp needs the app of @azure/functions as its first argument: import { app } from '@azure/functions'.",
  );
}

function isApp(app: unknown): app is FunctionApp {
  const hook = hasMembers(app) ? readMember(app, 'hook') : undefined;
  const isHook = (name: string): boolean => hasMembers(hook) && typeof readMember(hook, name) === 'function';
  return isHook('preInvocation') && isHook('appStart');
}

import type { IncomingMessage } from 'node:http';
import { type ClientIdentity, invalidArgument, warnAtStart } from '@certgate/core';
import { getClientIdentity } from './caller-identity.js';
import { type RouteRequirement, expectRequirement } from './gate/call-requirement.js';
import { expectGate, type Gate } from './gate/http-gate.js';
import { enterContext } from './gate/passed-requests.js';
import { type FastifyReply, type FastifyRequest, guardHook, hideSecret, noteSecured } from './node/guard-exchange.js';
import { warnOfTlsOptions } from './node/tls-options.js';

/** The members of a Fastify instance that are used. */
export interface FastifyApp {
  /** Fastify's own method. */
  addHook(name: string, hook: (...args: never[]) => unknown): unknown;
  /** Fastify's own method. */
  decorateRequest(name: string, value: unknown): unknown;
  /** Fastify's own method. */
  hasDecorator(name: string): boolean;
  /** Fastify's own method. */
  hasRequestDecorator(name: string): boolean;
  /** Fastify's own member: Node's server. */
  readonly server?: object;
}

/** A plugin, as `app.register` takes it. */
export type FastifyPlugin = (app: FastifyApp, options: object, done: (error?: Error) => void) => void;

interface RouteOptions {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly config?: { readonly certgate?: RouteRequirement };
}

/**
 * Makes the plugin that closes a Fastify app, or one of its contexts: every route of the context in which it is
 * registered and of those below, whether they were added before or after, and requests without a route.
 * `request.clientIdentity` is the caller. A route of these contexts may state in `config.certgate` what it requires in
 * addition. For other routes, `config.certgate` has no effect, so require roles with `requireRole` as the route's hook
 * `onRequest`. The app fails to start if the trust document is not valid.
 *
 * Register it first. Hooks run in the order in which they were added, and a line at start names those that run before
 * the gate. After `@fastify/middie` or `@fastify/express`, the app fails to start.
 *
 * Fastify itself answers requests with a malformed URL. Listeners for upgrades belong to the server: close them with
 * `secureServer(app.server, gate)`.
 *
 * @example
 * ```ts
 * import { createGate, type FastifyPlugin, secureFastify, trustStoreFrom } from '@certgate/http';
 *
 * // `app` is what `fastify()` returns.
 * export async function closeApp(app: { register(plugin: FastifyPlugin): PromiseLike<unknown> }): Promise<void> {
 *   const trustStore = trustStoreFrom(process.env['CERTGATE_TRUST']);
 *   await app.register(secureFastify(createGate({ trustStore, frontEnd: 'nginx' })));
 * }
 * ```
 */
export function secureFastify(gate: Gate): FastifyPlugin {
  const guard = expectGate('secureFastify', gate);
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const routeOptions = request.routeOptions as RouteOptions;
    const requirement = findRequirement(routeOptions);
    const subject = requirement === undefined ? undefined : describeRoute(routeOptions);
    const proceed = (): void => {
      hideSecret(request.raw as IncomingMessage);
      enterContext(request.raw, guard);
      done();
    };
    guardHook(guard, { request, reply, requirement, subject, proceed });
  };
  Object.defineProperty(onRequest, 'name', { value: hookName });
  const plugin: FastifyPlugin = (app, _options, done) => {
    try {
      noteSecured('secureFastify', app);
      if (app.hasDecorator('use')) throw invalidArgument(lateDetail);
      if (!app.hasRequestDecorator('clientIdentity')) app.decorateRequest('clientIdentity', { getter: readIdentity });
      app.addHook('onRequest', onRequest);
      app.addHook('onRoute', (route: RouteOptions) => {
        const requirement = findRequirement(route);
        if (requirement !== undefined) expectRequirement(requirement, describeRoute(route));
      });
      app.addHook('onReady', () => {
        if (guard.isDirectTls && app.server !== undefined) warnOfTlsOptions(app.server);
        warnOfEarlierHooks(app);
        return gate.start();
      });
    } catch (error) {
      // Fastify does not notice what a plugin throws.
      done(error as Error);
      return;
    }
    done();
  };
  // These are the members that fastify-plugin sets. With them, the hooks belong to the context in which the plugin is
  // registered, not to a context of its own.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'certgate',
  });
}

/** The name by which our hook is found in Fastify's lists, because a bundler may have renamed the function. */
const hookName = 'secureFastify';

const lateDetail =
  'secureFastify was registered after @fastify/middie or @fastify/express, so middleware would run before the gate. Register secureFastify first; in NestJS, call adapter.register(secureFastify(gate)) before NestFactory.create(module, adapter).';

/** The apps that were inspected, by the server that all contexts of an app have in common. */
const inspected = new WeakSet<object>();

/**
 * Logs which hooks run before the gate. Fastify runs hooks in the order in which they were added, those of the contexts
 * around first, and no code can insert one earlier.
 */
function warnOfEarlierHooks(app: FastifyApp): void {
  const { server = app } = app;
  if (inspected.has(server)) return;
  inspected.add(server);
  const earlier = new Set(listEarlierHooks(findRoot(app)));
  if (earlier.size === 0) return;
  const names = [...earlier].map((name) => (name === '' ? 'functions without a name' : name)).join(', ');
  warnAtStart(
    'hooks_before_gate',
    `These onRequest hooks run before the gate, so they see calls that it refuses, and can answer them: ${names}. If that is not meant, register secureFastify before what adds them.`,
  );
}

/** The outermost context. The prototype of a context is the context around it. */
function findRoot(context: object): object {
  const around = Object.getPrototypeOf(context) as object;
  return findOwn(around, 'fastify.hooks') === undefined ? context : findRoot(around);
}

/**
 * The hooks before the gate's, in all contexts. `printRoutes` would leave out contexts that only answer requests
 * without a route.
 */
function listEarlierHooks(context: object): readonly string[] {
  const hooks = findOwn(context, 'fastify.hooks') as HookLists | undefined;
  const children = findOwn(context, 'fastify.children') as readonly object[] | undefined;
  if (hooks === undefined || children === undefined) return [unknownHooks];
  const names = hooks.onRequest.map(({ name }) => name);
  return [...names.slice(0, Math.max(0, names.indexOf(hookName))), ...children.flatMap(listEarlierHooks)];
}

interface HookLists {
  readonly onRequest: readonly { readonly name: string }[];
}

const unknownHooks = 'those that were added before it, which this version of Fastify does not show';

/**
 * Finds a member that has one of Fastify's own symbols as its key, by the symbol's description, which is the same in
 * versions 4 and 5.
 */
function findOwn(context: object, description: string): unknown {
  const key = Object.getOwnPropertySymbols(context).find((symbol) => symbol.description === description);
  return key === undefined ? undefined : Reflect.get(context, key);
}

/**
 * The requirement in a route's own configuration. An inherited one, which something put on `Object.prototype`, is
 * ignored. An undefined one is returned as null, which is not a valid requirement.
 */
function findRequirement({ config }: RouteOptions): RouteRequirement | undefined {
  if (config === undefined || !Object.hasOwn(config, 'certgate')) return undefined;
  return config.certgate ?? (null as never);
}

function describeRoute({ method, url }: RouteOptions): string {
  return `the route ${String(method)} ${url}`;
}

function readIdentity(this: object): ClientIdentity {
  return getClientIdentity(this);
}

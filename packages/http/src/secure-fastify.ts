import type { IncomingMessage } from 'node:http';
import type { ClientIdentity, DenialAnswer } from '@certgate/core';
import { getClientIdentity } from './caller-identity.js';
import { type RouteRequirement, expectRequirement } from './gate/call-requirement.js';
import { expectGate, type Gate } from './gate/http-gate.js';
import { enterContext } from './gate/passed-requests.js';
import { passed } from './gate/incoming-call.js';
import { hideSecret, noteSecured, settle, toCall } from './node/guard-exchange.js';
import { discardBody } from './node/node-answer.js';
import { warnOfTlsOptions } from './node/tls-options.js';

/** What is used of a Fastify instance. */
export interface FastifyApp {
  /** Fastify's own. */
  addHook(name: string, hook: (...args: never[]) => unknown): unknown;
  /** Fastify's own. */
  decorateRequest(name: string, value: unknown): unknown;
  /** Fastify's own. */
  hasRequestDecorator(name: string): boolean;
  /** Fastify's own. */
  readonly server?: object;
}

/** What `app.register` takes. */
export type FastifyPlugin = (app: FastifyApp, options: object, done: (error?: Error) => void) => void;

interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly routeOptions: RouteOptions;
}

interface RouteOptions {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly config?: { readonly certgate?: RouteRequirement };
}

interface FastifyReply {
  code(status: number): FastifyReply;
  headers(headers: Readonly<Record<string, string>>): FastifyReply;
  send(body: Buffer): unknown;
}

/**
 * Makes the plugin that closes a Fastify app, or one of its contexts: every route of the context in which it is registered and
 * of those below, whether they were added before or after, and requests without a route. A route says in `config.certgate` what
 * it requires in addition. `request.clientIdentity` is who calls. The app fails to start where the trust document is not valid.
 *
 * Fastify itself answers requests with a malformed URL. Listeners for upgrades belong to the server: close them by
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
    const { raw, routeOptions } = request;
    const requirement = findRequirement(routeOptions);
    const subject = requirement === undefined ? undefined : describeRoute(routeOptions);
    settle(
      guard.decideCall({ ...toCall(raw), route: findPattern(routeOptions) }, requirement, subject),
      (gateAnswer) => {
        if (gateAnswer === passed) {
          hideSecret(raw);
          enterContext(raw, guard);
          done();
          return;
        }
        const { status, headers, body } = gateAnswer as DenialAnswer;
        // As bytes: to a text, Fastify would add a charset that this media type does not have (RFC 9457 section 6.1).
        reply.code(status).headers(headers).send(Buffer.from(body));
        discardBody(raw);
      },
    );
  };
  const plugin: FastifyPlugin = (app, _options, done) => {
    try {
      noteSecured('secureFastify', app);
      if (!app.hasRequestDecorator('clientIdentity')) app.decorateRequest('clientIdentity', { getter: readIdentity });
      app.addHook('onRequest', onRequest);
      app.addHook('onRoute', (route: RouteOptions) => {
        const requirement = findRequirement(route);
        if (requirement !== undefined) expectRequirement(requirement, describeRoute(route));
      });
      app.addHook('onReady', () => {
        if (guard.isDirectTls && app.server !== undefined) warnOfTlsOptions(app.server);
        return gate.start();
      });
    } catch (error) {
      // What a plugin throws, Fastify does not hear.
      done(error as Error);
      return;
    }
    done();
  };
  // What fastify-plugin sets: the hooks then belong to the context in which the plugin is registered, not to one of its own.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'certgate',
  });
}

/**
 * Its own: a requirement that something else put on `Object.prototype` would name another function. One that is undefined is
 * none that is valid.
 */
function findRequirement({ config }: RouteOptions): RouteRequirement | undefined {
  if (config === undefined || !Object.hasOwn(config, 'certgate')) return undefined;
  return config.certgate ?? (null as never);
}

/** For the log. Requests without a route have none. */
function findPattern({ url }: RouteOptions): string | undefined {
  return typeof (url as unknown) === 'string' ? url : undefined;
}

function describeRoute({ method, url }: RouteOptions): string {
  return `the route ${String(method)} ${url}`;
}

function readIdentity(this: object): ClientIdentity {
  return getClientIdentity(this);
}

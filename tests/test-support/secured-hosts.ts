import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type FastifyPlugin,
  findClientIdentity,
  type Gate,
  getClientIdentity,
  requireRole,
  secureExpress,
  secureFastify,
  secureFetch,
  secureServer,
} from '@certgate/http';
import type { InstalledFrameworks } from './http-hosts.js';

// Every kind of host that @certgate/http closes, each with its real framework, with the routes that the tests need.

/** The public routes, as `allowAnonymous` names them. The second one requires a role. */
export const openRoutes: readonly string[] = ['GET /open', 'GET /open-role'];

/**
 * The role that each route requires. `/before` is added before the gate, if the host can do that, and the others after
 * it.
 */
const rolesOf: Readonly<Record<string, string | undefined>> = {
  '/before': undefined,
  '/after': undefined,
  '/role': 'operator',
  '/other-role': 'writer',
  '/open': undefined,
  '/open-role': 'operator',
  '/secret': undefined,
};
const [before = '', ...others] = Object.keys(rolesOf);
const secretField = 'x-certgate-front-end-secret';

/** What a route answers: the caller's name, or on `/secret` the secret that the handler sees. */
function answer(path: string, request: IncomingMessage | Request): string {
  if (path === '/open') return findClientIdentity(request)?.name ?? 'nobody';
  const { name } = getClientIdentity(request);
  if (path !== '/secret') return name;
  const { headers } = request;
  return `secret: ${String((headers instanceof Headers ? headers.get(secretField) : headers[secretField]) ?? '')}`;
}

export interface SecuredServer {
  readonly server: Server;
  /** Secures the same server or app again. Undefined if the adapter always secures a new object. */
  readonly secureAgain: (() => unknown) | undefined;
  /** Finishes the app's start, before the server listens. */
  readonly ready?: () => Promise<unknown>;
  readonly close?: () => Promise<void>;
}

export interface SecuredHost {
  readonly name: string;
  /** The function of @certgate/http that closes the host. */
  readonly adapter: string;
  /** Whether handlers see the front end's secret as an empty string. */
  readonly hidesSecret: boolean;
  /** Whether the adapter decides about upgrades itself. */
  readonly closesUpgrades: boolean;
  readonly create: (frameworks: InstalledFrameworks, gate: Gate) => Promise<SecuredServer>;
}

/** The tested hosts. tests/http-host-names.test.ts fails for an adapter that has no host here. */
export const securedHosts: readonly SecuredHost[] = [
  { name: 'node:http', adapter: 'secureServer', hidesSecret: true, closesUpgrades: true, create: createNodeServer },
  ...['express', 'express-4', 'connect'].map((name) => ({
    name,
    adapter: 'secureExpress',
    hidesSecret: true,
    closesUpgrades: false,
    create: (frameworks: InstalledFrameworks, gate: Gate) => createExpressServer(frameworks, gate, name),
  })),
  { name: 'fastify', adapter: 'secureFastify', hidesSecret: true, closesUpgrades: false, create: createFastifyServer },
  {
    name: 'nestjs-express',
    adapter: 'secureExpress',
    hidesSecret: true,
    closesUpgrades: false,
    create: createNestOnExpress,
  },
  {
    name: 'nestjs-fastify',
    adapter: 'secureFastify',
    hidesSecret: true,
    closesUpgrades: false,
    create: createNestOnFastify,
  },
  { name: 'koa', adapter: 'secureServer', hidesSecret: true, closesUpgrades: true, create: createKoaServer },
  { name: 'hapi', adapter: 'secureServer', hidesSecret: true, closesUpgrades: true, create: createHapiServer },
  { name: 'hono', adapter: 'secureFetch', hidesSecret: false, closesUpgrades: false, create: createHonoServer },
];

function createNodeServer(_: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const handle =
    (path: string): RequestListener =>
    (request, response) => {
      const end = (): unknown => response.end(answer(path, request));
      const role = rolesOf[path];
      if (role === undefined) end();
      else requireRole(role)(request, response, end);
    };
  const findPath = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';
  const server = createServer((request, response) => {
    if (findPath(request) === before) handle(before)(request, response);
  });
  secureServer(server, gate);
  server.on('request', (request: IncomingMessage, response) => {
    const path = findPath(request);
    if (others.includes(path)) handle(path)(request, response);
    else if (path !== before) response.writeHead(404).end();
  });
  return Promise.resolve({
    server,
    secureAgain: () => {
      secureServer(server, gate);
    },
  });
}

/** What Express 4, Express 5 and Connect have in common. */
export interface ExpressLike extends RequestListener {
  use(path: string, handler: ExpressLike | RequestListener): unknown;
}

function createExpressServer(frameworks: InstalledFrameworks, gate: Gate, framework: string): Promise<SecuredServer> {
  const app = (frameworks.load(framework) as () => ExpressLike)();
  const add = (path: string): void => {
    const role = rolesOf[path];
    if (role !== undefined) app.use(path, requireRole(role) as RequestListener);
    app.use(path, (request, response) => response.end(answer(path, request)));
  };
  add(before);
  secureExpress(app, gate);
  for (const path of others) add(path);
  return Promise.resolve({
    server: createServer(app),
    secureAgain: () => {
      secureExpress(app, gate);
    },
  });
}

/** The part of Fastify that the tests use. */
export interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: unknown, reply: { send(body: string): unknown }, done: () => void) => unknown,
  ): unknown;
  use(handler: (request: unknown, response: unknown, next: () => void) => void): unknown;
  get(path: string, handler: (request: FastifyRequestLike) => unknown): unknown;
  get(path: string, options: object, handler: (request: FastifyRequestLike) => unknown): unknown;
  register(
    plugin: FastifyPlugin | ((app: FastifyLike, options: object, done: () => void) => void),
    options?: object,
  ): PromiseLike<unknown>;
  setNotFoundHandler(handler: (request: FastifyRequestLike) => unknown): unknown;
  listen(options: object): Promise<string>;
  addresses(): readonly AddressInfo[];
  ready(): Promise<unknown>;
  inject(path: string): Promise<{ readonly statusCode: number }>;
  close(): Promise<void>;
  routing: RequestListener;
  readonly server: Server;
}

export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly clientIdentity: { readonly name: string };
}

async function createFastifyServer(frameworks: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const app = (frameworks.load('fastify') as () => FastifyLike)();
  const add = (path: string): void => {
    const role = rolesOf[path];
    app.get(path, role === undefined ? {} : { onRequest: requireRole(role) }, ({ raw }) => answer(path, raw));
  };
  add(before);
  await app.register(secureFastify(gate));
  for (const path of others) add(path);
  const secureAgain = async (): Promise<unknown> => app.register(secureFastify(gate));
  return { server: app.server, secureAgain, ready: async () => app.ready(), close: () => app.close() };
}

/** The part of a NestJS app that the tests use. */
export interface NestLike {
  use(handler: (request: unknown, response: unknown, next: () => void) => void): unknown;
  init(): Promise<unknown>;
  close(): Promise<void>;
  getHttpServer(): Server;
  getHttpAdapter(): { getInstance(): never };
}

export interface NestAdapterLike {
  register(plugin: FastifyPlugin): unknown;
  getInstance(): FastifyLike;
}

type Decorator = (...target: readonly unknown[]) => unknown;

/**
 * Makes a NestJS app whose controller has the routes of `rolesOf`. Uses NestJS's adapter for Express if none is given.
 */
export async function createNest(
  frameworks: InstalledFrameworks,
  ...adapter: readonly [adapter?: NestAdapterLike]
): Promise<NestLike> {
  frameworks.load('reflect-metadata');
  const { NestFactory } = frameworks.load('@nestjs/core') as {
    readonly NestFactory: { create(...args: readonly unknown[]): Promise<NestLike> };
  };
  const { Controller, Get, Module, Req } = frameworks.load('@nestjs/common') as Readonly<
    Record<'Controller' | 'Get' | 'Module' | 'Req', (...options: readonly unknown[]) => Decorator>
  >;
  class Routes {
    readonly paths = Object.keys(rolesOf);
  }
  for (const path of Object.keys(rolesOf)) {
    const value = (request: IncomingMessage & { readonly raw?: IncomingMessage }): string =>
      answer(path, request.raw ?? request);
    Object.defineProperty(Routes.prototype, path, { value });
    Get(path)(Routes.prototype, path, { value });
    Req()(Routes.prototype, path, 0);
  }
  Controller()(Routes);
  class App {
    configure(consumer: { apply(handler: unknown): { forRoutes(path: string): unknown } }): void {
      for (const [path, role] of Object.entries(rolesOf))
        if (role !== undefined) consumer.apply(requireRole(role)).forRoutes(path);
    }
  }
  Module({ controllers: [Routes] })(App);
  return NestFactory.create(App, ...adapter, { logger: false });
}

/** Calls `next` for callers that have the role of the path. Resolves when `next` has, or when the gate has answered. */
function requireRoleOf(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  next: () => Promise<unknown>,
): Promise<unknown> {
  const role = rolesOf[path];
  if (role === undefined) return next();
  return new Promise((resolve, reject) => {
    response.once('close', resolve);
    requireRole(role)(request, response, () => void next().then(resolve, reject));
  });
}

interface KoaContext {
  readonly path: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  body: string;
}

interface KoaLike {
  use(handler: (context: KoaContext, next: () => Promise<void>) => Promise<unknown>): unknown;
  callback(): RequestListener;
}

function createKoaServer(frameworks: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const { default: Koa } = frameworks.load('koa') as { readonly default: new () => KoaLike };
  const app = new Koa();
  const add = (path: string): unknown =>
    app.use((context, next) => {
      if (context.path !== path) return next();
      return requireRoleOf(path, context.req, context.res, () => {
        context.body = answer(path, context.req);
        return Promise.resolve();
      });
    });
  add(before);
  const server = createServer(app.callback());
  secureServer(server, gate);
  for (const path of others) add(path);
  return Promise.resolve({
    server,
    secureAgain: () => {
      secureServer(server, gate);
    },
  });
}

interface HapiRequest {
  readonly raw: { readonly req: IncomingMessage; readonly res: ServerResponse };
}

interface HapiToolkit {
  readonly abandon: symbol;
  readonly continue: symbol;
}

interface HapiLike {
  route(route: {
    readonly method: string;
    readonly path: string;
    readonly options: { readonly pre: readonly ((request: HapiRequest, toolkit: HapiToolkit) => Promise<unknown>)[] };
    readonly handler: (request: HapiRequest) => string;
  }): void;
  initialize(): Promise<void>;
  stop(): Promise<void>;
  readonly listener: Server;
}

async function createHapiServer(frameworks: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const app = (frameworks.load('@hapi/hapi') as { readonly server: () => HapiLike }).server();
  const add = (path: string): void => {
    const admit = async ({ raw }: HapiRequest, toolkit: HapiToolkit): Promise<unknown> => {
      let isAdmitted = false;
      await requireRoleOf(path, raw.req, raw.res, () => {
        isAdmitted = true;
        return Promise.resolve();
      });
      // oxlint-disable-next-line typescript/no-unnecessary-condition -- the compiler does not see that a callback sets it
      return isAdmitted ? toolkit.continue : toolkit.abandon;
    };
    app.route({ method: '*', path, options: { pre: [admit] }, handler: ({ raw }) => answer(path, raw.req) });
  };
  add(before);
  secureServer(app.listener, gate);
  for (const path of others) add(path);
  await app.initialize();
  return {
    server: app.listener,
    secureAgain: () => {
      secureServer(app.listener, gate);
    },
    close: () => app.stop(),
  };
}

async function createNestOnExpress(frameworks: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const app = await createNest(frameworks);
  const secureAgain = (): void => {
    secureExpress(app.getHttpAdapter().getInstance(), gate);
  };
  secureAgain();
  return { server: app.getHttpServer(), secureAgain, ready: () => app.init(), close: () => app.close() };
}

export function createNestAdapter(frameworks: InstalledFrameworks): NestAdapterLike {
  const { FastifyAdapter } = frameworks.load('@nestjs/platform-fastify') as {
    readonly FastifyAdapter: new () => NestAdapterLike;
  };
  return new FastifyAdapter();
}

async function createNestOnFastify(frameworks: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const adapter = createNestAdapter(frameworks);
  adapter.register(secureFastify(gate));
  const app = await createNest(frameworks, adapter);
  const ready = async (): Promise<void> => {
    await app.init();
    await adapter.getInstance().ready();
  };
  const secureAgain = (): unknown => adapter.register(secureFastify(gate));
  return { server: app.getHttpServer(), secureAgain, ready, close: () => app.close() };
}

/** The part of Hono that the tests use. */
export interface HonoLike {
  readonly fetch: (request: Request, env?: unknown) => Response | Promise<Response>;
  get(
    path: string,
    handler: (call: { readonly req: { readonly raw: Request } }) => Response | Promise<Response>,
  ): unknown;
}

function createHonoServer(frameworks: InstalledFrameworks, gate: Gate): Promise<SecuredServer> {
  const { Hono } = frameworks.load('hono') as { readonly Hono: new () => HonoLike };
  const { getRequestListener } = frameworks.load('@hono/node-server') as {
    readonly getRequestListener: (handler: (request: Request) => Promise<Response>) => RequestListener;
  };
  const app = new Hono();
  const add = (path: string): void => {
    const handle = (request: Request): Response => new Response(answer(path, request));
    const role = rolesOf[path];
    const secured = role === undefined ? handle : secureFetch(handle, gate, { roles: [role] });
    app.get(path, ({ req }) => secured(req.raw));
  };
  add(before);
  const listener = getRequestListener(secureFetch(app.fetch, gate));
  for (const path of others) add(path);
  return Promise.resolve({ server: createServer(listener), secureAgain: undefined });
}

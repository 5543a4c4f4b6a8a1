// In a process of its own: Hono's server for Node.js replaces the global Request and Response.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { until } from '@certgate/x509/test-support/until.js';
import {
  createGate,
  type FastifyPlugin,
  findClientIdentity,
  type Gate,
  requireRole,
  secureExpress,
  secureFastify,
  secureFetch,
  secureServer,
  trustStoreFromDocument,
} from '@certgate/http';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { type InstalledFrameworks, installFrameworks } from './test-support/http-hosts.js';

// Tests two gates around one request, with the real frameworks (docs/http-hosts.md#two-gates): one app inside another.
// Each gate lists Ann under a name and a role of its own.

const frontEndSecret = 'a-secret-of-the-front-end-for-tests-only';
const ann = makeCertificate({ name: ['CN = ann'] });
const pins = [{ thumbprintSha256: createHash('sha256').update(ann.der).digest('hex') }];
const fields = {
  'X-Certgate-Front-End-Secret': frontEndSecret,
  'X-Client-Certificate': ann.header,
  'X-Client-Certificate-Verification': 'UNVERIFIED',
};

function makeGate(name: string, allowAnonymous: readonly string[] = [], knows = true): Gate {
  const identities = knows ? [{ name, roles: [name], pins }] : [];
  const trustStore = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities });
  const log = { info: (): void => undefined, warn: (): void => undefined };
  return createGate({ trustStore, frontEnd: 'haproxy', frontEndSecret, allowAnonymous, log });
}

let frameworks: InstalledFrameworks;
before(async () => {
  frameworks = await installFrameworks();
});
after(() => {
  frameworks.remove();
});

async function listen(context: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Sends Ann's request. Returns the body, or the status if it is not 200. */
async function ask(port: number, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: fields });
  const body = await answer.text();
  return answer.status === 200 ? body : String(answer.status);
}

const who = (request: object, ...of: readonly [gate?: Gate]): string =>
  findClientIdentity(request, ...of)?.name ?? 'nobody';

/** The names that were noted at places during one request. `take` empties it for the next request. */
class Notes {
  readonly #said = new Map<string, string>();
  readonly say = (place: string, name: string): void => void this.#said.set(place, name);

  /** Waits for the note `last`, which the response's last event writes. */
  async take(last: string): Promise<Readonly<Record<string, string>>> {
    await until(() => this.#said.has(last));
    const said = Object.fromEntries(this.#said);
    this.#said.clear();
    return said;
  }
}

type Next = (error?: unknown) => void;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => unknown;
type ErrorMiddleware = (error: unknown, request: IncomingMessage, response: ServerResponse, next: Next) => unknown;

/** The members that apps of Express 4, Express 5 and Connect share. */
interface App extends RequestListener {
  (request: IncomingMessage, response: ServerResponse): void;
  use(path: string, handler: Middleware): unknown;
}

for (const framework of ['express', 'express-4', 'connect']) {
  describe(`an app of ${framework} in another`, () => {
    const createApp = (): App => (frameworks.load(framework) as () => App)();

    it("shows each app the caller that its own gate admitted, before and after the handler and at the response's end", async (context) => {
      const notes = new Notes();
      const watch =
        (place: string): Middleware =>
        (request, response, next) => {
          notes.say(place, who(request));
          for (const event of ['finish', 'close'])
            response.on(event, () => {
              notes.say(`${place}, ${event}`, who(request));
            });
          next();
        };
      const [outer, inner] = [createApp(), createApp()];
      secureExpress(outer, makeGate('outer'));
      secureExpress(inner, makeGate('inner'));
      outer.use('/', watch('outer'));
      inner.use('/', watch('inner'));
      inner.use('/answered', (request, response) => response.end(who(request)));
      inner.use('/late', (request, response) => setTimeout(() => response.end(who(request)), 5));
      inner.use('/role', requireRole('inner'));
      inner.use('/role', (request, response) => response.end(who(request)));
      inner.use('/roles', requireRole('outer'));
      inner.use('/thrown', () => {
        throw new Error('no');
      });
      inner.use('/failed', (_request, _response, next) => setImmediate(next, new Error('no')));
      inner.use('/nowhere', (request, response, next) => {
        response.on('left', () => {
          response.on('finish', () => {
            notes.say('inner after it left', who(request));
          });
        });
        next();
      });
      outer.use('/app', inner);
      outer.use('/app/outer-role', requireRole('outer'));
      outer.use('/app/inner-role', requireRole('inner'));
      outer.use('/', watch('outer again'));
      outer.use('/', (request, response) => {
        response.emit('left');
        response.end(who(request));
      });
      const answerError: ErrorMiddleware = (_error, request, response, next) => {
        if (response.headersSent) next();
        response.end(`error of ${who(request)}`);
      };
      outer.use('/', answerError as unknown as Middleware);
      const port = await listen(context, outer);
      const atBothEnds = {
        outer: 'outer',
        'outer, finish': 'outer',
        'outer, close': 'outer',
        inner: 'inner',
        'inner, finish': 'inner',
        'inner, close': 'inner',
      };
      const left = {
        'outer again': 'outer',
        'outer again, finish': 'outer',
        'outer again, close': 'outer',
        ...atBothEnds,
      };
      for (const [path, answer, noted] of [
        ['/app/answered', 'inner', atBothEnds],
        ['/app/late', 'inner', atBothEnds],
        ['/app/role', 'inner', atBothEnds],
        ['/app/roles', '403', atBothEnds],
        ['/app/thrown', 'error of outer', atBothEnds],
        ['/app/failed', 'error of outer', atBothEnds],
        ['/app/nowhere', 'outer', { ...left, 'inner after it left': 'outer' }],
        ['/app/outer-role', 'outer', left],
        ['/app/inner-role', '403', atBothEnds],
      ] as const) {
        assert.equal(await ask(port, path), answer, path);
        assert.deepEqual(await notes.take('inner, close'), noted, path);
      }
    });

    it('hides the caller of one gate from the other app, and names the caller of a given gate anywhere', async (context) => {
      const [open, closed, strict] = [makeGate('outer', ['GET /app']), makeGate('inner'), makeGate('inner', [], false)];
      const inner = createApp();
      secureExpress(inner, closed);
      const refusing = createApp();
      secureExpress(refusing, strict);
      const outer = createApp();
      secureExpress(outer, open);
      const notes = new Notes();
      outer.use('/', (request, response, next) => {
        response.on('finish', () => {
          notes.say('end', [who(request), who(request, open), who(request, closed)].join());
        });
        next();
      });
      inner.use('/', (request, response) => response.end([who(request), who(request, open)].join()));
      outer.use('/app', inner);
      outer.use('/refused', refusing);
      const port = await listen(context, outer);
      assert.equal(await ask(port, '/app'), 'inner,nobody');
      assert.deepEqual(await notes.take('end'), { end: 'nobody,nobody,inner' });
      assert.equal(await ask(port, '/app?x'), 'inner,nobody');
      await notes.take('end');
      assert.equal(await ask(port, '/refused'), '401');
      assert.deepEqual(await notes.take('end'), { end: 'outer,outer,nobody' });
    });
  });
}

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly clientIdentity: { readonly name: string };
}

interface FastifyLike {
  addHook(name: string, hook: (request: FastifyRequestLike) => Promise<void>): unknown;
  get(path: string, handler: (request: FastifyRequestLike) => unknown): unknown;
  register(plugin: FastifyPlugin | ((app: FastifyLike, options: object) => Promise<void>)): PromiseLike<unknown>;
  listen(options: object): Promise<string>;
  close(): Promise<void>;
  readonly server: ReturnType<typeof createServer>;
}

describe('a context of Fastify in another', () => {
  const phases = ['preParsing', 'preValidation', 'preHandler', 'onSend', 'onResponse'];
  const createApp = (context: TestContext): FastifyLike => {
    const app = (frameworks.load('fastify') as () => FastifyLike)();
    context.after(() => app.close());
    return app;
  };
  const start = async (app: FastifyLike): Promise<number> => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    return (app.server.address() as AddressInfo).port;
  };
  const nameCaller = (find: () => string): string => {
    try {
      return find();
    } catch (error) {
      assert.equal((error as { readonly code?: unknown }).code, 'CERTGATE_CLIENT_IDENTITY_MISSING');
      assert.match((error as Error).message, /Say which gate is meant/);
      return 'several';
    }
  };

  it('names the caller of a given gate in every hook and handler, and of no gate if none is given', async (context) => {
    const notes = new Notes();
    const [outer, inner] = [makeGate('outer'), makeGate('inner')];
    const note = (app: FastifyLike, place: string): void => {
      for (const phase of phases) {
        app.addHook(phase, (request) => {
          const all = [nameCaller(() => who(request)), who(request, outer), who(request.raw, inner)];
          notes.say(`${place} ${phase}`, all.join());
          return Promise.resolve();
        });
      }
    };
    const app = createApp(context);
    note(app, 'before');
    await app.register(secureFastify(outer));
    note(app, 'parent');
    app.get('/parent', (request) => `${who(request)},${request.clientIdentity.name}`);
    await app.register(async (child: FastifyLike) => {
      await child.register(secureFastify(inner));
      note(child, 'child');
      child.get('/child', (request) =>
        [nameCaller(() => who(request)), nameCaller(() => request.clientIdentity.name), who(request, inner)].join(),
      );
    });
    note(app, 'afterwards');
    const port = await start(app);
    assert.equal(await ask(port, '/parent'), 'outer,outer');
    assert.equal((await notes.take('afterwards onResponse'))['parent preHandler'], 'outer,outer,nobody');
    assert.equal(await ask(port, '/child'), 'several,several,inner');
    const said = await notes.take('afterwards onResponse');
    assert.deepEqual(
      said,
      Object.fromEntries(
        ['before', 'parent', 'child', 'afterwards'].flatMap((place) =>
          phases.map((phase) => [`${place} ${phase}`, 'several,outer,inner']),
        ),
      ),
    );
  });

  it("needs no given gate if the other gate is the server's or the same one", async (context) => {
    for (const isSame of [false, true]) {
      const [ofServer, inner] = [makeGate('outer'), makeGate('inner')];
      const app = createApp(context);
      await app.register(secureFastify(inner));
      app.get('/own', (request) => `${who(request)},${who(request, ofServer)}`);
      await app.register(async (child: FastifyLike) => {
        await child.register(secureFastify(inner));
        child.get('/child', (request) => request.clientIdentity.name);
      });
      secureServer(app.server, isSame ? inner : ofServer);
      const port = await start(app);
      assert.equal(await ask(port, '/own'), isSame ? 'inner,nobody' : 'inner,outer');
      assert.equal(await ask(port, '/child'), 'inner');
    }
  });
});

interface HonoCall {
  readonly req: { readonly raw: Request };
}

interface HonoLike {
  readonly fetch: (request: Request, env?: unknown) => Response | Promise<Response>;
  use(handler: (call: HonoCall, next: () => Promise<void>) => Promise<void>): unknown;
  get(path: string, handler: (call: HonoCall) => Response | Promise<Response>): unknown;
  mount(path: string, handler: (request: Request, env?: unknown) => Response | Promise<Response>): unknown;
}

describe('an app of Hono in another', () => {
  it('shows each app the caller that its own gate admitted, as a route and mounted', async (context) => {
    const { Hono } = frameworks.load('hono') as { readonly Hono: new () => HonoLike };
    const { getRequestListener } = frameworks.load('@hono/node-server') as {
      readonly getRequestListener: (handler: (request: Request) => Promise<Response>) => RequestListener;
    };
    const [outerGate, innerGate] = [makeGate('outer'), makeGate('inner')];
    const seen: string[] = [];
    const inner = new Hono();
    inner.get('/*', async ({ req }) => {
      await new Promise(setImmediate);
      return new Response(`${who(req.raw)},${who(req.raw, innerGate)}`);
    });
    const answer = secureFetch(inner.fetch, innerGate);
    const outer = new Hono();
    outer.use(async ({ req }, next) => {
      seen.push(who(req.raw));
      await next();
      seen.push([who(req.raw), who(req.raw, outerGate)].join());
    });
    outer.get('/route', ({ req }) => answer(req.raw));
    outer.mount('/mounted', answer);
    const port = await listen(context, getRequestListener(secureFetch(outer.fetch, outerGate)));
    for (const path of ['/route', '/mounted/x']) {
      assert.equal(await ask(port, path), 'inner,inner');
      assert.deepEqual(seen.splice(0), ['outer', 'outer,outer'], path);
    }
  });
});

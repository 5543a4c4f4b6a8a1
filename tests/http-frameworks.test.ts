// In a process of its own: Hono's server for Node.js replaces the global Request and Response.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it, type Mock, type TestContext } from 'node:test';
import {
  CertgateError,
  createGate,
  decisionChannelName,
  type DecisionEvent,
  type FastifyPlugin,
  findClientIdentity,
  type FrontEndName,
  type Gate,
  getClientIdentity,
  requireRole,
  secureExpress,
  secureFastify,
  secureFetch,
  secureServer,
  type TrustStore,
  trustStoreFromDocument,
} from '@certgate/http';
import { frontEndForms, listDoubledLines, writeVerified } from '@certgate/core/test-support/front-end-forms.js';
import { bothPinned, caller } from '@certgate/core/test-support/front-end-stage.js';
import { type MadeCertificate, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { makeCertificates } from './front-ends/callers.js';
import { type InstalledFrameworks, installFrameworks } from './test-support/http-hosts.js';
import {
  createNest,
  createNestAdapter,
  type ExpressLike,
  type FastifyLike,
  type FastifyRequestLike,
  openRoutes,
  securedHosts,
} from './test-support/secured-hosts.js';

// Tests what each adapter closes, and what it doesn't (docs/http-hosts.md), with the real frameworks. The callers'
// header fields are HAProxy's; http-hosts.test.ts tests real handshakes.

const frontEndSecret = 'a-secret-of-the-front-end-for-tests-only';
const ann = makeCertificate({ name: ['CN = ann'] });
const thumbprintSha256 = createHash('sha256').update(ann.der).digest('hex');
const identities = [{ name: 'Ann', roles: ['operator'], pins: [{ thumbprintSha256 }] }];
const trustStore = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities });

let frameworks: InstalledFrameworks;
before(async () => {
  frameworks = await installFrameworks();
});
after(() => {
  frameworks.remove();
});

interface LoggedGate {
  readonly gate: Gate;
  readonly lines: readonly string[];
}

function makeGate(allowAnonymous: readonly string[] = [], store: TrustStore = trustStore): LoggedGate {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  const log = { info: write, warn: write };
  return { gate: createGate({ trustStore: store, frontEnd: 'haproxy', frontEndSecret, allowAnonymous, log }), lines };
}

/** A gate whose trust document lists Ann under this name and with these roles. */
function makeGateFor(name: string, roles: readonly string[] = [], allowAnonymous: readonly string[] = []): Gate {
  const ofGate = [{ name, roles, pins: [{ thumbprintSha256 }] }];
  const log = { info: (): void => undefined, warn: (): void => undefined };
  const document = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: ofGate });
  return createGate({ trustStore: document, frontEnd: 'haproxy', frontEndSecret, allowAnonymous, log });
}

const fieldsOf = ({ header }: MadeCertificate): Readonly<Record<string, string>> => ({
  'X-Certgate-Front-End-Secret': frontEndSecret,
  'X-Client-Certificate': header,
  'X-Client-Certificate-Verification': 'UNVERIFIED',
});

async function listen(context: TestContext, listener: RequestListener | Server): Promise<number> {
  const server = typeof listener === 'function' ? createServer(listener) : listener;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Status and body of the answers to Ann and to a caller without a certificate. */
async function askBoth(
  port: number,
  path: string,
  method = 'GET',
  address = '127.0.0.1',
): Promise<readonly [Answer, Answer]> {
  const host = address.includes(':') ? `[${address}]` : address;
  const ask = async (headers: Readonly<Record<string, string>>): Promise<Answer> => {
    const answer = await fetch(`http://${host}:${port}${path}`, { method, headers });
    return [answer.status, await answer.text()];
  };
  return [await ask(fieldsOf(ann)), await ask({})];
}

/** Sends the request exactly as written, because `fetch` would join header lines and normalize paths. */
async function askRaw(
  port: number,
  target: string,
  fields: readonly (readonly string[])[] = [],
): Promise<{ readonly status: number }> {
  const socket = connect(port, '127.0.0.1');
  const lines = fields.map(([name = '', value = '']) => `${name}: ${value}\r\n`);
  socket.end(`${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('')}\r\n`);
  return { status: Number((await text(socket)).split(' ')[1]) };
}

type Answer = readonly [status: number, body: string];

async function expectClosed(
  port: number,
  path: string,
  expected: readonly [number, string | undefined],
  address?: string,
): Promise<void> {
  const [forAnn, forNobody] = await askBoth(port, path, 'GET', address);
  assert.equal(forAnn[0], expected[0], path);
  if (expected[1] !== undefined) assert.equal(forAnn[1], expected[1], path);
  assert.equal(forNobody[0], 401, path);
  assert.match(forNobody[1], /client_certificate_required/, path);
}

/** Requests an upgrade, and returns everything that the server answers. */
async function askUpgrade(
  port: number,
  fields: Readonly<Record<string, string>> = {},
  address = '127.0.0.1',
): Promise<string> {
  const socket = connect(port, address);
  const all = { Host: 'x', Connection: 'Upgrade', Upgrade: 'echo', ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /after HTTP/1.1\r\n${lines.join('')}\r\n`);
  return text(socket);
}

/** The log lines with this code that were written to the mocked console. */
function listStartLines(warn: Mock<typeof console.warn>, code: string): readonly string[] {
  const lines = warn.mock.calls.map(({ arguments: [line] }) => String(line));
  return lines.filter((line) => line.includes(`"code":"${code}"`));
}

const answerUpgrade = (_request: IncomingMessage, socket: Socket): void => {
  socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
};

const name: RequestListener = (request, response) => response.end(findClientIdentity(request)?.name ?? 'nobody');

for (const host of securedHosts) {
  describe(`${host.adapter} with ${host.name}`, () => {
    /** Starts the server with the routes that every host of `securedHosts` has, and returns its port. */
    const start = async (
      context: TestContext,
      gate: Gate,
      prepare: (server: Server) => unknown = () => undefined,
    ): Promise<number> => {
      const { server, ready, close } = await host.create(frameworks, gate);
      if (close !== undefined) context.after(close);
      prepare(server);
      await ready?.();
      return listen(context, server);
    };

    it('closes routes added before and after the gate, and unhandled paths, and logs each decision once', async (context) => {
      const { gate, lines } = makeGate(openRoutes);
      const port = await start(context, gate);
      await expectClosed(port, '/before', [200, 'Ann']);
      await expectClosed(port, '/after', [200, 'Ann']);
      await expectClosed(port, '/nowhere', [404, undefined]);
      for (const method of ['HEAD', 'OPTIONS', 'POST', 'DELETE']) {
        const [, forNobody] = await askBoth(port, '/after', method);
        assert.equal(forNobody[0], 401, method);
      }
      assert.equal(lines.length, 14);
    });

    it('requires a role, even on a public route', async (context) => {
      const port = await start(context, makeGate(openRoutes).gate);
      await expectClosed(port, '/role', [200, 'Ann']);
      await expectClosed(port, '/open-role', [200, 'Ann']);
      await expectClosed(port, '/other-role', [403, undefined]);
    });

    it('has one outcome for each request, in its last log line and in one event', async (context) => {
      const events: DecisionEvent[] = [];
      const hear = (event: unknown): number => events.push(event as DecisionEvent);
      subscribe(decisionChannelName, hear);
      context.after(() => unsubscribe(decisionChannelName, hear));
      for (const isAround of [false, true]) {
        const { gate, lines } = makeGate(openRoutes);
        const port = await start(context, gate, (server) => {
          if (isAround && host.adapter !== 'secureServer') secureServer(server, gate);
        });
        for (const [path, code] of [
          ['/role', 'allowed'],
          ['/other-role', 'role_missing'],
          ['/open-role', 'allowed'],
          ['/after', 'allowed'],
        ] as const) {
          const first = lines.length;
          await fetch(`http://127.0.0.1:${port}${path}`, { headers: fieldsOf(ann) });
          const own = lines.slice(first).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
          const correlationId = own[0]?.['correlationId'];
          assert.deepEqual(
            events.splice(0).map((event) => [event.code, event.correlationId]),
            [[code, correlationId]],
            path,
          );
          // If the host knows the required role before it asks the gate, only one line is logged.
          const reported = own.map((line) => [line['code'], line['after'], line['correlationId']]);
          const line = [code, own.length === 1 ? undefined : 'allowed', correlationId];
          assert.deepEqual(reported, own.length === 1 ? [line] : [['allowed', undefined, correlationId], line], path);
        }
      }
    });

    it('opens a public route only for its exact method and path', async (context) => {
      const port = await start(context, makeGate(openRoutes).gate);
      assert.deepEqual((await askBoth(port, '/open?x=/after'))[1], [200, 'nobody']);
      for (const path of ['/open/', '//open', '/Open', '/%6fpen', '/open;x', '/open/../after'])
        assert.equal((await askRaw(port, `GET ${path}`)).status, 401, path);
      for (const method of ['HEAD', 'POST', 'OPTIONS'])
        assert.equal((await askRaw(port, `${method} /open`)).status, 401, method);
    });

    it('refuses requests that did not come through the front end, and fields that have two lines', async (context) => {
      const port = await start(context, makeGate().gate);
      const own = Object.entries(fieldsOf(ann));
      const [secret = ['', ''], certificate = ['', ''], verification = ['', '']] = own;
      const forged: readonly (readonly (readonly string[])[])[] = [
        [certificate, verification],
        [...own.slice(1), [secret[0], 'x'.repeat(frontEndSecret.length)]],
        [...own.slice(1), ['X_Certgate_Front_End_Secret', frontEndSecret]],
        [...own, secret],
        [...own, certificate],
        [...own, ['x-client-certificate', certificate[1]]],
        [...own, [verification[0], 'SUCCESS']],
        [secret, verification, ['X-ARR-ClientCert', certificate[1]]],
      ];
      for (const [index, fields] of forged.entries()) {
        const { status } = await askRaw(port, 'GET /after', fields);
        assert.equal(status, 401, String(index));
      }
      assert.equal((await askRaw(port, 'GET /after', own)).status, 200);
    });

    for (const form of frontEndForms) {
      const { name: frontEnd } = form.frontEnd;
      it(`refuses two lines of the certificate field behind ${frontEnd}`, async (context) => {
        const isolation = frontEnd === 'app-service' ? {} : ({ frontEndIsolation: 'loopback' } as const);
        const log = { info: (): void => undefined, warn: (): void => undefined };
        const options = {
          trustStore: trustStoreFromDocument(bothPinned),
          frontEnd: frontEnd as FrontEndName,
          ...isolation,
          log,
        };
        const port = await start(context, createGate(options));
        const own = Object.entries(writeVerified(form, caller.der));
        assert.equal((await askRaw(port, 'GET /after', own)).status, 200);
        for (const lines of listDoubledLines(form)) assert.equal((await askRaw(port, 'GET /after', lines)).status, 401);
      });
    }

    it(`shows handlers ${host.hidesSecret ? 'no secret' : 'the secret, as docs/http-hosts.md says'}`, async (context) => {
      const port = await start(context, makeGate().gate);
      const [[, body]] = await askBoth(port, '/secret');
      assert.equal(body, `secret: ${host.hidesSecret ? '' : frontEndSecret}`);
    });

    it('answers 503 if the trust store is unavailable, except on public routes', async (context) => {
      const down: TrustStore = { find: () => ({ outcome: 'unavailable', detail: 'down' }) };
      const port = await start(context, makeGate(openRoutes, down).gate);
      const [forAnn, forNobody] = await askBoth(port, '/after');
      assert.deepEqual([forAnn[0], forNobody[0]], [503, 401]);
      assert.deepEqual((await askBoth(port, '/open'))[1], [200, 'nobody']);
    });

    it(`${host.closesUpgrades ? 'closes' : 'does not close'} listeners for upgrades, which secureServer closes`, async (context) => {
      const listenFor = (server: Server): unknown => server.on('upgrade', answerUpgrade);
      const port = await start(context, makeGate().gate, listenFor);
      assert.match(await askUpgrade(port), host.closesUpgrades ? /^HTTP\/1\.1 401 / : /^HTTP\/1\.1 101 /);
      const { gate, lines } = makeGate();
      const secured = await start(context, gate, (server) => {
        listenFor(server);
        if (!host.closesUpgrades) secureServer(server, gate);
      });
      assert.match(await askUpgrade(secured), /^HTTP\/1\.1 401 /);
      assert.match(await askUpgrade(secured, fieldsOf(ann)), /^HTTP\/1\.1 101 /);
      // If both have the same gate, a request is decided only once.
      const before = lines.length;
      await expectClosed(secured, '/after', [200, 'Ann']);
      assert.equal(lines.length, before + 2);
    });

    it('refuses to install a gate twice', async (context) => {
      const { secureAgain, close } = await host.create(frameworks, makeGate().gate);
      if (close !== undefined) context.after(close);
      if (secureAgain !== undefined)
        await assert.rejects(Promise.resolve().then(secureAgain), {
          code: 'CERTGATE_ALREADY_INSTALLED',
          message: /called twice/,
        });
    });
  });
}

for (const framework of ['express', 'express-4', 'connect']) {
  describe(`secureExpress with ${framework}, in another app`, () => {
    const createApp = (): ExpressLike => (frameworks.load(framework) as () => ExpressLike)();

    it('closes an app that is mounted in another, and leaves the other one open', async (context) => {
      const [outer, inner] = [createApp(), createApp()];
      inner.use('/before', name);
      outer.use('/inner', inner);
      secureExpress(inner, makeGate().gate);
      outer.use('/own', name);
      const port = await listen(context, outer);
      await expectClosed(port, '/inner/before', [200, 'Ann']);
      assert.deepEqual(await askBoth(port, '/own'), [
        [200, 'nobody'],
        [200, 'nobody'],
      ]);
    });

    it('does not use the roles from another gate on an anonymous route', async (context) => {
      const [outer, inner] = [createApp(), createApp()];
      secureExpress(outer, makeGateFor('Operator', ['operator']));
      secureExpress(inner, makeGateFor('Reader', [], ['GET /open', 'GET /role']));
      inner.use('/open', name);
      inner.use('/role', requireRole('operator') as RequestListener);
      inner.use('/role', name);
      outer.use('/app', inner);
      const port = await listen(context, outer);
      await expectClosed(port, '/app/open', [200, 'nobody']);
      await expectClosed(port, '/app/role', [403, undefined]);
    });
  });
}

it('secureExpress accepts only an app', () => {
  const { gate } = makeGate();
  for (const app of [undefined, {}, (): void => undefined]) {
    assert.throws(() => {
      secureExpress(app as never, gate);
    }, CertgateError);
  }
});

it("secureExpress does not close Express 5's router if the router is called directly", async (context) => {
  interface Express5 extends ExpressLike {
    router(request: IncomingMessage, response: ServerResponse, next: () => void): void;
  }
  const app = (frameworks.load('express') as () => Express5)();
  secureExpress(app, makeGate().gate);
  app.use('/after', name);
  const port = await listen(context, (request, response) => {
    app.router(request, response, () => response.end());
  });
  assert.deepEqual((await askBoth(port, '/after'))[1], [200, 'nobody']);
});

describe('secureFastify', () => {
  const createApp = (context: TestContext): FastifyLike => {
    const app = (frameworks.load('fastify') as () => FastifyLike)();
    context.after(() => app.close());
    return app;
  };
  const start = async (app: FastifyLike): Promise<number> => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    return (app.server.address() as AddressInfo).port;
  };
  const whoami = (request: FastifyRequestLike): string => request.clientIdentity.name;

  it('closes routes added before and after it, routes of contexts, and unhandled paths', async (context) => {
    const app = createApp(context);
    const { gate, lines } = makeGate();
    app.get('/before', whoami);
    void app.register((child: FastifyLike, _options: object, done: () => void) => {
      child.get('/child', whoami);
      done();
    });
    await app.register(secureFastify(gate));
    app.get('/after', whoami);
    app.get('/role', { config: { certgate: { roles: ['writer'] } } }, whoami);
    const port = await start(app);
    for (const path of ['/before', '/child', '/after']) await expectClosed(port, path, [200, 'Ann']);
    await expectClosed(port, '/role', [403, undefined]);
    await expectClosed(port, '/nowhere', [404, undefined]);
    for (const method of ['HEAD', 'OPTIONS', 'POST', 'DELETE']) {
      const [, forNobody] = await askBoth(port, '/after', method);
      assert.equal(forNobody[0], 401, method);
    }
    assert.equal((await app.inject('/after')).statusCode, 401);
    assert.equal(lines.length, 19);
    const reported = lines.map((line) => JSON.parse(line) as { readonly method: string; readonly route?: string });
    const routes = new Set(reported.filter(({ method }) => method === 'GET').map(({ route }) => route));
    assert.deepEqual([...routes], ['/before', '/child', '/after', '/role', undefined]);
  });

  it('closes only the context in which it is registered', async (context) => {
    const app = createApp(context);
    const { gate } = makeGate();
    app.get('/own', (request) => findClientIdentity(request)?.name ?? 'nobody');
    void app.register((child: FastifyLike, _options: object, done: () => void) => {
      child.get('/before', (request) => getClientIdentity(request).name);
      void child.register(secureFastify(gate));
      child.get('/after', whoami);
      done();
    });
    const port = await start(app);
    for (const path of ['/before', '/after']) await expectClosed(port, path, [200, 'Ann']);
    assert.deepEqual((await askBoth(port, '/own'))[1], [200, 'nobody']);
  });

  it('closes an app over HTTP/2, and hides the secret there too', async (context) => {
    const app = (frameworks.load('fastify') as (options: object) => FastifyLike)({ http2: true });
    await app.register(secureFastify(makeGate().gate));
    app.get('/after', (request) => [request.clientIdentity.name, JSON.stringify(request.raw.rawHeaders)].join());
    const session = connectHttp2(`http://127.0.0.1:${await start(app)}`);
    context.after(() => {
      session.destroy();
      return app.close();
    });
    const askFor = async (fields: object): Promise<readonly [unknown, string]> => {
      const stream = session.request({ ':path': '/after', ...fields });
      const [head] = (await once(stream, 'response')) as [Readonly<Record<string, unknown>>];
      return [head[':status'], await text(stream)];
    };
    const [status, body] = await askFor(fieldsOf(ann));
    assert.equal(status, 200);
    assert.match(body, /^Ann,/);
    assert.ok(!body.includes(frontEndSecret));
    assert.equal((await askFor({}))[0], 401);
  });

  it('leaves requests with a malformed URL to Fastify, which runs no handler', async (context) => {
    const app = createApp(context);
    await app.register(secureFastify(makeGate().gate));
    let runs = 0;
    app.get('/*', () => (runs += 1));
    assert.equal((await askBoth(await start(app), '/%zz'))[1][0], 400);
    assert.equal(runs, 0);
  });

  it('runs after hooks that were added before it and can answer, and names them in a log line at the start', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    const app = createApp(context);
    const passOn = (_request: unknown, _reply: unknown, done: () => void): void => {
      done();
    };
    await app.register(
      (child: FastifyLike, _options: object, done: () => void) => {
        child.addHook('onRequest', function ofContext(...args) {
          passOn(...args);
        });
        child.setNotFoundHandler(whoami);
        done();
      },
      { prefix: '/child' },
    );
    app.addHook('onRequest', function answerAll(_request, reply) {
      return reply.send('before');
    });
    app.addHook('onRequest', (...args) => {
      passOn(...args);
    });
    const { gate } = makeGate();
    await app.register(secureFastify(gate));
    app.addHook('onRequest', function afterGate(...args) {
      passOn(...args);
    });
    app.get('/after', { onRequest: passOn }, whoami);
    // A second gate in a child context adds no line.
    void app.register((child: FastifyLike, _options: object, done: () => void) => {
      void child.register(secureFastify(makeGateFor('Ann')));
      child.get('/inner', whoami);
      done();
    });
    assert.deepEqual((await askBoth(await start(app), '/after'))[1], [200, 'before']);
    const lines = listStartLines(warn, 'hooks_before_gate');
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', / them: answerAll, functions without a name, ofContext\. /);
  });

  it('logs nothing about hooks at the start if it is registered first', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    const app = createApp(context);
    await app.register(secureFastify(makeGate().gate));
    app.addHook('onRequest', (_request, _reply, done) => {
      done();
    });
    app.get('/after', whoami);
    await app.ready();
    assert.deepEqual(listStartLines(warn, 'hooks_before_gate'), []);
  });

  it('logs at the start that it cannot see earlier hooks, if Fastify does not show them', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    const app = createApp(context);
    const secure = secureFastify(makeGate().gate);
    const hide: FastifyPlugin = (shown, options, done) => {
      const addHook = shown.addHook.bind(shown);
      const decorateRequest = shown.decorateRequest.bind(shown);
      secure({ addHook, decorateRequest, hasDecorator: () => false, hasRequestDecorator: () => false }, options, done);
    };
    await app.register(hide);
    await app.ready();
    assert.match(listStartLines(warn, 'hooks_before_gate').join(), /this version of Fastify does not show/);
  });

  it('stops the start of an app whose middleware would run first, and runs before middleware that is added later', async (context) => {
    const middie = frameworks.load('@fastify/middie') as FastifyPlugin;
    const late = createApp(context);
    await late.register(middie);
    await assert.rejects(Promise.resolve(late.register(secureFastify(makeGate().gate))), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /Register secureFastify first/,
    });
    const app = createApp(context);
    await app.register(secureFastify(makeGate().gate));
    await app.register(middie);
    let runs = 0;
    app.use((_request, _response, next) => {
      runs += 1;
      next();
    });
    app.get('/after', whoami);
    await expectClosed(await start(app), '/after', [200, 'Ann']);
    assert.equal(runs, 1);
  });

  it('stops the start of a NestJS app that already has its middleware, and otherwise runs before the middleware', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    const late = createNestAdapter(frameworks);
    const opened = await createNest(frameworks, late);
    context.after(() => opened.close());
    late.register(secureFastify(makeGate().gate));
    await opened.init();
    await assert.rejects(late.getInstance().ready(), {
      message: /call adapter\.register\(secureFastify\(gate\)\) before/,
    });
    const adapter = createNestAdapter(frameworks);
    adapter.register(secureFastify(makeGate().gate));
    const app = await createNest(frameworks, adapter);
    context.after(() => app.close());
    let runs = 0;
    app.use((_request, response) => {
      runs += 1;
      (response as ServerResponse).end('middleware');
    });
    await app.init();
    await adapter.getInstance().ready();
    const port = await listen(context, app.getHttpServer());
    for (const path of ['/after', '/nowhere']) await expectClosed(port, path, [200, 'middleware']);
    assert.equal(runs, 2);
    // The line is about the NestJS adapter's own hooks, such as the one for CORS.
    assert.equal(listStartLines(warn, 'hooks_before_gate').length, 1);
  });

  for (const phase of ['onRequest', 'preHandler']) {
    it(`answers 503 to a required role, as a hook ${phase}, if no gate has decided`, async (context) => {
      const warn = context.mock.method(console, 'warn', () => undefined);
      const app = createApp(context);
      const forOperators = { [phase]: requireRole('operator') };
      app.get('/outside', forOperators, () => 'open');
      void app.register((child: FastifyLike, _options: object, done: () => void) => {
        void child.register(secureFastify(makeGate().gate));
        child.get('/inside', forOperators, whoami);
        child.get('/other', { [phase]: requireRole('writer') }, whoami);
        void child.register((grandchild: FastifyLike, _also: object, ready: () => void) => {
          void grandchild.register(secureFastify(makeGateFor('Ann', ['operator'])));
          grandchild.get('/two-gates', forOperators, whoami);
          ready();
        });
        done();
      });
      const port = await start(app);
      await expectClosed(port, '/inside', [200, 'Ann']);
      await expectClosed(port, '/other', [403, undefined]);
      for (const [status] of await askBoth(port, '/outside')) assert.equal(status, 503);
      assert.deepEqual(
        (await askBoth(port, '/two-gates')).map(([status]) => status),
        [503, 401],
      );
      const causes = listStartLines(warn, 'gate_not_installed').map((line) => /no gate|two gates/.exec(line)?.[0]);
      assert.deepEqual(causes, ['no gate', 'no gate', 'two gates']);
    });
  }

  it('reads config.certgate of the routes of its contexts and of no others, even with two gates', async (context) => {
    const app = createApp(context);
    const forWriters = { config: { certgate: { roles: ['writer'] } } };
    app.get('/outside', forWriters, ({ raw }) => findClientIdentity(raw)?.name ?? 'nobody');
    void app.register((child: FastifyLike, _options: object, done: () => void) => {
      void child.register(secureFastify(makeGateFor('Ann', ['writer'])));
      child.get('/one-gate', forWriters, () => 'written');
      void child.register((grandchild: FastifyLike, _also: object, ready: () => void) => {
        void grandchild.register(secureFastify(makeGateFor('Ann', ['reader'])));
        grandchild.get('/two-gates', forWriters, () => 'written');
        ready();
      });
      done();
    });
    const port = await start(app);
    assert.deepEqual((await askBoth(port, '/outside'))[1], [200, 'nobody']);
    await expectClosed(port, '/one-gate', [200, 'written']);
    await expectClosed(port, '/two-gates', [403, undefined]);
  });

  it('opens no upgrade on an anonymous route, even if a plugin serves WebSockets by routes', async (context) => {
    const app = createApp(context);
    await app.register(secureFastify(makeGateFor('Ann', [], ['GET /after'])));
    app.get('/after', () => 'a WebSocket');
    // Handles upgrades like @fastify/websocket.
    app.server.on('upgrade', (request, socket: Socket) => {
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      response.shouldKeepAlive = false;
      response.once('finish', () => socket.end());
      app.routing(request, response);
    });
    const port = await start(app);
    assert.deepEqual((await askBoth(port, '/after'))[1], [200, 'a WebSocket']);
    assert.match(await askUpgrade(port), /^HTTP\/1\.1 401 /);
    assert.match(await askUpgrade(port, fieldsOf(ann)), /^HTTP\/1\.1 200 /);
  });

  it('refuses an invalid or undefined requirement, and names the route', async (context) => {
    const app = createApp(context);
    const invalid = [undefined, null, { role: 'writer' }];
    const requirements = [...invalid, { roles: undefined }, { functionName: undefined }, { roles: [undefined] }];
    for (const [index, certgate] of requirements.entries())
      app.get(`/before-${index}`, { config: { certgate } }, whoami);
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const log = { info: write, warn: write };
    await app.register(secureFastify(createGate({ trustStore, frontEnd: 'haproxy', frontEndSecret, log })));
    for (const [index, certgate] of requirements.entries()) {
      assert.throws(() => app.get(`/after-${index}`, { config: { certgate } }, whoami), {
        code: 'CERTGATE_ARGUMENT_INVALID',
        message: new RegExp(`the route GET /after-${index}`),
      });
    }
    app.get('/none', { config: {} }, whoami);
    const port = await start(app);
    for (const index of requirements.keys()) {
      assert.equal((await askBoth(port, `/before-${index}`))[0][0], 503);
      assert.match(lines.at(-2) ?? '', new RegExp(`internal_fault.*the route GET /before-${index}`));
    }
    assert.equal((await askBoth(port, '/none'))[0][0], 200);
  });

  it('logs at the start that the server itself refuses callers, with direct-tls', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-http-frameworks-'));
    context.after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const { server: https } = makeCertificates(folder);
    for (const [more, expected] of [
      [{}, 1],
      [{ rejectUnauthorized: false }, 0],
    ] as const) {
      const warn = context.mock.method(console, 'warn', () => undefined);
      const create = frameworks.load('fastify') as (options: object) => FastifyLike;
      const app = create({ https: { ...https, requestCert: true, ...more } });
      await app.register(secureFastify(createGate({ trustStore, frontEnd: 'direct-tls' })));
      await app.ready();
      const lines = listStartLines(warn, 'tls_callers_refused');
      warn.mock.restore();
      await app.close();
      assert.equal(lines.length, expected);
    }
  });

  it('stops the start of an app whose trust document is invalid', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const app = createApp(context);
    const failing = { find: trustStore.find.bind(trustStore), start: () => Promise.reject(new Error('not valid')) };
    await app.register(secureFastify(createGate({ trustStore: failing, frontEnd: 'haproxy', frontEndSecret })));
    await assert.rejects(app.ready(), /not valid/);
  });
});

describe('secureServer with fastify, which opens a second server for the other address of localhost', () => {
  const hasBoth = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
  const skip = hasBoth ? false : 'this machine has no address ::1';

  const createApp = (context: TestContext): FastifyLike => {
    const { lookup } = dns;
    const both = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    // Most machines have both addresses for localhost. Some have only one, so the lookup is mocked.
    context.mock.method(dns, 'lookup', (host: string, options: { readonly all?: boolean }, found: Found) => {
      if (host === 'localhost' && options.all === true) setImmediate(found, null, both);
      else Reflect.apply(lookup, dns, [host, options, found]);
    });
    const app = (frameworks.load('fastify') as () => FastifyLike)();
    context.after(() => app.close());
    app.get('/after', ({ raw }) => findClientIdentity(raw)?.name ?? 'nobody');
    app.server.on('upgrade', answerUpgrade);
    return app;
  };
  type Found = (error: null, addresses: readonly object[]) => void;

  it('closes both, including upgrades, and decides once', { skip }, async (context) => {
    const app = createApp(context);
    const { gate, lines } = makeGate();
    secureServer(app.server, gate);
    await app.listen({ port: 0 });
    assert.deepEqual(
      app
        .addresses()
        .map(({ address }) => address)
        .toSorted(),
      ['127.0.0.1', '::1'],
    );
    for (const { address, port } of app.addresses()) {
      await expectClosed(port, '/after', [200, 'Ann'], address);
      assert.match(await askUpgrade(port, {}, address), /^HTTP\/1\.1 401 /);
      assert.match(await askUpgrade(port, fieldsOf(ann), address), /^HTTP\/1\.1 101 /);
    }
    assert.equal(lines.length, 8);
  });

  it("closes both if a library has replaced the first one's listeners", { skip }, async (context) => {
    const app = createApp(context);
    secureServer(app.server, makeGate().gate);
    // Replaces the listeners like Socket.IO.
    const listeners = app.server.listeners('request') as RequestListener[];
    app.server.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
      for (const listener of listeners) listener(request, response);
    });
    await app.listen({ port: 0 });
    assert.equal(app.addresses().length, 2);
    for (const { address, port } of app.addresses()) await expectClosed(port, '/after', [200, 'Ann'], address);
  });

  it(
    "refuses a server whose second one it cannot find, and leaves the process's other servers open",
    { skip },
    async (context) => {
      const late = createApp(context);
      await late.listen({ port: 0 });
      assert.throws(() => {
        secureServer(late.server, makeGate().gate);
      }, /Call it before app\.listen/);
      const app = createApp(context);
      await app.listen({ port: 0, host: '127.0.0.1' });
      secureServer(app.server, makeGate().gate);
      const [{ port } = { port: 0 }] = app.addresses();
      await expectClosed(port, '/after', [200, 'Ann']);
      assert.deepEqual((await askBoth(await listen(context, name), '/after'))[1], [200, 'nobody']);
    },
  );
});

describe('secureFetch', () => {
  it('opens no upgrade on an anonymous route, even if the app serves WebSockets by a route', async (context) => {
    const open: (request: Request, env: object) => Response = () => new Response('a WebSocket');
    const answer = secureFetch(open, makeGateFor('Ann', [], ['GET /after']));
    const server = createServer();
    // Handles upgrades like @hono/node-server.
    server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
      const headers = incoming.headers as Readonly<Record<string, string>>;
      answer(new Request('http://x/after', { headers }), { incoming }).then(
        ({ status }) => socket.end(`HTTP/1.1 ${status} \r\n\r\n`),
        () => socket.destroy(),
      );
    });
    const port = await listen(context, server);
    assert.match(await askUpgrade(port), /^HTTP\/1\.1 401 /);
    assert.match(await askUpgrade(port, fieldsOf(ann)), /^HTTP\/1\.1 200 /);
    assert.equal((await answer(new Request('http://x/after'), {})).status, 200);
  });
});

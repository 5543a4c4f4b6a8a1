import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { until } from '@certgate/x509/test-support/until.js';
import { trustStoreFromDocument } from '@certgate/core';
import type { MadeCertificate } from '@certgate/x509/test-support/certificates.js';
import { findClientIdentity, getClientIdentity } from './caller-identity.js';
import type { Gate } from './gate/http-gate.js';
import { secureServer } from './node/secure-server.js';
import { secureExpress } from './secure-express.js';
import { secureFetch } from './secure-fetch.js';
import { createStage, fieldsOf, operator, reader, secretField, trustDocument } from './test-support/gate-stage.js';
import { close, converse, start, write } from './test-support/server-stage.js';

// Two gates around one request, each of which knows the same caller by another name. tests/http-two-gates.test.ts tests
// the frameworks.

const [pinned] = (trustDocument as { readonly identities: readonly object[] }).identities;

interface Gates {
  readonly outer: Gate;
  readonly inner: Gate;
}

function createGates(context: TestContext, open: Partial<Record<keyof Gates, readonly string[]>> = {}): Gates {
  const create = (name: keyof Gates): Gate => {
    const document = { schemaVersion: 1, revision: 1, identities: [{ ...pinned, name }] };
    const allowAnonymous = open[name] ?? [];
    return createStage(context, { trustStore: trustStoreFromDocument(document), allowAnonymous }).gate;
  };
  return { outer: create('outer'), inner: create('inner') };
}

const who = (request: object, ...of: readonly [gate?: Gate]): string =>
  findClientIdentity(request, ...of)?.name ?? 'nobody';

const ofOperator = (): Request => new Request('http://localhost/', { headers: fieldsOf(operator) });

describe('secureFetch in secureFetch', () => {
  it('gives each handler the identity that its own gate admitted, and afterwards the outer one again', async (context) => {
    const { outer, inner } = createGates(context);
    const seen: string[] = [];
    const handleInside = secureFetch(async (request: Request) => {
      seen.push(`inside ${who(request)}`);
      await new Promise(setImmediate);
      seen.push(`inside later ${who(request)} of ${who(request, outer)} and ${who(request, inner)}`);
      return new Response();
    }, inner);
    const handle = secureFetch(async (request: Request) => {
      seen.push(`before ${who(request)}`);
      assert.throws(() => getClientIdentity(request, inner), { code: 'CERTGATE_CLIENT_IDENTITY_MISSING' });
      const answer = await handleInside(request);
      seen.push(`after ${who(request)} of ${who(request, outer)} and ${who(request, inner)}`);
      return answer;
    }, outer);
    assert.equal((await handle(ofOperator())).status, 200);
    assert.deepEqual(seen, [
      'before outer',
      'inside inner',
      'inside later inner of outer and inner',
      'after outer of outer and inner',
    ]);
  });

  it('restores the outer identity if the inner handler throws, now or later, and if the body is still read', async (context) => {
    const { outer, inner } = createGates(context);
    const fail = (): never => {
      throw new Error('no');
    };
    const endings: readonly (() => Response | Promise<Response>)[] = [
      fail,
      () => Promise.reject(new Error('no')),
      () => new Response(new ReadableStream({ pull: () => undefined })),
      () => Promise.reject(new DOMException('gone', 'AbortError')),
    ];
    for (const end of endings) {
      const handleInside = secureFetch((request: Request) => {
        assert.equal(who(request), 'inner');
        return end();
      }, inner);
      const handle = secureFetch(async (request: Request) => {
        await handleInside(request).catch(() => undefined);
        return new Response(who(request));
      }, outer);
      assert.equal(await (await handle(ofOperator())).text(), 'outer');
    }
  });

  it('keeps the outer identity if the inner gate refuses, and has none if either route is anonymous', async (context) => {
    const { outer, inner } = createGates(context, { outer: ['GET /outer'], inner: ['GET /inner'] });
    const { gate: refusing } = createStage(context, {
      functionName: 'x',
      trustStore: trustStoreFromDocument({
        schemaVersion: 1,
        revision: 1,
        identities: [],
      }),
    });
    const ask = async (gate: Gate, path: string): Promise<string> => {
      let inside = '-';
      const handleInside = secureFetch((request: Request) => {
        inside = who(request);
        return new Response();
      }, gate);
      const handle = secureFetch(async (request: Request) => {
        const { status } = await handleInside(request);
        return new Response(`${status} ${inside} ${who(request)}`);
      }, outer);
      const request = new Request(`http://localhost${path}`, { headers: fieldsOf(operator) });
      return (await handle(request)).text();
    };
    assert.equal(await ask(refusing, '/'), '401 - outer');
    assert.equal(await ask(inner, '/inner'), '200 nobody outer');
    assert.equal(await ask(inner, '/outer'), '200 inner nobody');
  });

  it('decides once for each gate, however they take turns, and uses the gate of the handler that runs', async (context) => {
    const { outer, inner } = createGates(context);
    const seen: string[] = [];
    const wrap = (
      gate: Gate,
      next?: (request: Request) => Promise<Response>,
    ): ((request: Request) => Promise<Response>) =>
      secureFetch(async (request: Request) => {
        seen.push(who(request));
        await next?.(request);
        seen.push(who(request));
        return new Response();
      }, gate);
    await wrap(outer, wrap(inner, wrap(outer, wrap(outer, wrap(inner)))))(ofOperator());
    assert.deepEqual(seen, [
      ...['outer', 'inner', 'outer', 'outer', 'inner'],
      ...['inner', 'outer', 'outer', 'inner', 'outer'],
    ]);
  });

  it('needs the gate to give the right identity if two handlers run at the same time', async (context) => {
    const { outer, inner } = createGates(context);
    const { inner: third } = createGates(context);
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    const handlers = [inner, third].map((gate) =>
      secureFetch(async (request: Request) => {
        await pause();
        return new Response(getClientIdentity(request, gate).name);
      }, gate),
    );
    const handle = secureFetch(async (request: Request) => {
      const answers = Promise.all(handlers.map((each) => each(request)));
      await pause();
      assert.equal(getClientIdentity(request, outer).name, 'outer');
      await answers;
      assert.equal(getClientIdentity(request).name, 'outer');
      return new Response(await (await answers)[0]?.text());
    }, outer);
    assert.equal(await (await handle(ofOperator())).text(), 'inner');
  });

  it('does not mistake an invalid gate for another gate', async (context) => {
    const { outer } = createGates(context);
    const handle = secureFetch((request: Request) => {
      for (const gate of [undefined, null, {}, { ...outer }])
        assert.throws(() => findClientIdentity(request, gate as never), {
          code: 'CERTGATE_ARGUMENT_INVALID',
          message: /createGate/,
        });
      return new Response(who(request, outer));
    }, outer);
    assert.equal(await (await handle(ofOperator())).text(), 'outer');
  });
});

describe('a server that hands its requests to another', () => {
  it('gives each the identity that its own gate admitted, even at the end of the response', async (context) => {
    const { outer, inner } = createGates(context);
    const seen: string[] = [];
    const note = (where: string, request: IncomingMessage, response: ServerResponse): void => {
      seen.push(`${where} ${who(request)}`);
      for (const event of ['finish', 'close']) {
        response.on(event, () => seen.push(`${where}, ${event} ${who(request)}`));
      }
    };
    const within = createServer((request, response) => {
      note('inside', request, response);
      response.end();
    });
    secureServer(within, inner);
    const listener: RequestListener = (request, response) => {
      note('outside', request, response);
      once(response, 'finish').then(
        () => seen.push(`outside, awaited ${who(request)}`),
        () => undefined,
      );
      within.emit('request', request, response);
    };
    const server: Server = createServer(listener);
    secureServer(server, outer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const { status } = await fetch(`http://127.0.0.1:${port}/`, { headers: fieldsOf(operator) });
    assert.equal(status, 200);
    await until(() => seen.length >= 7);
    // Node determines the order of the last two events and of code that awaits the first one.
    assert.deepEqual([...seen].sort(), [
      'inside inner',
      'inside, close inner',
      'inside, finish inner',
      'outside outer',
      'outside, awaited outer',
      'outside, close outer',
      'outside, finish outer',
    ]);
  });
});

describe('an app in an app that run on node:http2', () => {
  it('have the identities that their gates admit, by what the outer gate was given', async (context) => {
    const { outer, inner } = createGates(context);
    const within = {
      handle: (request: object, response: { end(body: string): void }): void => {
        response.end(who(request));
      },
    };
    const app = { ...within };
    app.handle = (request, response) => {
      assert.equal(who(request), 'outer');
      within.handle(request, response);
    };
    secureExpress(within as never, inner);
    secureExpress(app as never, outer);
    const server = createHttp2Server((request, response) => {
      app.handle(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    context.after(() => {
      session.destroy();
      server.close();
    });
    assert.equal(await text(session.request(fieldsOf(operator))), 'inner');
  });
});

describe('secureServer around secureFetch that gets another object and asks another copy of the gate, as in Next.js', () => {
  type Handle = (request: Request) => Promise<Response>;
  const copy = ({ url = '', headers }: IncomingMessage): Request =>
    new Request(`http://localhost${url}`, { headers: headers as Record<string, string> });
  const pass =
    (handle: Handle): RequestListener =>
    (incoming, response) => {
      const answer = async (): Promise<void> => {
        const { status, body } = await handle(copy(incoming));
        response.writeHead(status);
        for await (const chunk of body ?? []) response.write(chunk);
        response.end();
      };
      answer().catch(() => response.destroy());
    };
  const hello = (request: Request): Response => new Response(`hello ${getClientIdentity(request).name}`);
  const withoutSecret = (caller: MadeCertificate): Record<string, string> =>
    Object.fromEntries(Object.entries(fieldsOf(caller)).filter(([name]) => name !== secretField));
  const ask = (port: number, caller: MadeCertificate | undefined, path = '/'): Promise<string> =>
    converse(port, write(`GET ${path}`, { ...close, ...fieldsOf(caller) }));

  it('admits by what the server was given, and logs one outcome', async (context) => {
    const inner = createStage(context);
    const { port, lines } = await start(context, pass(secureFetch(hello, inner.gate)));
    assert.match(await ask(port, operator), /^HTTP\/1\.1 200 [^]*hello operator/);
    assert.match(await ask(port, reader), /^HTTP\/1\.1 200 [^]*hello reader/);
    assert.match(await ask(port, undefined), /^HTTP\/1\.1 401 /);
    assert.deepEqual(
      lines.map(({ code }) => code),
      ['allowed', 'allowed', 'certificate_missing'],
    );
    assert.deepEqual(inner.lines, []);
  });

  it('checks the caller of an anonymous route if the inner gate requires a role, and whether it came through the front end', async (context) => {
    const open = { allowAnonymous: ['GET /open'] };
    const inner = createStage(context, open);
    const { port, lines } = await start(context, pass(secureFetch(hello, inner.gate, { roles: ['operator'] })), open);
    assert.match(await ask(port, operator, '/open'), /hello operator/);
    assert.match(
      await converse(port, write('GET /open', { ...close, ...withoutSecret(operator) })),
      /^HTTP\/1\.1 401 /,
    );
    assert.deepEqual([lines.length, inner.lines.length], [0, 2]);
  });

  it('refuses by the role, the function and the trust of the inner gate, with the id of the admission', async (context) => {
    const nobody = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [] });
    for (const [status, code, inner, ...requirement] of [
      [403, 'role_missing', createStage(context), { roles: ['operator'] }],
      [403, 'function_not_allowed', createStage(context), { functionName: 'orders' }],
      [401, 'certificate_not_trusted', createStage(context, { trustStore: nobody })],
      [401, 'front_end_bypassed', createStage(context, { frontEnd: 'haproxy', frontEndSecret: 'x'.repeat(32) })],
    ] as const) {
      const { port, lines } = await start(context, pass(secureFetch(hello, inner.gate, ...requirement)));
      assert.match(await ask(port, reader), new RegExp(`^HTTP/1.1 ${status} `), code);
      assert.deepEqual(
        [...lines, ...inner.lines].map((line) => line['code']),
        ['allowed', code],
      );
      assert.equal(inner.lines[0]?.['correlationId'], lines[0]?.['correlationId'], code);
      assert.equal(inner.lines[0]?.['after'], 'allowed');
    }
  });

  it('logs the caller whom a gate of another name, or with other trust, admits', async (context) => {
    const { inner } = createGates(context);
    const named = createStage(context, { functionName: 'orders' });
    const seen: unknown[] = [];
    const { port, lines } = await start(
      context,
      pass(async (request) => {
        const answers = [secureFetch(hello, named.gate)(request), secureFetch(hello, inner)(new Request(request))];
        for (const answer of answers) seen.push(await (await answer).text());
        return new Response();
      }),
    );
    await ask(port, operator);
    assert.deepEqual(seen, ['hello operator', 'hello inner']);
    assert.deepEqual([lines.length, named.lines.length], [1, 1]);
    assert.notEqual(named.lines[0]?.['correlationId'], lines[0]?.['correlationId']);
  });

  it("does not accept a request object with another certificate or none, or one after the response, as the caller's", async (context) => {
    const inner = createStage(context);
    const handle = secureFetch(hello, inner.gate);
    const seen: Promise<Response>[] = [];
    const { port } = await start(context, (incoming, response) => {
      for (const headers of [withoutSecret(reader), {}])
        seen.push(handle(new Request('http://localhost/', { headers })));
      seen.push(handle(copy(incoming)));
      response.once('close', () => seen.push(handle(copy(incoming)))).end();
    });
    await ask(port, operator);
    await until(() => seen.length === 4);
    const answers = await Promise.all(seen);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 200, 401],
    );
  });

  it('does not accept a request past the front end as that of a caller in whose context its server was opened', async (context) => {
    const inner = createStage(context);
    const secured = createServer(pass(() => Promise.resolve(new Response())));
    secureServer(secured, inner.gate);
    const handle = secureFetch<Request, [object]>(hello, inner.gate);
    const ofHono = createServer((incoming, response) => {
      // @hono/node-server does the same.
      pass((request) => handle(request, { incoming }))(incoming, response);
    });
    const answers: string[] = [];
    const { port } = await start(context, (_incoming, response) => {
      const askOpened = async (): Promise<void> => {
        for (const server of [secured, ofHono]) {
          await once(server.listen(0, '127.0.0.1'), 'listening');
          context.after(() => server.close());
          const opened = (server.address() as AddressInfo).port;
          answers.push(await converse(opened, write('GET /', { ...close, ...withoutSecret(operator) })));
        }
        response.end();
      };
      askOpened().catch(() => response.destroy());
    });
    assert.match(await ask(port, operator), /^HTTP\/1\.1 200 /);
    assert.equal(answers.length, 2);
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 401 /);
  });

  it('refuses if the asynchronous context is lost or is that of another caller', async (context) => {
    const inner = createStage(context);
    const handle = pass(secureFetch(hello, inner.gate));
    const waiting: (() => void)[] = [];
    // A queue of callbacks, in which the next caller runs those of the earlier one.
    const { port } = await start(context, (incoming, response) => {
      for (const run of waiting.splice(0)) run();
      if (incoming.url === '/queued')
        waiting.push(() => {
          handle(incoming, response);
        });
      else handle(incoming, response);
    });
    const queued = ask(port, operator, '/queued');
    await until(() => waiting.length === 1);
    assert.match(await ask(port, reader), /hello reader/);
    assert.match(await queued, /^HTTP\/1\.1 401 /);
    const alone = ask(port, operator, '/queued');
    await until(() => waiting.length === 1);
    waiting.pop()?.();
    assert.match(await alone, /^HTTP\/1\.1 401 /);
  });
});

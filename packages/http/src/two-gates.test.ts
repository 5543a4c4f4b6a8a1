import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { until } from '@certgate/x509/test-support/until.js';
import { trustStoreFromDocument } from '@certgate/core';
import { findClientIdentity, getClientIdentity } from './caller-identity.js';
import type { Gate } from './gate/http-gate.js';
import { secureServer } from './node/secure-server.js';
import { secureFetch } from './secure-fetch.js';
import { createStage, fieldsOf, operator, trustDocument } from './test-support/gate-stage.js';

// Two gates around one request: each names the same caller by a name of its own. The frameworks are in
// tests/http-two-gates.test.ts.

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
  it('says to each handler whom its own gate admitted, and to the outer one again afterwards', async (context) => {
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

  it('puts the outer one back where the inner handler throws, at once or later, and where the body is still read', async (context) => {
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

  it('keeps the outer one where the inner gate refuses, and nobody where either route is anonymous', async (context) => {
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

  it('asks each gate once, however they take turns, and goes by that of the handler that runs', async (context) => {
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

  it('says by the gate alone to whom it is said, where two handlers run at a time', async (context) => {
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

  it('takes no gate that is none for another one', async (context) => {
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
  it('says to each whom its own gate admitted, also at the end of the response', async (context) => {
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
    // Which comes first of the last two events and of what awaits the first one, Node decides.
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

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import { CertgateError, trustStoreFromDocument, type TrustStore } from '@certgate/core';
import { until } from '@certgate/x509/test-support/until.js';
import { findClientIdentity, getClientIdentity } from '../caller-identity.js';
import { requireRole } from '../secure-express.js';
import { createStage, fieldsOf, operator, reader, secret, trustDocument } from '../test-support/gate-stage.js';
import { close, converse, start, write } from '../test-support/server-stage.js';
import { secureServer } from './secure-server.js';

const upgrade = { connection: 'Upgrade', upgrade: 'echo' };
const hello: RequestListener = (request, response) => response.end(`hello ${getClientIdentity(request).name}\n`);

/** Makes a store that answers late, like one that reads over the network. */
function createSlowStore(): {
  readonly store: TrustStore;
  readonly answer: () => void;
  readonly countAsked: () => number;
} {
  const known = trustStoreFromDocument(trustDocument);
  let answer: () => void = () => undefined;
  let asked = 0;
  const gone = new Promise<void>((resolve) => (answer = resolve));
  const store: TrustStore = {
    find: async (...args) => {
      asked += 1;
      await gone;
      return known.find(...args);
    },
  };
  return {
    store,
    answer: () => {
      answer();
    },
    countAsked: () => asked,
  };
}

describe('secureServer', () => {
  it('closes listeners that were added before and after it', async (context) => {
    const { server, port } = await start(context, () => undefined);
    const seen: string[] = [];
    server.on('request', (request, response) => {
      seen.push(request.url ?? '');
      response.end('in');
    });
    assert.match(await converse(port, write('GET /a', close)), /^HTTP\/1\.1 401 /);
    assert.match(await converse(port, write('GET /b', { ...close, ...fieldsOf(operator) })), /^HTTP\/1\.1 200 /);
    assert.deepEqual(seen, ['/b']);
  });

  it('decides about upgrades and CONNECT, whichever code listens for them', async (context) => {
    const { server, port, lines } = await start(context, hello, { allowAnonymous: ['GET /chat'] });
    const listen = (request: object, socket: Socket): void => {
      socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${findClientIdentity(request)?.name ?? 'nobody'}`);
    };
    server.on('upgrade', listen).on('connect', listen);
    for (const head of ['GET /chat', 'CONNECT x:1']) {
      const refused = await converse(port, write(head, upgrade));
      assert.match(refused, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      assert.match(refused, /\r\nconnection: close\r\n/);
      assert.match(refused, /\r\n\r\n\{"type":"urn:certgate:problem:client_certificate_required"/);
      assert.match(await converse(port, write(head, { ...upgrade, ...fieldsOf(reader) })), /reader$/);
    }
    assert.equal(lines.length, 4);
  });

  it('answers each of several requests in one packet separately', async (context) => {
    const { port } = await start(context, hello);
    const body = write('GET /', fieldsOf(operator));
    const requests = [
      write('GET /', fieldsOf(operator)),
      // The body of a refused request must not be taken for the next request.
      write('POST /', { 'content-length': String(body.length) }, body),
      write('GET /', fieldsOf(reader)),
      write('GET /', close),
    ];
    const answers = await converse(port, requests.join(''));
    const found = [...answers.matchAll(/HTTP\/1\.1 (\d{3})|hello (\w+)\n/g)].map(([, status, name]) => status ?? name);
    assert.deepEqual(found, ['200', 'operator', '401', '200', 'reader', '401']);
  });

  it('ends the connection of a refused caller who sends without an end', async (context) => {
    const { port } = await start(context, hello);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(write('POST /', { 'transfer-encoding': 'chunked' }));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let sent = 0;
    const send = (): void => {
      if (socket.destroyed) return;
      sent += 0x10000;
      socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`, () => setImmediate(send));
    };
    send();
    socket.resume();
    await closed;
    // More was sent than was read, because the system had already accepted it.
    assert.ok(sent < 64 * 1024 * 1024, String(sent));
  });

  it('runs no handler for a caller who disconnected during the decision', async (context) => {
    const { store, answer, countAsked } = createSlowStore();
    let runs = 0;
    const count = (): void => {
      runs += 1;
    };
    const { server, port, lines } = await start(context, count, { trustStore: store });
    server.on('upgrade', count);
    let gone = 0;
    server.on('connection', (socket) => socket.once('close', () => (gone += 1)));
    for (const [before, fields] of [fieldsOf(operator), { ...upgrade, ...fieldsOf(operator) }].entries()) {
      const socket = connect(port, '127.0.0.1');
      socket.write(write('GET /', fields));
      await until(() => countAsked() === before + 1);
      socket.resetAndDestroy();
      await until(() => gone === before + 1);
    }
    answer();
    await until(() => lines.length === 2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(runs, 0);
  });

  it('passes on the data that arrives during a late decision', async (context) => {
    const { store, answer, countAsked } = createSlowStore();
    const { port } = await start(context, (request, response) => request.pipe(response), { trustStore: store });
    const whole = converse(port, write('POST /', { ...close, ...fieldsOf(operator), 'content-length': '4' }, 'body'));
    await until(() => countAsked() === 1);
    answer();
    assert.match(await whole, /body/);
  });

  it('passes on an upgrade that was decided late, with the data that followed it', async (context) => {
    const { store, answer, countAsked } = createSlowStore();
    const { server, port } = await start(context, hello, { trustStore: store });
    let received = (): number => 0;
    server.on('connection', (socket) => (received = () => socket.bytesRead));
    server.on('upgrade', (_request, socket: Socket, head: Buffer) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${head.toString()}`);
      socket.pipe(socket);
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(`${write('GET /', { ...upgrade, ...fieldsOf(operator) })}first `);
    await until(() => countAsked() === 1);
    socket.end('second');
    await until(() => received() === socket.bytesWritten);
    answer();
    assert.match(await text(socket), /^HTTP\/1\.1 101 [^]*\r\n\r\nfirst second$/);
  });

  it('shows handlers no secret, whichever member they read', async (context) => {
    const { port } = await start(context, (request, response) => {
      response.end(JSON.stringify([request.headers, request.rawHeaders, request.headersDistinct]));
    });
    const answer = await converse(port, write('GET /', { ...close, ...fieldsOf(operator), 'x-other': 'kept' }));
    assert.ok(!answer.includes(secret), answer);
    assert.equal([...answer.matchAll(/kept/g)].length, 3);
  });

  it('answers 503 if deciding fails, and goes on', async (context) => {
    const fail = (): never => {
      throw new Error('no');
    };
    const { port } = await start(context, hello, { trustStore: { find: fail } });
    for (let turn = 0; turn < 2; turn += 1) {
      assert.match(await converse(port, write('GET /', { ...close, ...fieldsOf(operator) })), /^HTTP\/1\.1 503 /);
    }
  });

  it("lets a tracing library that replaces the class's method later still see requests", async (context) => {
    const { port } = await start(context, hello);
    const emit = Reflect.get(Server.prototype, 'emit') as (...event: unknown[]) => boolean;
    const heard: unknown[] = [];
    Server.prototype.emit = function (this: Server, ...event: unknown[]) {
      heard.push(event[0]);
      return Reflect.apply(emit, this, event);
    } as never;
    context.after(() => {
      Server.prototype.emit = emit as never;
    });
    await converse(port, write('GET /', { ...close, ...fieldsOf(operator) }));
    assert.ok(heard.includes('request'));
  });

  it('refuses servers of other kinds, other gates and a second gate', (context) => {
    const { gate } = createStage(context);
    assert.throws(
      () => {
        secureServer(createHttp2Server() as never, gate);
      },
      { code: 'CERTGATE_ARGUMENT_INVALID', message: /http2/ },
    );
    assert.throws(() => {
      secureServer({ emit: () => true } as never, gate);
    }, CertgateError);
    const server = createServer();
    assert.throws(
      () => {
        secureServer(server, { ...gate });
      },
      { code: 'CERTGATE_ARGUMENT_INVALID', message: /createGate/ },
    );
    secureServer(server, gate);
    assert.throws(
      () => {
        secureServer(server, gate);
      },
      { code: 'CERTGATE_ALREADY_INSTALLED', message: /called twice/ },
    );
  });
});

describe('requireRole', () => {
  const asOperator = requireRole('operator');
  const guarded: RequestListener = (request, response) => {
    asOperator(request, response, () => response.end(`operator ${getClientIdentity(request).name}`));
  };

  it('asks the gate, even on an anonymous route', async (context) => {
    const { port } = await start(context, guarded, { allowAnonymous: ['GET /open'] });
    for (const path of ['/', '/open']) {
      const ask = (fields: Readonly<Record<string, string>>): Promise<string> =>
        converse(port, write(`GET ${path}`, { ...close, ...fields }));
      assert.match(await ask(fieldsOf(operator)), /operator operator$/);
      assert.match(await ask(fieldsOf(reader)), /^HTTP\/1\.1 403 /);
      assert.match(await ask(fieldsOf(undefined)), /^HTTP\/1\.1 401 /);
      assert.match(await ask({}), /^HTTP\/1\.1 401 /);
    }
  });

  it('refuses if there is no gate', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    const server = createServer(guarded).listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    assert.match(await converse(port, write('GET /', { ...close, ...fieldsOf(operator) })), /^HTTP\/1\.1 503 /);
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /"code":"gate_not_installed"/);
  });

  it('rejects an empty role', () => {
    assert.throws(() => requireRole(''), { code: 'CERTGATE_ARGUMENT_INVALID' });
  });
});

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { decisionChannelName, type DecisionEvent, type StatusLogLine } from '@certgate/core';
import { until } from '@certgate/x509/test-support/until.js';
import { requireRole, secureExpress } from '../secure-express.js';
import { secureFetch } from '../secure-fetch.js';
import { createStage, fieldsOf, operator, reader, type Stage } from '../test-support/gate-stage.js';
import { close, converse, start, write } from '../test-support/server-stage.js';

// What is logged, counted and published about a request that the gate admits and a role behind it refuses.

const asOperator = requireRole('operator');
const restart: RequestListener = (request, response) => {
  asOperator(request, response, () => response.end('restarting'));
};

function hear(context: TestContext): string[] {
  const outcomes: string[] = [];
  const listen = (event: unknown): void => {
    outcomes.push((event as DecisionEvent).code);
  };
  subscribe(decisionChannelName, listen);
  context.after(() => unsubscribe(decisionChannelName, listen));
  return outcomes;
}

const readLines = (lines: Stage['lines']): readonly unknown[] =>
  lines.filter(({ event }) => event === 'decision').map(({ code, after }) => [code, after]);

describe('a request that the gate admits and a role behind it refuses', () => {
  it('has two lines with one correlation id, one event, and one count in the hourly line', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2027, 0, 1, 10, 59) });
    const { gate, lines, port } = await start(context, restart);
    const events = hear(context);
    assert.match(await converse(port, write('GET /', { ...close, ...fieldsOf(reader) })), /^HTTP\/1\.1 403 /);
    assert.match(await converse(port, write('GET /', { ...close, ...fieldsOf(operator) })), /^HTTP\/1\.1 200 /);
    assert.deepEqual(readLines(lines), [
      ['allowed', undefined],
      ['role_missing', 'allowed'],
      ['allowed', undefined],
    ]);
    assert.equal(lines[0]?.['correlationId'], lines[1]?.['correlationId']);
    assert.deepEqual(events, ['role_missing', 'allowed']);
    context.mock.timers.setTime(Date.UTC(2027, 0, 1, 11));
    await gate.decide({});
    const { denials, callers } = lines.find(({ event }) => event === 'status') as unknown as StatusLogLine;
    assert.deepEqual(
      [denials, callers.map(({ identity, calls }) => [identity, calls])],
      [{ role_missing: 1 }, [['operator', 1]]],
    );
  });

  it('has its second line however many requests there are, and a normal one if admissions are not logged', async (context) => {
    const { lines, port } = await start(context, restart);
    const quiet = await start(context, restart, { decisionLog: 'denials' });
    for (let time = 0; time < 25; time += 1) {
      for (const each of [port, quiet.port]) await converse(each, write('GET /', { ...close, ...fieldsOf(reader) }));
    }
    assert.equal(lines.filter(({ after }) => after === 'allowed').length, 25);
    assert.deepEqual(readLines(quiet.lines), Array(20).fill(['role_missing', undefined]));
  });

  it('is counted once, whatever other roles refuse', async (context) => {
    const { gate, lines } = createStage(context);
    const events = hear(context);
    const [one, other] = ['operator', 'writer'].map((role) =>
      secureFetch(() => new Response(), gate, { roles: [role] }),
    );
    const both = secureFetch(async (request: Request) => {
      assert.deepEqual([(await one?.(request))?.status, (await other?.(request))?.status], [403, 403]);
      return new Response();
    }, gate);
    await both(new Request('http://x/', { headers: fieldsOf(reader) }));
    assert.deepEqual(readLines(lines), [
      ['allowed', undefined],
      ['role_missing', 'allowed'],
      ['role_missing', 'denied'],
    ]);
    assert.deepEqual(events, ['role_missing']);
  });

  it('is refused with one outcome if the log fails', async (context) => {
    const warn = (): never => {
      throw new Error('full');
    };
    const { port } = await start(context, restart, { log: { info: () => undefined, warn } });
    const events = hear(context);
    assert.match(await converse(port, write('GET /', { ...close, ...fieldsOf(reader) })), /^HTTP\/1\.1 503 /);
    assert.deepEqual(events, ['internal_fault']);
  });
});

describe('the event of an admission', () => {
  it('is published with the head of the answer, in the context of the request', async (context) => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const listen = (): number => seen.push(storage.getStore());
    let answer: ServerResponse | undefined;
    const { server, port } = await start(context, (_request, response) => (answer = response));
    const { emit } = server as { readonly emit: (...event: unknown[]) => boolean };
    const enter = (...event: unknown[]): boolean => storage.run('request', () => Reflect.apply(emit, server, event));
    Object.assign(server, { emit: enter });
    subscribe(decisionChannelName, listen);
    context.after(() => unsubscribe(decisionChannelName, listen));
    const text = converse(port, write('GET /', { ...close, ...fieldsOf(reader) }));
    await until(() => answer !== undefined);
    assert.deepEqual(seen, []);
    answer?.writeHead(200);
    assert.deepEqual(seen, ['request']);
    answer?.end();
    await text;
    assert.equal(seen.length, 1);
  });

  it('is published when the caller disconnects, and with the first bytes of an upgrade', async (context) => {
    const sockets: Socket[] = [];
    let calls = 0;
    const { server, port } = await start(context, () => (calls += 1));
    server.on('upgrade', (_request: IncomingMessage, socket: Socket) => sockets.push(socket));
    const events = hear(context);
    const caller = connect(port, '127.0.0.1').on('error', () => undefined);
    caller.write(write('GET /', fieldsOf(reader)));
    await until(() => calls === 1);
    assert.deepEqual(events, []);
    caller.destroy();
    await until(() => events.length === 1);
    const switched = converse(port, write('GET /', { connection: 'Upgrade', upgrade: 'echo', ...fieldsOf(reader) }));
    await until(() => sockets.length === 1);
    assert.equal(events.length, 1);
    sockets[0]?.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    assert.deepEqual(events, ['allowed', 'allowed']);
    await switched;
  });

  it('is published for each pipelined request if the connection closes before its turn', async (context) => {
    let calls = 0;
    const { port } = await start(context, () => (calls += 1));
    const events = hear(context);
    const caller = connect(port, '127.0.0.1').on('error', () => undefined);
    caller.write(write('GET /', fieldsOf(reader)).repeat(3));
    await until(() => calls === 3);
    assert.deepEqual(events, []);
    caller.destroy();
    await until(() => events.length === 3);
  });

  it('is published with the first bytes of an upgrade that a plugin passes to an app', async (context) => {
    const { gate } = createStage(context);
    const app = {
      handle: (...[{ socket }]: readonly [IncomingMessage, ServerResponse]): void => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      },
    };
    secureExpress(app as never, gate);
    const server = createServer();
    server.on('upgrade', (request) => {
      // express-ws and @fastify/websocket do the same: nothing is written to this response.
      app.handle(request, new ServerResponse(request));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    context.after(() => server.close());
    const events = hear(context);
    const caller = connect((server.address() as AddressInfo).port, '127.0.0.1');
    context.after(() => caller.destroy());
    caller.write(write('GET /', { connection: 'Upgrade', upgrade: 'echo', ...fieldsOf(reader) }));
    await once(caller, 'data');
    assert.deepEqual(events, ['allowed']);
  });

  it('is published at once if the response lacks what is listened to', async (context) => {
    const { gate } = createStage(context);
    const events = hear(context);
    const seen: string[][] = [];
    const app = { handle: (): number => seen.push([...events]) };
    secureExpress(app as never, gate);
    const [rawHeaders, once] = [Object.entries(fieldsOf(reader)).flat(), (): void => undefined];
    Reflect.apply(app.handle, app, [
      { method: 'GET', url: '/', headers: {}, rawHeaders, socket: { destroy: once } },
      { once },
    ]);
    await until(() => events.length > 0);
    assert.deepEqual([seen, events], [[['allowed']], ['allowed']]);
  });

  it('is published at the latest when the process exits', () => {
    const script = `
      const { subscribe } = await import('node:diagnostics_channel');
      const { createGate, secureFetch } = await import(${JSON.stringify(new URL('../index.js', import.meta.url).href)});
      subscribe('certgate:decision', ({ code }) => console.error(code));
      const identity = { name: 'a', roles: [] };
      const trustStore = { find: () => ({ outcome: 'found', identity, matchedBy: 'x' }) };
      const gate = createGate({ trustStore, frontEnd: 'haproxy', frontEndIsolation: 'loopback', decisionLog: 'denials' });
      const exit = secureFetch(() => process.exit(), gate);
      await exit(new Request('http://x/', { headers: JSON.parse(process.argv[1]) }));`;
    const { stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script, JSON.stringify(fieldsOf(reader))],
      { encoding: 'utf8' },
    );
    assert.deepEqual([status, stderr], [0, 'allowed\n']);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HostAnswer } from '../../local/functions-host/functions-host.js';
import type { GatewayExchange } from '../../local/gateway/gateway.js';
import type { LiveEvent } from '../../trust/views/page-views.js';
import { EventStream } from './event-stream.js';
import { LiveEvents, maximumEvents } from './live-events.js';

const unanswered: HostAnswer = {
  ...{ time: Date.UTC(2026, 10, 26), durationMilliseconds: 3, method: 'GET', path: '/api/Orders', status: 404 },
};
const open: HostAnswer = { ...unanswered, status: 200, functionName: 'Orders', correlationId: 'c-1' };
const answer: HostAnswer = {
  ...open,
  status: 401,
  decision: { outcome: 'denied', code: 'certificate_expired', thumbprintSha256: 'AB', detail: 'It ended.' },
};
const exchange: GatewayExchange = {
  ...{ method: 'GET', path: '/api/Orders', status: 403, answeredBy: 'gateway', reason: 'client-certificate-required' },
  ...{ clientCertificateThumbprintSha256: undefined, milliseconds: 2 },
};

describe('live events', () => {
  it('say of each request who answered, what was decided, and why', () => {
    const events = new LiveEvents();
    const heard: LiveEvent[] = [];
    events.subscribe((event) => heard.push(event));
    events.noteAnswer(answer);
    events.noteAnswer({
      ...answer,
      decision: { outcome: 'allowed', code: 'allowed', deferredCode: 'role_missing' },
      status: 200,
    });
    events.noteAnswer(open);
    events.noteAnswer(unanswered);
    events.noteExchange(exchange, undefined);
    events.noteExchange({ ...exchange, reason: 'client-aborted', status: 499 }, undefined);
    assert.deepEqual(
      heard.map(({ id, answeredBy, verdict, code, status }) => [id, answeredBy, verdict, code, status]),
      [
        [1, 'app', 'denied', 'certificate_expired', 401],
        [2, 'app', 'allowed', 'role_missing', 200],
        [3, 'app', 'open', null, 200],
        [4, 'host', 'unanswered', null, 404],
        [5, 'gateway', 'denied', 'client-certificate-required', 403],
        [6, 'gateway', 'unanswered', 'client-aborted', 'cut'],
      ],
    );
    assert.equal(heard[0]?.time, '2026-11-26T00:00:00.000Z');
    assert.equal(heard[0].correlationId, 'c-1');
    assert.deepEqual(events.find(5), heard[4]);
  });

  it('tell of what passed the gateway once: the certificate is kept, the host tells the rest', () => {
    const events = new LiveEvents();
    const der = Buffer.from([1, 2, 3]);
    const passed: GatewayExchange = {
      ...{ method: 'GET', path: '/api/Orders', status: 200, answeredBy: 'upstream', milliseconds: 2 },
      clientCertificateThumbprintSha256: 'AB',
    };
    events.noteExchange(passed, der);
    assert.equal(events.listAfter(0).length, 0);
    assert.deepEqual(events.findCertificate('ab'), der);
  });

  it('find the event of a request of one’s own among others, or give up', async () => {
    const events = new LiveEvents();
    const expected = events.expectTrace('a'.repeat(32));
    events.noteAnswer({ ...answer, traceId: 'b'.repeat(32) });
    assert.equal(await expected.wait(5), undefined);
    events.noteAnswer({ ...answer, traceId: 'a'.repeat(32) });
    assert.equal((await expected.wait(5))?.id, 2);
    expected.forget();
  });

  it('take no more room after 20,000 of them than their limits allow', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const measure = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const events = new LiveEvents();
    const add = (index: number): void => {
      const decision = {
        outcome: 'denied',
        code: 'certificate_expired',
        detail: `${index} ${'y'.repeat(50_000)}`,
      } as const;
      events.noteAnswer({ ...answer, path: `/${index}/${'x'.repeat(8000)}`, decision });
      events.noteCertificate(index.toString(16), Buffer.alloc(1000));
    };
    const before = measure();
    for (let index = 0; index < 20_000; index += 1) add(index);
    // 2,000 events of at most 3 × 1,024 characters, of two octets each; their whole texts would be 100 MB.
    assert.ok(measure() - before < 20 * 1_048_576);
    const kept = events.listAfter(0);
    assert.equal(kept.length, maximumEvents);
    assert.equal(kept[0]?.id, 18_001);
    assert.equal(events.find(18_000), undefined);
    assert.equal(events.findCertificate((19_400).toString(16)), undefined);
    assert.notEqual(events.findCertificate((19_999).toString(16)), undefined);
  });
});

describe('the stream of events', () => {
  const serve = async (events: LiveEvents): Promise<{ stream: EventStream; port: number; close: () => void }> => {
    const stream = new EventStream(events);
    const server = createServer((request, response: ServerResponse) => {
      const last = request.headers['last-event-id'];
      stream.add(response, typeof last === 'string' ? Number(last) : undefined);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const close = (): void => {
      stream.close();
      server.closeAllConnections();
      server.close();
    };
    return { stream, port: (server.address() as AddressInfo).port, close };
  };

  it('sends each event to everybody who watches, as one line of JSON, and what was missed to who says so', async () => {
    const events = new LiveEvents();
    const { stream, port, close } = await serve(events);
    try {
      events.noteAnswer(answer);
      events.noteAnswer(answer);
      const texts = ['', '', ''];
      const requests = texts.map((_, index) =>
        get(
          { port, host: '127.0.0.1', agent: false, headers: index === 2 ? { 'last-event-id': '1' } : {} },
          (response) => {
            response.setEncoding('utf8').on('data', (text: string) => {
              texts[index] = `${texts[index] ?? ''}${text}`;
            });
            response.on('error', () => undefined);
          },
        ).on('error', () => undefined),
      );
      while (stream.clientCount < 3) await wait(5);
      events.noteAnswer({ ...answer, path: '/line\n\ndata: {"id":99}' });
      while (texts.some((text) => !text.includes('"id":3'))) await wait(5);
      const ids = texts.map((text) =>
        [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => (JSON.parse(json ?? '') as LiveEvent).id),
      );
      assert.deepEqual(ids, [[3], [3], [2, 3]]);
      for (const request of requests) request.destroy();
      while (stream.clientCount > 0) await wait(5);
    } finally {
      close();
    }
  });

  it('drops who reads nothing, and goes on for the others', async () => {
    const events = new LiveEvents();
    const { stream, port, close } = await serve(events);
    try {
      const slow = connect(port, '127.0.0.1');
      slow.on('error', () => undefined);
      await once(slow, 'connect');
      slow.pause();
      slow.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      while (stream.clientCount < 1) await wait(5);
      for (let index = 0; index < 20_000 && stream.clientCount > 0; index += 1) {
        events.noteAnswer({ ...answer, path: `/${'x'.repeat(1000)}` });
        if (index % 100 === 0) await wait(0);
      }
      assert.equal(stream.clientCount, 0);
      slow.destroy();
    } finally {
      close();
    }
  });
});

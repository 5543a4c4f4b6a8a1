import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HostAnswer } from '#local/functions-host/functions-host.js';
import type { GatewayExchange } from '#local/gateway/gateway.js';
import { LiveEvents, maximumEvents } from './live-events.js';

const unanswered: HostAnswer = {
  time: Date.UTC(2026, 10, 26),
  durationMilliseconds: 3,
  method: 'GET',
  path: '/api/Orders',
  status: 404,
};
const open: HostAnswer = { ...unanswered, status: 200, functionName: 'Orders', correlationId: 'c-1' };
const answer: HostAnswer = {
  ...open,
  status: 401,
  decision: { outcome: 'denied', code: 'certificate_expired', thumbprintSha256: 'AB', detail: 'It ended.' },
};
const exchange: GatewayExchange = {
  method: 'GET',
  path: '/api/Orders',
  status: 403,
  answeredBy: 'gateway',
  reason: 'client-certificate-required',
  clientCertificateThumbprintSha256: undefined,
  milliseconds: 2,
};

describe('live events', () => {
  it('show for each request who answered, what was decided, and why', () => {
    const events = new LiveEvents();
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
    const heard = events.listAfter(0);
    assert.deepEqual(
      heard.map(({ id, answeredBy, verdict, code, status }) => [id, answeredBy, verdict, code, status]),
      [
        [1, 'app', 'denied', 'certificate_expired', 401],
        [2, 'app', 'allowed', 'role_missing', 200],
        [3, 'app', 'open', null, 200],
        [4, 'host', 'no-function', null, 404],
        [5, 'gateway', 'denied', 'client-certificate-required', 403],
        [6, 'gateway', 'no-function', 'client-aborted', 'cut'],
      ],
    );
    assert.equal(heard[0]?.time, '2026-11-26T00:00:00.000Z');
    assert.equal(heard[0].correlationId, 'c-1');
    assert.deepEqual(events.find(5), heard[4]);
    assert.deepEqual(events.listAfter(4), heard.slice(4));
    assert.deepEqual(events.listAfter(6), []);
  });

  it("show a request that passed the gateway once: the gateway's certificate is kept, the host reports the rest", () => {
    const events = new LiveEvents();
    const der = Buffer.from([1, 2, 3]);
    const passed: GatewayExchange = {
      method: 'GET',
      path: '/api/Orders',
      status: 200,
      answeredBy: 'upstream',
      milliseconds: 2,
      clientCertificateThumbprintSha256: 'AB',
    };
    events.noteExchange(passed, der);
    assert.equal(events.listAfter(0).length, 0);
    assert.deepEqual(events.findCertificate('ab'), der);
  });

  it("include the event of one's own request, which can be awaited among others for a limited time", async () => {
    const events = new LiveEvents();
    const expected = events.expectTrace('a'.repeat(32));
    events.noteAnswer({ ...answer, traceId: 'b'.repeat(32) });
    assert.equal(await expected.wait(5), undefined);
    events.noteAnswer({ ...answer, traceId: 'a'.repeat(32) });
    assert.equal((await expected.wait(5))?.id, 2);
    expected.forget();
  });

  it('need no more memory after 20,000 events than their limits allow', () => {
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
    // The texts of 2,000 events are kept, but shortened: whole, they have more than 100 million characters.
    assert.ok(measure() - before < 20 * 1_048_576);
    const kept = events.listAfter(0);
    assert.equal(kept.length, maximumEvents);
    assert.equal(kept[0]?.id, 18_001);
    assert.equal(events.find(18_000), undefined);
    assert.equal(events.findCertificate((19_400).toString(16)), undefined);
    assert.notEqual(events.findCertificate((19_999).toString(16)), undefined);
  });
});

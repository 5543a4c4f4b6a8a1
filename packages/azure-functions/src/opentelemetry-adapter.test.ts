import assert from 'node:assert/strict';
import { type TestContext, it } from 'node:test';
import type { TrustStore } from '@certgate/core';
import { requireRole } from './function-policy.js';
import { observeGate } from './opentelemetry.js';
import { bearing, createSecuredApp, operator, reader, stranger } from './test-support/secured-app.js';
import { type Telemetry, createTelemetry } from '@certgate/core/test-support/telemetry.js';

// The whole way: an app in a worker, a real decision, the channel, and OpenTelemetry's own SDK.

function observe(test: TestContext): Telemetry {
  const telemetry = createTelemetry(test);
  const { meterProvider, tracerProvider } = telemetry;
  const observation = observeGate({ meterProvider, tracerProvider, decisionSpans: true });
  test.after(() => {
    observation.stop();
  });
  return telemetry;
}

it('the decisions of a secured app are counted and shown on spans', async (test) => {
  const telemetry = observe(test);
  const { worker, app } = createSecuredApp(test);
  app.http('Orders', { handler: () => ({ body: 'ok' }) });
  app.http('Refund', { handler: requireRole('operator', () => ({ body: 'ok' })) });
  await worker.start();
  const statuses = [
    await worker.invoke('Orders', bearing(reader)),
    await worker.invoke('Orders', bearing(stranger)),
    await worker.invoke('Orders'),
    await worker.invoke('Refund', bearing(reader)),
    await worker.invoke('Refund', bearing(operator)),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [200, 401, 401, 403, 200]);
  const metric = await telemetry.collect();
  const version = metric['certgate.decisions']?.scopeVersion ?? assert.fail();
  const gate = { version, host: 'functions', front_end: 'app-service' };
  const attributes = Object.fromEntries(Object.entries(gate).map(([key, value]) => [`certgate.gate.${key}`, value]));
  assert.deepEqual(metric['certgate.gate.info']?.series, [{ attributes, value: 1 }]);
  const counted = metric['certgate.decisions']?.series.map(({ attributes, value }) => [
    attributes['certgate.function.name'],
    attributes['certgate.decision.outcome'],
    attributes['certgate.decision.code'],
    value,
  ]);
  assert.deepEqual(counted, [
    ['Orders', 'allowed', 'allowed', 1],
    ['Orders', 'denied', 'certificate_not_trusted', 1],
    ['Orders', 'denied', 'certificate_missing', 1],
    ['Refund', 'denied', 'role_missing', 1],
    ['Refund', 'allowed', 'allowed', 1],
  ]);
  // Both certificates end in 2099. A certificate that was only refused is not in use.
  const left = metric['certgate.certificate.time_to_expiry']?.series ?? [];
  assert.deepEqual(left.map(({ attributes }) => attributes['certgate.identity.name']).sort(), ['operator', 'reader']);
  const expected = (Date.UTC(2099, 0, 1) - Date.now()) / 1000;
  for (const { value } of left) assert.ok(Math.abs(Number(value) - expected) < 60, String(value));
  const spans = telemetry.spans().map(({ attributes }) => attributes);
  assert.deepEqual(
    spans.map((attributes) => attributes['certgate.decision.code']),
    ['allowed', 'certificate_not_trusted', 'certificate_missing', 'role_missing', 'allowed'],
  );
  assert.equal(spans[0]?.['certgate.certificate.thumbprint_sha256'], reader.thumbprintSha256);
  assert.ok(!JSON.stringify(spans).includes(reader.header.slice(20, 60)));
});

it('every decision is counted, even one that the log only counts', async (test) => {
  const telemetry = observe(test);
  const { worker, app } = createSecuredApp(test);
  app.http('Orders', { handler: () => ({ body: 'ok' }) });
  await worker.start();
  for (let call = 0; call < 50; call += 1) await worker.invoke('Orders', bearing(stranger));
  assert.equal(worker.decisions.length, 3);
  assert.equal((await telemetry.collect())['certgate.decisions']?.series[0]?.value, 50);
});

it('a span that surrounds an awaited decision gets its attributes', async (test) => {
  const telemetry = observe(test);
  const trustStore: TrustStore = {
    find: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { outcome: 'found', identity: { name: 'partner', roles: [] }, matchedBy: 'table' };
    },
  };
  const { worker, app } = createSecuredApp(test, { trustStore });
  app.http('Orders', { handler: () => ({ body: 'ok' }) });
  await worker.start();
  const calls = ['first', 'second'].map((name) =>
    telemetry.tracerProvider.getTracer('test').startActiveSpan(name, async (span) => {
      const { invocationId } = await worker.invoke('Orders', bearing(reader));
      span.end();
      return invocationId;
    }),
  );
  const [first, second] = await Promise.all(calls);
  const spans = telemetry.spans().map(({ name, attributes }) => [name, attributes['certgate.correlation_id']]);
  assert.deepEqual(
    new Map(spans as [string, unknown][]),
    new Map([
      ['first', first],
      ['second', second],
    ]),
  );
});

it('a meter that fails changes no answer', async (test) => {
  const fail = (): never => {
    throw new Error('broken');
  };
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', note);
  const meter = {
    createCounter: () => ({ add: fail }),
    createObservableGauge: () => ({ addCallback: () => undefined, removeCallback: fail }),
  };
  const observation = observeGate({ meterProvider: { getMeter: () => meter as never } });
  test.after(() => {
    observation.stop();
    process.off('uncaughtException', note);
  });
  const { worker, app } = createSecuredApp(test);
  app.http('Orders', { handler: () => ({ body: 'ok' }) });
  await worker.start();
  assert.equal((await worker.invoke('Orders', bearing(reader))).status, 200);
  assert.equal((await worker.invoke('Orders', bearing(stranger))).status, 401);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(uncaught, []);
});

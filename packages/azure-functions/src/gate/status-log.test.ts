import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { firstOf, type StatusLogLine, trustStoreFromDocument } from '@certgate/core';
import { allowAnonymous } from '../function-policy.js';
import { observe } from '../observe.js';
import { appService } from '../test-support/environment.js';
import { registerMcp } from '../test-support/mcp-app.js';
import { bearing, createSecuredApp, operator, reader, stranger, trustDocument } from '../test-support/secured-app.js';
import type { TestWorker } from '../test-support/test-worker.js';

const start = Date.UTC(2027, 0, 1, 10, 59);
const end = '2027-01-01T11:30:00Z';
const documents = trustStoreFromDocument(trustDocument);

/** Collects the lines at start. Silences the console, and sets `Date` to `start`. */
function watch(context: TestContext): () => readonly StatusLogLine[] {
  context.mock.timers.enable({ apis: ['Date'], now: start });
  context.mock.method(console, 'warn', () => undefined);
  const { mock } = context.mock.method(console, 'info', () => undefined);
  return () => mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as StatusLogLine);
}

function listHourly({ logs }: TestWorker): readonly StatusLogLine[] {
  return logs
    .filter(({ level, message }) => level === 'information' && message.startsWith('{"certgate":1,"event":"status"'))
    .map(({ message }) => JSON.parse(message) as StatusLogLine);
}

describe('the status lines of a function app', () => {
  for (const [what, options, environment, expected] of [
    ['App Service', {}, appService, { frontEnd: 'app-service', locked: false, sources: 1 }],
    [
      'another front end, several stores, locked',
      {
        frontEnd: 'nginx',
        frontEndSecret: 'a-secret-of-the-front-end-for-tests-only',
        trustStore: firstOf(documents, documents),
      },
      { ...appService, CERTGATE_LOCKED: 'true' },
      { frontEnd: 'nginx', frontEndProof: 'secret', locked: true, sources: 2 },
    ],
    [
      'an isolation',
      { frontEnd: 'envoy', frontEndIsolation: 'ingress' },
      {},
      { frontEnd: 'envoy', frontEndProof: 'ingress', locked: false, sources: 1 },
    ],
    ['no front end', {}, {}, { frontEndFault: 'front_end_unknown', locked: false, sources: 1 }],
  ] as const) {
    it(`describe the gate at start: ${what}`, async (context) => {
      const { app, worker } = createSecuredApp(context, options, environment);
      const readLines = watch(context);
      app.http('Closed', { handler: () => ({}) });
      app.http('Health', { handler: allowAnonymous(() => ({})) });
      app.http('Moving', { authLevel: 'function', handler: observe(() => ({}), { until: end }) });
      app.timer('Tick', { schedule: '0 * * * * *', handler: () => undefined });
      registerMcp(app, 'tool', 'Tool', () => ({}));
      await worker.start();
      const [line = assert.fail(), ...others] = readLines();
      assert.deepEqual(others, []);
      const { moment, host, frontEnd, frontEndProof, frontEndFault, locked, trust, closed, open, callers } = line;
      const { sources, ...known } = expected;
      assert.deepEqual(
        { moment, host, frontEnd, frontEndProof, frontEndFault, locked, closed, open, callers, sources: trust?.length },
        {
          moment: 'start',
          host: 'functions',
          frontEnd: undefined,
          frontEndProof: undefined,
          frontEndFault: undefined,
          closed: ['Closed', 'Tool'],
          open: ['Health', 'Moving'],
          callers: [],
          sources,
          ...known,
        },
      );
    });
  }

  it('show once an hour who called, even if admitted calls are not logged', async (context) => {
    const { app, worker } = createSecuredApp(context, { decisionLog: 'denials' });
    watch(context);
    app.http('Closed', { handler: () => ({}) });
    app.http('Moving', { authLevel: 'function', handler: observe(() => ({}), { until: end }) });
    await worker.start();
    for (const caller of [{}, bearing(stranger), bearing(reader), bearing(reader), bearing(operator)])
      await worker.invoke('Closed', caller);
    await worker.invoke('Moving');
    assert.deepEqual(listHourly(worker), []);
    context.mock.timers.setTime(start + 3_600_000);
    for (let turn = 0; turn < 2; turn += 1) await worker.invoke('Closed', bearing(reader));
    const [line = assert.fail(), ...others] = listHourly(worker);
    assert.deepEqual(others, []);
    const { moment, since, closed, denials, callers } = line;
    assert.deepEqual([moment, since, closed], ['hour', new Date(start).toISOString(), ['Closed', 'Moving']]);
    assert.deepEqual(denials, { certificate_missing: 1, certificate_not_trusted: 1 });
    assert.deepEqual(
      callers.map(({ identity, matchedBy, calls }) => [identity, matchedBy, calls]),
      [
        ['reader', 'thumbprintSha256', 2],
        ['operator', 'thumbprintSha256', 1],
      ],
    );
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type TestContext, describe, it } from 'node:test';
import type { HttpResponseInit } from '@azure/functions';
import { type DecisionEvent, type TrustStore, decisionChannelName } from '@certgate/core';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { observe } from '../observe.js';
import { reportOnly } from '../report-only.js';
import {
  bearing,
  createHookedApp,
  createSecuredApp,
  operator,
  reader,
  stranger,
  trustDocument,
  wrapHandler,
} from '../test-support/secured-app.js';

function listen(context: TestContext): DecisionEvent[] {
  const events: DecisionEvent[] = [];
  const hear = (event: unknown): void => {
    events.push(event as DecisionEvent);
  };
  subscribe(decisionChannelName, hear);
  context.after(() => unsubscribe(decisionChannelName, hear));
  return events;
}

describe('the channel certgate:decision', () => {
  it('publishes an admission and a refusal in full, frozen', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.http('Closed', { handler: () => ({ body: 'in' }) });
    await worker.start();
    const events = listen(context);
    const admitted = await worker.invoke('Closed', bearing(operator));
    const refused = await worker.invoke('Closed', bearing(stranger));
    const common = {
      version: 1,
      functionName: 'Closed',
      trustRevision: 7,
      trustSha256: createHash('sha256').update(JSON.stringify(trustDocument)).digest('hex').toUpperCase(),
      owner: undefined,
      withoutClientAuthUntil: undefined,
      clientAuthLoss: undefined,
      reportOnly: undefined,
      observed: undefined,
    };
    assert.deepEqual(events, [
      {
        ...common,
        outcome: 'allowed',
        code: 'allowed',
        status: undefined,
        correlationId: admitted.invocationId,
        identityName: 'operator',
        roles: ['reader', 'operator'],
        matchedBy: 'thumbprintSha256',
        matched: operator.thumbprintSha256,
        thumbprintSha256: operator.thumbprintSha256,
        accessEndsAt: Date.UTC(2099, 0, 1),
        detail: undefined,
        facts: undefined,
      },
      {
        ...common,
        outcome: 'denied',
        code: 'certificate_not_trusted',
        status: 401,
        correlationId: refused.invocationId,
        identityName: undefined,
        roles: undefined,
        matchedBy: undefined,
        matched: undefined,
        thumbprintSha256: stranger.thumbprintSha256,
        accessEndsAt: undefined,
        detail: events[1]?.detail,
        facts: {},
      },
    ]);
    assert.match(events[1]?.detail ?? '', /No identity of the trust document/);
    for (const event of events) assert.ok(Object.isFrozen(event));
    assert.ok(Object.isFrozen(events[0]?.roles));
    for (const event of events) assert.ok(!JSON.stringify(event).includes(stranger.header.slice(40, 80)));
  });

  it('publishes what was let through as report-only', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    context.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2027, 0, 1) });
    const { app, worker } = createSecuredApp(context);
    const until = '2027-01-02T00:00:00Z';
    app.http('Trial', {
      handler: reportOnly(
        requireRole('operator', () => ({ body: 'in' })),
        { until },
      ),
    });
    await worker.start();
    const events = listen(context);
    assert.equal((await worker.invoke('Trial', bearing(reader))).body, 'in');
    const [{ outcome, status, reportOnly: denial, detail } = {}] = events as [Partial<DecisionEvent>?];
    assert.deepEqual(
      [outcome, status, denial],
      ['allowed', undefined, { code: 'role_missing', until: Date.UTC(2027, 0, 2) }],
    );
    assert.match(detail ?? '', /lacks the role/);
    assert.ok(Object.isFrozen(denial));
    assert.equal(events.length, 1);
  });

  it('publishes what an observed function lets go on, and whom it would admit', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    context.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2027, 0, 1) });
    const { app, worker } = createSecuredApp(context);
    const handler = observe(() => ({ body: 'in' }), { until: '2027-01-02T00:00:00Z' });
    app.http('Moving', { authLevel: 'function', handler });
    await worker.start();
    const events = listen(context);
    for (const caller of [reader, stranger]) assert.equal((await worker.invoke('Moving', bearing(caller))).body, 'in');
    const observed = { until: Date.UTC(2027, 0, 2), functionKey: undefined };
    assert.deepEqual(
      events.map((event) => [event.outcome, event.code, event.status, event.identityName, event.observed]),
      [
        ['allowed', 'allowed', undefined, 'reader', observed],
        ['observed', 'certificate_not_trusted', undefined, undefined, observed],
      ],
    );
    assert.match(events[1]?.detail ?? '', /No identity of the trust document/);
    assert.ok(Object.isFrozen(events[1]?.observed));
  });

  it('publishes denials that the log only adds up, and nothing about anonymous functions', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.http('Closed', { handler: () => ({}) });
    app.http('Open', { handler: allowAnonymous(() => ({})) });
    await worker.start();
    const events = listen(context);
    for (let time = 0; time < 50; time += 1) await worker.invoke('Closed');
    await worker.invoke('Open', bearing(reader));
    assert.deepEqual([events.length, worker.decisions.length], [50, 20]);
    assert.ok(events.every(({ code }) => code === 'certificate_missing'));
  });

  it('publishes a handler that is closed twice once, and only the refusal of a role whose mark was lost', async (context) => {
    const trustStore: TrustStore = {
      find: () => ({ outcome: 'found', identity: { name: 'a', roles: [], owner: 'team' }, matchedBy: 'x' }),
    };
    const { app, worker } = createHookedApp(context, wrapHandler, { trustStore });
    app.http('Closed', { handler: () => ({}) });
    const role = requireRole('operator', () => ({}));
    app.http('Lost', { handler: (...args) => Reflect.apply(role, undefined, args) as HttpResponseInit });
    await worker.start();
    const events = listen(context);
    await worker.invoke('Closed', bearing(reader));
    const { invocationId } = await worker.invoke('Lost', bearing(reader));
    assert.deepEqual(
      events.map(({ functionName, code, status, owner }) => [functionName, code, status, owner]),
      [
        ['Closed', 'allowed', undefined, 'team'],
        ['Lost', 'role_missing', 403, undefined],
      ],
    );
    assert.equal(events[1]?.correlationId, invocationId);
    assert.deepEqual(
      worker.decisions.map(({ code, after }) => [code, after]),
      [
        ['allowed', undefined],
        ['allowed', undefined],
        ['role_missing', 'allowed'],
      ],
    );
  });

  it('publishes a fault once: if the log fails, the refusal that followed', async (context) => {
    const { app, worker, library } = createSecuredApp(context);
    app.http('Closed', { handler: () => ({}) });
    await worker.start();
    const callback = worker.getHandler('Closed');
    const events = listen(context);
    const logHandler = (): never => {
      throw new Error('the disk is full');
    };
    const call = new library.InvocationContext({ functionName: 'Closed', logHandler });
    const request = new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(reader) });
    assert.equal((callback(request, call) as HttpResponseInit).status, 503);
    assert.equal((callback() as HttpResponseInit).status, 503);
    const odd = Object.defineProperty({ invocationId: 'id' }, 'functionName', {
      get: () => {
        throw new Error('unreadable');
      },
    });
    assert.equal((callback(request, odd) as HttpResponseInit).status, 503);
    assert.deepEqual(
      events.map(({ functionName, code, correlationId }) => [functionName, code, correlationId]),
      [
        ['Closed', 'internal_fault', call.invocationId],
        ['Closed', 'internal_fault', 'unknown'],
        ['Closed', 'internal_fault', 'id'],
      ],
    );
  });

  it('contains no certificate, whatever a store threw', async (context) => {
    const find = (): never => {
      throw new Error(`no row for ${reader.header}`);
    };
    const { app, worker } = createSecuredApp(context, { trustStore: { find } });
    app.http('Closed', { handler: () => ({}) });
    await worker.start();
    const events = listen(context);
    await worker.invoke('Closed', bearing(reader));
    assert.match(events[0]?.detail ?? '', /no row for \[base64\]/);
    assert.ok(!JSON.stringify(events).includes(reader.header.slice(40, 80)));
  });
});

import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { FunctionHandler, HttpResponseInit, InvocationContext } from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import * as fc from 'fast-check';
import { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
import { certificateHeaderName } from './test-support/certificates.js';
import { type AnyHandler, functionCoverage, functionPolicies, tightenPolicy } from './gate/shared-state.js';
import { observe } from './observe.js';
import { reportOnly } from './report-only.js';
import { findClientIdentity, getClientIdentity } from './request-identity.js';
import { secureApp } from './secure-app.js';
import { startProxyTarget } from './test-support/proxy-target.js';
import { loadSecondCopy } from './test-support/second-copy.js';
import {
  type SecuredApp,
  bearing,
  createApp,
  createSecuredApp,
  operator,
  reader,
  stranger,
  trustDocument,
} from './test-support/secured-app.js';

const now = Date.UTC(2027, 0, 1);
const until = '2027-01-15T00:00:00Z';
const end = Date.UTC(2027, 0, 15);
const authLevel = 'function';
type Handler = (...args: readonly unknown[]) => HttpResponseInit;

const secret: Handler = () => ({ body: 'secret' });
/** Says who calls, as an observed handler may. */
const whoami: Handler = (...args) => ({ body: findClientIdentity(args.at(-1) as InvocationContext)?.name ?? 'nobody' });

type Scene = SecuredApp & { readonly setTime: (instant: number) => void };

/** Quiet, with `Date` at `now`. */
function setClock(context: TestContext): (instant: number) => void {
  context.mock.method(console, 'warn', () => undefined);
  context.mock.timers.enable({ apis: ['Date'], now });
  return (instant) => {
    context.mock.timers.setTime(instant);
  };
}

function start(
  context: TestContext,
  options: Parameters<typeof createSecuredApp>[1] = {},
  environment?: object,
): Scene {
  const setTime = setClock(context);
  return { ...createSecuredApp(context, options, environment as Record<string, string> | undefined), setTime };
}

/** The request as the host sends it where a key of this name let it in. */
function keyed(name: string, certificate?: typeof reader): object {
  const claims = [
    { type: 'http://schemas.microsoft.com/2017/07/functions/claims/authlevel', value: 'Function' },
    { type: 'http://schemas.microsoft.com/2017/07/functions/claims/keyid', value: name },
  ];
  const forged = { authenticationType: { value: 'aad' }, claims: [{ type: claims[1]?.type, value: 'forged' }] };
  const identities = [forged, { authenticationType: { value: 'WebJobsAuthLevel' }, claims }];
  return { http: { identities }, ...(certificate === undefined ? {} : bearing(certificate)) };
}

const pick = (line: Readonly<Record<string, unknown>> | undefined, ...keys: readonly string[]): readonly unknown[] =>
  keys.map((key) => line?.[key]);

describe('observe', () => {
  it('lets every call go on, says what would become of it, and ends by itself', async (context) => {
    const { app, worker, setTime } = start(context);
    app.http('Orders', { authLevel, handler: observe(whoami, { until }) });
    await worker.start();
    const call = async (certificate?: typeof reader): Promise<readonly [number, string]> => {
      const { status, body } = await worker.invoke('Orders', certificate === undefined ? {} : bearing(certificate));
      return [status, body];
    };
    assert.deepEqual(await call(), [200, 'nobody']);
    assert.deepEqual(await call(stranger), [200, 'nobody']);
    assert.deepEqual(await call(reader), [200, 'reader']);
    assert.deepEqual(
      worker.decisions.map((line) => pick(line, 'outcome', 'code', 'status', 'identity', 'thumbprintSha256')),
      [
        ['observed', 'certificate_missing', undefined, undefined, undefined],
        ['observed', 'certificate_not_trusted', undefined, undefined, stranger.thumbprintSha256],
        ['allowed', 'allowed', undefined, 'reader', reader.thumbprintSha256],
      ],
    );
    for (const line of worker.decisions) assert.equal(line['observedUntil'], until);
    const levels = worker.logs.filter(({ message }) => message.startsWith('{"certgate"')).map(({ level }) => level);
    assert.deepEqual(levels, ['warning', 'warning', 'information']);

    setTime(end - 1);
    assert.equal((await call())[0], 200);
    setTime(end);
    assert.deepEqual([(await call())[0], (await call(stranger))[0]], [401, 401]);
    assert.deepEqual(await call(reader), [200, 'reader']);
    assert.deepEqual(pick(worker.decisions.at(-2), 'outcome', 'status', 'observedUntil'), ['denied', 401, undefined]);
    assert.equal(worker.decisions.at(-1)?.['observedUntil'], undefined);
  });

  it('observes the roles and functions that are required inside', async (context) => {
    const { app, worker, setTime } = start(context);
    const handler = observe(requireRole('operator', requireAnyRole(['a', 'reader'], whoami)), { until });
    app.http('Orders', { authLevel, handler });
    await worker.start();
    for (const certificate of [undefined, reader, operator]) {
      const { status } = await worker.invoke('Orders', certificate === undefined ? {} : bearing(certificate));
      assert.equal(status, 200);
    }
    assert.deepEqual(
      worker.decisions.map(({ outcome, code }) => [outcome, code]),
      [
        ['observed', 'certificate_missing'],
        ['observed', 'role_missing'],
        ['allowed', 'allowed'],
      ],
    );
    assert.equal(worker.decisions[1]?.['identity'], 'reader');
    setTime(end);
    assert.equal((await worker.invoke('Orders', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Orders', bearing(operator))).body, 'operator');
  });

  it('names the function key by which Azure let the call in, and no other claim', async (context) => {
    const { app, worker } = start(context);
    app.http('Orders', { authLevel, handler: observe(whoami, { until }) });
    app.http('Closed', { authLevel, handler: whoami });
    await worker.start();
    await worker.invoke('Orders', keyed('billing'));
    await worker.invoke('Orders', keyed('shipping', reader));
    await worker.invoke('Closed', keyed('billing'));
    assert.deepEqual(
      worker.decisions.map((line) => line['functionKey']),
      ['billing', 'shipping', undefined],
    );
  });

  it('names each caller that would be refused, however many calls others make', async (context) => {
    const { app, worker } = start(context);
    for (const name of ['Orders', 'Refunds']) app.http(name, { authLevel, handler: observe(secret, { until }) });
    app.http('Closed', { handler: secret });
    await worker.start();
    for (let time = 0; time < 60; time += 1) await worker.invoke('Orders', keyed('loud'));
    for (let time = 0; time < 60; time += 1) await worker.invoke('Closed');
    for (const name of ['quiet', 'quieter']) {
      for (let time = 0; time < 5; time += 1) await worker.invoke('Orders', keyed(name));
    }
    await worker.invoke('Refunds', keyed('quiet'));
    const count = (name: string, key?: string): number =>
      worker.decisions.filter((line) => line['function'] === name && line['functionKey'] === key).length;
    assert.deepEqual(
      [count('Orders', 'loud'), count('Closed'), count('Orders', 'quiet'), count('Orders', 'quieter')],
      [20, 20, 1, 1],
    );
    assert.equal(count('Refunds', 'quiet'), 1);
    const [quiet, quieter] = ['quiet', 'quieter'].map((key) =>
      worker.decisions.find((line) => line['function'] === 'Orders' && line['functionKey'] === key),
    );
    assert.deepEqual([quiet?.['suppressed'], quieter?.['suppressed']], [40, 4]);
  });

  it('gives getClientIdentity to those who would be admitted, and a fault of the handler to others', async (context) => {
    const { app, worker } = start(context);
    const handler: Handler = (...args) => ({ body: getClientIdentity(args.at(-1) as InvocationContext).name });
    app.http('Orders', { authLevel, handler: observe(handler, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders', bearing(reader))).body, 'reader');
    const { status, error } = await worker.invoke('Orders', bearing(stranger));
    assert.equal(status, 500);
    assert.match(String(error), /CERTGATE|anonymous or observed \(then use findClientIdentity\)/);
  });

  it('leaves the given handler as it is: a second registration of it is closed', async (context) => {
    const { app, worker } = start(context);
    const role = requireRole('operator', secret);
    app.http('Strict', { authLevel, handler: role });
    app.http('Orders', { authLevel, handler: observe(role, { until }) });
    await worker.start();
    for (const caller of [{}, bearing(reader)]) {
      assert.equal((await worker.invoke('Orders', caller)).body, 'secret');
      assert.notEqual((await worker.invoke('Strict', caller)).status, 200);
    }
  });

  it('with decisionLog denials: only those who would be refused are logged', async (context) => {
    const { app, worker } = start(context, { decisionLog: 'denials' });
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    await worker.invoke('Orders', bearing(reader));
    await worker.invoke('Orders');
    assert.deepEqual(
      worker.decisions.map(({ outcome }) => outcome),
      ['observed'],
    );
  });
});

describe('a decision that fails refuses no observed call', () => {
  const failing: readonly (readonly [what: string, trustStore: TrustStore, code: string])[] = [
    [
      'a store that throws',
      {
        find: () => {
          throw new Error('broken');
        },
      },
      'trust_unavailable',
    ],
    ['one that rejects', { find: () => Promise.reject(new Error('broken')) }, 'trust_unavailable'],
    ['one without an answer', { find: () => undefined as never }, 'trust_unavailable'],
    [
      'a locked document',
      trustStoreFromDocument({
        ...trustDocument,
        locked: { since: '2027-01-01T00:00:00Z', by: 'ops', reason: 'drill' },
      }),
      'trust_locked',
    ],
  ];
  for (const [what, trustStore, code] of failing) {
    it(what, async (context) => {
      const { app, worker, setTime } = start(context, { trustStore });
      app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
      await worker.start();
      assert.equal((await worker.invoke('Orders', bearing(operator))).body, 'nobody');
      assert.deepEqual(pick(worker.decisions[0], 'outcome', 'code', 'status'), ['observed', code, undefined]);
      setTime(end);
      assert.equal((await worker.invoke('Orders', bearing(operator))).status, 503);
    });
  }

  it('a log that throws', async (context) => {
    const { app, worker } = start(context);
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    await worker.start();
    worker.logs.push = (): number => {
      throw new Error('full');
    };
    assert.equal((await worker.invoke('Orders', bearing(operator))).body, 'nobody');
  });

  it('a front end that is not known: no header is read', async (context) => {
    const { app, worker, setTime } = start(context, {}, {});
    app.http('Orders', { authLevel, handler: observe(whoami, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders', bearing(reader))).body, 'nobody');
    assert.deepEqual(pick(worker.decisions[0], 'outcome', 'code'), ['observed', 'front_end_unknown']);
    setTime(end);
    assert.equal((await worker.invoke('Orders', bearing(reader))).status, 503);
  });
});

describe('under HTTP streaming', () => {
  it('the proxied request says who would be let in', async (context) => {
    const proxy = await startProxyTarget(context);
    const { app, worker, library, setTime } = start(context);
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    await worker.start();
    const { callback } = worker.functions.get('Orders')!;
    const call = (invocationId: string): HttpResponseInit =>
      callback(
        // What the library would build from trigger metadata: worth nothing.
        new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(operator) }),
        new library.InvocationContext({ invocationId, functionName: 'Orders', logHandler: () => undefined }),
      ) as HttpResponseInit;
    const name = 'x-ms-invocation-id';
    await proxy({ [name]: '1', [certificateHeaderName]: operator.header });
    assert.equal(call('1').body, 'operator');
    await proxy({ [name]: '2', [certificateHeaderName]: stranger.header });
    assert.equal(call('2').body, 'nobody');
    assert.equal(call('3').body, 'nobody', 'ambiguous');
    setTime(end);
    await proxy({ [name]: '4', [certificateHeaderName]: stranger.header });
    assert.equal(call('4').status, 401);
    assert.equal(call('5').status, 503);
  });
});

describe('it opens nothing for longer than it says', () => {
  it('whatever becomes of the wall clock', async (context) => {
    let monotonic = 0;
    context.mock.method(performance, 'now', () => monotonic);
    const { app, worker, setTime } = start(context);
    const ends = '2027-01-01T01:00:00Z';
    app.http('Orders', { authLevel, handler: observe(secret, { until: ends }) });
    await worker.start();
    const status = async (): Promise<number> => (await worker.invoke('Orders')).status;
    assert.equal(await status(), 200);
    // Set back by a year, while an hour goes by.
    setTime(now - 365 * 86_400_000);
    monotonic = 3_599_999;
    assert.equal(await status(), 200);
    monotonic = 3_600_000;
    assert.equal(await status(), 401);
  });

  it('once it has ended, a clock that is set back does not open it again', async (context) => {
    const { app, worker, setTime } = start(context);
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    setTime(end);
    assert.equal((await worker.invoke('Orders')).status, 401);
    setTime(now);
    assert.equal((await worker.invoke('Orders')).status, 401);
  });

  it('a context of an observed call opens nothing after the end, and no closed function before', async (context) => {
    const { app, worker, library, setTime } = start(context);
    app.http('Orders', { authLevel, handler: observe(whoami, { until }) });
    app.http('Closed', { authLevel, handler: secret });
    await worker.start();
    const call = new library.InvocationContext({ functionName: 'Orders', logHandler: () => undefined });
    const send = (name: string, headers: object = {}): HttpResponseInit =>
      worker.functions
        .get(name)!
        .callback(new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...headers }), call) as never;
    // The identity of an earlier call of the same context is not the next one's.
    assert.equal(send('Orders', bearing(reader)).body, 'reader');
    assert.equal(send('Orders').body, 'nobody');
    assert.equal(send('Closed').status, 401);
    setTime(end);
    assert.equal(send('Orders').status, 401);
  });

  it('a context that a handler keeps opens nothing after the end, though its invocation was let go on', async (context) => {
    const { app, worker, setTime } = start(context);
    const kept: unknown[][] = [];
    const keep: Handler = (...args) => {
      kept.push([...args]);
      return secret();
    };
    app.http('Orders', { authLevel, handler: observe(keep, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders')).body, 'secret');
    const again = (): HttpResponseInit => worker.functions.get('Orders')!.callback(...kept[0]!) as HttpResponseInit;
    assert.equal(again().body, 'secret');
    assert.equal(worker.decisions.length, 1);
    setTime(end);
    assert.equal(again().status, 401);
    assert.equal(worker.decisions.at(-1)?.['outcome'], 'denied');
  });

  it('a second registration of the name, which the app swallows or the worker takes, closes both', async (context) => {
    const { app, worker } = start(context);
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    assert.throws(() => {
      app.http('Orders', { authLevel, handler: secret });
    }, /already been registered/);
    app.http('Refunds', { authLevel: 'anonymous', handler: secret });
    app.http('REFUNDS', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    for (const name of ['Orders', 'Refunds', 'REFUNDS']) assert.equal((await worker.invoke(name)).status, 401, name);
  });

  it('two registrations of one name: the stricter stands, and it is observed only where both are', () => {
    const roles = [['a']] as const;
    const strict = { kind: 'certificate', roles } as const;
    const trial = { ...strict, reportOnlyUntil: 5 };
    const moving = (observedUntil: number): typeof strict & { readonly observedUntil: number } => ({
      ...strict,
      observedUntil,
    });
    assert.deepEqual(tightenPolicy(undefined, moving(5)), moving(5));
    assert.deepEqual({ ...tightenPolicy(moving(7), moving(5)) }, { ...moving(5), roles: [['a'], ['a']] });
    for (const other of [strict, trial, { kind: 'anonymous' } as const]) {
      const merged = other.kind === 'anonymous' ? strict : { ...strict, roles: [['a'], ['a']] };
      assert.deepEqual({ ...tightenPolicy(moving(5), other) }, merged);
      assert.deepEqual({ ...tightenPolicy(other, moving(5)) }, merged);
    }
  });
});

describe('a mark that gets lost, or lands elsewhere, closes', () => {
  it('whichever it is', async (context) => {
    const { app, worker } = start(context);
    const moving = observe(secret, { until });
    const role = requireRole('operator', secret);
    const handlers: Readonly<Record<string, FunctionHandler>> = {
      LostOutside: (...args) => moving(...args),
      Bound: moving.bind(undefined),
      LostInside: observe((...args: unknown[]) => role(...args), { until }),
    };
    for (const [name, handler] of Object.entries(handlers)) app.http(name, { authLevel, handler });
    await worker.start();
    for (const name of Object.keys(handlers)) {
      const answer = await worker.invoke(name);
      assert.ok(answer.status >= 401, name);
      assert.doesNotMatch(answer.body, /secret/);
    }
  });

  it('a closed function that is called in the context of an observed call is refused, and that is logged', async (context) => {
    const { app, worker } = start(context);
    const statuses: unknown[] = [];
    const callClosed: Handler = (...args) => {
      const { callback } = worker.functions.get('Closed')!;
      statuses.push((callback(...args) as HttpResponseInit).status);
      return secret();
    };
    app.http('Orders', { authLevel, handler: observe(callClosed, { until }) });
    app.http('Closed', { authLevel, handler: secret });
    await worker.start();
    // The second time, both refusals come from memory, as one object.
    for (let time = 0; time < 2; time += 1)
      assert.equal((await worker.invoke('Orders', bearing(stranger))).body, 'secret');
    assert.deepEqual(statuses, [401, 401]);
    assert.deepEqual(
      worker.decisions.map(({ outcome }) => outcome),
      ['observed', 'denied', 'observed', 'denied'],
    );
  });

  it('a closed function that is called inside an observed or anonymous call is decided by the certificate of the invocation', async (context) => {
    const { app, worker, library } = start(context);
    const callClosed: Handler = (_request, call) => {
      // As a batch of requests does, with headers that the caller wrote in the body.
      const made = new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(operator) });
      return worker.functions.get('Closed')!.callback(made, call) as HttpResponseInit;
    };
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', callClosed), { until }) });
    app.http('Public', { handler: allowAnonymous(callClosed) });
    app.http('Closed', { handler: whoami });
    await worker.start();
    for (const outer of ['Orders', 'Public']) {
      for (const caller of [{}, bearing(stranger)])
        assert.equal((await worker.invoke(outer, caller)).status, 401, outer);
      for (const [caller, name] of [
        [reader, 'reader'],
        [operator, 'operator'],
      ] as const)
        assert.equal((await worker.invoke(outer, bearing(caller))).body, name, outer);
    }
  });

  it('an observed function that is called in the context of another one is decided and logged by itself', async (context) => {
    const { app, worker } = start(context);
    const closed: unknown[] = [];
    const callOther: Handler = (...args) => {
      const [other, then] = ['Other', 'Closed'].map((name) => worker.functions.get(name)!.callback);
      const answer = other!(...args) as HttpResponseInit;
      const { status, body } = then!(...args) as HttpResponseInit;
      closed.push(status ?? body);
      return answer;
    };
    app.http('Orders', { authLevel, handler: observe(callOther, { until }) });
    app.http('Closed', { handler: whoami });
    app.http('Other', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders', bearing(stranger))).body, 'nobody');
    // Who was admitted to the invocation stays so, for what it calls afterwards too.
    assert.equal((await worker.invoke('Orders', bearing(reader))).body, 'reader');
    assert.deepEqual(closed, [401, 'reader']);
    assert.deepEqual(
      worker.decisions.map((line) => pick(line, 'function', 'outcome', 'code')),
      [
        ['Orders', 'observed', 'certificate_not_trusted'],
        ['Other', 'observed', 'certificate_not_trusted'],
        ['Closed', 'denied', 'certificate_not_trusted'],
        ['Orders', 'allowed', 'allowed'],
        ['Other', 'observed', 'role_missing'],
      ],
    );
  });

  it('where the programming model is unknown, the wrapper observes, and closes at the end', async (context) => {
    const setTime = setClock(context);
    const { app, worker } = createApp(context);
    const original = worker.model!;
    const odd = {};
    Object.defineProperty(odd, 'getInvocationModel', {
      get: () => (core: object) => original.getInvocationModel(core),
      set: () => undefined,
    });
    (worker.core['setProgrammingModel'] as (model: object) => void)(odd);
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    await worker.start();
    for (const [caller, name] of [
      [{}, 'nobody'],
      [bearing(operator), 'operator'],
    ] as const)
      assert.equal((await worker.invoke('Orders', caller)).body, name);
    setTime(end);
    assert.equal((await worker.invoke('Orders')).status, 401);
    assert.equal((await worker.invoke('Orders', bearing(operator))).body, 'operator');
  });

  it("a hook that puts an observed handler in a closed or anonymous function's place opens neither", async (context) => {
    setClock(context);
    const { app, worker } = createApp(context);
    const moving = observe(secret, { until });
    app.hook.preInvocation((call) => {
      const { functionName } = call.invocationContext;
      if (functionName === 'Raw' || functionName === 'Public') call.functionHandler = moving;
      if (functionName === 'Covered')
        call.functionHandler = worker.functions.get('Orders')!.callback as FunctionHandler;
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Orders', { authLevel, handler: moving });
    app.http('Raw', { authLevel, handler: secret });
    app.http('Covered', { authLevel, handler: secret });
    app.http('Public', { handler: allowAnonymous(() => ({ body: 'public' })) });
    await worker.start();
    for (const name of ['Raw', 'Covered', 'Public']) assert.equal((await worker.invoke(name)).status, 401, name);
    assert.equal((await worker.invoke('Orders')).body, 'secret');
  });

  it("an observed handler that runs in an anonymous function's place is closed: Azure has checked no key", async (context) => {
    setClock(context);
    const { app, worker } = createApp(context);
    app.hook.preInvocation((call) => {
      call.functionHandler = worker.functions.get('Orders')!.callback as FunctionHandler;
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    app.http('Public', { handler: allowAnonymous(() => ({ body: 'public' })) });
    app.http('Keyed', { authLevel, handler: allowAnonymous(() => ({ body: 'keyed' })) });
    await worker.start();
    assert.equal((await worker.invoke('Public')).status, 401);
    assert.deepEqual(pick(worker.decisions[0], 'function', 'outcome'), ['Orders', 'denied']);
    assert.equal((await worker.invoke('Public', bearing(reader))).body, 'secret');
    for (const name of ['Keyed', 'Orders']) assert.equal((await worker.invoke(name)).body, 'secret', name);
  });

  it('who is admitted to a function that a hook calls first is nobody to an observed one that would refuse', async (context) => {
    setClock(context);
    const warn = context.mock.method(console, 'warn', () => undefined);
    const { app, worker } = createApp(context);
    app.hook.preInvocation((call) => {
      const { functionHandler: present } = call;
      call.functionHandler = (...args) => {
        worker.functions.get('Audit')!.callback(...args);
        return present(...args) as unknown;
      };
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    app.http('Audit', { authLevel, handler: whoami });
    await worker.start();
    for (const [caller, name] of [
      [reader, 'nobody'],
      [operator, 'operator'],
    ] as const)
      assert.equal((await worker.invoke('Orders', bearing(caller))).body, name);
    assert.deepEqual(
      worker.decisions.map((line) => pick(line, 'function', 'code')),
      [
        ['Orders', 'role_missing'],
        ['Audit', 'allowed'],
        ['Orders', 'allowed'],
      ],
    );
    const codes = warn.mock.calls.map(({ arguments: [line] }) => (JSON.parse(String(line)) as { code: string }).code);
    assert.deepEqual(codes, ['observed']);
  });

  it('a hook that wraps an observed handler: decided once, one line, no warning', async (context) => {
    setClock(context);
    const warn = context.mock.method(console, 'warn', () => undefined);
    const { app, worker } = createApp(context);
    app.hook.preInvocation((call) => {
      const { functionHandler: present } = call;
      call.functionHandler = (...args) => present(...args) as unknown;
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    await worker.start();
    for (const caller of [{}, bearing(reader)]) assert.equal((await worker.invoke('Orders', caller)).body, 'nobody');
    assert.deepEqual(
      worker.decisions.map(({ code }) => code),
      ['certificate_missing', 'role_missing'],
    );
    const codes = warn.mock.calls.map(({ arguments: [line] }) => (JSON.parse(String(line)) as { code: string }).code);
    assert.deepEqual(codes, ['observed']);
  });

  it('an older copy of this package keeps the function closed: around it, and as what saw the registration', async (context) => {
    const { app, worker } = start(context);
    const oldRole = (handler: AnyHandler): AnyHandler => {
      const inner = functionPolicies.get(handler);
      assert.ok(inner?.kind === 'certificate');
      const wrapper: AnyHandler = () => ({ status: 403 });
      functionPolicies.set(wrapper, { kind: 'certificate', roles: [['operator'], ...inner.roles] });
      return wrapper;
    };
    app.http('OldOutside', { authLevel, handler: oldRole(observe(secret, { until })) as never });
    app.http('Old', { authLevel, handler: observe(secret, { until }) });
    // As it notes functions: without a word about keys.
    const { functions } = functionCoverage.get(worker.core)!;
    const { requiresKey, ...old } = functions.get('old')!;
    assert.equal(requiresKey, true);
    functions.set('old', old);
    app.http('OLD', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    for (const name of ['OldOutside', 'Old', 'OLD']) assert.ok((await worker.invoke(name)).status >= 401, name);
  });

  it('two copies of this package agree, whichever made the mark', async (context) => {
    const { app, worker } = start(context);
    const copy = await loadSecondCopy(context);
    app.http('Theirs', { authLevel, handler: copy.observe(requireRole('operator', whoami), { until }) });
    app.http('Inside', { authLevel, handler: observe(copy.requireRole('operator', whoami), { until }) });
    await worker.start();
    for (const name of ['Theirs', 'Inside']) assert.equal((await worker.invoke(name)).body, 'nobody', name);
    assert.throws(() => copy.requireRole('r', observe(secret, { until })), /Put observe outermost/);
  });
});

describe('misuse is an error at load', () => {
  const [invalid, conflict] = ['CERTGATE_ARGUMENT_INVALID', 'CERTGATE_POLICY_CONFLICT'] as const;
  const cases: readonly (readonly [what: string, misuse: () => unknown, code: string, message: RegExp])[] = [
    ['around allowAnonymous', () => observe(allowAnonymous(secret), { until }), conflict, /anonymous handler/],
    ['inside allowAnonymous', () => allowAnonymous(observe(secret, { until })), conflict, /is observed\. Take away/],
    ['inside requireRole', () => requireRole('r', observe(secret, { until })), conflict, /Put observe outermost/],
    ['twice', () => observe(observe(secret, { until }), { until }), conflict, /is observed already/],
    ['around reportOnly', () => observe(reportOnly(secret, { until }), { until }), conflict, /is report-only already/],
    ['inside reportOnly', () => reportOnly(observe(secret, { until }), { until }), conflict, /is observed already/],
    ['no handler', () => observe(undefined as never, { until }), invalid, /observe needs the handler/],
    ['no options', () => observe(secret, undefined as never), invalid, /observe needs options/],
    ['no end', () => observe(secret, {} as never), invalid, /observe needs an end/],
    ['an unknown option', () => observe(secret, { until, unitl: 1 } as never), invalid, /observe .*option unitl/],
    [
      'a day',
      () => observe(secret, { until: '2027-01-15' }),
      invalid,
      /observe needs an end: until is "2027-01-15", and must be/,
    ],
    ['more than 90 days', () => observe(secret, { until: '2027-04-01T00:00:00.001Z' }), invalid, /90 days ahead/],
  ];
  for (const [what, misuse, code, message] of cases) {
    it(what, (context) => {
      setClock(context);
      assert.throws(misuse, { code, message });
    });
  }

  it('a function that Azure asks no key for', (context) => {
    const { app, worker } = start(context);
    const handler = observe(secret, { until });
    const options: readonly object[] = [
      { authLevel: 'anonymous' },
      {},
      { authLevel: 'system' },
      { authLevel, AuthLevel: 'anonymous' },
    ];
    for (const each of options) {
      assert.throws(() => {
        app.http('Orders', { ...each, handler });
      }, /"Orders" is observed.*Set authLevel: 'function'/);
    }
    // The host would ask for a key here, but nobody has said so.
    const trigger = { type: 'httpTrigger', name: 'request' } as const;
    assert.throws(() => {
      app.generic('Orders', { trigger, return: { type: 'http', name: '$return' }, handler });
    }, /authLevel/);
    assert.equal(worker.functions.size, 0);
    app.http('Orders', { authLevel: 'admin', handler });
    assert.equal(functionCoverage.get(worker.core)?.functions.get('orders')?.requiresKey, true);
  });

  it('a function without an HTTP trigger', (context) => {
    const { app } = start(context);
    assert.throws(
      () => {
        app.timer('Tick', { schedule: '0 * * * * *', handler: observe(() => undefined, { until }) });
      },
      { code: 'CERTGATE_POLICY_CONFLICT', message: /"Tick" has no HTTP trigger.*observe away/ },
    );
  });
});

describe('at start', () => {
  it('each observed function is named with its end, and one that is over is closed and named too', async (context) => {
    const { app, worker } = start(context);
    const warn = context.mock.method(console, 'warn', () => undefined);
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    app.http('Over', { authLevel, handler: observe(secret, { until: '2026-12-31T23:59:59Z' }) });
    app.http('Strict', { authLevel, handler: secret });
    await worker.start();
    const lines = warn.mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as Record<string, unknown>);
    assert.deepEqual(
      lines.map((line) => pick(line, 'event', 'code', 'function', 'observedUntil')),
      [
        ['start', 'observed', 'Orders', until],
        ['start', 'observation_ended', 'Over', '2026-12-31T23:59:59Z'],
      ],
    );
    assert.equal((await worker.invoke('Over')).status, 401);
  });
});

describe('whatever the wrappers, caller and time', () => {
  it('an observed function says of each call what the closed one does, and changes no answer of it', async (context) => {
    const setTime = setClock(context);
    const roles = fc.array(fc.subarray(['reader', 'operator', 'owner'], { minLength: 1 }), { maxLength: 3 });
    const callers = fc.constantFrom(undefined, stranger, reader, operator);
    await fc.assert(
      fc.asyncProperty(roles, callers, fc.boolean(), async (groups, caller, isOver) => {
        setTime(now);
        const { app, worker } = createSecuredApp(context);
        const wrap = (): FunctionHandler =>
          groups.reduce<FunctionHandler>((inner, anyOf) => requireAnyRole(anyOf, inner), whoami);
        app.http('Strict', { authLevel, handler: wrap() });
        app.http('Moving', { authLevel, handler: observe(wrap(), { until }) });
        await worker.start();
        setTime(isOver ? end : now);
        const call = caller === undefined ? {} : bearing(caller);
        const strict = await worker.invoke('Strict', call);
        const moving = await worker.invoke('Moving', call);
        assert.equal(worker.decisions.length, 2);
        const [closed, observed] = worker.decisions;
        assert.equal(observed?.['code'], closed?.['code']);
        if (isOver || strict.status === 200)
          assert.deepEqual([moving.status, moving.body.slice(0, 8)], [strict.status, strict.body.slice(0, 8)]);
        else assert.deepEqual([moving.status, moving.body, observed?.['outcome']], [200, 'nobody', 'observed']);
      }),
      { numRuns: 100 },
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { allowAnonymous, requireRole } from './function-policy.js';
import { functionCoverage } from './gate/shared-state.js';
import { observe } from './observe.js';
import { getClientIdentity } from './request-identity.js';
import { secureApp } from './secure-app.js';
import { setModel } from './test-support/models.js';
import {
  codesOf,
  bearing,
  callHandler,
  callOf,
  createApp,
  createCall,
  createHookedApp,
  operator,
  putInPlace,
  reader,
  stranger,
  trustDocument,
  trustStore,
  watchWarnings,
} from './test-support/secured-app.js';
import {
  type Handler,
  authLevel,
  end,
  now,
  pick,
  secret,
  setClock,
  startQuietly,
  until,
  whoami,
} from './test-support/temporary-marks.js';

// temporary-marks.test.ts tests what `reportOnly` does as well.

/** The request as the host sends it if a key of this name let it in. */
function keyed(name: string, certificate?: typeof reader): object {
  const claims = [
    { type: 'http://schemas.microsoft.com/2017/07/functions/claims/authlevel', value: 'Function' },
    { type: 'http://schemas.microsoft.com/2017/07/functions/claims/keyid', value: name },
  ];
  const forged = { authenticationType: { value: 'aad' }, claims: [{ type: claims[1]?.type, value: 'forged' }] };
  const identities = [forged, { authenticationType: { value: 'WebJobsAuthLevel' }, claims }];
  return { http: { identities }, ...callOf(certificate) };
}

describe('observe', () => {
  it('logs the name of the function key with which Azure let the call in, and no other claim', async (context) => {
    const { app, worker } = startQuietly(context);
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

  it('logs each caller that would be refused, however many calls others make', async (context) => {
    const { app, worker } = startQuietly(context);
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

  it('gives an identity to callers who would be admitted; for others, getClientIdentity throws', async (context) => {
    const { app, worker } = startQuietly(context);
    const handler: Handler = (...args) => ({ body: getClientIdentity(args.at(-1) as InvocationContext).name });
    app.http('Orders', { authLevel, handler: observe(handler, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders', bearing(reader))).body, 'reader');
    const { status, error } = await worker.invoke('Orders', bearing(stranger));
    assert.equal(status, 500);
    assert.match(String(error), /CERTGATE|anonymous or observed \(then use findClientIdentity\)/);
  });

  it('logs only those who would be refused, with decisionLog denials', async (context) => {
    const { app, worker } = startQuietly(context, { decisionLog: 'denials' });
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

describe('an observed call goes on although the decision fails', () => {
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
      const { app, worker, setTime } = startQuietly(context, { trustStore });
      app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
      await worker.start();
      assert.equal((await worker.invoke('Orders', bearing(operator))).body, 'nobody');
      assert.deepEqual(pick(worker.decisions[0], 'outcome', 'code', 'status'), ['observed', code, undefined]);
      setTime(end);
      assert.equal((await worker.invoke('Orders', bearing(operator))).status, 503);
    });
  }

  it('because the log throws', async (context) => {
    const { app, worker } = startQuietly(context);
    app.http('Orders', { authLevel, handler: observe(requireRole('operator', whoami), { until }) });
    await worker.start();
    worker.logs.push = (): number => {
      throw new Error('full');
    };
    assert.equal((await worker.invoke('Orders', bearing(operator))).body, 'nobody');
  });

  it('because the front end is not known, so that no header is read', async (context) => {
    const { app, worker, setTime } = startQuietly(context, {}, {});
    app.http('Orders', { authLevel, handler: observe(whoami, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders', bearing(reader))).body, 'nobody');
    assert.deepEqual(pick(worker.decisions[0], 'outcome', 'code'), ['observed', 'front_end_unknown']);
    setTime(end);
    assert.equal((await worker.invoke('Orders', bearing(reader))).status, 503);
  });
});

describe('observe opens nothing for longer than it says', () => {
  it('whatever happens to the wall clock', async (context) => {
    let monotonic = 0;
    context.mock.method(performance, 'now', () => monotonic);
    const { app, worker, setTime } = startQuietly(context);
    const ends = '2027-01-01T01:00:00Z';
    app.http('Orders', { authLevel, handler: observe(secret, { until: ends }) });
    await worker.start();
    const status = async (): Promise<number> => (await worker.invoke('Orders')).status;
    assert.equal(await status(), 200);
    // The wall clock is set back by a year, and then only the monotonic clock goes on.
    setTime(now - 365 * 86_400_000);
    monotonic = 3_599_999;
    assert.equal(await status(), 200);
    monotonic = 3_600_000;
    assert.equal(await status(), 401);
  });

  it('and a clock that is set back does not open it again after the end', async (context) => {
    const { app, worker, setTime } = startQuietly(context);
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    setTime(end);
    assert.equal((await worker.invoke('Orders')).status, 401);
    setTime(now);
    assert.equal((await worker.invoke('Orders')).status, 401);
  });

  it('and a context of an observed call opens nothing after the end, and no closed function before', async (context) => {
    const { setTime, ...created } = startQuietly(context);
    created.app.http('Orders', { authLevel, handler: observe(whoami, { until }) });
    created.app.http('Closed', { authLevel, handler: secret });
    await created.worker.start();
    const call = createCall(created.library, 'Orders');
    const send = (name: string, caller?: typeof reader): HttpResponseInit => callHandler(created, name, caller, call);
    // The identity of an earlier call must not apply to the next call with the same context.
    assert.equal(send('Orders', reader).body, 'reader');
    assert.equal(send('Orders').body, 'nobody');
    assert.equal(send('Closed').status, 401);
    setTime(end);
    assert.equal(send('Orders').status, 401);
  });

  it('and a context that a handler keeps opens nothing after the end, although its invocation went on', async (context) => {
    const { app, worker, setTime } = startQuietly(context);
    const kept: unknown[][] = [];
    const keep: Handler = (...args) => {
      kept.push([...args]);
      return secret();
    };
    app.http('Orders', { authLevel, handler: observe(keep, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Orders')).body, 'secret');
    const again = (): HttpResponseInit => worker.getHandler('Orders')(...kept[0]!) as HttpResponseInit;
    assert.equal(again().body, 'secret');
    assert.equal(worker.decisions.length, 1);
    setTime(end);
    assert.equal(again().status, 401);
    assert.equal(worker.decisions.at(-1)?.['outcome'], 'denied');
  });

  it('and a second registration of the name closes both, whether the app ignores the error or the worker accepts it', async (context) => {
    const { app, worker } = startQuietly(context);
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    assert.throws(() => {
      app.http('Orders', { authLevel, handler: secret });
    }, /already been registered/);
    app.http('Refunds', { authLevel: 'anonymous', handler: secret });
    app.http('REFUNDS', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    for (const name of ['Orders', 'Refunds', 'REFUNDS']) assert.equal((await worker.invoke(name)).status, 401, name);
  });
});

describe('a mark that gets lost or is on another function', () => {
  it('does not open a closed function in the context of an observed call, and the refusal is logged', async (context) => {
    const { app, worker } = startQuietly(context);
    const statuses: unknown[] = [];
    const callClosed: Handler = (...args) => {
      const callback = worker.getHandler('Closed');
      statuses.push((callback(...args) as HttpResponseInit).status);
      return secret();
    };
    app.http('Orders', { authLevel, handler: observe(callClosed, { until }) });
    app.http('Closed', { authLevel, handler: secret });
    await worker.start();
    // The second time, both refusals come from memory, as the same object.
    for (let time = 0; time < 2; time += 1)
      assert.equal((await worker.invoke('Orders', bearing(stranger))).body, 'secret');
    assert.deepEqual(statuses, [401, 401]);
    assert.deepEqual(
      worker.decisions.map(({ outcome }) => outcome),
      ['observed', 'denied', 'observed', 'denied'],
    );
  });

  it("does not open a closed function inside an observed or anonymous call: the invocation's certificate decides", async (context) => {
    const created = startQuietly(context);
    const { app, worker } = created;
    // A batch of requests does the same, with headers that the caller wrote in the body.
    const callClosed: Handler = (_request, call) => callHandler(created, 'Closed', operator, call as InvocationContext);
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

  it('does not affect an observed function in the context of another one, which is decided and logged by itself', async (context) => {
    const { app, worker } = startQuietly(context);
    const closed: unknown[] = [];
    const callOther: Handler = (...args) => {
      const [other, then] = ['Other', 'Closed'].map((name) => worker.getHandler(name));
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
    // Who was admitted to the invocation stays admitted, also for later calls inside it.
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

  it('closes at the end if the programming model is unknown and the wrapper observes', async (context) => {
    const setTime = setClock(context);
    const created = createApp(context);
    const { app, worker } = created;
    const original = worker.model!;
    const get = () => (core: object) => original.getInvocationModel(core);
    const members = { getInvocationModel: { get, set: (): void => undefined } };
    setModel(created, Object.defineProperties({}, members));
    secureApp(app, { trustStore });
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

  it("opens nothing if a hook replaces a closed or anonymous function's handler by an observed one", async (context) => {
    setClock(context);
    const moving = observe(secret, { until });
    const { app, worker } = createHookedApp(context, (call, hooked) => {
      const { functionName } = call.invocationContext;
      if (functionName === 'Raw' || functionName === 'Public') call.functionHandler = moving;
      if (functionName === 'Covered') putInPlace('Orders')(call, hooked);
    });
    app.http('Orders', { authLevel, handler: moving });
    app.http('Raw', { authLevel, handler: secret });
    app.http('Covered', { authLevel, handler: secret });
    app.http('Public', { handler: allowAnonymous(() => ({ body: 'public' })) });
    await worker.start();
    for (const name of ['Raw', 'Covered', 'Public']) assert.equal((await worker.invoke(name)).status, 401, name);
    assert.equal((await worker.invoke('Orders')).body, 'secret');
  });

  it("opens nothing if an observed handler replaces an anonymous function's, because Azure has checked no key", async (context) => {
    setClock(context);
    const { app, worker } = createHookedApp(context, putInPlace('Orders'));
    app.http('Orders', { authLevel, handler: observe(secret, { until }) });
    app.http('Public', { handler: allowAnonymous(() => ({ body: 'public' })) });
    app.http('Keyed', { authLevel, handler: allowAnonymous(() => ({ body: 'keyed' })) });
    await worker.start();
    assert.equal((await worker.invoke('Public')).status, 401);
    assert.deepEqual(pick(worker.decisions[0], 'function', 'outcome'), ['Orders', 'denied']);
    assert.equal((await worker.invoke('Public', bearing(reader))).body, 'secret');
    for (const name of ['Keyed', 'Orders']) assert.equal((await worker.invoke(name)).body, 'secret', name);
  });

  it('gives no identity to an observed function that would refuse, if a hook called another function before', async (context) => {
    setClock(context);
    const readWarnings = watchWarnings(context);
    const { app, worker } = createHookedApp(context, (call, hooked) => {
      const { functionHandler: present } = call;
      call.functionHandler = (...args) => {
        hooked.getHandler('Audit')(...args);
        return present(...args) as unknown;
      };
    });
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
    assert.deepEqual(codesOf(readWarnings()), ['observed']);
  });

  it('stays closed if an older copy of this package saw the registration', async (context) => {
    const { app, worker } = startQuietly(context);
    app.http('Old', { authLevel, handler: observe(secret, { until }) });
    // An older copy notes functions without saying whether they need a key.
    const { functions } = functionCoverage.get(worker.core)!;
    const { requiresKey, ...old } = functions.get('old')!;
    assert.equal(requiresKey, true);
    functions.set('old', old);
    app.http('OLD', { authLevel, handler: observe(secret, { until }) });
    await worker.start();
    for (const name of ['Old', 'OLD']) assert.ok((await worker.invoke(name)).status >= 401, name);
  });
});

describe('misuse is an error at load', () => {
  it('a function for which Azure requires no key', (context) => {
    const { app, worker } = startQuietly(context);
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
    // The host would require a key here, but the app has not asked for one.
    const trigger = { type: 'httpTrigger', name: 'request' } as const;
    assert.throws(() => {
      app.generic('Orders', { trigger, return: { type: 'http', name: '$return' }, handler });
    }, /authLevel/);
    assert.equal(worker.functions.size, 0);
    app.http('Orders', { authLevel: 'admin', handler });
    assert.equal(functionCoverage.get(worker.core)?.functions.get('orders')?.requiresKey, true);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FunctionHandler, HttpResponseInit, PreInvocationContext } from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { secureApp } from '../secure-app.js';
import { documentOf } from '../test-support/certificates.js';
import {
  codesOf,
  bearing,
  callHandler,
  callOf,
  countHandler,
  createApp,
  createCall,
  createHookedApp,
  createSecuredApp,
  operator,
  putInPlace,
  reader,
  stranger,
  trustStore,
  wrapHandler,
} from '../test-support/secured-app.js';

/** What hooks of other code do to the handler, as far as they know it. */
const behaviours = ['nothing', 'dispose self', 'wrap', 'restore registered', 'swap', 'drop', 'clone inputs'] as const;
type Behaviour = (typeof behaviours)[number];

describe('a function registered after secureApp never runs for an unknown caller', () => {
  it('whatever hooks run before and after, and dispose themselves, wrap, restore or replace', async (context) => {
    const hookList = fc.array(fc.constantFrom(...behaviours), { maxLength: 5 });
    const certificates = fc.constantFrom(undefined, stranger, reader, operator);
    await fc.assert(
      fc.asyncProperty(
        hookList,
        hookList,
        certificates,
        fc.boolean(),
        async (before, after, certificate, wantsRole) => {
          const { app, worker } = createApp(context);
          const registered = new Map<string, FunctionHandler>();
          const addHook = (behaviour: Behaviour): void => {
            const hook = app.hook.preInvocation((call) => {
              behave(behaviour, call, registered);
              if (behaviour === 'dispose self') hook.dispose();
            });
          };
          before.forEach(addHook);
          secureApp(app, { trustStore });
          const { handler, runs } = countHandler();
          app.http('Closed', { handler: wantsRole ? requireRole('operator', handler) : handler });
          app.http('Other', { handler: () => ({ body: 'other' }) });
          app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
          for (const [name, { callback }] of worker.functions) registered.set(name, callback as FunctionHandler);
          after.forEach(addHook);
          await worker.start();
          for (let time = 0; time < 2; time += 1) {
            const answer = await worker.invoke('Closed', callOf(certificate));
            const mayRun = certificate === operator || (certificate === reader && !wantsRole);
            if (!mayRun) {
              assert.equal(runs(), 0);
              assert.doesNotMatch(answer.body, /secret/);
            }
          }
        },
      ),
      { numRuns: countRuns(60) },
    );
  });
});

function behave(
  behaviour: Behaviour,
  call: PreInvocationContext,
  registered: ReadonlyMap<string, FunctionHandler>,
): void {
  const { functionHandler: present } = call;
  switch (behaviour) {
    case 'nothing':
    case 'dispose self':
      return;
    case 'wrap':
      call.functionHandler = (...args) => present(...args) as unknown;
      return;
    case 'restore registered':
      call.functionHandler = registered.get(call.invocationContext.functionName)!;
      return;
    case 'swap':
      call.functionHandler = registered.get('Open')!;
      return;
    case 'drop':
      call.functionHandler = () => ({ body: 'from a hook' });
      return;
    case 'clone inputs':
      call.inputs = [...call.inputs];
  }
}

describe('hooks of others, one by one', () => {
  const replace = (call: PreInvocationContext): void => {
    call.functionHandler = () => ({ body: 'replaced' });
  };

  it("a hook's handler of another function must meet the requirements of both functions", async (context) => {
    const { app, worker } = createHookedApp(context, putInPlace('Open'));
    app.http('Closed', { handler: requireRole('operator', () => ({ body: 'secret' })) });
    app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
    await worker.start();
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Closed', bearing(operator))).body, 'open');
  });

  it('and the identity must be allowed to call that function too', async (context) => {
    const document = documentOf({
      reader: { certificate: reader, functions: ['Closed'] },
      operator: { certificate: operator },
    });
    const options = { trustStore: trustStoreFromDocument(document) };
    const { app, worker } = createHookedApp(context, putInPlace('Other'), options);
    app.http('Closed', { handler: () => ({ body: 'closed' }) });
    app.http('Other', { handler: () => ({ body: 'other' }) });
    await worker.start();
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Closed', bearing(operator))).body, 'other');
    assert.deepEqual(codesOf(worker.decisions), ['allowed', 'function_not_allowed', 'allowed']);
  });

  it('a second registration of a name that fails opens nothing', async (context) => {
    const { app, worker } = createHookedApp(context, replace);
    app.http('Closed', { handler: requireRole('operator', () => ({ body: 'secret' })) });
    assert.throws(() => {
      app.http('Closed', { handler: allowAnonymous(() => ({})) });
    }, /already been registered/);
    await worker.start();
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 403);
  });

  it('a post hook can overwrite our 401, but the handler does not run', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const { handler, runs } = countHandler();
    app.http('Closed', { handler });
    app.hook.postInvocation((call) => {
      assert.equal((call.result as HttpResponseInit).status, 401);
      call.result = { status: 200, body: 'whitewashed' };
    });
    await worker.start();
    assert.equal((await worker.invoke('Closed')).body, 'whitewashed');
    assert.equal(runs(), 0);
  });

  it('a handler that a hook wrapped is decided once: the store is asked once, and one line is logged', async (context) => {
    let asked = 0;
    // Without a version, nothing is remembered.
    const counting: TrustStore = {
      find: (...question) => {
        asked += 1;
        return Promise.resolve(trustStore.find(...question));
      },
    };
    const { app, worker } = createHookedApp(context, wrapHandler, { trustStore: counting });
    app.http('Closed', { handler: () => ({ body: 'in' }) });
    await worker.start();
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
    assert.deepEqual([asked, worker.decisions.length], [1, 1]);
    assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 401);
    assert.deepEqual([asked, worker.decisions.length], [2, 2]);
  });

  it('a context that is used again with another request is decided again', async (context) => {
    const created = createSecuredApp(context);
    created.app.http('Closed', { handler: () => ({ body: 'secret' }) });
    await created.worker.start();
    const call = createCall(created.library, 'Closed');
    assert.deepEqual(callHandler(created, 'Closed', reader, call), { body: 'secret' });
    assert.equal(callHandler(created, 'Closed', undefined, call).status, 401);
  });
});

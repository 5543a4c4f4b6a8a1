import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { getClientIdentity } from '../request-identity.js';
import { secureApp } from '../secure-app.js';
import { functionCoverage } from './shared-state.js';
import { describeClassic, setClassicModel } from '../test-support/models.js';
import {
  codesOf,
  bearing,
  countHandler,
  createApp,
  createSecuredApp,
  operator,
  reader,
  type SecuredApp,
  stranger,
  trustStore,
  watchWarningCodes,
} from '../test-support/secured-app.js';

describe('the usual app', () => {
  it('has no hook and no line at start, and each call is decided and logged once', async (context) => {
    const readCodes = watchWarningCodes(context);
    const { app, worker } = createSecuredApp(context);
    app.http('Closed', { handler: () => ({ body: 'in' }) });
    await worker.start();
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal((await worker.invoke('Closed', bearing(reader))).body, 'in');
    assert.deepEqual([worker.hooks.preInvocation.length, worker.hooks.postInvocation.length], [0, 0]);
    assert.deepEqual(readCodes(), []);
    assert.equal(worker.decisions.length, 2);
  });

  it('is decided by what the host sent, however a hook changes the inputs', async (context) => {
    const { app, worker, library } = createSecuredApp(context);
    app.hook.preInvocation((call) => {
      const headers = bearing(reader).headers;
      call.inputs = [new library.HttpRequest({ method: 'GET', url: 'http://localhost', headers })];
    });
    const { handler, runs } = countHandler();
    app.http('Closed', { handler });
    await worker.start();
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 401);
    assert.equal(runs(), 0);
  });

  it('reads headers in the form in which the host sends them to this worker, and two as two', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.http('Closed', { handler: () => ({ body: 'in' }) });
    await worker.start();
    const value = reader.header;
    const nullable = (names: readonly string[]): object =>
      Object.fromEntries(names.map((name) => [name, { value: ` ${value}\t` }]));
    const invoke = async (nullableHeaders: object, headers = {}): Promise<number> =>
      (await worker.invoke('Closed', { http: { nullableHeaders, headers } })).status;
    assert.equal(await invoke(nullable(['x-arr-clientcert'])), 200);
    assert.equal(await invoke(nullable(['X-ARR-ClientCert', 'x-arr-clientcert'])), 401);
    assert.equal(await invoke(nullable(['other']), { 'x-arr-clientcert': value }), 401);
    assert.deepEqual(codesOf(worker.decisions), ['allowed', 'certificate_multiple', 'certificate_missing']);
  });
});

describe('a function whose registration was not seen', () => {
  it('is logged once, because a hook that calls its handler runs it undecided', async (context) => {
    const readCodes = watchWarningCodes(context);
    const { app, worker } = createApp(context);
    const { handler } = countHandler();
    app.http('Early', { handler });
    app.http('EarlyToo', { handler });
    app.timer('Tick', { schedule: '0 * * * * *', handler: () => undefined });
    secureApp(app, { trustStore });
    app.http('Late', { handler });
    await worker.start();
    await worker.invoke('Late', bearing(reader));
    await worker.invoke('Tick', { data: { json: '{}' } });
    assert.deepEqual(readCodes(), []);
    for (const name of ['Early', 'EarlyToo', 'Early']) {
      assert.equal((await worker.invoke(name)).status, 401);
      assert.equal((await worker.invoke(name, bearing(reader))).status, 200);
    }
    assert.deepEqual(readCodes(), ['handler_unwrapped']);
  });
});

describe('the policy of a registered name', () => {
  it('closes a name whose registration was not seen, whatever the mark of the final handler', async (context) => {
    const { app, worker } = createApp(context);
    const { handler, runs } = countHandler();
    app.http('Early', { handler });
    secureApp(app, { trustStore });
    app.hook.preInvocation((call) => {
      call.functionHandler = allowAnonymous(handler);
    });
    await worker.start();
    assert.equal((await worker.invoke('Early')).status, 401);
    assert.equal(runs(), 0);
    assert.equal((await worker.invoke('Early', bearing(reader))).body, 'secret');
  });

  it('is used for a handler that lost its marks, and a marked handler can only tighten it', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const final: { handler?: () => object } = {};
    app.hook.preInvocation((call) => {
      call.functionHandler = final.handler!;
    });
    app.http('Open', { handler: allowAnonymous(() => ({})) });
    app.http('Role', { handler: requireRole('operator', () => ({})) });
    await worker.start();
    const { handler } = countHandler();
    const statuses = async (name: string): Promise<readonly number[]> =>
      Promise.all(
        [{}, bearing(reader), bearing(operator)].map(async (call) => (await worker.invoke(name, call)).status),
      );
    final.handler = handler;
    assert.deepEqual(await statuses('Open'), [200, 200, 200]);
    assert.deepEqual(await statuses('Role'), [401, 403, 200]);
    final.handler = allowAnonymous(handler);
    assert.deepEqual(await statuses('Role'), [401, 403, 200]);
    final.handler = requireRole('operator', handler);
    assert.deepEqual(await statuses('Open'), [401, 403, 200]);
  });
});

describe('a function.json function', () => {
  for (const output of ['$return', 'res']) {
    for (const when of ['before', 'after'] as const) {
      it(`is closed with the output ${output}, if its model was set ${when} secureApp`, async (context) => {
        const { app, worker } = createApp(context);
        let runs = 0;
        const handler = (call: unknown): Promise<object> => {
          runs += 1;
          const response = { status: 200, body: getClientIdentity(call as never).name };
          return Promise.resolve(output === 'res' ? { res: response } : response);
        };
        const register = (): void => {
          setClassicModel();
          worker.functions.set('Classic', { metadata: describeClassic('Classic', output), callback: handler });
        };
        if (when === 'before') register();
        secureApp(app, { trustStore });
        if (when === 'after') register();
        await worker.start();
        for (const call of [{}, bearing(stranger)]) {
          const { status, body } = await worker.invoke('Classic', call);
          assert.equal(status, 401);
          assert.match(body, /client_certificate_required/);
        }
        assert.equal(runs, 0);
        const { status, body } = await worker.invoke('Classic', bearing(reader));
        assert.deepEqual([status, body, runs], [200, 'reader', 1]);
        assert.deepEqual(
          worker.decisions.map(({ code, function: name }) => [code, name]),
          ['certificate_missing', 'certificate_not_trusted', 'allowed'].map((code) => [code, 'Classic']),
        );
      });
    }
  }
});

describe('MCP triggers of an unknown kind', () => {
  it('never run their function, and the log tells the operator why', async (context) => {
    const trigger = { type: 'mcpOfTomorrowTrigger', name: 'call' };
    const readCodes = watchWarningCodes(context);
    const { app, worker } = createApp(context);
    const { handler, runs } = countHandler();
    app.generic('Early', { trigger, handler });
    secureApp(app, { trustStore });
    app.generic('Late', { trigger, handler });
    await worker.start();
    assert.deepEqual(readCodes(), ['mcp_trigger']);
    for (const name of ['Early', 'Late']) {
      const { error } = await worker.invoke(name, { data: { json: '{}' } });
      assert.match(String(error), /Certgate refused a call of/);
    }
    // The wrapper refuses even if the handler is called without the worker.
    assert.throws(() => worker.getHandler('Late')({}, {}), { cause: /has an MCP trigger/ });
    assert.equal(runs(), 0);
    assert.throws(() => {
      app.generic('Marked', { trigger, handler: allowAnonymous(handler) });
    }, /has no HTTP trigger and no MCP trigger/);
  });
});

it('a policy that only a later copy knows: nobody may call the function, and the denial says so', async (context) => {
  const { app, worker } = createSecuredApp(context);
  const { handler, runs } = countHandler();
  app.http('Later', { handler });
  const { functions } = functionCoverage.get(worker.core)!;
  const [key, registered] = [...functions].find(([, { name }]) => name === 'Later')!;
  (functions as Map<unknown, unknown>).set(key, { ...registered, policy: { kind: 'of-tomorrow' } });
  await worker.start();
  assert.equal((await worker.invoke('Later', bearing(reader))).status, 401);
  assert.match(String(worker.decisions[0]?.['detail']), /^"Later" has a policy or a trigger that this version/);
  assert.equal(runs(), 0);
});

/** Renames or removes one method of an object, even if its class has it. */
const changes: Readonly<Record<string, (target: object, name: string) => void>> = {
  renamed: (target, name) => {
    const members = target as Record<string, unknown>;
    members[`${name}2`] = members[name];
    members[name] = undefined;
  },
  removed: (target, name) => {
    (target as Record<string, unknown>)[name] = undefined;
  },
};

describe('an unknown programming model', () => {
  const build = (context: TestContext): SecuredApp & ReturnType<typeof countHandler> => {
    const created = createApp(context);
    const counted = countHandler();
    created.app.http('Early', { handler: counted.handler });
    secureApp(created.app, { trustStore });
    created.app.http('Late', { handler: counted.handler });
    created.app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
    created.app.timer('Tick', { schedule: '0 * * * * *', handler: () => undefined });
    return { ...created, ...counted };
  };
  const expectClosed = async ({ worker, runs }: ReturnType<typeof build>): Promise<void> => {
    for (const name of ['Early', 'Late'])
      for (const call of [{}, bearing(stranger)]) assert.equal((await worker.invoke(name, call)).status, 401, name);
    assert.equal(runs(), 0);
    for (const name of ['Early', 'Late']) assert.equal((await worker.invoke(name, bearing(reader))).body, 'secret');
    assert.equal((await worker.invoke('Open')).body, 'open');
    assert.equal((await worker.invoke('Tick', { data: { json: '{}' } })).error, undefined);
  };

  for (const [how, change] of Object.entries(changes)) {
    it(`with getInvocationModel ${how}: wrappers and the hook replace the gate, and the operator gets one line`, async (context) => {
      const readCodes = watchWarningCodes(context);
      const scene = build(context);
      const original = Reflect.getPrototypeOf(scene.worker.model!) as { getInvocationModel: unknown };
      change(scene.worker.model!, 'getInvocationModel');
      await scene.worker.start();
      // The worker itself reaches the same method in another way.
      scene.worker.model = Object.assign(Object.create(scene.worker.model!) as object, original, {
        getInvocationModel: original.getInvocationModel,
      }) as never;
      await expectClosed(scene);
      assert.deepEqual(readCodes(), ['programming_model_unknown']);
      assert.equal(scene.worker.hooks.preInvocation.length, 1);
    });

    for (const method of ['getArguments', 'invokeFunction', 'getResponse']) {
      it(`with ${method} ${how}: no handler runs without an admission`, async (context) => {
        const readCodes = watchWarningCodes(context);
        const scene = build(context);
        const { worker } = scene;
        const prototype = Reflect.getPrototypeOf(worker.model!) as { getInvocationModel: (core: object) => object };
        const { getInvocationModel } = prototype;
        const model = { getInvocationModel: (core: object): object => changeInvocation(getInvocationModel(core)) };
        const changeInvocation = (invocation: object): object => {
          change(invocation, method);
          return invocation;
        };
        (worker.core['setProgrammingModel'] as (model: object) => void)(model);
        await worker.start();
        const gated = worker.model as unknown as typeof model;
        // A worker that calls the new name, bound to the invocation that has the library's private members.
        worker.model = {
          getInvocationModel: (core: object) => {
            const invocation = gated.getInvocationModel(core) as Record<string, unknown>;
            const call =
              (name: string) =>
              (...args: unknown[]): unknown => {
                const own: unknown =
                  invocation[name] ?? invocation[`${name}2`] ?? Reflect.get(Reflect.getPrototypeOf(invocation)!, name);
                return Reflect.apply(own as () => unknown, invocation, args);
              };
            return Object.fromEntries(
              ['getArguments', 'invokeFunction', 'getResponse'].map((name) => [name, call(name)]),
            );
          },
        } as never;
        await expectClosed(scene);
        assert.deepEqual(readCodes(), [
          method === 'invokeFunction' ? 'programming_model_unknown' : 'handler_unwrapped',
        ]);
      });
    }
  }

  it('with a core module without getProgrammingModel: models are gated when they are set', async (context) => {
    const readCodes = watchWarningCodes(context);
    const created = createApp(context);
    delete created.worker.core['getProgrammingModel'];
    secureApp(created.app, { trustStore });
    const { handler, runs } = countHandler();
    created.app.http('Closed', { handler });
    await created.worker.start();
    assert.equal((await created.worker.invoke('Closed')).status, 401);
    assert.equal(runs(), 0);
    assert.deepEqual(readCodes(), []);
  });

  it('with a worker that does not use the gated model: the wrapper decides and logs it once, and the hook is added', async (context) => {
    const readCodes = watchWarningCodes(context);
    const scene = build(context);
    const { worker } = scene;
    const original = (Reflect.getPrototypeOf(worker.model!) as { getInvocationModel: unknown }).getInvocationModel;
    await worker.start();
    worker.model = { getInvocationModel: original } as never;
    assert.equal((await worker.invoke('Late')).status, 401);
    assert.deepEqual(readCodes(), ['gate_bypassed', 'programming_model_unknown']);
    await expectClosed(scene);
    assert.equal(readCodes().length, 2);
  });

  it('with a hook that calls the handler itself: the wrapper decides, and one line is logged', async (context) => {
    const readCodes = watchWarningCodes(context);
    const { app, worker } = createSecuredApp(context);
    app.hook.preInvocation(async (call) => {
      const result: unknown = await call.functionHandler(...(call.inputs as [never]), call.invocationContext);
      call.functionHandler = () => result;
    });
    const { handler, runs } = countHandler();
    app.http('Closed', { handler });
    await worker.start();
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal(runs(), 0);
    assert.equal((await worker.invoke('Closed', bearing(reader))).body, 'secret');
    assert.equal(runs(), 1);
    assert.deepEqual(readCodes(), ['gate_bypassed']);
    assert.equal(worker.hooks.preInvocation.length, 1);
  });

  it('with a model that is gated twice, by a copy of its gated method: it decides once', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.http('Closed', { handler: () => ({ body: 'in' }) });
    const model = worker.model!;
    const gated = model.getInvocationModel.bind(model);
    model.getInvocationModel = (core) => gated(core);
    await worker.start();
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal((await worker.invoke('Closed', bearing(reader))).body, 'in');
    assert.equal(worker.decisions.length, 2);
  });
});

describe('decisionLog', () => {
  it("leaves out only the lines of admitted calls if it is 'denials'", async (context) => {
    const { app, worker } = createSecuredApp(context, { decisionLog: 'denials' });
    app.http('Closed', { handler: () => ({ body: 'in' }) });
    await worker.start();
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
    assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 401);
    assert.deepEqual(codesOf(worker.decisions), ['certificate_not_trusted']);
  });
});

it('registrations are seen from the first mark on, for all copies of the package', async (context) => {
  const { app, worker } = createApp(context);
  app.http('Unseen', { handler: () => ({}) });
  assert.equal(functionCoverage.has(worker.core), false);
  const handler = allowAnonymous(() => ({ body: 'open' }));
  app.http('Open', { handler });
  secureApp(app, { trustStore });
  await worker.start();
  assert.deepEqual([...functionCoverage.get(worker.core)!.functions.keys()], ['open']);
  assert.equal((await worker.invoke('Open')).body, 'open');
  assert.equal((await worker.invoke('Unseen')).status, 401);
});

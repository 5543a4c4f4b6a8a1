import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { HttpHandler } from '@azure/functions';
import { allowAnonymous } from '../function-policy.js';
import { observe } from '../observe.js';
import { findClientIdentity, getClientIdentity } from '../request-identity.js';
import { secureApp } from '../secure-app.js';
import { delegate, keepContext, type Model, setModel, wrapModel } from '../test-support/models.js';
import {
  bearing,
  countHandler,
  createApp,
  operator,
  reader,
  type SecuredApp,
  trustStore,
  watchWarningCodes,
} from '../test-support/secured-app.js';

interface Scene extends SecuredApp {
  readonly runs: () => number;
  readonly startCodes: () => readonly unknown[];
}

/** Registers "Early" before the gate comes, so that its handler has no wrapper. `change` then makes the model odd. */
function buildScene(context: TestContext, change: (created: SecuredApp) => void): Scene {
  const startCodes = watchWarningCodes(context);
  const created = createApp(context);
  const { handler, runs } = countHandler();
  created.app.http('Early', { handler });
  change(created);
  secureApp(created.app, { trustStore });
  created.app.http('Late', { handler });
  return { ...created, runs, startCodes };
}

async function expectClosed({ worker, runs }: Scene): Promise<void> {
  for (const name of ['Early', 'Late']) assert.equal((await worker.invoke(name)).status, 401, name);
  assert.equal(runs(), 0);
  for (const name of ['Early', 'Late']) assert.equal((await worker.invoke(name, bearing(reader))).body, 'secret', name);
}

/** Makes a member that reads as `value` and ignores what is written to it. */
function keepMember(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { get: () => value, set: () => undefined, configurable: true });
}

describe('a model whose methods only seem to be replaced', () => {
  it('makes the hook replace the gate, for getInvocationModel', async (context) => {
    const scene = buildScene(context, (created) => {
      const original = created.worker.model!;
      const odd = {};
      keepMember(odd, 'getInvocationModel', (core: object) => original.getInvocationModel(core));
      setModel(created, odd);
    });
    await scene.worker.start();
    await expectClosed(scene);
    assert.deepEqual(scene.startCodes(), ['programming_model_unknown']);
  });

  it('makes the hook replace the gate from the first invocation on, for invokeFunction', async (context) => {
    const scene = buildScene(context, (created) => {
      wrapModel(created, (invocation) => {
        keepMember(invocation, 'invokeFunction', invocation.invokeFunction.bind(invocation));
        return invocation;
      });
    });
    await scene.worker.start();
    await expectClosed(scene);
    assert.deepEqual(scene.startCodes(), ['programming_model_unknown']);
  });

  it('makes the hook replace the gate if the core module is frozen, because later models are not seen', async (context) => {
    const scene = buildScene(context, ({ worker }) => Object.freeze(worker.core));
    await scene.worker.start();
    const original = Reflect.getPrototypeOf(scene.worker.model!) as Model;
    // The model of another copy of the library, set while the app runs.
    setModel(scene, { getInvocationModel: (core: object) => original.getInvocationModel(core) });
    await expectClosed(scene);
    assert.deepEqual(scene.startCodes(), ['programming_model_unknown']);
  });
});

describe('a model that keeps objects from one invocation to the next', () => {
  /**
   * Makes `getInvocationModel` return one object for all invocations, or what `give` makes of it. Its members call the
   * library's object of the latest invocation.
   */
  const share = (created: SecuredApp, give = (shared: object): object => shared): void => {
    const original = created.worker.model!;
    let latest: ReturnType<Model['getInvocationModel']>;
    const shared = {
      getArguments: () => latest.getArguments(),
      invokeFunction: (...call: Parameters<typeof latest.invokeFunction>) => latest.invokeFunction(...call),
      getResponse: (...call: Parameters<typeof latest.getResponse>) => latest.getResponse(...call),
    };
    setModel(created, {
      getInvocationModel: (core: object) => {
        latest = original.getInvocationModel(core);
        return give(shared);
      },
    });
  };

  it('never admits one invocation by the certificate of another', async (context) => {
    const scene = buildScene(context, share);
    const { app, worker } = scene;
    let release: (() => void) | undefined;
    app.hook.preInvocation(async () => {
      if (release === undefined) await new Promise<void>((resolve) => (release = resolve));
    });
    await worker.start();
    // The unknown caller's invocation waits in a hook until the reader's has begun.
    const waiting = worker.invoke('Early');
    await new Promise(setImmediate);
    assert.notEqual(release, undefined);
    const admitted = worker.invoke('Early', bearing(reader));
    release!();
    const { status } = await waiting;
    assert.notEqual(status, 200);
    await admitted;
    assert.notEqual((await worker.invoke('Early')).status, 200);
    assert.ok(scene.startCodes().includes('programming_model_unknown'));
  });

  it("never gives a caller another's identity if the object takes no property or its methods are copied", async (context) => {
    let before: object = {};
    const gives: readonly ((shared: object) => object)[] = [
      Object.preventExtensions,
      (shared) => (before = Object.fromEntries(Object.entries({ ...shared, ...before }))),
    ];
    for (const give of gives) {
      const scene = buildScene(context, (created) => {
        share(created, give);
      });
      const { app, worker } = scene;
      app.http('Whoami', { handler: (_request, call) => ({ body: getClientIdentity(call).name }) });
      await worker.start();
      assert.equal((await worker.invoke('Whoami', bearing(operator))).body, 'operator');
      assert.equal((await worker.invoke('Whoami', bearing(reader))).status, 503);
      assert.ok(scene.startCodes().includes('programming_model_unknown'));
    }
  });

  for (const [what, hideId] of [
    ['with the same context', false],
    ['with the same context, where the worker gives invocations no id', true],
  ] as const) {
    it(`does not extend an admission to the next invocation ${what}`, async (context) => {
      const scene = buildScene(context, (created) => {
        keepContext(created);
        if (!hideId) return;
        wrapModel(created, (invocation, core) => {
          const id: unknown = Reflect.get(core, 'invocationId');
          return delegate(invocation, {
            getArguments: async () => {
              const found = await invocation.getArguments();
              Reflect.deleteProperty(core, 'invocationId');
              return found;
            },
            // The library does not answer without this id.
            getResponse: (...call) => {
              Reflect.set(core, 'invocationId', id);
              return invocation.getResponse(...call);
            },
          });
        });
      });
      const { app, worker, runs } = scene;
      const whoami: HttpHandler = (_request, call) => ({ body: findClientIdentity(call)?.name ?? 'nobody' });
      app.http('Public', { handler: allowAnonymous(whoami) });
      const until = new Date(Date.now() + 86_400_000).toISOString();
      app.http('Observed', { authLevel: 'function', handler: observe(whoami, { until }) });
      await worker.start();
      assert.equal((await worker.invoke('Early', bearing(reader))).body, 'secret');
      // The context describes its first invocation, so from the second one on it is not used.
      for (const name of ['Early', 'Late', 'Public', 'Observed']) {
        for (const call of [{}, bearing(operator)]) assert.equal((await worker.invoke(name, call)).status, 503, name);
      }
      assert.equal(runs(), 1);
    });
  }
});

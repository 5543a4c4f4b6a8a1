import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { HttpRequest } from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { observe } from '../observe.js';
import { findClientIdentity } from '../request-identity.js';
import { type SecureAppOptions, secureApp } from '../secure-app.js';
import { functionCoverage } from './shared-state.js';
import { registerMcp, payloadOf, readToolResult, sendPayload, transportOf } from '../test-support/mcp-app.js';
import { describeClassic, setClassicModel } from '../test-support/models.js';
import { loadSecondCopy } from '../test-support/second-copy.js';
import {
  bearing,
  codesOf,
  createApp,
  reader,
  type SecuredApp,
  stranger,
  trustStore,
  watchWarnings,
} from '../test-support/secured-app.js';
import { loadFunctionsLibrary, type TestWorker } from '../test-support/test-worker.js';

const wrong = { nonsense: 1 } as unknown as SecureAppOptions;

type StartLine = Readonly<Record<'code' | 'detail', string>>;

/** Collects the lines about the app as a whole: errors and warnings. */
function watchStartLines(context: TestContext): {
  readonly errors: () => StartLine[];
  readonly warnings: () => string[];
} {
  const watch = (level: 'error' | 'warn'): (() => StartLine[]) => {
    const { mock } = context.mock.method(console, level, () => undefined);
    return () => mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as StartLine);
  };
  const [errors, warnings] = [watch('error'), watch('warn')];
  return { errors, warnings: () => warnings().map(({ code }) => code) };
}

/** Calls secureApp wrongly, in an app that goes on after the error. */
function secureWrongly(app: unknown, options = wrong, secure = secureApp): void {
  assert.throws(() => {
    secure(app as SecuredApp['app'], options);
  });
}

async function readStatuses(worker: TestWorker, names: readonly string[]): Promise<readonly (readonly number[])[]> {
  const calls = [{}, bearing(stranger), bearing(reader)];
  return Promise.all(
    names.map((name) => Promise.all(calls.map(async (call) => (await worker.invoke(name, call)).status))),
  );
}

/** Creates an app whose functions are all registered before its gate. */
function createOpenApp(context: TestContext): SecuredApp {
  const created = createApp(context);
  created.app.http('Marked', { handler: allowAnonymous(() => ({})) });
  created.app.http('Closed', { handler: () => ({}) });
  return created;
}

describe('secureApp after the start', () => {
  /** Creates a store that counts how often it is loaded. */
  const createCountedStore = (): TrustStore & { loads: number } => {
    const counted = {
      loads: 0,
      start: (): void => void (counted.loads += 1),
      find: trustStore.find.bind(trustStore),
    };
    return counted as unknown as TrustStore & { loads: number };
  };

  it('closes the app from then on, is an error in the log, and loads the trust at once', async (context) => {
    const { errors, warnings } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    const store = createCountedStore();
    await worker.start();
    assert.deepEqual(await readStatuses(worker, ['Closed']), [[200, 200, 200]], 'nothing can close it before');
    secureApp(app, { trustStore: store });
    assert.equal(store.loads, 0, 'the call itself reads nothing');
    await setImmediate();
    assert.equal(store.loads, 1);
    assert.deepEqual([codesOf(errors()), warnings()], [['gate_late'], []]);
    assert.match(errors()[0]!.detail, /every function was open/);
    assert.deepEqual(await readStatuses(worker, ['Closed', 'Marked']), [
      [401, 401, 200],
      [200, 200, 200],
    ]);
    assert.equal(store.loads, 1);
    assert.equal(errors().length, 1);
  });

  it('is noticed at the first invocation if the library was never asked for its capabilities', async (context) => {
    const { errors } = watchStartLines(context);
    const other = loadFunctionsLibrary();
    const { worker } = createOpenApp(context);
    const store = createCountedStore();
    await worker.start();
    secureApp(other.app, { trustStore: store });
    await setImmediate();
    assert.deepEqual([codesOf(errors()), store.loads], [[], 0]);
    assert.deepEqual(await readStatuses(worker, ['Closed']), [[401, 401, 200]]);
    assert.deepEqual([codesOf(errors()), store.loads], [['gate_late'], 1]);
  });

  for (const isSeen of [false, true]) {
    const outcome = isSeen ? 'its wrapper refuses the call under way' : 'the call under way goes on';
    it(`in a hook of an invocation whose registration was ${isSeen ? '' : 'not '}seen: ${outcome}, and the next one is closed`, async (context) => {
      const { errors } = watchStartLines(context);
      const { app, worker } = createApp(context);
      if (isSeen) allowAnonymous(() => ({}));
      app.http('F', { handler: () => ({}) });
      let isSecured = false;
      app.hook.preInvocation(() => {
        if (!isSecured) secureApp(app, { trustStore });
        isSecured = true;
      });
      await worker.start();
      assert.equal((await worker.invoke('F')).status, isSeen ? 503 : 200);
      assert.deepEqual(codesOf(errors()), ['gate_late']);
      assert.equal((await worker.invoke('F')).status, 401);
    });
  }

  it('causes a line, 503, and no rejection that would end the worker, if the trust is not valid', async (context) => {
    const { errors, warnings } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    const store: TrustStore = {
      start: () => Promise.reject(new Error('not valid')),
      find: () => ({ outcome: 'unavailable', detail: 'not loaded' }),
    };
    await worker.start();
    secureApp(app, { trustStore: store });
    await setImmediate();
    assert.deepEqual([codesOf(errors()), warnings()], [['gate_late'], ['trust_unavailable']]);
    assert.deepEqual(await readStatuses(worker, ['Closed']), [[401, 503, 503]]);
  });

  it('is not late if it joins a gate of the start', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    secureApp(app, { trustStore });
    await worker.start();
    (await loadSecondCopy(context)).secureApp(loadFunctionsLibrary().app, { trustStore });
    assert.deepEqual(await readStatuses(worker, ['Closed']), [[401, 401, 200]]);
    assert.deepEqual(errors(), []);
  });
});

describe('secureApp during the start', () => {
  it('is not late in an appStart hook, or after an await that ends before the start does', async (context) => {
    const { errors } = watchStartLines(context);
    for (const secure of [
      async (app: SecuredApp['app']): Promise<void> => {
        await Promise.resolve();
        secureApp(app, { trustStore });
      },
      async (app: SecuredApp['app']): Promise<void> => {
        app.hook.appStart(() => {
          secureApp(app, { trustStore });
        });
        await Promise.resolve();
      },
    ]) {
      const { app, worker } = createOpenApp(context);
      app.hook.appStart(async () => {
        await setImmediate();
      });
      const secured = secure(app);
      await worker.start();
      await secured;
      assert.deepEqual(await readStatuses(worker, ['Closed']), [[401, 401, 200]]);
    }
    assert.deepEqual(errors(), []);
  });

  it("does not change the app's own setup, before and after", async (context) => {
    const { app, worker } = createApp(context);
    app.setup({ capabilities: { first: '1' } });
    Object.defineProperty(Object.prototype, 'enableHttpStream', { value: true, configurable: true });
    try {
      secureApp(app, { trustStore });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'enableHttpStream');
    }
    app.setup({ capabilities: { second: '2' } });
    app.http('F', { handler: () => ({}) });
    assert.deepEqual(await worker.start(), { first: '1', second: '2' });
  });
});

describe('a secureApp that threw, in an app that went on', () => {
  it('refuses every call: what was registered before and after, anonymous and observed', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    secureWrongly(app);
    const until = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '');
    app.http('After', { handler: () => ({}) });
    app.http('Role', { handler: requireRole('reader', () => ({})) });
    app.http('Anonymous', { handler: allowAnonymous(() => ({})) });
    app.http('Observed', { authLevel: 'function', handler: observe(() => ({}), { until }) });
    registerMcp(app, 'tool', 'Tool', () => 'secret');
    let ticks = 0;
    app.timer('Tick', { schedule: '0 * * * * *', handler: () => void (ticks += 1) });
    await worker.start();
    const names = ['Marked', 'Closed', 'After', 'Role', 'Anonymous', 'Observed'];
    for (const [index, statuses] of (await readStatuses(worker, names)).entries())
      assert.deepEqual(statuses, [503, 503, 503], names[index]);
    assert.deepEqual([...new Set(worker.decisions.map(({ code }) => code))], ['gate_setup_failed']);
    assert.match((await worker.invoke('After')).body, /"unavailable"/);
    const payload = payloadOf('tool', 'Tool', transportOf(bearing(reader).headers));
    const result = readToolResult(await sendPayload(worker, 'Tool', payload));
    assert.equal(result?.isError, true);
    assert.doesNotMatch(result.text, /secret/);
    assert.equal((await worker.invoke('Tick', { data: { json: '{}' } })).error, undefined);
    assert.equal(ticks, 1);
    assert.deepEqual(codesOf(errors()), ['gate_setup_failed']);
    assert.match(errors()[0]!.detail, /has no option nonsense/);
  });

  for (const [what, app] of [
    ['no app', undefined],
    ['an app of another library', { hook: {} }],
    ['an app whose hook throws', Object.defineProperty({}, 'hook', { get: () => assert.fail('no hook') })],
  ] as const) {
    it(`also closes ${what}`, async (context) => {
      const { errors } = watchStartLines(context);
      const { worker } = createOpenApp(context);
      secureWrongly(app, { trustStore });
      await worker.start();
      assert.deepEqual(await readStatuses(worker, ['Closed', 'Marked']), [
        [503, 503, 503],
        [503, 503, 503],
      ]);
      assert.deepEqual(codesOf(errors()), ['gate_setup_failed']);
    });
  }

  it('closes an app that rejects the hook', async (context) => {
    watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    const hook = { ...app.hook, appStart: (): never => assert.fail('no hook') };
    secureWrongly({ hook }, { trustStore });
    await worker.start();
    assert.deepEqual(await readStatuses(worker, ['Closed']), [[503, 503, 503]]);
  });

  it('is not affected by a hook that restores the bare handler or calls it', async (context) => {
    watchStartLines(context);
    const { app, worker } = createApp(context);
    secureWrongly(app);
    app.http('F', { handler: allowAnonymous(() => ({ body: 'secret' })) });
    app.hook.preInvocation(async (call) => {
      const early: unknown = await call.functionHandler(call.inputs[0], call.invocationContext);
      call.functionHandler = () => early as object;
    });
    await worker.start();
    const { status, body } = await worker.invoke('F', bearing(reader));
    assert.equal(status, 503);
    assert.doesNotMatch(body, /secret/);
  });

  it('refuses by wrappers and the hook if the programming model is unknown', async (context) => {
    watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    secureWrongly(app);
    app.http('After', { handler: allowAnonymous(() => ({})) });
    // What the gate had installed is gone, and so is the means to find that out.
    Reflect.deleteProperty(worker.model!, 'getInvocationModel');
    Object.assign(worker.core, { getProgrammingModel: () => Object.freeze({}) });
    await worker.start();
    assert.deepEqual(await readStatuses(worker, ['Closed', 'Marked', 'After']), Array(3).fill([503, 503, 503]));
  });

  it('closes the app from then on if the start was over', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    await worker.start();
    secureWrongly(app);
    assert.deepEqual(await readStatuses(worker, ['Closed', 'Marked']), Array(2).fill([503, 503, 503]));
    assert.deepEqual(codesOf(errors()), ['gate_setup_failed']);
  });

  it('installs nothing outside a host', (context) => {
    const { errors } = watchStartLines(context);
    const { app } = loadFunctionsLibrary();
    const gate = Symbol.for('certgate/gate/v1');
    Reflect.deleteProperty(globalThis, gate);
    secureWrongly(app);
    assert.equal(Reflect.has(globalThis, gate), false);
    assert.deepEqual(errors(), []);
  });
});

describe('several calls of secureApp, one of which threw', () => {
  const closedToUnknown = [[401, 401, 200]];

  it('a call that does not fail replaces the others, during the start and after it', async (context) => {
    for (const isLate of [false, true]) {
      const { errors } = watchStartLines(context);
      const { app, worker } = createOpenApp(context);
      for (let attempt = 0; attempt < 2; attempt += 1) secureWrongly(app);
      app.http('After', { handler: () => ({}) });
      if (isLate) {
        await worker.start();
        assert.deepEqual(await readStatuses(worker, ['Closed']), [[503, 503, 503]]);
      }
      secureApp(app, { trustStore });
      if (!isLate) await worker.start();
      assert.deepEqual(await readStatuses(worker, ['Closed', 'After', 'Marked']), [
        ...closedToUnknown,
        ...closedToUnknown,
        [200, 200, 200],
      ]);
      const more = isLate ? ['gate_late'] : [];
      assert.deepEqual(codesOf(errors()), ['gate_setup_failed', 'gate_setup_failed', ...more]);
    }
  });

  it('a call that fails after one that did not leaves that one in force', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    secureApp(app, { trustStore });
    secureWrongly(app);
    await worker.start();
    assert.deepEqual(await readStatuses(worker, ['Closed']), closedToUnknown);
    assert.deepEqual(errors(), []);
  });
});

describe('a call that began under a secureApp that failed, while another one replaces it', () => {
  for (const isWrapped of [false, true]) {
    for (const isAnotherSeen of [false, true]) {
      const what = `${isWrapped ? 'with' : 'without'} a wrapper, ${isAnotherSeen ? 'after' : 'before'} another invocation`;
      it(`is refused, whatever hooks do: ${what}`, async (context) => {
        watchStartLines(context);
        const { app, worker } = createApp(context);
        const runs: (string | undefined)[] = [];
        const register = (): void => {
          app.http('F', {
            handler: (_request, call) => {
              runs.push(findClientIdentity(call)?.name);
              return { body: 'secret' };
            },
          });
        };
        if (!isWrapped) register();
        secureWrongly(app);
        if (isWrapped) register();
        app.http('Other', { handler: () => ({}) });
        // One hook rewrites the request. The other calls the handler, which only a wrapper can keep from running.
        app.hook.preInvocation(({ inputs: [request] }) => {
          (request as HttpRequest).headers.set('x-arr-clientcert', reader.header);
        });
        let takeOver: (() => void) | undefined;
        const taken = new Promise<void>((resolve) => (takeOver = resolve));
        app.hook.preInvocation(async (call) => {
          if (call.invocationContext.functionName !== 'F') return;
          await taken;
          if (!isWrapped) return;
          const early: unknown = await call.functionHandler(...(call.inputs as [never]), call.invocationContext);
          call.functionHandler = () => early;
        });
        await worker.start();
        const pending = worker.invoke('F', bearing(stranger));
        await setImmediate();
        secureApp(app, { trustStore });
        if (isAnotherSeen) assert.equal((await worker.invoke('Other', bearing(reader))).status, 200);
        takeOver?.();
        assert.equal((await pending).status, 503);
        assert.deepEqual(runs, []);
        assert.equal((await worker.invoke('F', bearing(stranger))).status, 401);
        assert.equal((await worker.invoke('F', bearing(reader))).body, 'secret');
      });
    }
  }
});

describe('secureApp after that of an older copy of the package', () => {
  it('throws, and closes the app if that is caught, because the older gate can be misled', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createOpenApp(context);
    const copy = await loadSecondCopy(context);
    copy.secureApp(app, { trustStore });
    const { gate } = functionCoverage.get(worker.core)!;
    // Older copies don't have this member.
    assert.ok(Reflect.deleteProperty(gate!, 'isHookProof'));
    assert.throws(
      () => {
        secureApp(app, { trustStore });
      },
      { code: 'CERTGATE_ALREADY_INSTALLED', message: /of an older version/ },
    );
    await worker.start();
    // Behind the gate that refuses everybody, the older one still refuses unknown callers in its own way.
    assert.deepEqual(await readStatuses(worker, ['Closed', 'Marked']), [
      [401, 401, 503],
      [503, 503, 503],
    ]);
    assert.deepEqual(codesOf(errors()), ['gate_setup_failed']);
  });
});

describe('calls of secureApp in any order, by two copies of the package, before and after the start', () => {
  it('the first one that does not throw is used, and while every one has thrown, nobody is admitted', async (context) => {
    watchStartLines(context);
    const copies = [{ secureApp }, await loadSecondCopy(context)] as const;
    const nobody = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [] });
    const options = { right: { trustStore }, other: { trustStore: nobody }, wrong };
    const call = fc.record({ copy: fc.constantFrom(0, 1), kind: fc.constantFrom('right', 'other', 'wrong') });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 5 }), fc.nat({ max: 5 }), async (calls, startsAt) => {
        const { app, worker } = createOpenApp(context);
        if (startsAt === 0) await worker.start();
        let standing: string | undefined;
        for (const [index, { copy, kind }] of calls.entries()) {
          try {
            copies[copy].secureApp(app, options[kind]);
            standing ??= kind;
          } catch {
            // The app goes on after the error.
          }
          app.http(`After${index}`, { handler: () => ({}) });
          if (startsAt === index + 1) await worker.start();
          if (startsAt > index + 1) continue;
          const known = { right: 200, other: 401 }[standing ?? ''] ?? 503;
          const unknown = standing === undefined ? 503 : 401;
          const after = Array.from({ length: index + 1 }, (_, each) => `After${each}`);
          assert.deepEqual(await readStatuses(worker, ['Marked', 'Closed', ...after]), [
            Array(3).fill(standing === undefined ? 503 : 200),
            ...[0, ...after].map(() => [unknown, unknown, known]),
          ]);
        }
        if (standing !== undefined && startsAt >= calls.length)
          for (const { code } of worker.decisions) assert.notEqual(code, 'gate_setup_failed');
      }),
      { numRuns: countRuns(30) },
    );
  });
});

describe('functions that a webhook of the host starts', () => {
  it('are named in one line at start, and other functions are not', async (context) => {
    const readWarnings = watchWarnings(context);
    const { app, worker } = createApp(context);
    secureApp(app, { trustStore });
    const handler = (): void => undefined;
    const connection = 'Storage';
    app.eventGrid('OnEvent', { handler });
    app.storageBlob('OnBlob', { path: 'a', connection, source: 'EventGrid', handler });
    app.storageBlob('Polled', { path: 'a', connection, source: 'LogsAndContainerScan', handler });
    app.webPubSub('OnMessage', { name: 'message', hub: 'chat', eventType: 'user', eventName: 'message', handler });
    for (const type of ['SignalRTrigger', 'connectorTrigger', 'orchestrationTrigger', 'activityTrigger'])
      app.generic(type, { trigger: { type, name: 'it' }, handler });
    app.timer('Tick', { schedule: '0 * * * * *', handler });
    app.http('Hello', { handler: () => ({}) });
    await worker.start();
    const lines = readWarnings() as readonly StartLine[];
    assert.deepEqual(codesOf(lines), ['webhook_functions']);
    const named = [...lines[0]!.detail.matchAll(/"(\w+)" \((\w+)\)/g)].map(([, name, extension]) => [name, extension]);
    assert.deepEqual(named, [
      ['OnEvent', 'eventgrid'],
      ['OnBlob', 'blobs'],
      ['OnMessage', 'webpubsub'],
      ['SignalRTrigger', 'signalr'],
      ['connectorTrigger', 'connector'],
      ['orchestrationTrigger', 'durabletask'],
    ]);
    assert.match(
      lines[0]!.detail,
      /\. Only the key of the extension .* Required lets any self-signed certificate pass\.$/,
    );
  });
});

describe('a function that was registered under the model of version 3', () => {
  const metadata = describeClassic('Core');

  it('keeps the app from starting, and if the app runs anyway, each call is refused and none hangs', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createApp(context);
    setClassicModel();
    secureApp(app, { trustStore });
    worker.core.registerFunction(metadata, () => Promise.resolve({ body: 'secret' }));
    await assert.rejects(worker.start(), {
      code: 'CERTGATE_FUNCTION_UNSUPPORTED',
      message: /"Core" was registered with registerFunction of @azure\/functions-core/,
    });
    assert.deepEqual(codesOf(errors()), ['gate_setup_failed']);
    assert.deepEqual(await readStatuses(worker, ['Core']), [[503, 503, 503]]);
  });

  it('makes the registration itself fail in an appStart hook', async (context) => {
    watchStartLines(context);
    const { app, worker } = createApp(context);
    setClassicModel();
    secureApp(app, { trustStore });
    app.hook.appStart(() => {
      worker.core.registerFunction(metadata, () => undefined);
    });
    await assert.rejects(worker.start(), /"Core" was registered with registerFunction/);
  });

  it('is served if the library sets its model, and timers are served under either model', async (context) => {
    const { errors } = watchStartLines(context);
    const { app, worker } = createApp(context);
    setClassicModel();
    secureApp(app, { trustStore });
    const timer = { name: 'Tick', bindings: { timer: { type: 'timerTrigger', direction: 'in' } } };
    worker.core.registerFunction(timer, () => Promise.resolve());
    worker.core.registerFunction(metadata, () => ({ body: 'in' }));
    app.http('Library', { handler: () => ({}) });
    await worker.start();
    assert.deepEqual(await readStatuses(worker, ['Core', 'Library']), [
      [401, 401, 200],
      [401, 401, 200],
    ]);
    assert.deepEqual(errors(), []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpHandler, HttpResponseInit, InvocationContext } from '@azure/functions';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { observe } from '../observe.js';
import { reportOnly } from '../report-only.js';
import { findClientIdentity, getClientIdentity } from '../request-identity.js';
import { secureApp } from '../secure-app.js';
import { payloadOf, transportOf } from '../test-support/mcp-app.js';
import {
  delegate,
  describeClassic,
  type InvocationModel,
  keepContext,
  setClassicModel,
  wrapModel,
} from '../test-support/models.js';
import { clientHeaderName, createCallingHooks, rewritingHooks } from '../test-support/other-hooks.js';
import { startProxyTarget } from '../test-support/proxy-target.js';
import { loadSecondCopy } from '../test-support/second-copy.js';
import {
  bearing,
  createApp,
  createCall,
  createSecuredApp,
  operator,
  reader,
  stranger,
  trustStore,
  watchWarningCodes,
  watchWarnings,
} from '../test-support/secured-app.js';
import type { Call } from '../test-support/test-worker.js';
import { CoreCalls } from './core-calls.js';
import type { CoreInvocationContext } from './worker-core.js';

const whoami: HttpHandler = (_request, call) => ({ body: findClientIdentity(call)?.name ?? 'nobody' });

/**
 * A call with this certificate of the caller's own, or with none. The client also sends a header that claims the
 * operator's certificate.
 */
function forging(certificate?: typeof reader): Call {
  return { headers: { ...(certificate && bearing(certificate).headers), [clientHeaderName]: operator.header } };
}

describe('a context that belongs to no invocation', () => {
  it('refuses the call of a closed handler once invocations are seen, and the log says what to do', async (context) => {
    const readWarnings = watchWarnings(context);
    const { app, worker, library } = createSecuredApp(context);
    app.http('Closed', { handler: whoami });
    app.http('Role', { handler: requireRole('operator', whoami) });
    app.http('Open', { handler: allowAnonymous(whoami) });
    await worker.start();
    const request = new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(reader) });
    const byHand = createCall(library, 'Closed');

    const contexts: Readonly<Record<string, (own: InvocationContext) => object>> = {
      'made by hand': () => byHand,
      'a copy': ({ invocationId, functionName }) => ({ invocationId, functionName, log: () => undefined }),
      'a Proxy': (own) => new Proxy(own, {}),
      'what inherits from it': (own) => Object.create(own) as object,
    };
    for (const [what, change] of Object.entries(contexts)) {
      let early: unknown;
      const hook = app.hook.preInvocation((call) => {
        early = call.functionHandler(request, change(call.invocationContext) as InvocationContext);
        hook.dispose();
      });
      for (const name of ['Closed', 'Role']) {
        const { status } = await worker.invoke(name, bearing(operator));
        assert.equal(status, 200, 'the invocation itself');
        assert.equal((early as HttpResponseInit).status, 503, what);
      }
    }
    const denials = readWarnings();
    assert.equal(denials.length, 4);
    for (const { code, detail } of denials) {
      assert.equal(code, 'invocation_unknown');
      assert.match(String(detail), /must pass on the context that the Functions worker gave/);
    }
    assert.deepEqual(worker.getHandler('Open')(request, byHand), { body: 'nobody' });
  });

  it('refuses in an observed function too, because only its context would show that a key was checked', async (context) => {
    watchWarningCodes(context);
    const { app, worker, library } = createSecuredApp(context);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    app.http('Watched', { authLevel: 'function', handler: observe(whoami, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Watched', bearing(stranger))).body, 'nobody');
    const byHand = new library.InvocationContext({ functionName: 'Watched', logHandler: () => undefined });
    assert.equal((worker.getHandler('Watched')({}, byHand) as HttpResponseInit).status, 503);
  });
});

describe('a context of an invocation', () => {
  it('shows who calls even after its invocation has ended, whatever the request', async (context) => {
    watchWarningCodes(context);
    const { app, worker } = createSecuredApp(context);
    const contexts: InvocationContext[] = [];
    app.hook.preInvocation(({ invocationContext }) => {
      contexts.push(invocationContext);
    });
    app.http('Closed', { handler: whoami });
    app.http('Other', { handler: whoami });
    app.http('Open', { handler: allowAnonymous(whoami) });
    await worker.start();
    for (const certificate of [reader, stranger]) {
      await worker.invoke('Closed', bearing(certificate));
      await worker.invoke('Open', bearing(certificate));
    }
    await worker.invoke('Closed', bearing(operator));
    const request = { headers: { get: () => operator.header } };
    const answers = contexts.map((one) => worker.getHandler('Other')(request, one) as HttpResponseInit);
    assert.deepEqual(
      answers.map(({ status, body }) => (status === 401 ? status : body)),
      ['reader', 'reader', 401, 401, 'operator'],
    );
    assert.deepEqual(
      contexts.map((one) => findClientIdentity(one)?.name),
      ['reader', 'reader', undefined, undefined, 'operator'],
    );
  });

  it('belongs to neither invocation if two have it', async (context) => {
    watchWarningCodes(context);
    const created = createSecuredApp(context);
    const { app, worker } = created;
    app.http('Closed', { handler: whoami });
    keepContext(created);
    let release: (() => void) | undefined;
    const early: unknown[] = [];
    app.hook.preInvocation(async ({ functionHandler, inputs, invocationContext }) => {
      if (release === undefined) await new Promise<void>((resolve) => (release = resolve));
      early.push(functionHandler(inputs[0], invocationContext));
    });
    app.http('Open', { handler: allowAnonymous(whoami) });
    await worker.start();
    // The unknown caller's invocation waits in the hook until the operator's has begun.
    const waiting = worker.invoke('Closed', bearing(stranger));
    await new Promise(setImmediate);
    const second = await worker.invoke('Closed', bearing(operator));
    release!();
    assert.deepEqual([second.status, (await waiting).status], [503, 503]);
    assert.deepEqual(
      early.map((answer) => (answer as HttpResponseInit).status),
      [503, 503],
    );
    assert.equal((await worker.invoke('Open')).status, 503);
    assert.ok(worker.decisions.every(({ code }) => code === 'internal_fault'));
  });

  it('runs no handler any more if another invocation gets it after the admission', async (context) => {
    watchWarningCodes(context);
    const created = createSecuredApp(context);
    const { app, worker } = created;
    app.http('Closed', { handler: whoami });
    keepContext(created);
    const early: unknown[] = [];
    app.hook.preInvocation(({ functionHandler, inputs, invocationContext }) => {
      early.push(functionHandler(inputs[0], invocationContext));
    });
    await worker.start();
    assert.equal((await worker.invoke('Closed', bearing(operator))).body, 'operator');
    assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 503);
    assert.deepEqual(
      early.map((answer) => (answer as HttpResponseInit).body === 'operator'),
      [true, false],
    );
  });
});

describe('a wrapped model', () => {
  const copying = (invocation: InvocationModel): InvocationModel =>
    delegate(invocation, {
      getArguments: async () => {
        const { context: own, inputs } = await invocation.getArguments();
        const { invocationId, functionName } = own as InvocationContext;
        return { context: { ...(own as object), invocationId, functionName, log: () => undefined }, inputs };
      },
    });
  const wrappers: Readonly<Record<string, (invocation: InvocationModel, core: object) => object>> = {
    'in an object that hands all on': (invocation) => delegate(invocation),
    'so that handlers get copies of the contexts': copying,
    'so that the arguments are there at once': (invocation, core) => {
      const own = { invocationId: (core as CoreInvocationContext).invocationId, functionName: 'Closed' };
      return delegate(invocation, { getArguments: () => ({ context: own, inputs: [{}] }) as never });
    },
    'so that the arguments are made twice': (invocation) =>
      delegate(invocation, {
        getArguments: async () => {
          await invocation.getArguments();
          return invocation.getArguments();
        },
      }),
  };
  for (const [what, wrap] of Object.entries(wrappers)) {
    for (const when of ['before', 'after', 'before and after'] as const) {
      for (const isStreamed of [false, true]) {
        it(`${what}, ${when} secureApp${isStreamed ? ', under HTTP streaming' : ''}`, async (context) => {
          watchWarningCodes(context);
          const created = createApp(context);
          const { app, worker } = created;
          app.http('Early', { handler: whoami });
          if (when !== 'after') wrapModel(created, wrap);
          secureApp(app, { trustStore });
          if (when !== 'before') wrapModel(created, wrap);
          app.http('Closed', { handler: whoami });
          await worker.start();
          const proxy = isStreamed ? await startProxyTarget(context) : undefined;
          let count = 0;
          const call = async (certificate: typeof reader): Promise<readonly unknown[]> => {
            const id = `00000000-0000-0000-0000-${String((count += 1)).padStart(12, '0')}`;
            await proxy?.({ 'x-ms-invocation-id': id, ...bearing(certificate).headers });
            const { status, body } = await worker.invoke('Closed', forging(certificate), id);
            return status === 200 ? [body] : [status];
          };
          const expectEach = async (): Promise<void> => {
            assert.deepEqual(await call(reader), ['reader']);
            assert.deepEqual(await call(stranger), [401]);
            assert.deepEqual(await call(operator), ['operator']);
          };
          await expectEach();
          const { caches } = createCallingHooks(() => () => undefined);
          if (what.includes('at once')) return;
          app.hook.preInvocation(rewritingHooks['replaces the request'] as never);
          app.hook.preInvocation(caches as never);
          await expectEach();
        });
      }
    }
  }

  it('whose getArguments fails makes the invocation fail, and the next one is decided as usual', async (context) => {
    watchWarningCodes(context);
    const created = createSecuredApp(context);
    const { app, worker } = created;
    app.http('Closed', { handler: whoami });
    let isFailing = true;
    wrapModel(created, (invocation) =>
      isFailing ? delegate(invocation, { getArguments: () => Promise.reject(new Error('no arguments')) }) : invocation,
    );
    await worker.start();
    assert.match(String((await worker.invoke('Closed', bearing(reader))).error), /no arguments/);
    isFailing = false;
    assert.equal((await worker.invoke('Closed', bearing(reader))).body, 'reader');
    assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 401);
  });

  it('whose getArguments is not seen admits no invocation because of what a hook was allowed', async (context) => {
    const readCodes = watchWarningCodes(context);
    const created = createApp(context);
    const { app, worker } = created;
    app.http('Early', { handler: whoami });
    wrapModel(created, (invocation) => {
      const members = { get: () => () => invocation.getArguments(), set: () => undefined };
      return Object.defineProperty(delegate(invocation), 'getArguments', members);
    });
    secureApp(app, { trustStore });
    app.http('Closed', { handler: whoami });
    app.hook.preInvocation(rewritingHooks['copies the header'] as never);
    app.hook.preInvocation(createCallingHooks(() => () => undefined)['calls early'] as never);
    await worker.start();
    assert.equal((await worker.invoke('Closed', forging(stranger))).status, 401);
    assert.equal((await worker.invoke('Closed', forging(reader))).body, 'reader');
    assert.deepEqual(readCodes(), ['gate_bypassed']);
  });
});

describe('what the host sent', () => {
  it('is read before a hook of a function.json function can write to it', async (context) => {
    const { app, worker } = createApp(context);
    secureApp(app, { trustStore });
    setClassicModel();
    const callback = (call: unknown): Promise<object> =>
      Promise.resolve({ status: 200, body: getClientIdentity(call as never).name });
    worker.functions.set('Classic', { metadata: describeClassic('Classic'), callback });
    // If the host sends no nullable headers, the model passes on the same object that the worker has.
    worker.hooks.preInvocation.push((call) => {
      const [{ headers }] = (call as { readonly inputs: readonly [{ headers: Record<string, string> }] }).inputs;
      headers['x-arr-clientcert'] = headers[clientHeaderName] ?? '';
      delete headers['X-ARR-ClientCert'];
      return undefined;
    });
    await worker.start();
    for (const certificate of [undefined, stranger]) {
      assert.equal((await worker.invoke('Classic', forging(certificate))).status, 401);
    }
    assert.equal((await worker.invoke('Classic', forging(reader))).body, 'reader');
  });

  it('is one answer for all functions that an open one calls, even under HTTP streaming', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const call = (name: string, args: readonly unknown[]): unknown => worker.getHandler(name)(...args);
    app.http('First', { handler: whoami });
    app.http('Second', { handler: requireRole('operator', whoami) });
    app.http('Open', {
      handler: allowAnonymous(async (...args) => {
        const answers = [await call('First', args), await call('Second', args), await call('First', args)];
        return {
          jsonBody: answers.map((answer) => (answer as HttpResponseInit).status ?? (answer as HttpResponseInit).body),
        };
      }),
    });
    await worker.start();
    const proxy = await startProxyTarget(context);
    const invoke = async (certificate?: typeof reader): Promise<unknown> => {
      const id = crypto.randomUUID();
      const own = certificate === undefined ? {} : bearing(certificate).headers;
      await proxy({ 'x-ms-invocation-id': id, ...own });
      return JSON.parse((await worker.invoke('Open', forging(operator), id)).body);
    };
    assert.deepEqual(await invoke(operator), ['operator', 'operator', 'operator']);
    assert.deepEqual(await invoke(reader), ['reader', 403, 'reader']);
    assert.deepEqual(await invoke(stranger), [401, 401, 401]);
    assert.deepEqual(await invoke(), [401, 401, 401]);
  });

  it('is decoded for an MCP call only when a decision needs it, and once', () => {
    const calls = new CoreCalls(() => ['x-arr-clientcert']);
    let reads = 0;
    const data = {
      get string() {
        reads += 1;
        return JSON.stringify(payloadOf('tool', 'tool', transportOf(bearing(reader).headers)));
      },
    };
    const core = {
      invocationId: 'a',
      metadata: { name: 'tool', bindings: { call: { type: 'mcpToolTrigger' } } },
      request: { inputData: [{ name: 'call', data }] },
    };
    const own = {};
    calls.noteArguments(calls.begin(core), own);
    assert.equal(reads, 0);
    for (let time = 0; time < 2; time += 1) {
      const reading = calls.findOf(own)!.read();
      assert.equal(reading.outcome === 'read' && reading.findHeader('x-arr-clientcert'), reader.header);
    }
    assert.equal(reads, 1);
  });

  it('is read once, even if that fails', () => {
    const calls = new CoreCalls(() => ['x-arr-clientcert']);
    let reads = 0;
    const request = {
      get inputData() {
        reads += 1;
        if (reads === 1) throw new Error('unreadable');
        return [{ name: 'req', data: { http: { headers: { 'x-arr-clientcert': operator.header } } } }];
      },
    };
    const core = { metadata: { name: 'Closed', bindings: { req: { type: 'httpTrigger' } } }, request };
    const own = {};
    calls.noteArguments(calls.begin(core), own);
    for (let time = 0; time < 2; time += 1) assert.throws(() => calls.findOf(own)!.read(), /unreadable/);
    assert.equal(reads, 1);
  });
});

describe('what opens a function for a while', () => {
  const until = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '');
  for (const [rewriting, rewrite] of Object.entries(rewritingHooks)) {
    it(`applies only to the caller of the invocation if a hook ${rewriting} and others call handlers`, async (context) => {
      watchWarningCodes(context);
      const { app, worker } = createSecuredApp(context);
      const role = requireRole('operator', (...args) => whoami(...args));
      app.http('Reported', { handler: reportOnly(role, { until }) });
      app.http('Watched', { authLevel: 'function', handler: observe(role, { until }) });
      app.http('Role', { handler: role });
      const findOther = (): never => worker.getHandler('Role') as never;
      await worker.start();
      for (const hook of Object.values(createCallingHooks(findOther)).slice(0, 4)) {
        worker.hooks.preInvocation.splice(0);
        app.hook.preInvocation(rewrite as never);
        app.hook.preInvocation(hook as never);
        const call = async (name: string, certificate?: typeof reader): Promise<string> => {
          const { status, body } = await worker.invoke(name, forging(certificate));
          return status === 200 ? body : String(status);
        };
        assert.deepEqual(
          [await call('Reported', reader), await call('Reported', stranger), await call('Reported')],
          ['reader', '401', '401'],
        );
        assert.deepEqual(
          [await call('Watched', reader), await call('Watched', stranger), await call('Watched')],
          ['nobody', 'nobody', 'nobody'],
        );
        assert.deepEqual([await call('Role', reader), await call('Role', stranger)], ['403', '401']);
        for (const name of ['Reported', 'Watched', 'Role']) assert.equal(await call(name, operator), 'operator');
      }
    });
  }
});

it('two copies of the package in one app know the same invocations', async (context) => {
  watchWarningCodes(context);
  const other = await loadSecondCopy(context);
  const { app, worker } = createApp(context);
  const nameCaller: HttpHandler = (_request, call) => ({ body: other.getClientIdentity(call).name });
  app.http('OfOther', { handler: other.requireRole('operator', nameCaller) });
  secureApp(app, { trustStore });
  other.secureApp(app, { trustStore });
  app.http('Closed', { handler: nameCaller });
  for (const hook of [rewritingHooks['copies the header'], createCallingHooks(() => () => undefined)['caches']]) {
    app.hook.preInvocation(hook as never);
  }
  await worker.start();
  for (const name of ['OfOther', 'Closed']) {
    assert.equal((await worker.invoke(name, forging(stranger))).status, 401);
    assert.equal((await worker.invoke(name, forging(operator))).body, 'operator');
  }
  assert.equal((await worker.invoke('OfOther', forging(reader))).status, 403);
});

import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { FunctionHandler, HttpResponseInit, InvocationContext } from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { requireAnyRole, requireRole } from './function-policy.js';
import { reportOnly } from './report-only.js';
import { getClientIdentity } from './request-identity.js';
import { secureApp } from './secure-app.js';
import {
  type AnyHandler,
  clientIdentities,
  deferrals,
  functionPolicies,
  functionCoverage,
  tightenPolicy,
} from './gate/shared-state.js';
import { documentOf, certificateHeaderName } from './test-support/certificates.js';
import { appService, setEnvironment } from './test-support/environment.js';
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
import { loadFunctionsLibrary } from './test-support/test-worker.js';
import { withClientIdentity } from './testing.js';

const now = Date.UTC(2027, 0, 1);
const until = '2027-01-15T00:00:00Z';
const end = Date.UTC(2027, 0, 15);
type Handler = (...args: readonly unknown[]) => HttpResponseInit;

const secret: Handler = () => ({ body: 'secret' });

/** The clock of `Date` alone; returns what moves it. */
function setClock(context: TestContext): (instant: number) => void {
  context.mock.timers.enable({ apis: ['Date'], now });
  return (instant) => {
    context.mock.timers.setTime(instant);
  };
}

function readStartLines(warn: {
  readonly mock: { readonly calls: readonly { readonly arguments: unknown[] }[] };
}): object[] {
  return warn.mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as object);
}

/** Quiet, with the clock at `now`. */
function start(
  context: TestContext,
  options: Parameters<typeof createSecuredApp>[1] = {},
): SecuredApp & { readonly setTime: (instant: number) => void } {
  context.mock.method(console, 'warn', () => undefined);
  const setTime = setClock(context);
  return { ...createSecuredApp(context, options), setTime };
}

describe('reportOnly', () => {
  it('lets a caller without the role through with a warning, refuses strangers, and ends by itself', async (context) => {
    const { app, worker, setTime } = start(context);
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    await worker.start();
    const call = async (certificate?: typeof reader): Promise<number> =>
      (await worker.invoke('Trial', certificate === undefined ? {} : bearing(certificate))).status;
    assert.deepEqual(
      [await call(), await call(stranger), await call(operator), await call(reader)],
      [401, 401, 200, 200],
    );
    const [, , asEver, deferred] = worker.decisions;
    assert.equal(asEver?.['reportOnlyCode'], undefined);
    assert.deepEqual(
      ['outcome', 'code', 'identity', 'reportOnlyCode', 'reportOnlyUntil'].map((key) => deferred?.[key]),
      ['allowed', 'allowed', 'reader', 'role_missing', until],
    );
    assert.match(String(deferred?.['detail']), /lacks the role that Trial requires: operator/);
    const levels = worker.logs.filter(({ message }) => message.startsWith('{"certgate"')).map(({ level }) => level);
    assert.deepEqual(levels, ['warning', 'warning', 'information', 'warning']);

    setTime(end - 1);
    assert.equal(await call(reader), 200);
    setTime(end);
    assert.deepEqual([await call(reader), await call(operator)], [403, 200]);
    assert.equal(worker.decisions.at(-2)?.['code'], 'role_missing');
  });

  it('defers the list of functions too, and every group of roles, wherever they stand inside', async (context) => {
    const document = documentOf({
      reader: { certificate: reader, functions: ['Other'] },
      operator: { certificate: operator, roles: ['operator'] },
    });
    const { app, worker, setTime } = start(context, { trustStore: trustStoreFromDocument(document) });
    const handler = reportOnly(requireRole('operator', requireAnyRole(['a', 'b'], secret)), { until });
    app.http('Trial', { handler });
    app.http('Plain', { handler: reportOnly(secret, { until }) });
    await worker.start();
    for (const name of ['Trial', 'Plain'])
      assert.equal((await worker.invoke(name, bearing(reader))).body, 'secret', name);
    assert.equal((await worker.invoke('Trial', bearing(operator))).body, 'secret');
    assert.deepEqual(
      worker.decisions.map(({ reportOnlyCode }) => reportOnlyCode),
      ['function_not_allowed', 'function_not_allowed', 'role_missing'],
    );
    setTime(end);
    for (const certificate of [reader, operator])
      assert.equal((await worker.invoke('Trial', bearing(certificate))).status, 403);
  });

  it('leaves the given handler as it is, and passes `this`, arguments, results and errors', async (context) => {
    const { app, worker } = start(context);
    const role = requireRole('operator', (_request: object, call: InvocationContext) => ({
      body: getClientIdentity(call).name,
    }));
    const trial = reportOnly(role, { until });
    assert.notEqual(trial, role);
    const thrown = new Error('mine');
    const throwing = reportOnly(() => Promise.reject(thrown), { until });
    app.http('Strict', { handler: role });
    app.http('Trial', { handler: trial });
    app.http('Throws', { handler: throwing });
    await worker.start();
    assert.equal((await worker.invoke('Strict', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Trial', bearing(reader))).body, 'reader');
    assert.equal((await worker.invoke('Strict', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Throws', bearing(reader))).error, thrown);
    const seen: unknown[] = [];
    const plain = reportOnly(
      function (this: unknown, ...args: unknown[]) {
        seen.push(this, ...args);
      },
      { until },
    );
    plain.call('owner', 1, 2);
    assert.deepEqual(seen, ['owner', 1, 2]);
  });

  it('over a store that answers later', async (context) => {
    const store = trustStoreFromDocument(trustDocument);
    const trustStore: TrustStore = { find: (...question) => Promise.resolve(store.find(...question)) };
    const { app, worker } = start(context, { trustStore });
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Trial', bearing(reader))).body, 'secret');
    assert.equal((await worker.invoke('Trial', bearing(stranger))).status, 401);
  });

  it('reaches handlers that get a client in front of the context, only where no mark is lost', async (context) => {
    const { app, worker } = start(context);
    const role = requireRole('operator', (_trigger: object, client: string) => ({ body: client }));
    app.http('Lost', { handler: reportOnly((request: object) => role(request, 'client'), { until }) });
    await worker.start();
    assert.notEqual((await worker.invoke('Lost', bearing(reader))).body, 'client');
  });
});

describe('under HTTP streaming', () => {
  it('the proxied request says who calls, and only a known caller is let through', async (context) => {
    const proxy = await startProxyTarget(context);
    const { app, worker, library, setTime } = start(context);
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    await worker.start();
    const { callback } = worker.functions.get('Trial')!;
    const call = (invocationId: string): HttpResponseInit =>
      callback(
        // What the library would build from trigger metadata: worth nothing.
        new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(operator) }),
        new library.InvocationContext({ invocationId, functionName: 'Trial', logHandler: () => undefined }),
      ) as HttpResponseInit;
    const name = 'x-ms-invocation-id';
    await proxy({ [name]: '1', [certificateHeaderName]: reader.header });
    assert.equal(call('1').body, 'secret');
    await proxy({ [name]: '2', [certificateHeaderName]: stranger.header });
    assert.equal(call('2').status, 401);
    await proxy({ [name]: '3' });
    assert.equal(call('3').status, 401);
    assert.equal(call('4').status, 503, 'ambiguous');
    setTime(end);
    await proxy({ [name]: '5', [certificateHeaderName]: reader.header });
    assert.equal(call('5').status, 403);
  });
});

describe('a mark that gets lost closes', () => {
  it('whichever it is', async (context) => {
    const { app, worker } = start(context);
    const role = requireRole('operator', secret);
    const trial = reportOnly(role, { until });
    const handlers: Readonly<Record<string, FunctionHandler>> = {
      LostTrial: (...args) => trial(...args),
      LostRole: reportOnly((...args: unknown[]) => role(...args), { until }),
      OneOfTwo: reportOnly(
        requireRole('reader', (...args: unknown[]) => role(...args)),
        { until },
      ),
      Bound: trial.bind(undefined),
    };
    for (const [name, handler] of Object.entries(handlers)) app.http(name, { handler });
    // Deferred for a role of its own, and a wrapper of another inside: the latter was never the gate's to let through.
    const other = requireRole('operator', secret);
    app.http('Another', {
      handler: reportOnly(
        requireRole('auditor', (...args: unknown[]) => other(...args)),
        { until },
      ),
    });
    await worker.start();
    for (const name of [...Object.keys(handlers), 'Another']) {
      const answer = await worker.invoke(name, bearing(reader));
      assert.equal(answer.status, 403, name);
      assert.doesNotMatch(answer.body, /secret/);
      assert.equal(worker.decisions.at(-1)?.['code'], 'role_missing');
    }
    assert.equal(worker.decisions.find(({ function: name }) => name === 'Another')?.['reportOnlyCode'], 'role_missing');
    assert.equal((await worker.invoke('LostTrial', bearing(operator))).body, 'secret');
  });

  it("another request, context, caller or role under the gate's word is refused by the role", async (context) => {
    const { app, worker, library } = start(context);
    let count = 0;
    const statuses: (number | undefined)[] = [];
    const strictRole = requireRole('operator', secret);
    const ownRole = requireRole('operator', (request: unknown, call: InvocationContext): HttpResponseInit => {
      count += 1;
      if (count > 1) return secret();
      const admitted = getClientIdentity(call);
      const again = ownRole as (...args: unknown[]) => HttpResponseInit;
      const other = new library.InvocationContext({ functionName: 'Trial', logHandler: () => undefined });
      clientIdentities.set(other, admitted);
      const attempts: readonly (readonly unknown[])[] = [[{}, call], [call], [undefined, call], [request, other]];
      for (const args of attempts) statuses.push(again(...args).status);
      // The same text, and not what the gate let through for this function.
      statuses.push(strictRole(request, call).status);
      clientIdentities.set(call, { ...admitted });
      statuses.push(again(request, call).status);
      clientIdentities.set(call, admitted);
      assert.equal(count, 1);
      return again(request, call);
    });
    app.http('Trial', { handler: reportOnly(ownRole, { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Trial', bearing(reader))).body, 'secret');
    assert.deepEqual(statuses, [403, 403, 403, 403, 403, 403]);
    assert.equal(count, 2);
  });

  it('a context that is used again by a request that nothing was deferred for', async (context) => {
    const { app, worker, library } = start(context);
    let count = 0;
    app.http('Trial', {
      handler: reportOnly(
        requireRole('operator', () => {
          count += 1;
          return secret();
        }),
        { until },
      ),
    });
    await worker.start();
    const call = new library.InvocationContext({ functionName: 'Trial', logHandler: () => undefined });
    const send = (headers: object): HttpResponseInit =>
      worker.functions
        .get('Trial')!
        .callback(
          new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...headers }),
          call,
        ) as HttpResponseInit;
    assert.equal(send(bearing(reader)).body, 'secret');
    assert.notEqual(deferrals.get(call), undefined);
    assert.equal(send(bearing(operator)).body, 'secret');
    assert.equal(deferrals.get(call), undefined);
    assert.equal(send({}).status, 401);
    assert.equal(count, 2);
  });

  it('without a gate', (context) => {
    setEnvironment(context, {});
    const { library } = createApp(context);
    setClock(context);
    const handler = reportOnly(requireRole('operator', secret), { until });
    const newCall = (): InvocationContext =>
      new library.InvocationContext({ functionName: 'F', logHandler: () => undefined });
    assert.equal(handler({}, newCall()).status, 503);
    for (const args of [[], [null], [undefined, 7]]) assert.equal(handler(...args).status, 503);
  });

  it('in a unit test too: the caller needs the role', (context) => {
    context.mock.method(console, 'warn', () => undefined);
    setClock(context);
    const handler = reportOnly(requireRole('operator', secret), { until });
    const call = new (loadFunctionsLibrary().InvocationContext)({ functionName: 'F', logHandler: () => undefined });
    assert.equal(handler({}, withClientIdentity(call, { name: 'a' })).status, 403);
    assert.equal(handler({}, withClientIdentity(call, { name: 'a', roles: ['operator'] })).body, 'secret');
  });
});

describe('hooks of others', () => {
  it('one that wraps the handler: decided once, one line, still report-only, and closed at the end', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const setTime = setClock(context);
    const { app, worker } = createApp(context);
    app.hook.preInvocation((call) => {
      const { functionHandler: present } = call;
      call.functionHandler = (...args) => present(...args) as unknown;
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Trial', bearing(reader))).body, 'secret');
    assert.equal(worker.decisions.length, 1);
    setTime(end);
    assert.equal((await worker.invoke('Trial', bearing(reader))).status, 403);
  });

  it("one that puts a report-only function in a strict one's place, or the other way round: both are asked", async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    setClock(context);
    const { app, worker } = createApp(context);
    app.hook.preInvocation((call) => {
      const other = call.invocationContext.functionName === 'Trial' ? 'Strict' : 'Trial';
      call.functionHandler = worker.functions.get(other)!.callback as FunctionHandler;
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    app.http('Strict', { handler: requireRole('operator', secret) });
    await worker.start();
    for (const name of ['Trial', 'Strict']) {
      assert.equal((await worker.invoke(name, bearing(reader))).status, 403, name);
      assert.equal((await worker.invoke(name, bearing(operator))).body, 'secret', name);
    }
  });

  it('one that puts a report-only function in the place of one without roles: two decisions, each with its line', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    setClock(context);
    const { app, worker } = createApp(context);
    app.hook.preInvocation((call) => {
      call.functionHandler = worker.functions.get('Trial')!.callback as FunctionHandler;
    });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    app.http('Plain', { handler: () => ({ body: 'plain' }) });
    await worker.start();
    assert.equal((await worker.invoke('Plain', bearing(reader))).body, 'secret');
    assert.equal((await worker.invoke('Plain', bearing(stranger))).status, 401);
    assert.deepEqual(
      worker.decisions.map(({ code, reportOnlyCode }) => [code, reportOnlyCode]),
      [
        ['allowed', undefined],
        ['allowed', 'role_missing'],
        ['certificate_not_trusted', undefined],
      ],
    );
  });

  it('a function that was registered before secureApp is report-only, and said so at start', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    setClock(context);
    const { app, worker } = createApp(context);
    app.http('Early', { handler: reportOnly(requireRole('operator', secret), { until }) });
    secureApp(app, { trustStore: trustStoreFromDocument(trustDocument) });
    await worker.start();
    assert.equal(warn.mock.callCount(), 1);
    for (let time = 0; time < 3; time += 1)
      assert.equal((await worker.invoke('Early', bearing(reader))).body, 'secret');
    assert.deepEqual(
      readStartLines(warn).map((line) => ('code' in line ? line.code : '')),
      ['report_only'],
    );
  });

  it('two registrations of one name: the stricter stands', () => {
    const roles = [['a']] as const;
    const strict = { kind: 'certificate', roles } as const;
    const anonymous = { kind: 'anonymous' } as const;
    const trial = (reportOnlyUntil: number): typeof strict & { readonly reportOnlyUntil: number } => ({
      ...strict,
      reportOnlyUntil,
    });
    assert.deepEqual(tightenPolicy(undefined, trial(5)), trial(5));
    assert.deepEqual({ ...tightenPolicy(trial(5), trial(7)) }, { ...trial(5), roles: [['a'], ['a']] });
    for (const [first, second] of [
      [trial(5), strict],
      [strict, trial(5)],
    ] as const)
      assert.deepEqual({ ...tightenPolicy(first, second) }, { ...strict, roles: [['a'], ['a']] });
    for (const [first, second] of [
      [trial(5), anonymous],
      [anonymous, trial(5)],
    ] as const)
      assert.deepEqual({ ...tightenPolicy(first, second) }, strict);
    assert.deepEqual(tightenPolicy(anonymous, anonymous), anonymous);
  });
});

describe('at start', () => {
  it('each report-only function is named with its end, and one that is over is closed and named too', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    setClock(context);
    const { app, worker } = createSecuredApp(context);
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    app.http('Over', { handler: reportOnly(requireRole('operator', secret), { until: '2026-12-31T23:59:59Z' }) });
    app.http('Strict', { handler: requireRole('operator', secret) });
    app.hook.appStart(() => {
      app.http('Late', { handler: reportOnly(secret, { until }) });
    });
    await worker.start();
    const lines = readStartLines(warn) as Record<string, unknown>[];
    assert.deepEqual(
      lines.map(({ certgate, event, code, function: name, reportOnlyUntil }) => [
        certgate,
        event,
        code,
        name,
        reportOnlyUntil,
      ]),
      [
        [1, 'start', 'report_only', 'Trial', until],
        [1, 'start', 'report_only_ended', 'Over', '2026-12-31T23:59:59Z'],
        [1, 'start', 'report_only', 'Late', until],
      ],
    );
    assert.equal((await worker.invoke('Over', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Over', bearing(operator))).body, 'secret');
  });

  it('tools read the end from the coverage', (context) => {
    const { app, worker } = start(context);
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    const { name, policy } = functionCoverage.get(worker.core)!.functions.get('trial')!;
    assert.deepEqual(
      { name, policy: { ...policy } },
      {
        name: 'Trial',
        policy: { kind: 'certificate', roles: [['operator']], reportOnlyUntil: end },
      },
    );
  });

  it('a function without an HTTP trigger refuses the mark', (context) => {
    const { app } = start(context);
    assert.throws(() => {
      app.timer('Tick', { schedule: '0 * * * * *', handler: reportOnly(() => undefined, { until }) });
    }, /"Tick" has no HTTP trigger.*reportOnly.* away/);
  });
});

describe('two copies of this package', () => {
  it('agree on what was let through, whichever made the marks', async (context) => {
    const { app, worker } = start(context);
    const copy = await loadSecondCopy(context);
    app.http('Theirs', { handler: copy.reportOnly(copy.requireRole('operator', secret), { until }) });
    app.http('Mixed', { handler: reportOnly(copy.requireRole('operator', secret), { until }) });
    await worker.start();
    for (const name of ['Theirs', 'Mixed']) {
      assert.equal((await worker.invoke(name, bearing(reader))).body, 'secret', name);
      assert.equal((await worker.invoke(name, bearing(stranger))).status, 401, name);
    }
    assert.throws(() => copy.requireRole('r', reportOnly(secret, { until })), /Put reportOnly outermost/);
  });

  it('an older one that knows of no report-only stays closed: as the gate, and as the role', async (context) => {
    const { app, worker } = start(context);
    // As version 0.1.0 of the package wrote its marks and read them.
    const oldRole = (handler: AnyHandler): AnyHandler => {
      const inner = functionPolicies.get(handler);
      assert.ok(inner?.kind !== 'anonymous');
      const wrapper: AnyHandler = () => ({ status: 403 });
      functionPolicies.set(wrapper, { kind: 'certificate', roles: [['operator'], ...(inner?.roles ?? [])] });
      return wrapper;
    };
    app.http('OldOutside', { handler: oldRole(reportOnly(secret, { until })) as never });
    app.http('OldInside', { handler: reportOnly(oldRole(secret), { until }) as never });
    await worker.start();
    for (const name of ['OldOutside', 'OldInside'])
      assert.equal((await worker.invoke(name, bearing(reader))).status, 403, name);
    // An old gate takes `kind` and `roles` of a policy and nothing else, and notes no deferral.
    const policy = functionPolicies.get(reportOnly(requireRole('operator', secret), { until }));
    assert.deepEqual({ ...policy }, { kind: 'certificate', roles: [['operator']], reportOnlyUntil: end });
  });
});

describe('whatever the wrappers, caller and time', () => {
  it('report-only changes an answer only where a known caller lacks a role or the function, before the end', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const setTime = setClock(context);
    const roles = fc.array(fc.subarray(['reader', 'operator', 'owner'], { minLength: 1 }), { maxLength: 3 });
    const callers = fc.constantFrom(undefined, stranger, reader, operator);
    const functions = fc.constantFrom(undefined, [], ['Other'], ['Trial', 'Strict']);
    await fc.assert(
      fc.asyncProperty(roles, callers, functions, fc.boolean(), async (groups, caller, list, isOver) => {
        setTime(now);
        const document = documentOf({
          reader: { certificate: reader, roles: ['reader'], ...(list === undefined ? {} : { functions: list }) },
          operator: { certificate: operator, roles: ['reader', 'operator'] },
        });
        const { app, worker } = createSecuredApp(context, { trustStore: trustStoreFromDocument(document) }, appService);
        const wrap = (): FunctionHandler =>
          groups.reduce<FunctionHandler>((inner, anyOf) => requireAnyRole(anyOf, inner), secret);
        app.http('Strict', { handler: wrap() });
        app.http('Trial', { handler: reportOnly(wrap(), { until }) });
        await worker.start();
        setTime(isOver ? end : now);
        const call = caller === undefined ? {} : bearing(caller);
        const strict = await worker.invoke('Strict', call);
        const trial = await worker.invoke('Trial', call);
        const isDeferred = strict.status === 403 && !isOver;
        assert.equal(trial.status, isDeferred ? 200 : strict.status);
        assert.equal(trial.body === 'secret', isDeferred || strict.status === 200);
        assert.equal(worker.decisions.length, 2);
        assert.equal(worker.decisions[1]?.['reportOnlyCode'], isDeferred ? worker.decisions[0]?.['code'] : undefined);
      }),
      { numRuns: countRuns(80) },
    );
  });
});

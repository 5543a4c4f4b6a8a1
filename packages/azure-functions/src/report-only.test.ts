import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { requireAnyRole, requireRole } from './function-policy.js';
import { reportOnly } from './report-only.js';
import { getClientIdentity } from './request-identity.js';
import { secureApp } from './secure-app.js';
import { clientIdentities, deferrals, functionCoverage } from './gate/shared-state.js';
import { documentOf } from './test-support/certificates.js';
import {
  codesOf,
  bearing,
  callHandler,
  createApp,
  createCall,
  createHookedApp,
  operator,
  putInPlace,
  reader,
  stranger,
  trustStore,
  watchWarnings,
} from './test-support/secured-app.js';
import { end, secret, setClock, startQuietly, until } from './test-support/temporary-marks.js';
import { loadFunctionsLibrary } from './test-support/test-worker.js';
import { withClientIdentity } from './testing.js';

// temporary-marks.test.ts tests what `observe` does as well.

describe('reportOnly', () => {
  it('also defers the list of functions, and every group of roles, wherever they are inside', async (context) => {
    const document = documentOf({
      reader: { certificate: reader, functions: ['Other'] },
      operator: { certificate: operator, roles: ['operator'] },
    });
    const { app, worker, setTime } = startQuietly(context, { trustStore: trustStoreFromDocument(document) });
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

  it('works with a store that answers later', async (context) => {
    const later: TrustStore = { find: (...question) => Promise.resolve(trustStore.find(...question)) };
    const { app, worker } = startQuietly(context, { trustStore: later });
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    await worker.start();
    assert.equal((await worker.invoke('Trial', bearing(reader))).body, 'secret');
    assert.equal((await worker.invoke('Trial', bearing(stranger))).status, 401);
  });

  it('reaches handlers that get a client before the context, but only if no mark is lost', async (context) => {
    const { app, worker } = startQuietly(context);
    const role = requireRole('operator', (_trigger: object, client: string) => ({ body: client }));
    app.http('Lost', { handler: reportOnly((request: object) => role(request, 'client'), { until }) });
    await worker.start();
    assert.notEqual((await worker.invoke('Lost', bearing(reader))).body, 'client');
  });
});

describe('if a mark gets lost, the function is closed', () => {
  it('for another request, context, caller or role than the gate decided about', async (context) => {
    const { app, worker, library } = startQuietly(context);
    let count = 0;
    const statuses: (number | undefined)[] = [];
    const strictRole = requireRole('operator', secret);
    const ownRole = requireRole('operator', (request: unknown, call: InvocationContext): HttpResponseInit => {
      count += 1;
      if (count > 1) return secret();
      const admitted = getClientIdentity(call);
      const again = ownRole as (...args: unknown[]) => HttpResponseInit;
      const other = createCall(library, 'Trial');
      clientIdentities.set(other, admitted);
      const attempts: readonly (readonly unknown[])[] = [[{}, call], [call], [undefined, call], [request, other]];
      for (const args of attempts) statuses.push(again(...args).status);
      // The role is the same text, but not the one that the gate let through for this function.
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

  it('for a context that is used again by a request without a deferral', async (context) => {
    const created = startQuietly(context);
    created.app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    await created.worker.start();
    const call = createCall(created.library, 'Trial');
    const send = (caller?: typeof reader): HttpResponseInit => callHandler(created, 'Trial', caller, call);
    assert.equal(send(reader).body, 'secret');
    assert.notEqual(deferrals.get(call), undefined);
    assert.equal(send(operator).body, 'secret');
    assert.equal(deferrals.get(call), undefined);
    assert.equal(send().status, 401);
  });

  it('without a gate', (context) => {
    const { library } = createApp(context, {});
    setClock(context);
    const handler = reportOnly(requireRole('operator', secret), { until });
    assert.equal(handler({}, createCall(library, 'F')).status, 503);
    for (const args of [[], [null], [undefined, 7]]) assert.equal(handler(...args).status, 503);
  });

  it('in a unit test, where the caller needs the role', (context) => {
    setClock(context);
    const handler = reportOnly(requireRole('operator', secret), { until });
    const call = createCall(loadFunctionsLibrary(), 'F');
    assert.equal(handler({}, withClientIdentity(call, { name: 'a' })).status, 403);
    assert.equal(handler({}, withClientIdentity(call, { name: 'a', roles: ['operator'] })).body, 'secret');
  });
});

describe('hooks of others', () => {
  it('that exchange a report-only and a strict function: the requirements of both apply', async (context) => {
    setClock(context);
    const { app, worker } = createHookedApp(context, (call, hooked) => {
      putInPlace(call.invocationContext.functionName === 'Trial' ? 'Strict' : 'Trial')(call, hooked);
    });
    app.http('Trial', { handler: reportOnly(requireRole('operator', secret), { until }) });
    app.http('Strict', { handler: requireRole('operator', secret) });
    await worker.start();
    for (const name of ['Trial', 'Strict']) {
      assert.equal((await worker.invoke(name, bearing(reader))).status, 403, name);
      assert.equal((await worker.invoke(name, bearing(operator))).body, 'secret', name);
    }
  });

  it('that put a report-only function in the place of one without roles: there are two decisions, each with its line', async (context) => {
    setClock(context);
    const { app, worker } = createHookedApp(context, putInPlace('Trial'));
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

  it('a function that was registered before secureApp is report-only, and a line at start says so', async (context) => {
    setClock(context);
    const readWarnings = watchWarnings(context);
    const { app, worker } = createApp(context);
    app.http('Early', { handler: reportOnly(requireRole('operator', secret), { until }) });
    secureApp(app, { trustStore });
    await worker.start();
    assert.equal(readWarnings().length, 1);
    for (let time = 0; time < 3; time += 1)
      assert.equal((await worker.invoke('Early', bearing(reader))).body, 'secret');
    assert.deepEqual(codesOf(readWarnings()), ['report_only']);
  });
});

describe('at start', () => {
  it('tools read the end from the coverage', (context) => {
    const { app, worker } = startQuietly(context);
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
});

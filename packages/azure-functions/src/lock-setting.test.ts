import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CertgateError, firstOf, type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { allowAnonymous, requireRole } from './function-policy.js';
import { observe } from './observe.js';
import { reportOnly } from './report-only.js';
import { secureApp } from './secure-app.js';
import { appService } from './test-support/environment.js';
import { payloadOf, readToolResult, registerMcp, sendPayload, transportOf } from './test-support/mcp-app.js';
import {
  bearing,
  countHandler,
  createApp,
  createSecuredApp,
  operator,
  stranger,
  trustDocument,
  watchWarningCodes,
} from './test-support/secured-app.js';

const locked = { ...appService, CERTGATE_LOCKED: 'true' };
const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().replace(/\.\d+/, '');
const callers = [{}, bearing(stranger), bearing(operator)];

describe('CERTGATE_LOCKED', () => {
  const documents = trustStoreFromDocument(trustDocument);
  const away: TrustStore = { find: () => ({ outcome: 'unavailable', detail: 'away' }) };
  for (const [what, trustStore] of [
    ['with a document', documents],
    ['with several stores', firstOf(documents, documents)],
    ['with a store that is away', away],
  ] as const) {
    it(`refuses everybody at every closed function, ${what}`, async (context) => {
      const readCodes = watchWarningCodes(context);
      const { app, worker } = createSecuredApp(context, { trustStore }, locked);
      const { handler, runs } = countHandler();
      app.http('Closed', { handler });
      app.http('Trial', { handler: reportOnly(requireRole('nobody', handler), { until: inAMonth }) });
      registerMcp(app, 'tool', 'Tool', handler);
      await worker.start();
      for (const name of ['Closed', 'Trial'])
        for (const caller of callers) assert.equal((await worker.invoke(name, caller)).status, 503);
      const call = transportOf({ 'X-ARR-ClientCert': operator.header });
      const answer = readToolResult(await sendPayload(worker, 'Tool', payloadOf('tool', 'Tool', call)));
      assert.equal((JSON.parse(answer?.text ?? '') as { code: string }).code, 'unavailable');
      assert.equal(runs(), 0);
      assert.equal(worker.decisions.length, 7);
      for (const { outcome, code, detail, identity } of worker.decisions) {
        assert.deepEqual([outcome, code, identity], ['denied', 'trust_locked', undefined]);
        assert.match(String(detail), /environment variable CERTGATE_LOCKED .* remove the variable/);
        assert.doesNotMatch(String(detail), /unlock/);
      }
      assert.equal(readCodes().filter((code) => code === 'app_locked').length, 1);
    });
  }

  it('like a locked document, closes no anonymous and no observed function', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const { app, worker } = createSecuredApp(context, {}, locked);
    app.http('Health', { handler: allowAnonymous(() => ({})) });
    app.http('Moving', { authLevel: 'function', handler: observe(() => ({}), { until: inAMonth }) });
    await worker.start();
    for (const name of ['Health', 'Moving'])
      for (const caller of callers) assert.equal((await worker.invoke(name, caller)).status, 200);
    assert.deepEqual(
      worker.decisions.map(({ outcome, code }) => [outcome, code]),
      callers.map(() => ['observed', 'trust_locked']),
    );
  });

  it('has no effect if it is empty', async (context) => {
    const { app, worker } = createSecuredApp(context, {}, { ...appService, CERTGATE_LOCKED: '' });
    app.http('Closed', { handler: () => ({}) });
    await worker.start();
    const statuses = await Promise.all(callers.map(async (caller) => (await worker.invoke('Closed', caller)).status));
    assert.deepEqual(statuses, [401, 401, 200]);
  });

  for (const value of ['false', 'True', ' true', '1']) {
    it(`is an error at start and closes the app if it is ${JSON.stringify(value)}`, async (context) => {
      for (const level of ['error', 'warn'] as const) context.mock.method(console, level, () => undefined);
      const { app, worker } = createApp(context, { ...appService, CERTGATE_LOCKED: value });
      app.http('Closed', { handler: () => ({}) });
      app.http('Health', { handler: allowAnonymous(() => ({})) });
      assert.throws(
        () => {
          secureApp(app, { trustStore: documents });
        },
        (error) => error instanceof CertgateError && /CERTGATE_LOCKED is .* only be "true"/.test(error.message),
      );
      await worker.start();
      for (const name of ['Closed', 'Health'])
        for (const caller of callers) assert.equal((await worker.invoke(name, caller)).status, 503);
    });
  }
});

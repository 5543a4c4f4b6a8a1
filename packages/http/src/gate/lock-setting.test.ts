import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CertgateError, type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { createStage, fieldsOf, operator, stranger, trustDocument } from '../test-support/gate-stage.js';
import { createGate } from './http-gate.js';

const documents = trustStoreFromDocument(trustDocument);

describe('CERTGATE_LOCKED', () => {
  const never: TrustStore = {
    start: () => new Promise(() => undefined),
    find: () => new Promise(() => undefined),
  };
  const invalid: TrustStore = {
    start: () => Promise.reject(new Error('not valid')),
    find: (...asked) => documents.find(...asked),
  };
  for (const [what, trustStore] of [
    ['with a document', documents],
    ['with a store that never answers', never],
    ['with a document that is not valid', invalid],
  ] as const) {
    it(`refuses everybody, ${what}, and the gate is ready if its trust is`, async (context) => {
      context.mock.method(console, 'warn', () => undefined);
      context.mock.timers.enable({ apis: ['setTimeout'] });
      const { gate, lines } = createStage(context, { trustStore });
      process.env['CERTGATE_LOCKED'] = 'true';
      for (const caller of [undefined, stranger, operator]) {
        assert.equal((await gate.decide(fieldsOf(caller))).code, 'trust_locked');
        assert.equal(
          (await gate.decide({ ...fieldsOf(caller), 'x-certgate-front-end-secret': '' })).code,
          'trust_locked',
        );
      }
      assert.equal(lines.length, 6);
      if (trustStore === documents) assert.equal(await gate.isReady(), true);
    });
  }

  it('closes no anonymous route', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    createStage(context);
    process.env['CERTGATE_LOCKED'] = 'true';
    const gate = createGate({ trustStore: documents, frontEnd: 'direct-tls', allowAnonymous: ['GET /health'] });
    const call = { findField: () => null, socket: undefined };
    const { decideCall } = gate as unknown as { decideCall: (call: object) => Promise<{ readonly status?: number }> };
    const answer = async (target: string): Promise<number | undefined> =>
      (await Reflect.apply(decideCall, gate, [{ ...call, request: {}, method: 'GET', target }])).status;
    assert.equal(await answer('/health'), undefined);
    assert.equal(await answer('/orders'), 503);
  });

  it('is an error at start with another value', (context) => {
    createStage(context);
    process.env['CERTGATE_LOCKED'] = 'yes';
    assert.throws(() => createGate({ trustStore: documents }), CertgateError);
  });
});

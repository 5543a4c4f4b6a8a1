import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessGate } from './access-gate.js';
import type { FunctionRequirement } from './decision.js';
import type { FoundFinding, TrustFinding } from '../trust-snapshot/trust-finding.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { assertDenied, documentOf } from '../test-support/documents.js';
import { decideTwice, found, header, open, presented } from '../test-support/gate-stage.js';
import { settle } from '../test-support/scripted-source.js';

const { thumbprintSha256 } = presented;

describe('a custom store that goes wrong', () => {
  const never = new Promise<TrustFinding>(() => undefined);
  const hostile = {
    get message(): string {
      throw new Error('again');
    },
  };
  const undescribable = hostile as unknown as Error;
  const nothing = undefined as unknown as Error;
  const thenable = (
    settleWith: (resolve: (value: unknown) => unknown, reject: (error: unknown) => unknown) => unknown,
  ): unknown => ({
    then: settleWith,
  });
  const throwing = (thrown: unknown) => (): never => {
    throw thrown;
  };
  // trust-store/trust-answer.test.ts shows what a valid answer is.
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['throws', throwing(new Error('boom'))],
    ['throws no Error', throwing('boom')],
    ['throws undefined', throwing(undefined)],
    ['throws what cannot be described', throwing(undescribable)],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['rejects with undefined', () => Promise.reject(nothing)],
    ['rejects with what cannot be described', () => Promise.reject(undescribable)],
    ['never settles', () => never],
    ['answers undefined', () => undefined],
    ['answers undefined later', () => Promise.resolve(undefined)],
    ['answers with an interval from NaN, later', () => Promise.resolve({ ...found, validFrom: Number.NaN })],
    [
      'answers with a getter that throws',
      () => ({
        get outcome() {
          throw new Error('boom');
        },
      }),
    ],
    ['answers with a thenable that never settles', () => thenable(() => undefined)],
    ['answers with a thenable that rejects', () => thenable((_, reject) => reject(new Error('boom')))],
    ['answers with a thenable that throws', () => thenable(throwing(new Error('boom')))],
    ['answers with a thenable that answers true', () => thenable((resolve) => resolve(true))],
    [
      'answers with a then that throws',
      () => ({
        get then() {
          throw new Error('boom');
        },
      }),
    ],
  ];
  for (const [what, find] of cases) {
    for (const version of [undefined, 'v1']) {
      test(`${what}${version === undefined ? '' : ', with a version'}: the call is refused as trust_unavailable`, async () => {
        const trustStore = { find, version } as TrustStore;
        const gate = new AccessGate({ trustStore, findTimeoutMilliseconds: 20 });
        for (const decision of await decideTwice(gate)) assertDenied(decision, 'trust_unavailable');
      });
    }
  }
  test('is unavailable if it has no find', async () => {
    const gate = new AccessGate({ trustStore: {} as TrustStore });
    assertDenied(await gate.decide(header, open, now), 'trust_unavailable');
  });
  test('is unavailable if it is not an object', async () => {
    for (const trustStore of [undefined, null, 7]) {
      const gate = new AccessGate({ trustStore: trustStore as unknown as TrustStore });
      assertDenied(await gate.decide(header, open, now), 'trust_unavailable');
    }
  });
  test('is unavailable if its version throws, before or after it answered', async () => {
    const before: TrustStore = {
      find: () => found,
      get version(): string {
        throw new Error('no connection');
      },
    };
    const decision = await new AccessGate({ trustStore: before }).decide(header, open, now);
    assertDenied(decision, 'trust_unavailable');
    assert.match('detail' in decision ? decision.detail : '', /failed to say its version: no connection\.$/);
    let looks = 0;
    const after: TrustStore = {
      find: () => Promise.resolve(found),
      get version(): string {
        looks += 1;
        if (looks > 1) throw new Error('no connection');
        return '1';
      },
    };
    assertDenied(await new AccessGate({ trustStore: after }).decide(header, open, now), 'trust_unavailable');
  });
  test('is unavailable if it answers after the timeout, and the late answer is not remembered', async () => {
    let answer: (finding: TrustFinding) => void = () => undefined;
    const pending = new Promise<TrustFinding>((resolve) => {
      answer = resolve;
    });
    let calls = 0;
    const find = (): Promise<TrustFinding> => {
      calls += 1;
      return pending;
    };
    const gate = new AccessGate({ trustStore: { find, version: '1' }, findTimeoutMilliseconds: 10 });
    assertDenied(await gate.decide(header, open, now), 'trust_unavailable');
    answer(found);
    await settle();
    assert.equal((await gate.decide(header, open, now)).outcome, 'allowed');
    assert.equal(calls, 2);
  });
  test('leaves no timer behind when it answers in time', async () => {
    const countTimers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const gate = new AccessGate({ trustStore: { find: () => Promise.resolve(found) } });
    const before = countTimers();
    assert.equal((await gate.decide(header, open, now)).outcome, 'allowed');
    // A timer of an earlier test may have ended meanwhile.
    assert.ok(countTimers() <= before);
  });
  test('is described to the operator without anything of the certificate', async () => {
    const gate = new AccessGate({ trustStore: { find: () => Promise.reject(new TypeError('no table')) } });
    const decision = await gate.decide(header, open, now);
    assert.equal('detail' in decision ? decision.detail : '', 'The trust store failed: TypeError: no table.');
  });
  test('is described in its own words if it nominates and its confirm fails, at once or later', async () => {
    const failed = new TypeError('no table');
    const confirms: readonly (() => never | Promise<never>)[] = [
      () => {
        throw failed;
      },
      () => Promise.reject(failed),
    ];
    for (const confirm of confirms) {
      const answer: TrustFinding = { outcome: 'nominated', confirm };
      for (const find of [() => answer, () => Promise.resolve(answer)]) {
        const decision = await new AccessGate({ trustStore: { find } }).decide(header, open, now);
        assertDenied(decision, 'trust_unavailable');
        assert.equal('detail' in decision && decision.detail, 'The trust store failed: TypeError: no table.');
      }
    }
  });
  test('does not hide that the requirement is invalid once its confirm has answered', async () => {
    const find = (): TrustFinding => ({ outcome: 'nominated', confirm: () => Promise.resolve(found as FoundFinding) });
    const gate = new AccessGate({ trustStore: { find } });
    const decision = await gate.decide(header, {} as FunctionRequirement, now);
    assertDenied(decision, 'internal_fault');
    assert.match('detail' in decision ? decision.detail : '', /must have a functionName and roles of its own/);
  });
  test('makes firstOf unavailable too', async () => {
    for (const [what, find] of cases) {
      const good = trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256 }] }]));
      const gate = new AccessGate({ trustStore: firstOf({ find } as TrustStore, good), findTimeoutMilliseconds: 20 });
      const decision = await gate.decide(header, open, now);
      assert.equal(decision.code, 'trust_unavailable', what);
    }
  });
});

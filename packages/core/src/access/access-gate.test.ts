import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessGate } from './access-gate.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { RefreshingTrustStore } from '../trust-store/refreshing-store.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { defaultNotAfter, defaultNotBefore, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { type IdentityInput, assertDenied, documentOf } from '../test-support/documents.js';
import {
  CountingStore,
  createGate,
  decideTwice,
  found,
  header,
  iso,
  open,
  presented,
} from '../test-support/gate-stage.js';
import { ManualClock, ScriptedSource, settle, textOf } from '../test-support/scripted-source.js';
import type { FunctionRequirement } from './decision.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';

const { thumbprintSha256 } = presented;

describe('the gate remembers', () => {
  test('an allowed certificate, under one version', async () => {
    const { store, gate } = createGate();
    const [cold, warm] = await decideTwice(gate);
    assert.ok(cold?.outcome === 'allowed');
    assert.deepEqual(warm, cold);
    assert.equal(store.calls, 1);
    store.version = 'v2';
    await gate.decide(header, open, now);
    assert.equal(store.calls, 2);
    store.version = 'v1';
    await gate.decide(header, open, now);
    assert.equal(store.calls, 3, 'what was known under v1 was replaced');
  });
  test('nothing of a denial that costs only a look-up or may end by itself', async () => {
    const { store, gate } = createGate();
    for (const answer of [
      { outcome: 'notFound' },
      { outcome: 'unavailable', detail: 'down' },
      { outcome: 'denied', code: 'pin_disabled', detail: 'off' },
    ] as const) {
      store.answer = answer;
      store.calls = 0;
      await decideTwice(gate);
      assert.equal(store.calls, 2, answer.outcome);
    }
    store.answer = found;
    assert.equal((await gate.decide(header, open, now)).outcome, 'allowed');
  });
  test('nothing of a certificate that is not fit', async () => {
    const unfit = makeCertificate({ extensions: ['basicConstraints = CA:TRUE'] });
    const { store, gate } = createGate();
    for (let count = 0; count < 2; count += 1) {
      assertDenied(await gate.decide(unfit.header, open, now), 'certificate_is_authority');
    }
    assert.equal(store.calls, 2);
  });
  test("nothing if the store's version is missing, null, empty, or not text", async () => {
    for (const version of [undefined, null, '', 0, 7, Number.NaN, {}, []]) {
      const store = new CountingStore();
      store.version = version as string;
      const gate = new AccessGate({ trustStore: store });
      for (const decision of await decideTwice(gate)) assert.equal(decision.outcome, 'allowed');
      assert.equal(store.calls, 2, JSON.stringify(version));
    }
  });
  test('nothing if the version changed while the store was asked', async () => {
    const { store, gate } = createGate();
    store.find = async () => {
      store.calls += 1;
      await settle();
      store.version = `v${store.calls + 1}`;
      return found;
    };
    const [first] = await decideTwice(gate);
    assert.equal(first?.outcome, 'allowed');
    assert.equal(store.calls, 2);
  });
  test('nothing if the version was withdrawn while the store was asked', async () => {
    const { store, gate } = createGate();
    store.find = () => {
      store.calls += 1;
      store.version = undefined;
      return found;
    };
    await decideTwice(gate);
    assert.equal(store.calls, 2);
  });
  test('no refusal if the version changed while the store was asked, even if it changed back', async () => {
    const { store, gate } = createGate();
    let versions = 0;
    const answers: readonly TrustFinding[] = [
      { outcome: 'denied', code: 'certificate_on_deny_list', detail: 'x' },
      found,
    ];
    Object.defineProperty(store, 'version', { get: () => (versions++ === 1 ? 'v2' : 'v1') });
    store.find = () => answers[store.calls++] ?? found;
    assert.deepEqual(
      (await decideTwice(gate)).map(({ code }) => code),
      ['certificate_on_deny_list', 'allowed'],
    );
  });
  test('the identity but not the role, so that authorization runs at every request', async () => {
    const { store, gate } = createGate();
    assert.equal((await gate.decide(header, open, now)).outcome, 'allowed');
    assertDenied(await gate.decide(header, { functionName: 'f', roles: [['admin']] }, now), 'role_missing');
    assert.equal((await gate.decide(header, { functionName: 'f', roles: [['reader']] }, now)).outcome, 'allowed');
    assert.equal(store.calls, 1);
  });
  test('a caller without the role, who is still refused', async () => {
    const { store, gate } = createGate();
    for (const decision of await decideTwice(gate, { functionName: 'f', roles: [['admin']] })) {
      assertDenied(decision, 'role_missing');
    }
    assert.equal(store.calls, 1);
  });
  test("an identity only while the certificate, the pin and the store's answer are valid", async () => {
    const ends: readonly (readonly [string, TrustStore, number, number])[] = [
      [
        'certificate_expired',
        trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256 }] }])),
        defaultNotAfter,
        defaultNotAfter + 1,
      ],
      [
        'certificate_not_yet_valid',
        trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256 }] }])),
        defaultNotBefore,
        defaultNotBefore - 1,
      ],
      [
        'pin_expired',
        trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256, notAfter: iso(now + 5) }] }])),
        now + 4,
        now + 5,
      ],
      [
        'pin_not_yet_valid',
        trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256, notBefore: iso(now) }] }])),
        now,
        now - 1,
      ],
      [
        'identity_expired',
        trustStoreFromDocument(documentOf([{ expiresAt: iso(now + 5), pins: [{ thumbprintSha256 }] }])),
        now + 4,
        now + 5,
      ],
      ['pin_expired', { version: '1', find: () => ({ ...found, validUntil: now + 5 }) }, now + 4, now + 5],
      ['pin_not_yet_valid', { version: '1', find: () => ({ ...found, validFrom: now }) }, now, now - 1],
    ];
    for (const [code, trustStore, inside, outside] of ends) {
      const gate = new AccessGate({ trustStore });
      for (const decision of await decideTwice(gate, open, inside)) assert.equal(decision.outcome, 'allowed', code);
      const decision = await gate.decide(header, open, outside);
      assert.equal(decision.code, code);
      assert.equal((await gate.decide(header, open, inside)).outcome, 'allowed');
    }
  });
  test('identities, and needs no promise to answer from memory or from a store that answers at once', () => {
    const gate = new AccessGate({
      trustStore: trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256 }] }])),
    });
    assert.ok(!(gate.decide(header, open, now) instanceof Promise));
    assert.ok(!(gate.decide(header, open, now) instanceof Promise));
  });
});

test('a request with no certificate, or with something else, is refused for that, and no store is asked', async () => {
  const { store, gate } = createGate();
  for (const nothing of [null, undefined, '', ' \t']) {
    assertDenied(await gate.decide(nothing, open, now), 'certificate_missing');
  }
  assert.equal((await gate.decide('no certificate', open, now)).code, 'certificate_malformed');
  assert.equal(store.calls, 0);
});

describe('misuse', () => {
  test('a timeout that no timer can wait and an unknown option throw at once', () => {
    const trustStore = new CountingStore();
    for (const findTimeoutMilliseconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '10', null]) {
      assert.throws(() => new AccessGate({ trustStore, findTimeoutMilliseconds: findTimeoutMilliseconds as number }), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
    }
    // The longest timeout that a timer can wait.
    new AccessGate({ trustStore, findTimeoutMilliseconds: 2 ** 31 - 1 });
    assert.throws(() => new AccessGate({ trustStore, timeout: 5 } as never), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /"timeout"/,
    });
  });
  test('a time that is not a number is refused, remembered or not', async () => {
    const { gate } = createGate();
    for (let count = 0; count < 2; count += 1) {
      for (const at of [Number.NaN, undefined, Number.POSITIVE_INFINITY]) {
        const decision = await gate.decide(header, open, at as number);
        assertDenied(decision, 'internal_fault');
        assert.deepEqual(decision.outcome === 'denied' && decision.facts, { problem: 'time_not_a_number' });
      }
      assert.equal((await gate.decide(header, open, now)).outcome, 'allowed');
    }
  });
  test('an invalid requirement is a denial, whether the caller is remembered or not, and the store answers now or later', async () => {
    for (const answer of [found, Promise.resolve(found)]) {
      const gate = new AccessGate({ trustStore: { find: () => answer, version: '1' } });
      for (let count = 0; count < 2; count += 1) {
        for (const requirement of [
          undefined,
          null,
          {},
          { functionName: 'f' },
          { functionName: 'f', roles: [undefined] },
        ]) {
          assertDenied(await gate.decide(header, requirement as unknown as FunctionRequirement, now), 'internal_fault');
        }
        assert.equal((await gate.decide(header, open, now)).outcome, 'allowed');
      }
    }
  });
  test('a header that is not text is a denial', async () => {
    const { gate } = createGate();
    for (const value of [7, {}, [header], Buffer.from(header), true]) {
      assert.equal((await gate.decide(value as unknown as string, open, now)).outcome, 'denied');
    }
  });
});

describe('the gate over a store that refreshes', () => {
  const pinned: IdentityInput = { name: 'a', pins: [{ thumbprintSha256 }] };

  test('uses the fresh document after the process slept, although it remembered the caller', async () => {
    const source = new ScriptedSource();
    const clock = new ManualClock(now);
    const gate = new AccessGate({ trustStore: new RefreshingTrustStore(source, {}, clock) });
    const first = gate.decide(header, open, clock.wall());
    await source.answer(textOf(1, pinned));
    assert.equal((await first).outcome, 'allowed');
    assert.ok(!(gate.decide(header, open, clock.wall()) instanceof Promise));
    clock.sleep(3_600_000);
    const second = gate.decide(header, open, clock.wall());
    assert.ok(second instanceof Promise);
    await source.answer(textOf(2, { ...pinned, enabled: false }));
    assertDenied(await second, 'identity_disabled');
  });
});

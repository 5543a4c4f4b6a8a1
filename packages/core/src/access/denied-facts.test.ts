import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { type Denial, isDeniedFor } from '../denial.js';
import { type DecisionEvent, decisionChannelName, publishDecision } from '../log/decision-channel.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import { AccessGate } from './access-gate.js';
import type { Decision } from './decision.js';

// The facts of a denial are those of the store that refused, whichever way its refusal became the answer.

const { der, header } = makeCertificate();
const { thumbprintSha256, thumbprintSha1 } = presentCertificate(der);
const open = { functionName: 'Orders', roles: [] };
const instant = (at: number): string => new Date(at).toISOString();

function storeOf(...identities: readonly object[]): TrustStore {
  return trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities });
}

async function deny(trustStore: TrustStore, at = now): Promise<Denial> {
  const decision = await new AccessGate({ trustStore }).decide(header, open, at);
  assert.ok(decision.outcome === 'denied');
  return decision;
}

const billing = { name: 'billing', roles: [], pins: [{ thumbprintSha256 }] };
const disabled = { name: 'billing', roles: [], pins: [{ thumbprintSha256, enabled: false }] };
const pin = { kind: 'thumbprintSha256', value: thumbprintSha256 };
const ofDisabled = { identity: 'billing', pin: { ...pin, isDisabled: true }, others: [] };

describe('the facts of a denial', () => {
  test('name the pin that refuses, and when it ended', async () => {
    const notAfter = now - 1_000;
    const denial = await deny(
      storeOf({ ...billing, pins: [{ thumbprintSha256 }, { thumbprintSha1, notAfter: instant(notAfter) }] }),
    );
    assert.ok(isDeniedFor(denial, 'pin_expired'));
    assert.deepEqual(denial.facts, {
      identity: 'billing',
      pin: { kind: 'thumbprintSha1', value: thumbprintSha1, notAfter },
      others: [pin],
      notAfter,
      certificateNotAfter: presentNotAfter(),
      isCertificateExpired: false,
    });
  });
  test('name everything that matched if two identities match', async () => {
    const denial = await deny(storeOf(billing, { name: 'shop', roles: [], pins: [{ thumbprintSha1 }] }));
    assert.deepEqual(denial.facts, {
      identities: [
        { identity: 'billing', pins: [pin], names: [] },
        { identity: 'shop', pins: [{ kind: 'thumbprintSha1', value: thumbprintSha1 }], names: [] },
      ],
    });
  });
  test('are empty for an unknown caller', async () => {
    assert.deepEqual((await deny(storeOf())).facts, {});
  });
  test('are those of the stricter store, in either order', async () => {
    const stores = [storeOf(billing), storeOf(disabled)] as const;
    for (const store of [firstOf(...stores), firstOf(...stores.toReversed()), firstOf(firstOf(...stores))]) {
      const denial = await deny(store);
      assert.deepEqual([denial.code, denial.facts], ['pin_disabled', ofDisabled]);
    }
  });
  test('name both identities if two stores differ', async () => {
    const denial = await deny(firstOf(storeOf(billing), storeOf({ ...billing, name: 'shop' })));
    const identities = ['billing', 'shop'].map((identity) => ({ identity, pins: [], names: [] }));
    assert.deepEqual(denial.facts, { identities, isAcrossStores: true });
    assert.match(denial.detail, /"billing" and "shop", in two trust stores/);
  });
  test('are the same if the refusal is remembered, and if a custom store passes it on', async () => {
    const own = storeOf();
    let calls = 0;
    const trustStore: TrustStore = {
      version: '1',
      find: async (certificate, at) => {
        calls += 1;
        const locked = { since: instant(now), by: 'ada', reason: 'key lost' };
        const denied = [{ thumbprintSha256, reason: 'key lost' }];
        const store = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [], denied, locked });
        assert.equal((await store.find(certificate, at)).outcome, 'denied');
        return trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [], denied }).find(certificate, at);
      },
    };
    assert.equal((await deny(own)).code, 'certificate_not_trusted');
    const gate = new AccessGate({ trustStore });
    // The second call is later than the store's answer.
    const decisions = [await gate.decide(header, open, now), await gate.decide(header, open, now + 10_000)];
    assert.equal(calls, 1);
    for (const decision of decisions) {
      assert.ok(decision.outcome === 'denied' && isDeniedFor(decision, 'certificate_on_deny_list'));
      assert.deepEqual(
        { ...decision.facts?.entry },
        {
          path: 'denied[0]',
          thumbprintSha256,
          issuedBy: undefined,
          serialNumber: undefined,
          reason: 'key lost',
        },
      );
    }
  });
  test('of a custom store are left out, whatever they are, and its words stay', async () => {
    for (const facts of [undefined, { identity: 'x' }, 'text', { identity: { toString: 'x' } }]) {
      const answer = { outcome: 'denied', code: 'identity_disabled', detail: 'Blocked.', facts } as TrustFinding;
      const denial = await deny({ find: () => answer });
      assert.deepEqual([denial.code, denial.detail, 'facts' in denial], ['identity_disabled', 'Blocked.', false]);
    }
  });
});

function presentNotAfter(): number {
  const { decoding } = presentCertificate(der);
  assert.ok(decoding.ok);
  return decoding.certificate.notAfter;
}

describe('the event of a decision', () => {
  function publish(decision: Decision): DecisionEvent {
    const seen: DecisionEvent[] = [];
    const hear = (event: unknown): void => void seen.push(event as DecisionEvent);
    subscribe(decisionChannelName, hear);
    publishDecision({ functionName: 'Orders', invocationId: '1' }, { decision });
    unsubscribe(decisionChannelName, hear);
    return seen[0]!;
  }

  test('has the facts of a denial as a frozen copy, and no facts of a custom store', async () => {
    const denial = await deny(storeOf(disabled));
    const { facts } = publish(denial);
    assert.deepEqual(facts, denial.facts);
    assert.notEqual(facts, denial.facts);
    assert.ok(Object.isFrozen(facts) && Object.values(facts ?? {}).every((each) => Object.isFrozen(each)));
    const said = await deny({ find: () => ({ outcome: 'denied', code: 'pin_disabled', detail: 'x' }) });
    assert.equal(publish(said).facts, undefined);
  });
  test('has the facts of a refusal that was let through', async () => {
    const gate = new AccessGate({ trustStore: storeOf(billing) });
    const requirement = { functionName: 'Orders', roles: [['reader', 'writer']], reportOnlyUntil: now + 1 };
    const event = publish(await gate.decide(header, requirement, now));
    assert.equal(event.outcome, 'allowed');
    assert.deepEqual(event.facts, {
      identity: 'billing',
      functionName: 'Orders',
      anyOf: ['reader', 'writer'],
      roles: [],
    });
  });
  test('has facts without a key or certificate, whatever a store threw', async () => {
    const find = (): never => {
      throw new Error(`failed for ${der.toString('base64')}`);
    };
    const { facts } = publish(await deny({ find }));
    assert.match(JSON.stringify(facts), /\[base64\]/);
    assert.ok(!JSON.stringify(facts).includes(header.slice(40, 80)));
  });
});

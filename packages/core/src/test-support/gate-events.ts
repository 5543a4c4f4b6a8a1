import { channel } from 'node:diagnostics_channel';
import type { TestContext } from 'node:test';
import { type DecisionEvent, decisionChannelName } from '../log/decision-channel.js';
import { type GateObservation, type ObserveGateOptions, observeGate } from '../opentelemetry.js';
import { type TrustRefreshEvent, trustChannelName } from '../trust-store/trust-channel.js';

export const allowed: DecisionEvent = Object.freeze({
  version: 1,
  outcome: 'allowed',
  code: 'allowed',
  status: undefined,
  functionName: 'Orders',
  correlationId: '8d2f0f1e-7f6e-4a2c-9b1a-0d6f6c6d7f01',
  identityName: 'billing',
  owner: 'payments team',
  roles: Object.freeze(['orders.read']),
  matchedBy: 'thumbprintSha256',
  matched: 'AB'.repeat(32),
  thumbprintSha256: 'AB'.repeat(32),
  accessEndsAt: Date.now() + 86_400_000,
  withoutClientAuthUntil: undefined,
  clientAuthLoss: undefined,
  trustRevision: 7,
  trustSha256: 'CD'.repeat(32),
  reportOnly: undefined,
  observed: undefined,
  detail: undefined,
  facts: undefined,
});

export const denied: DecisionEvent = Object.freeze({
  ...allowed,
  outcome: 'denied',
  code: 'certificate_not_trusted',
  status: 401,
  identityName: undefined,
  owner: undefined,
  roles: undefined,
  matchedBy: undefined,
  matched: undefined,
  accessEndsAt: undefined,
  detail: 'No identity of the trust document has this certificate.',
  facts: {},
});

export const refreshed: TrustRefreshEvent = Object.freeze({
  version: 1,
  source: 'file trust.json',
  outcome: 'changed',
  revision: 7,
  sha256: 'CD'.repeat(32),
  adoptedAt: Date.UTC(2027, 0, 1),
  authorityCertificates: [],
  fault: undefined,
  lastSuccessAt: Date.now(),
  usableUntil: Date.now() + 86_400_000,
});

export function publish(event: DecisionEvent): void {
  channel(decisionChannelName).publish(event);
}

export function publishRefresh(event: TrustRefreshEvent): void {
  channel(trustChannelName).publish(event);
}

export function observe(test: TestContext, options: ObserveGateOptions): GateObservation {
  const observation = observeGate(options);
  test.after(() => {
    observation.stop();
  });
  return observation;
}

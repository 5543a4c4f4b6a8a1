import type { Decision, FunctionRequirement } from '../access/decision.js';
import { AccessGate } from '../access/access-gate.js';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { Clock } from '../trust-store/read-history.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { type MadeCertificate, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';

export const allowed: MadeCertificate = makeCertificate();
export const header: string = allowed.header;
export const presented: PresentedCertificate = presentCertificate(allowed.der);
export const open: FunctionRequirement = { functionName: 'f', roles: [] };
export const found: TrustFinding = { outcome: 'found', identity: { name: 'a', roles: ['reader'] }, matchedBy: 'table' };

/** A clock for tests about the millisecond in which something ends: a store's answer takes no time. */
export const stillClock: Clock = { wall: () => now, monotonic: () => 0 };

export const iso = (instant: number): string => new Date(instant).toISOString();

/** A store that counts how often it is asked, and whose answer and version a test can change. */
export class CountingStore implements TrustStore {
  answer: TrustFinding = found;
  version: string | undefined = 'v1';
  calls = 0;

  find(): TrustFinding | Promise<TrustFinding> {
    this.calls += 1;
    return this.answer;
  }
}

export function createGate(): { readonly store: CountingStore; readonly gate: AccessGate } {
  const store = new CountingStore();
  return { store, gate: new AccessGate({ trustStore: store }) };
}

/** Decides twice. The second time, the gate may use what it remembered. */
export const decideTwice = async (
  gate: AccessGate,
  requirement: FunctionRequirement = open,
  at: number = now,
): Promise<readonly Decision[]> => [
  await gate.decide(header, requirement, at),
  await gate.decide(header, requirement, at),
];

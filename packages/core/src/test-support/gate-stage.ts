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

/** For what is asked about the millisecond in which something ends: a store that answers later takes no time. */
export const stillClock: Clock = { wall: () => now, monotonic: () => 0 };

export const iso = (instant: number): string => new Date(instant).toISOString();

/** A store that counts how often it was asked; what it says and which version it has can be changed. */
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

/** Cold, then warm. */
export const decideTwice = async (
  gate: AccessGate,
  requirement: FunctionRequirement = open,
  at: number = now,
): Promise<readonly Decision[]> => [
  await gate.decide(header, requirement, at),
  await gate.decide(header, requirement, at),
];

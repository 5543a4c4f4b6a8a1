import type { InvocationContext } from '@azure/functions';
import type { ClientCertificate, ClientIdentity } from '@certgate/core';
import { clientIdentities } from './shared-state.js';
import { findWorkerCore } from './worker-core.js';

export interface TestIdentity {
  readonly name: string;
  readonly roles?: readonly string[];
  readonly functions?: readonly string[];
  /** Only where the handler looks at the certificate itself. */
  readonly certificate?: ClientCertificate;
}

/**
 * Gives a context an authenticated identity, as the gate would have done, and returns it: for unit tests that call a
 * handler directly.
 *
 * @throws {Error} inside a Functions host, where it would be a way past the gate.
 */
export function withClientIdentity<Context extends InvocationContext>(
  context: Context,
  identity: TestIdentity,
): Context {
  if (findWorkerCore() !== undefined) {
    throw new Error('withClientIdentity is for unit tests; inside a Functions host only the gate says who calls.');
  }
  const { name, roles = [], functions, certificate = testCertificate } = identity;
  const clientIdentity: ClientIdentity = Object.freeze({ name, roles, functions, certificate, matchedBy: 'test' });
  clientIdentities.set(context, clientIdentity);
  return context;
}

/** Values that nobody takes for real ones. */
const testCertificate: ClientCertificate = Object.freeze({
  der: new Uint8Array(0),
  thumbprintSha256: '0'.repeat(64),
  thumbprintSha1: '0'.repeat(40),
  publicKeySha256: '0'.repeat(64),
  serialNumber: '00',
  subject: 'CN=test',
  issuer: 'CN=test',
  subjectName: [[{ type: '2.5.4.3', value: 'test' }]],
  commonName: 'test',
  notBefore: Date.UTC(2000, 0, 1),
  notAfter: Date.UTC(2100, 0, 1),
  publicKey: { algorithm: 'ec', curve: 'P-256' },
  isPresent: false,
  isCertificateAuthority: false,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  subjectAlternativeNames: [],
  unknownCriticalExtensions: [],
} as const);

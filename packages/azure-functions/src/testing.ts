import type { InvocationContext } from '@azure/functions';
// Imported by the package's name, so that the bundled declarations have only one `Register`, which apps extend.
import type { Role } from '@certgate/azure-functions';
import { CertgateError, type ClientCertificate, type ClientIdentity, invalidArgument } from '@certgate/core';
import { clientIdentities } from './gate/shared-state.js';
import { findWorkerCore } from './gate/worker-core.js';

export { CertgateError, type CertgateErrorCode } from '@certgate/core';

/**
 * The identity that `withClientIdentity` gives to a context. As in a trust document, absent `roles` mean none, and
 * absent `functions` mean all.
 */
export interface TestIdentity {
  readonly name: string;
  readonly roles?: readonly Role[];
  readonly functions?: readonly string[];
  readonly owner?: string;
  /**
   * Needed if the handler reads the certificate, or when the access begins or ends, which then are the certificate's
   * times.
   */
  readonly certificate?: ClientCertificate;
}

/**
 * Gives a context an authenticated identity, as the gate would do, and returns the context. It is for unit tests that
 * call a handler directly.
 *
 * @example
 * ```ts
 * import { InvocationContext } from '@azure/functions';
 * import { getClientIdentity } from '@certgate/azure-functions';
 * import { withClientIdentity } from '@certgate/azure-functions/testing';
 *
 * const context = withClientIdentity(new InvocationContext(), { name: 'billing', roles: ['orders.read'] });
 * console.log(getClientIdentity(context).name);
 * ```
 *
 * @throws {CertgateError} inside a Functions host, where it would be a way past the gate, and if the identity has an
 * unknown member, a blank name, or a role, function or owner that is not a string.
 */
export function withClientIdentity<Context extends InvocationContext>(
  context: Context,
  identity: TestIdentity,
): Context {
  if (findWorkerCore() !== undefined) {
    throw new CertgateError(
      'CERTGATE_TESTING_ONLY',
      'withClientIdentity is for unit tests; inside a Functions host only the gate says who calls.',
    );
  }
  clientIdentities.set(context, createTestIdentity(identity));
  return context;
}

const identityKeys = ['name', 'roles', 'functions', 'owner', 'certificate'];

function createTestIdentity(identity: TestIdentity): ClientIdentity {
  const unknown = Object.keys(identity).find((key) => !identityKeys.includes(key));
  if (unknown !== undefined) {
    throw invalidArgument(`withClientIdentity does not know "${unknown}"; it knows ${identityKeys.join(', ')}.`);
  }
  const { name, roles = [], functions, owner, certificate = testCertificate } = identity;
  if (typeof name !== 'string' || name.trim() === '') throw invalidArgument('A client identity needs a name.');
  if (owner !== undefined && typeof owner !== 'string')
    throw invalidArgument('The owner of a client identity must be a string.');
  return Object.freeze({
    name,
    roles: copyTexts('roles', roles),
    functions: functions === undefined ? undefined : copyTexts('functions', functions),
    owner,
    certificate,
    matchedBy: 'test',
    matched: undefined,
    accessEndsAt: certificate.notAfter,
    accessBeginsAt: certificate.notBefore,
    withoutClientAuthUntil: undefined,
  });
}

function copyTexts(key: string, texts: unknown): readonly string[] {
  if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return Object.freeze([...texts]);
  throw invalidArgument(`The ${key} of a client identity must be a list of strings.`);
}

/** Values that nobody can mistake for real ones. */
const testCertificate: ClientCertificate = Object.freeze({
  der: new Uint8Array(0),
  thumbprintSha256: '0'.repeat(64),
  thumbprintSha1: '0'.repeat(40),
  publicKeySha256: '0'.repeat(64),
  serialNumber: '00',
  subject: 'CN=test',
  issuer: 'CN=test',
  subjectName: [[{ type: '2.5.4.3', value: 'test' }]],
  issuerName: [[{ type: '2.5.4.3', value: 'test' }]],
  commonName: 'test',
  notBefore: Date.UTC(2000, 0, 1),
  notAfter: Date.UTC(2100, 0, 1),
  publicKey: { algorithm: 'ec', curve: 'P-256' },
  hasExtensions: false,
  isCertificateAuthority: false,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  subjectAlternativeNames: [],
  unknownCriticalExtensions: [],
} as const);

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessGate } from '../access/access-gate.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { type MadeCertificate, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import type { TrustStore } from './trust-store.js';
import { trustStoreFromDocument } from './document-store.js';
import { trustStoreFromFile } from './trust-stores.js';
import { firstOf } from './first-of.js';

describe('a store that is copied with another find', () => {
  const made: MadeCertificate = makeCertificate();
  const document = {
    schemaVersion: 1,
    revision: 1,
    identities: [{ name: 'a', roles: [], pins: [{ thumbprintSha256: presentCertificate(made.der).thumbprintSha256 }] }],
  };
  const stores: Readonly<Record<string, () => TrustStore>> = {
    'of a document': () => trustStoreFromDocument(document),
    'of several': () => firstOf(trustStoreFromDocument(document)),
  };
  for (const [what, create] of Object.entries(stores)) {
    test(`${what}: its answers are not remembered under the version of the original`, async () => {
      const inner = create();
      let isRevoked = false;
      const store: TrustStore = {
        ...inner,
        find: (certificate, now) =>
          isRevoked
            ? { outcome: 'denied', code: 'identity_disabled', detail: 'revoked' }
            : inner.find(certificate, now),
      };
      const gate = new AccessGate({ trustStore: store });
      const decide = async (): Promise<string> =>
        (await gate.decide(made.header, { functionName: 'f', roles: [] }, now)).code;
      assert.equal(await decide(), 'allowed');
      isRevoked = true;
      assert.equal(await decide(), 'identity_disabled');
    });
  }

  test('cannot be made by replacing the find of one of our stores', () => {
    for (const store of [trustStoreFromFile('trust.json'), ...Object.values(stores).map((create) => create())]) {
      assert.throws(() => {
        store.find = () => ({ outcome: 'notFound' });
      }, TypeError);
    }
  });
});

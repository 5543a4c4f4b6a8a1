import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anyAudience } from '../trust-document/parse-document.js';
import { trustStoreFromDocument } from './document-store.js';
import { trustStoreFromFile } from './trust-stores.js';

describe('the audience of a store', () => {
  const document = { schemaVersion: 1, revision: 1, audience: ['orders'], identities: [] };

  test('must be one app: anyAudience, with which tools read any document, throws', () => {
    const options = { audience: anyAudience as unknown as string };
    assert.throws(() => trustStoreFromDocument(document, options), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /the name of this app/,
    });
    assert.throws(() => trustStoreFromFile('trust.json', options), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /the name of this app/,
    });
  });

  test('is accepted if it is a name', () => {
    assert.equal(trustStoreFromDocument(document, { audience: 'Orders' }).report?.().revision, 1);
  });
});

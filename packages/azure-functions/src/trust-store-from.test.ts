import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustStoreFrom } from '@certgate/core';
import { secureApp } from './secure-app.js';
import { bearing, createApp, reader } from './test-support/secured-app.js';

describe('an address that can not be one', () => {
  const addresses: readonly (readonly [string, string | undefined, RegExp])[] = [
    ['is absent', undefined, /Is the app setting there/],
    ['is empty', '', /Is the app setting there/],
    ['is a document', '{"schemaVersion":1}', /trustStoreFromAppSetting/],
    [
      'names a package that is not installed',
      'blob:https://corp.blob.core.windows.net/trust/trust.json',
      /npm install/,
    ],
  ];
  for (const [what, address, words] of addresses) {
    // The worker goes on after an entry file that throws, and the functions of other files would stand open.
    it(`${what}: nothing is thrown where it is written, the app does not start, and everybody is refused`, async (context) => {
      const { app, worker } = createApp(context);
      secureApp(app, { trustStore: trustStoreFrom(address) });
      app.http('Orders', { handler: () => ({ body: 'orders' }) });
      await assert.rejects(worker.start(), (error: NodeJS.ErrnoException) => {
        assert.equal(error.code, 'CERTGATE_TRUST_SOURCE_MISUSE');
        assert.match(error.message, words);
        return true;
      });
      const { status, body } = await worker.invoke('Orders', bearing(reader));
      assert.equal(status, 503);
      assert.doesNotMatch(body, /orders/);
    });
  }
});

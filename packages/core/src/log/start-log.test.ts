import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { warnOfTrust } from './start-log.js';

test('the first 20 of many warnings with one code are logged, and how many more there are', (context) => {
  const warn = context.mock.method(console, 'warn', () => undefined);
  const identities = Array.from({ length: 1_000 }, (_, index) => ({
    name: `imported ${index}`,
    roles: [],
    pins: [{ thumbprintSha1: index.toString(16).padStart(40, '0') }],
  }));
  const document = { schemaVersion: 1, revision: 1, identities: [{ name: 'nobody', roles: [] }, ...identities] };
  warnOfTrust(trustStoreFromDocument(document).report?.().warnings ?? []);
  const lines = warn.mock.calls.map(
    ({ arguments: [text] }) => JSON.parse(String(text)) as { code: string; detail: string },
  );
  assert.deepEqual(
    lines.filter(({ code }) => code === 'identity_without_pins').map(({ detail }) => detail.split(':')[0]),
    ['identities[0]'],
  );
  const pins = lines.filter(({ code }) => code === 'pin_sha1').map(({ detail }) => detail);
  assert.equal(pins.length, 21);
  assert.match(pins[0] ?? '', /^identities\[1\]\.pins\[0\]: SHA-1/);
  assert.equal(pins.at(-1), '980 more of these; all of them: certgate trust check');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHostedTrust } from './hosted-trust.js';

test("a gate's report keeps the members of the right type, and so do its parts", () => {
  const mirror = { description: 'file copy.json', isInUse: true };
  const part = { description: 'file trust.json', revision: 2, fault: 'it is gone', revocationFault: 'no list', mirror };
  assert.deepEqual(
    readHostedTrust({ description: 'first of 2', revision: '2', signedBy: ['9f86d0'], parts: [part, 7] }),
    {
      source: 'first of 2',
      signedBy: ['9f86d0'],
      parts: [
        {
          source: 'file trust.json',
          revision: 2,
          fault: 'it is gone',
          revocationFault: 'no list',
          mirror: { source: 'file copy.json', isInUse: true },
        },
      ],
    },
  );
});

test('a report without a source, or of another form, is undefined', () => {
  for (const report of [undefined, null, 'file trust.json', {}, { description: 1 }])
    assert.equal(readHostedTrust(report), undefined);
});

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { isUnchangedValid, listMutations, tryMutation } from '../test-support/path-mutation.js';
import { isMlDsaKnown } from '../test-support/certificate-writing.js';
import { writeChain } from '../test-support/written-path.js';

// Changes octets of a chain one at a time, each by one mask. `npm run conformance -- mutation` uses four masks;
// conformance/README.md has its results.
describe('a chain with one octet changed', () => {
  for (const kind of ['p-256', 'rsa-2048', 'ed25519', 'ml-dsa-44'] as const) {
    const skip = kind === 'ml-dsa-44' && !isMlDsaKnown ? 'this Node makes no such key' : false;
    it(`${kind}: is never valid, and nothing is thrown`, { skip }, () => {
      const chain = writeChain(kind);
      assert.ok(isUnchangedValid(chain));
      let count = 0;
      // Most octets of ML-DSA and RSA belong to a key or a signature, so after the first 300 of each part, only about
      // one in eight or in four is changed.
      const share = { 'p-256': 1, 'rsa-2048': 4, ed25519: 1, 'ml-dsa-44': 8 }[kind];
      const isChosen = (position: number): boolean => position < 300 || position % share === randomInt(0, share);
      for (const mutation of listMutations(chain, (position) => (isChosen(position) ? [randomInt(1, 256)] : []))) {
        const { outcome } = tryMutation(chain, mutation);
        assert.ok(outcome !== 'valid' && outcome !== 'thrown', `${outcome}: ${JSON.stringify(mutation)}`);
        count += 1;
      }
      assert.ok(count > 700, String(count));
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issue } from '@certgate/x509/test-support/revocation.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { authorityOf, billing, issueCaller, issuedDocument } from '../test-support/authority-stage.js';
import { ManualClock } from '../test-support/scripted-source.js';
import { RefreshingTrustStore } from '../trust-store/refreshing-store.js';
import { AccessGate } from './access-gate.js';

const second = 1000;
const end = '20270101001000Z';

describe('an authority whose trust anchor is replaced before it ends', () => {
  // The old root ends ten minutes from now. The new root has another name, or the same name and another key.
  const old = issue({ name: 'Corp root 2025', key: 'p-384', notAfter: end });
  for (const [what, fresh] of [
    ['of another name', issue({ name: 'Corp root 2027', key: 'p-521' })],
    ['of the same name with another key', issue({ name: 'Corp root 2025', key: 'p-521' })],
  ] as const) {
    const callers = { old: issueCaller({ issuer: old }).header, fresh: issueCaller({ issuer: fresh }).header };

    it(`${what}: both roots admit callers while both are in the document, and the old root's callers are refused once it is gone`, async () => {
      const clock = new ManualClock(now);
      let [revision, anchors] = [1, [old]];
      const { wall, monotonic } = clock;
      const read = (): Promise<{ changed: true; bytes: Uint8Array; version: string }> => {
        const authorities = [authorityOf({ anchors, intermediates: [] })];
        const text = JSON.stringify(issuedDocument([billing], { authorities, revision }));
        return Promise.resolve({ changed: true, bytes: Buffer.from(text), version: String(revision) });
      };
      const store = new RefreshingTrustStore(
        { description: 'document', read },
        {},
        { wall, monotonic, random: () => 0 },
      );
      const gate = new AccessGate({ trustStore: store });
      await store.start();
      const decide = async (): Promise<readonly string[]> =>
        Promise.all(
          [callers.old, callers.fresh].map(async (header) => {
            const { code } = await gate.decide(header, { functionName: 'f', roles: [] }, wall());
            return code;
          }),
        );
      const change = (next: readonly (typeof old)[]): void => {
        [revision, anchors] = [revision + 1, [...next]];
        // Long enough that the next call waits for a new read.
        clock.pass(61 * second);
      };
      const stranger = what === 'of another name' ? 'certificate_not_trusted' : 'path_signature_invalid';

      assert.deepEqual(await decide(), ['allowed', stranger]);
      change([old, fresh]);
      assert.deepEqual(await decide(), ['allowed', 'allowed']);
      assert.deepEqual(await decide(), ['allowed', 'allowed']);
      change([fresh]);
      assert.deepEqual(await decide(), [stranger, 'allowed']);

      // If the old root stays in the document, it expires by itself, and callers of the new root stay admitted.
      change([old, fresh]);
      assert.deepEqual(await decide(), ['allowed', 'allowed']);
      clock.pass(10 * 60 * second);
      assert.deepEqual(await decide(), ['path_certificate_expired', 'allowed']);
    });
  }
});

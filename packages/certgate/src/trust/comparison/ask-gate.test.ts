import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { presentCertificate } from '@certgate/core/internal';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { askGate } from './ask-gate.js';
import { callers, decide, instants, scenes } from './test-support/random-scenes.js';

test('the gate, asked with a certificate at hand, reports each caller that it newly refuses, and no other', () => {
  const seen = { lost: 0, kept: 0, known: 0, hidden: 0 };
  fc.assert(
    fc.property(scenes, instants, fc.constantFrom(...callers), ([before, after], now, caller) => {
      const certificate = presentCertificate(caller.der);
      const { changes, isAsked } = askGate(before, after, { certificates: [certificate], now });
      const [was, is] = [before, after].map((trust) => decide(trust, caller, now));
      const isLost = was?.outcome === 'allowed' && is?.outcome === 'denied';
      const [change] = changes;
      // The gate is asked about neither revocation lists nor the lock.
      const isOutside = is?.outcome === 'denied' && /^(?:revocation_unavailable|trust_locked)$/.test(is.code);
      if (isLost && !isOutside) assert.equal(change?.identityName, was.identity.name);
      if (was?.outcome === 'allowed' && is?.outcome === 'allowed')
        assert.doesNotMatch(change?.sentence ?? '', /From now/);
      seen[isLost ? 'lost' : 'kept'] += 1;
      const { thumbprintSha256: value } = certificate;
      const pin = { kind: 'thumbprintSha256', value } as const;
      if (was?.outcome === 'allowed') assert.ok(isAsked(pin));
      seen[isAsked(pin) ? 'known' : 'hidden'] += 1;
    }),
    { numRuns: countRuns(150) },
  );
  for (const [way, times] of Object.entries(seen)) assert.ok(times > 0, `${way}: ${JSON.stringify(seen)}`);
});

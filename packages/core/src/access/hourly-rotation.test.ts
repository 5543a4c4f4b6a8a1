import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLongRun } from '@certgate/x509/test-support/random-runs.js';
import type { LoggingCall } from '../log/decision-channel.js';
import { ExpiryLog } from '../log/expiry-log.js';
import { RotatingCallers } from '../test-support/rotating-callers.js';

const hours = 24 * (isLongRun() ? 7 : 2);
const minute = 60_000;

describe('callers whose certificates change every hour, for days', () => {
  it('are always admitted by name, and renewals in time cause no warning', async () => {
    const callers = new RotatingCallers(isLongRun() ? 20 : 2);
    await callers.start();
    const warnings: unknown[] = [];
    const context = { warn: (line: unknown) => warnings.push(line) } as unknown as LoggingCall;
    const expiry = new ExpiryLog();
    const seen = new Set<string>();
    for (let passed = 0; passed < hours; passed += 1) {
      const before = callers.headers;
      if (passed > 0) callers.pass(50 * minute);
      // In round 0, the gate sees the certificates for the first time. In round 1, it remembers them. In round 2, a
      // minute later, it looks at them again. In round 3, the certificates of the hour before are used as well. All
      // callers call at once.
      const rounds = [callers.headers, callers.headers, callers.headers, [...callers.headers, ...before]];
      for (const [round, headers] of rounds.entries()) {
        if (round >= 2) callers.pass(round === 2 ? minute : 9 * minute);
        const decisions = await Promise.all(headers.map(async (header) => callers.decide(header)));
        for (const [index, decision] of decisions.entries()) {
          assert.ok(decision.outcome === 'allowed', `hour ${passed}, round ${round}: ${JSON.stringify(decision)}`);
          const { identity } = decision;
          assert.equal(identity.name, callers.names[index % callers.names.length]);
          assert.equal(identity.matchedBy, 'uri issued by corp');
          seen.add(identity.certificate.thumbprintSha256);
          expiry.note(context, identity, callers.clock.wall());
        }
      }
    }
    assert.equal(seen.size, callers.issued);
    assert.equal(seen.size, hours * callers.names.length);
    assert.deepEqual(warnings, []);
  });
});

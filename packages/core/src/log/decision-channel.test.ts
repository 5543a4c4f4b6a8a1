import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Decision } from '../access/decision.js';
import { deny } from '../denial.js';
import { PendingOutcome, publishDecision } from './decision-channel.js';

// gate/decision-channel.test.ts of azure-functions tests the events of real decisions.

describe('the channel certgate:decision', () => {
  it('creates no event without a subscriber', () => {
    let isTouched = false;
    const watched = new Proxy(
      {},
      {
        get: () => {
          isTouched = true;
        },
      },
    );
    publishDecision(watched as never, watched as never);
    assert.equal(isTouched, false);
  });

  it('reports what a subscriber throws as an uncaught exception after the call, and the decision does not change', () => {
    const script = `
      const { subscribe } = await import('node:diagnostics_channel');
      const { publishDecision } = await import(${JSON.stringify(new URL('./decision-channel.js', import.meta.url).href)});
      const seen = [];
      process.on('uncaughtException', (error) => seen.push(error.message));
      subscribe('certgate:decision', () => { throw new Error('mine'); });
      subscribe('certgate:decision', (event) => seen.push(event.code));
      const decision = { outcome: 'denied', code: 'pin_expired', detail: 'x' };
      publishDecision({ functionName: 'F', invocationId: 'id' }, { decision });
      seen.push('decided');
      setTimeout(() => console.log(JSON.stringify(seen)), 10);`;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.deepEqual([status, JSON.parse(stdout)], [0, ['pin_expired', 'decided', 'mine']]);
  });
});

describe('the outcome of an admitted call', () => {
  const call = { functionName: 'F', invocationId: 'id' };
  const admission = { outcome: 'allowed', code: 'allowed' } as Decision;
  const denial = deny('certificate_not_trusted', {});
  const create = (concluded: string[]): PendingOutcome =>
    new PendingOutcome((_call, { decision }) => {
      concluded.push(decision.code);
    });

  it('is concluded once, by the first refusal or when nothing can refuse any more', () => {
    for (const [decisions, expected] of [
      [[admission], ['allowed']],
      [[admission, denial], ['certificate_not_trusted']],
      [[admission, admission, denial, denial], ['certificate_not_trusted']],
    ] as const) {
      const concluded: string[] = [];
      const outcome = create(concluded);
      for (const decision of decisions) outcome.replace(call, { decision }, true, decision === admission || undefined);
      outcome.settle();
      outcome.settle();
      assert.deepEqual(concluded, expected);
    }
  });

  it('shows which line the next line replaces: only a line that was written and whose request may still be refused', () => {
    const [logged, unlogged, settled] = [create([]), create([]), create([])];
    logged.replace(call, { decision: admission }, true, true);
    unlogged.replace(call, { decision: admission }, false, true);
    settled.replace(call, { decision: admission }, true, true);
    settled.settle();
    assert.deepEqual([logged.after, unlogged.after, settled.after], ['allowed', undefined, undefined]);
    for (const outcome of [logged, unlogged, settled]) outcome.replace(call, { decision: denial }, true);
    assert.deepEqual([logged.after, unlogged.after, settled.after], ['denied', 'denied', 'denied']);
  });

  it('waits in a bounded number of calls, and the oldest of too many is concluded as admitted', () => {
    const concluded: string[] = [];
    const outcomes = Array.from({ length: 10_001 }, () => create(concluded));
    for (const outcome of outcomes) outcome.replace(call, { decision: admission }, true, true);
    assert.deepEqual([concluded.length, outcomes[0]?.after, outcomes[1]?.after], [1, undefined, 'allowed']);
    for (const outcome of outcomes) outcome.replace(call, { decision: denial }, true);
    // A refusal after that is concluded in addition to the admission.
    assert.deepEqual([concluded.length, concluded.at(-1)], [10_002, 'certificate_not_trusted']);
  });
});

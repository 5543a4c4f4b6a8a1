import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { publishDecision } from './decision-channel.js';

// What is told of a real decision: gate/decision-channel.test.ts of azure-functions.

describe('the channel certgate:decision', () => {
  it('costs no event without a subscriber', () => {
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

  it('a subscriber that throws changes no decision: Node reports it after the call, as an uncaught exception', () => {
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

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './test-support/certgate.js';

// Half an hour of it: npm run prove -- soak (proof/README.md).
describe('the soak', () => {
  it('finds in some seconds that a live gate answers as the reference does', () => {
    const script = join(root, 'proof/soak/run.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--minutes', '0.08', '--print'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const { decisions, exact, wrong } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Readonly<
      Record<string, unknown>
    >;
    assert.deepEqual(wrong, []);
    // On a machine without other work, a hundred.
    assert.ok(Number(decisions) >= 3 && Number(exact) >= 1, stdout);
  });
});

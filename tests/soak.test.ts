import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './test-support/certgate.js';

// This test takes some seconds. `npm run prove -- soak` takes half an hour (proof/README.md).
describe('the soak', () => {
  it('shows that a live gate answers like the reference for some seconds', () => {
    const script = join(root, 'proof/soak/run.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--minutes', '0.08', '--print'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const { decisions, exact, wrong } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Readonly<
      Record<string, unknown>
    >;
    assert.deepEqual(wrong, []);
    // On a machine without other work, there are about a hundred decisions.
    assert.ok(Number(decisions) >= 3 && Number(exact) >= 1, stdout);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './test-support/certgate.js';

// Replays inputs without the fuzzer, which is not installed here. `npm run prove -- fuzzing` runs it (proof/README.md).
describe('the targets of fuzzing', () => {
  it('find no fault in the committed corpus, or in inputs that are changed for some seconds', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'proof/fuzzing/replay.mjs'), '2'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.ok(lines.length >= 13, stdout);
    for (const line of lines) assert.match(line, /^[a-z-]+: [1-9]\d* inputs, \d+ changed$/);
  });
});

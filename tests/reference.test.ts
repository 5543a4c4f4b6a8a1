import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { root } from './test-support/certgate.js';

it('the generated pages agree with the tables of the tool', () => {
  // A process of its own without npm or npx, which set environment variables by which the tool names itself.
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'write-reference.mjs'), '--check'], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

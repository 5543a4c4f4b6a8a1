import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { root } from './test-support/certgate.js';

it('the generated pages are what the tables of the tool say', () => {
  // npm and npx name themselves in the environment, and the tool names itself by them.
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'write-reference.mjs'), '--check'], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

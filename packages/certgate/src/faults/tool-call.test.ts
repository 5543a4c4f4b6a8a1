import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { findToolName } from './tool-call.js';

test('printed commands have the form in which the tool was started', () => {
  const cwd = resolve('/work/app');
  const find = (script: string, environment: Readonly<Record<string, string>> = {}): string =>
    findToolName({ script: resolve(script), cwd, environment });
  const byNpx = 'npx --no-install certgate';
  // Of the project, in this folder or one above; from a clone; by npx, whatever it found.
  assert.equal(find(join(cwd, 'node_modules/.bin/certgate')), byNpx);
  assert.equal(find('/work/node_modules/certgate/bin/certgate.js'), byNpx);
  assert.equal(find('/clone/packages/certgate/bin/certgate.js'), byNpx);
  assert.equal(find('/usr/local/bin/certgate', { npm_command: 'exec' }), byNpx);
  // npm install --global: a link in PATH, and on Windows a script that starts the file itself.
  assert.equal(find('/usr/local/bin/certgate'), 'certgate');
  assert.equal(find('/users/ada/npm/node_modules/certgate/bin/certgate.js'), 'certgate');
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findToolName, formatTrustCall, formatTrustChange, getToolName, withStore } from './tool-call.js';

test('printed commands start the tool by its name if it is installed globally, and by npx otherwise', () => {
  const cwd = resolve('/srv/app');
  const find = (script: string, environment: Readonly<Record<string, string>> = {}): string =>
    findToolName({ script: resolve(script), cwd, environment });
  const byNpx = 'npx --no-install certgate';
  // The project's copy in this folder or in one above it, a copy in a clone, and any copy that npx started.
  assert.equal(find(join(cwd, 'node_modules/.bin/certgate')), byNpx);
  assert.equal(find('/srv/node_modules/certgate/bin/certgate.js'), byNpx);
  assert.equal(find('/clone/packages/certgate/bin/certgate.js'), byNpx);
  assert.equal(find('/usr/local/bin/certgate', { npm_command: 'exec' }), byNpx);
  // After `npm install --global` there is a link in PATH, and on Windows a script that starts the file itself.
  assert.equal(find('/usr/local/bin/certgate'), 'certgate');
  assert.equal(find('/users/ada/npm/node_modules/certgate/bin/certgate.js'), 'certgate');
});

test('a printed trust command names its store, also after an await, and `STORE` if the store is unknown', async () => {
  const list = `${getToolName()} trust list --store`;
  assert.equal(formatTrustCall('list'), `${list} STORE`);
  const [one, other] = await Promise.all(
    ['file:a b.json', 'file:c.json'].map((store) =>
      withStore(store, async () => {
        await Promise.resolve();
        return formatTrustCall('list');
      }),
    ),
  );
  assert.deepEqual([one, other], [`${list} "file:a b.json"`, `${list} file:c.json`]);
  assert.equal(
    formatTrustChange('enable', ['-x']),
    `${getToolName()} trust enable --reason REASON --store STORE -- -x`,
  );
});

test('no message contains a trust command that this file did not format', () => {
  const source = fileURLToPath(new URL('../../../src', import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    // The examples in help texts name a store themselves.
    (file) => /(?<!\.test|-verbs|former-names)\.ts$/.test(file) && !file.includes('test-support'),
  );
  assert.ok(files.length > 200);
  const bare = files.flatMap((file) =>
    readFileSync(join(source, file), 'utf8')
      .split('\n')
      .filter((line) => /\bcertgate trust [a-z]/.test(line.replace(/^\s*(?:\*|\/\*|\/\/).*$/, '')))
      .map((line) => `${file}: ${line.trim()}`),
  );
  assert.deepEqual(bare, []);
});

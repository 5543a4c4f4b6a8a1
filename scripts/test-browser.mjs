// Tests the inspector's page in Debian's Chromium with the files in tests/browser, whose tools have a lockfile of their
// own. `npm test -- --browser live` runs only the files whose names begin with "live".
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTools } from './install-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'tests', 'browser');
const wanted = process.argv.slice(2);

installTools(folder);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((each) => name.startsWith(each))))
  .map((name) => join(folder, name));
if (files.length === 0) throw new Error(`No browser test is named ${wanted.join(' or ')}.`);
// One file at a time, because some of them measure.
run(['--test', '--test-concurrency=1', '--test-timeout=300000', '--test-reporter=spec', ...files]);

function run(words) {
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

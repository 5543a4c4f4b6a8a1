// Runs the tools of docs/tools, which have a lockfile of their own: `prose` holds the pages to the rules for the
// language, `workflows` holds action.yml and the workflow for users to the rules of GitHub Actions, and `reference` makes
// the API reference. Installs them first where they are missing or another version.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTools } from './install-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs', 'tools');
const tools = {
  prose: { script: 'textlint/bin/textlint.js', args: () => ['--format', 'unix', ...listPages()] },
  workflows: { script: '../lint-workflows.mjs', args: () => [] },
  reference: { script: 'typedoc/bin/typedoc', args: () => ['--options', 'typedoc.json'] },
};

const tool = tools[process.argv[2]];
if (tool === undefined) throw new Error(`Usage: node scripts/docs-tools.mjs ${Object.keys(tools).join('|')}`);
installTools(folder);
run(join(folder, 'node_modules', tool.script), tool.args());

function run(script, args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Every page that people read. What is installed or built is not entered: a build may be writing it at the same time. */
function listPages(folder = root) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith('.md') ? [path] : [];
    const isEntered = entry.isDirectory() && !/^(?:node_modules|dist|packed|\..*)$/.test(entry.name);
    return isEntered ? listPages(path) : [];
  });
}

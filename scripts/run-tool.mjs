// Runs the tools of tools/, which have a lockfile of their own: `code` is ESLint, `types` is Oxlint with the rules that
// need types, `rules` tests our own ESLint rule, `format` is Oxfmt, `prose` checks the pages against the rules for the
// language, `workflows` checks the actions, the workflows and .github against the rules of GitHub Actions, `queries`
// parses the KQL queries, `reference` checks the API reference, and `site-reference` makes it for the site. Installs the
// tools first if they are missing or have another version.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTools } from './install-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'tools');
const [name, ...options] = process.argv.slice(2);
const tools = {
  code: { script: 'eslint/bin/eslint.js', cwd: root, args: () => (options.length > 0 ? options : ['.']) },
  types: {
    script: 'oxlint/bin/oxlint',
    cwd: root,
    args: () => (options.length > 0 ? options : ['packages', 'tests', 'conformance', 'bench']),
  },
  format: {
    script: 'oxfmt/bin/oxfmt',
    cwd: root,
    args: () => (options.length > 0 ? options : ['--check']),
  },
  prose: {
    script: 'textlint/bin/textlint.js',
    cwd: folder,
    args: () => [
      '--rulesdir',
      'textlint-rules',
      '--format',
      'unix',
      ...(options.length > 0 ? options.map((path) => resolve(path)) : listPages()),
    ],
  },
  rules: { script: '../eslint-rules/comment-patterns.test.mjs', cwd: folder, args: () => [] },
  workflows: { script: '../lint-workflows.mjs', cwd: folder, args: () => [] },
  queries: { script: '../lint-queries.mjs', cwd: folder, args: () => options.map((path) => resolve(path)) },
  reference: {
    script: 'typedoc/bin/typedoc',
    cwd: folder,
    args: () => ['--options', 'typedoc.json', '--emit', 'none'],
  },
  'site-reference': { script: 'typedoc/bin/typedoc', cwd: folder, args: () => ['--options', 'typedoc-site.mjs'] },
};

const tool = tools[name];
if (tool === undefined) {
  console.error(`Usage: node scripts/run-tool.mjs ${Object.keys(tools).join('|')}`);
  process.exit(2);
}
installTools(folder);
run(join(folder, 'node_modules', tool.script), tool.args(), tool.cwd);

function run(script, args, cwd) {
  // Oxlint looks for its part that checks types in the PATH.
  const PATH = `${join(folder, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH };
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Every page that people read. Folders with installed or built files are left out, because a build may be writing them.
 */
function listPages(folder = root) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith('.md') ? [path] : [];
    const isEntered = entry.isDirectory() && !/^(?:node_modules|dist|packed|\..*)$/.test(entry.name);
    return isEntered ? listPages(path) : [];
  });
}

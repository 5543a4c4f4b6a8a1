// Runs the scripts of package.json that have parts: `npm run SCRIPT -- PART` runs one part with the words after it.
// Without a part, it runs those in `usual`. Options, and what `names` describes, go to the first of these. The exit
// code is 1 if a part found something, even if another part ended with another code.
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { installTools } from './install-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tool = (name, build) => ({ build, run: ['scripts/run-tool.mjs', name] });

/**
 * For each part, what it builds first (the packages and further projects), the folder whose packages it installs, and
 * what it runs.
 */
const scripts = {
  test: {
    usual: ['--all'],
    names: 'folders and files',
    parts: {
      '--all': { run: ['scripts/test.mjs'] },
      '--build': { run: ['scripts/test.mjs', '--build'] },
      '--hosts': { run: ['scripts/test.mjs', '--hosts'] },
      '--browser': { build: [], run: ['scripts/test-browser.mjs'] },
      '--front-ends': { build: ['tests'], run: ['tests/dist/front-ends/print-matrix.js'] },
      '--node': { run: ['scripts/test-on-node.mjs'] },
      '--long': { build: ['conformance/decision'], run: ['scripts/test-long.mjs'] },
      '--repeat': { run: ['scripts/test-repeat.mjs'] },
      '--coverage': {
        install: 'bench',
        run: ['bench/node_modules/c8/bin/c8.js', process.execPath, 'scripts/test.mjs'],
        usualWords: ['packages/x509', 'packages/core', 'packages/azure-functions'],
      },
    },
  },
  lint: {
    usual: ['code', 'types', 'rules', 'format', 'prose', 'workflows', 'queries', 'reference'],
    parts: {
      code: tool('code'),
      types: tool('types'),
      rules: tool('rules'),
      format: tool('format'),
      prose: tool('prose'),
      workflows: tool('workflows'),
      queries: tool('queries', []),
      reference: tool('reference', []),
      'only-comments': { run: ['scripts/only-comments-changed.mjs'] },
    },
  },
  write: {
    usual: ['docs', 'api', 'vectors', 'alerts', 'environments', 'results'],
    parts: {
      docs: { build: [], run: ['scripts/write-reference.mjs'] },
      api: { build: [], run: ['scripts/api-reports.mjs'] },
      vectors: { build: ['conformance/decision'], run: ['conformance/decision/dist/vectors/write.js'] },
      alerts: { run: ['scripts/write-alerts.mjs'] },
      environments: { build: [], run: ['scripts/environment-table.mjs', '--write'] },
      results: { run: ['proof/write-page.mjs'] },
    },
  },
  prove: {
    usual: ['port-mistakes', 'mutation', 'fuzzing', 'soak'],
    parts: {
      ...Object.fromEntries(
        ['port-mistakes', 'mutation', 'fuzzing', 'soak'].map((name) => [
          name,
          { build: ['conformance/decision'], run: [`proof/${name}/run.mjs`] },
        ]),
      ),
      compared: { build: [], install: 'examples/compared', run: ['examples/compared/compare.mjs'] },
      azure: { build: [], run: ['proof/azure/prove.mjs'] },
    },
  },
  bench: {
    usual: ['all'],
    parts: {
      all: { build: ['tests'], install: 'bench', run: ['bench/all.mjs'] },
      guards: { build: [], run: ['bench/guards.mjs'] },
    },
  },
  conformance: {
    usual: ['suites'],
    parts: {
      suites: { build: ['conformance'], run: ['conformance/dist/run.js'] },
      mutation: { build: ['conformance'], run: ['conformance/dist/mutate.js'] },
      decoders: { build: ['conformance'], run: ['conformance/dist/compare-decoders.js'] },
      compare: {
        build: ['conformance'],
        install: 'conformance/compare',
        run: ['conformance/compare/compare.mjs'],
      },
    },
  },
  site: {
    usual: ['build', 'search'],
    parts: {
      build: { build: [], run: ['site/build.mjs'] },
      check: { build: [], run: ['site/check.mjs'] },
      search: { run: ['site/search.mjs'] },
    },
  },
  count: {
    usual: ['lines'],
    names: 'commits',
    parts: { lines: { run: ['scripts/count.mjs'] }, words: { run: ['scripts/count-words.mjs'] } },
  },
};

const [script, ...given] = process.argv.slice(2);
const { usual, names, parts } = scripts[script];
const [word = '', ...rest] = given;
const isForFirst = usual.length === 1 && (names !== undefined || word.startsWith('-'));
if (Object.hasOwn(parts, word)) process.exitCode = runParts([word], rest);
else if (word === '' || isForFirst) process.exitCode = runParts(usual, given);
else {
  console.error(`npm run ${script} has no part "${word}". Its parts are ${Object.keys(parts).join(', ')}.`);
  process.exitCode = 2;
}

function runParts(chosen, words) {
  const codes = chosen.map((part) => {
    if (chosen.length > 1) console.log(`${script} ${part} …`);
    return runPart(parts[part], words);
  });
  return codes.includes(1) ? 1 : (codes.find((code) => code !== 0) ?? 0);
}

function runPart({ build, install, run, usualWords = [] }, words) {
  const isBuilt = build === undefined || process.env['CERTGATE_TESTS_ARE_BUILT'] === '1';
  const built = isBuilt ? 0 : runNode(['scripts/build.mjs', ...build]);
  if (built !== 0) return built;
  if (install !== undefined) installTools(join(root, install));
  return runNode([...run, ...(words.length > 0 ? words : usualWords)]);
}

function runNode(words) {
  return spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

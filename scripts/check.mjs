// What a pull request needs: `npm run check` runs all parts, `npm run check -- NAME…` these, and `-- --except NAME` all
// but that. Prints how each part ended, and the output of those that failed. Exit code: 1 if one failed, 2 for an
// unknown name.
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const suites = join(root, '..', 'shared', 'data');
/** A folder with the oldest OpenSSL that is supported, if .ci/run names one. */
const oldest = process.env['CERTGATE_OLDEST_OPENSSL'];
// npm names its own script here. Windows could not start `npm.cmd` without a shell.
const npm = (...words) => [process.execPath, process.env['npm_execpath'] ?? 'npm', ...words];
const isNodeHere = process.platform === 'linux' && process.arch === 'x64';

/**
 * The parts in the order in which they start, two at a time: most of them use one processor or wait, and the longest
 * start first. `test` uses all processors and `guards` measures, so both run by themselves. `after` names parts that
 * must end first, because they install or write what this one reads. `missing` is the reason why a part can't run here.
 *
 * Tests in `test` compare the generated pages, the API reports and the decision vectors.
 */
const parts = [
  { name: 'test', run: npm('test'), isOldest: true, isByItself: true },
  { name: 'deployment', run: ['node', 'scripts/deploy-check.mjs'] },
  // Packs twice, and installs with every package manager.
  { name: 'release', run: npm('run', 'release', '--', '--dry-run') },
  { name: 'hosts', run: npm('test', '--', '--hosts'), isOldest: true, after: ['deployment'] },
  {
    name: 'node-24',
    run: npm('test', '--', '--node', '24'),
    missing: isNodeHere ? undefined : "npm's Node.js 24 is for Linux on x64",
    after: ['deployment', 'release'],
  },
  // Its limits don't depend on the load of the machine.
  { name: 'browser', run: npm('test', '--', '--browser') },
  { name: 'front-ends', run: npm('test', '--', '--front-ends') },
  { name: 'lint', run: npm('run', 'lint') },
  { name: 'site', run: npm('run', 'site'), after: ['lint'] },
  {
    name: 'newest-openssl',
    run: npm('test', '--', ...listTestsOfNewestOpenssl()),
    missing: oldest === undefined ? 'the tests ran with the OpenSSL of this machine' : undefined,
  },
  {
    name: 'conformance',
    run: npm('run', 'conformance', '--', '--data', suites),
    missing: existsSync(suites) ? undefined : 'no published suites are beside the checkout',
  },
  { name: 'count', run: npm('run', 'count') },
  { name: 'words', run: npm('run', 'count', '--', 'words') },
  { name: 'pack', run: npm('run', 'pack'), after: ['hosts', 'node-24'] },
  { name: 'guards', run: npm('run', 'bench', '--', 'guards'), isByItself: true },
];

const chosen = readArguments();
/** The parts that run: the name of each, with the promise of its end. */
const running = new Map();
const env = { ...process.env, NO_COLOR: '1' };
if (env.CERTGATE_TESTS_ARE_BUILT !== '1') await run({ name: 'build', run: npm('test', '--', '--build') });
env.CERTGATE_TESTS_ARE_BUILT = '1';
if (process.exitCode === undefined) await runAll();
console.log(process.exitCode === undefined ? 'Everything passed.' : 'A part failed.');

function readArguments() {
  const options = { except: { type: 'string', multiple: true, default: [] } };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const unknown = [...positionals, ...values.except].find((each) => !parts.some(({ name }) => name === each));
    if (unknown !== undefined) throw new Error(`There is no part "${unknown}".`);
    const isChosen = ({ name }) =>
      (positionals.length === 0 || positionals.includes(name)) && !values.except.includes(name);
    return parts.filter(isChosen);
  } catch (error) {
    console.error(`${error.message} Name some of ${parts.map(({ name }) => name).join(', ')}, or --except one.`);
    return process.exit(2);
  }
}

async function runAll() {
  const waiting = [...chosen];
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(mayStart);
    if (next === -1) await Promise.race(running.values());
    else {
      const [part] = waiting.splice(next, 1);
      running.set(
        part.name,
        run(part).finally(() => running.delete(part.name)),
      );
    }
  }

  function mayStart({ after = [], isByItself = false }, index) {
    const isAfterOthers = (name) => waiting.some((each) => each.name === name) || running.has(name);
    if (after.some(isAfterOthers)) return false;
    const isOthersTurn = [...running.keys()].some((name) =>
      parts.some((each) => each.name === name && each.isByItself),
    );
    return isByItself ? running.size === 0 && index === 0 : running.size < 2 && !isOthersTurn;
  }
}

async function run({ name, run: [program, ...words], isOldest = false, missing }) {
  if (missing !== undefined) return console.log(`not run  ${name}: ${missing}`);
  console.log(`begins   ${name}`);
  const started = performance.now();
  const PATH = isOldest && oldest !== undefined ? `${oldest}${delimiter}${env.PATH}` : env.PATH;
  const child = spawn(program, words, { cwd: root, env: { ...env, PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code, signal] = await once(child, 'close');
  const seconds = `${Math.round((performance.now() - started) / 1000)} s`;
  if (code === 0) return console.log(`passed   ${name}, ${seconds}`);
  process.exitCode = 1;
  return console.log(`${output}\nFAILED   ${name} (${signal ?? code}), ${seconds}; its output is above`);
}

/** The tests for which this machine's OpenSSL makes files (ML-DSA and PBMAC1), and the oldest OpenSSL doesn't. */
function listTestsOfNewestOpenssl() {
  return ['packages', 'tests', 'conformance'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
      .map((path) => join(folder, path))
      .filter((path) => /ml-dsa|pbmac1/i.test(readFileSync(join(root, path), 'utf8'))),
  );
}

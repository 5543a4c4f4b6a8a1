// Measures what it costs to validate a certification path: leaf, intermediate and root with two CRLs, from their bytes
// on, compared with pkijs in the same run and on the same bytes. Also measures the most expensive questions that
// certificates can be crafted to ask.
//
//   node bench/certification-path.mjs         the tables; exits 1 when a goal is missed
//   node bench/certification-path.mjs --json  the same as JSON
//
// pkijs comes from bench/package.json, which has a lockfile of its own.
import { arch, cpus, loadavg } from 'node:os';
import {
  decodeCertificateRevocationList,
  decodePathCertificate,
  describePathFault,
  findCertificationPath,
} from '@certgate/x509/path';
import { hostilePaths } from '@certgate/x509/test-support/hostile-paths.js';
import {
  askAbout,
  pathNow,
  readCrls,
  readWritten,
  requireCrls,
  writeChain,
} from '@certgate/x509/test-support/written-path.js';
import { readByPkijs, verifyByPkijs } from './pkijs-path.mjs';
import { measureWarmDecisions } from './warm-decisions.mjs';

const rounds = 40;
const callsPerRound = 10;
/** The rounds until V8 has compiled the measured code. */
const warmUpRounds = 50;
const hostileRepetitions = 5;
// `warmShareOfPin` is the goal for a warm decision about a caller of an authority: as fast as about a pinned one,
// except for the noise of a single run.
const goals = { coldMilliseconds: 1, shareOfPkijs: 0.12, hostileMilliseconds: 250, warmShareOfPin: 1.25 };

const keys = [
  ['p-256', 'EC P-256'],
  ['rsa-2048', 'RSA 2048'],
];
const tests = keys.flatMap(([kind, key]) => listTests(writeChain(kind), key));
const samples = new Map(tests.map((test) => [test, []]));
for (let round = 0; round < warmUpRounds; round += 1) {
  for (const test of tests) await runRound(test);
}
for (let round = 0; round < rounds; round += 1) {
  for (const test of tests) samples.get(test).push(await runRound(test));
}
const paths = tests.map(({ key, name }, index) => ({ key, name, milliseconds: median(samples.get(tests[index])) }));
const hostile = hostilePaths.map(({ name, ask, expected }) => ({ name, milliseconds: timeHostile(ask, expected) }));
const warm = [];
for (const [kind, key] of keys) warm.push({ key, ...(await measureWarmDecisions(writeChain(kind), pathNow)) });
const missed = listMissed();
report();

function listTests(chain, key) {
  const decode = (der) => readWritten(decodePathCertificate, der);
  const ask = (leaf, { root, intermediate, crls }) =>
    askAbout(leaf, root, { intermediates: [intermediate], revocation: requireCrls(crls) });
  const read = () => ({
    root: decode(chain.root),
    intermediate: decode(chain.intermediate),
    crls: readCrls(chain.crls),
  });
  const authority = read();
  const leaf = decode(chain.leaf);
  return [
    { key, name: 'Certgate, everything from its bytes', call: () => expectValid(ask(decode(chain.leaf), read())) },
    {
      key,
      name: 'Certgate, a new caller of a known authority',
      call: () => expectValid(ask(decode(chain.leaf), authority)),
    },
    { key, name: 'Certgate, the same once more', call: () => expectValid(ask(leaf, authority)) },
    { key, name: 'pkijs, everything from its bytes', call: () => verifyByPkijs(readByPkijs(chain)) },
    {
      key,
      name: 'pkijs, parsed before',
      call: (
        (parsed) => () =>
          verifyByPkijs(parsed)
      )(readByPkijs(chain)),
    },
  ];
}

function expectValid(question) {
  const verdict = findCertificationPath(question);
  if (verdict.outcome !== 'valid') throw new Error(describePathFault(verdict));
}

async function runRound({ call }) {
  const started = performance.now();
  for (let index = 0; index < callsPerRound; index += 1) await call();
  return (performance.now() - started) / callsPerRound;
}

/**
 * The least time of several repetitions, because other work on the machine makes some of them slower. Each repetition
 * gets a new question.
 */
function timeHostile(ask, expected) {
  let least = Infinity;
  for (let repetition = 0; repetition < hostileRepetitions; repetition += 1) {
    const question = ask();
    const started = performance.now();
    const verdict = findCertificationPath(question);
    least = Math.min(least, performance.now() - started);
    const said = verdict.outcome === 'valid' ? 'valid' : verdict.code;
    if (said !== expected) throw new Error(`${said} instead of ${expected}`);
  }
  return least;
}

function listMissed() {
  const of = (key, name) => paths.find((each) => each.key === key && each.name === name).milliseconds;
  const missedPaths = keys.flatMap(([, key]) => {
    const own = of(key, 'Certgate, everything from its bytes');
    const theirs = of(key, 'pkijs, everything from its bytes');
    return [
      ...(!(own <= goals.coldMilliseconds) ? [`${key}: ${own.toFixed(2)} ms from the bytes on`] : []),
      ...(!(own <= theirs * goals.shareOfPkijs) ? [`${key}: ${(theirs / own).toFixed(1)} times as fast as pkijs`] : []),
    ];
  });
  const cold = warm.filter(({ pinned, issued }) => !(issued <= pinned * goals.warmShareOfPin));
  const slow = hostile.filter(({ milliseconds }) => !(milliseconds <= goals.hostileMilliseconds));
  return [
    ...missedPaths,
    ...cold.map(({ key, pinned, issued }) => `${key}: warm ${(issued / pinned).toFixed(2)} times a pin's`),
    ...slow.map(({ name, milliseconds }) => `${name}: ${milliseconds.toFixed(0)} ms`),
  ];
}

function report() {
  process.exitCode = missed.length === 0 ? 0 : 1;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ paths, warm, hostile, missed }, null, 2));
    return;
  }
  const load = loadavg()[0].toFixed(1);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model}, ${arch()}, load ${load}`,
  );
  console.log(`\n| ms, median | ${keys.map(([, key]) => key).join(' | ')} |\n|---|${keys.map(() => '---').join('|')}|`);
  for (const name of new Set(paths.map((each) => each.name))) {
    const cells = paths.filter((each) => each.name === name).map(({ milliseconds }) => milliseconds.toFixed(3));
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
  console.log(`\n| ns, median | ${warm.map(({ key }) => key).join(' | ')} |\n|---|${warm.map(() => '---').join('|')}|`);
  console.log(`| a warm decision, pinned | ${warm.map(({ pinned }) => pinned.toFixed(0)).join(' | ')} |`);
  console.log(
    `| a warm decision, by an authority with lists | ${warm.map(({ issued }) => issued.toFixed(0)).join(' | ')} |`,
  );
  console.log('\n| made to be expensive | ms, least of five |\n|---|---|');
  for (const { name, milliseconds } of hostile) console.log(`| ${name} | ${milliseconds.toFixed(1)} |`);
  console.log(missed.length === 0 ? '\nAll goals were met.' : `\nMissed: ${missed.join('; ')}`);
}

function median(values) {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}

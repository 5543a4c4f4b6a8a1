// Makes a release: `npm run release` checks the sources, packs every package, writes what each one contains (SBOM), and
// installs the tarballs from a registry on this machine with every package manager, Node and TypeScript. The result is
// in packed/release: tarballs, *.cdx.json, and SHA256SUMS in the order of publishing. It publishes nothing;
// .github/workflows/release.yml does. `-- --dry-run` does the same with sources that can't be released yet, and prints
// the reasons. `-- --record` writes the table to proof/results/release.json.
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describeRun, writeResult } from '../proof/run-record.mjs';
import { installTools } from './install-tools.mjs';
import { runCells } from './release/cells.mjs';
import { findRefusals, findStaleReports, findTakenNames } from './release/check-sources.mjs';
import { findNpm, folders, packPackages, readRelease, root } from './release/packages.mjs';
import { serveTarballs } from './release/registry.mjs';
import { readWords } from './read-words.mjs';

const options = { 'dry-run': { type: 'boolean' }, record: { type: 'boolean' } };
const { values } = readWords('npm run release [-- --dry-run] [--record]', { options });
const isDryRun = values['dry-run'] ?? false;
const record = describeRun(`npm run release${isDryRun ? ' -- --dry-run' : ''}`);
const start = performance.now();
const npm = findNpm();
const destination = join(root, 'packed', 'release');
// Removes the files of an earlier run, which are not a release of these sources.
rmSync(destination, { recursive: true, force: true });
const upstream = runProgram(npm, 'config', 'get', 'registry').trim();

const refusals = findRefusals(root);
refuse(refusals);
// Removes the build, because a compiled file whose source is gone would be packed.
if (!isDryRun)
  for (const folder of folders) rmSync(join(root, 'packages', folder, 'dist'), { recursive: true, force: true });
// check.mjs sets this variable after it has built the sources.
if (!isDryRun || process.env['CERTGATE_TESTS_ARE_BUILT'] !== '1') runProgram(join(root, 'scripts', 'build.mjs'));
const stale = findStaleReports(root);
refuse(stale);
installTools(join(root, 'scripts', 'release'));
// The binary of Node 24 is only for Linux on x64. On other machines its checks are not run, and there is no release.
if (process.platform === 'linux' && process.arch === 'x64') installTools(join(root, 'tests', 'node-versions', '24'));
const temporary = mkdtempSync(join(tmpdir(), 'certgate-release-'));
// Removes the folder however the process ends. On a signal, cells.mjs first ends the programs of the checks.
process.once('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const packages = pack();
if (!isDryRun) refuse(await findTakenNames(packages, readRelease().owner, upstream));
finish(packages, await check(packages));

function refuse(reasons) {
  for (const reason of reasons) console.error(`${isDryRun ? 'would refuse' : 'refused'}  ${reason}`);
  if (reasons.length > 0 && !isDryRun) process.exit(1);
}

function pack() {
  const packages = packPackages(destination, { bundled: false });
  const again = packPackages(join(temporary, 'again'), { bundled: false });
  for (const [index, { file }] of packages.entries())
    if (hash(file) !== hash(again[index].file)) throw new Error(`Packing ${basename(file)} twice gives two tarballs.`);
  return packages;
}

async function check(packages) {
  const [{ listInstallCells, listTypeCells }, { writeSbom }, { listTarballCells }] = await Promise.all([
    import('./release/check-installs.mjs'),
    import('./release/sbom.mjs'),
    import('./release/check-tarballs.mjs'),
  ]);
  const server = await serveTarballs(
    packages.map(({ file }) => file),
    upstream,
  );
  try {
    const { url: registry } = server;
    const commitTime = new Date(Number(git('log', '-1', '--format=%ct')) * 1000).toISOString();
    const installs = listInstallCells({ version: packages[0].version, registry, temporary });
    const sboms = packages.map((each) => ({
      check: 'sbom',
      what: basename(each.file),
      run: () => writeSbom(each, registry, temporary, commitTime),
    }));
    const first = await runCells([...installs, ...listTarballCells(packages), ...sboms], printRow);
    return [...first, ...(await runCells(listTypeCells(temporary), printRow))];
  } finally {
    server.close();
  }
}

function printRow({ check, what, outcome, detail, seconds }) {
  console.log(`${outcome.padEnd(8)}${check.padEnd(9)}${what.padEnd(36)}${String(seconds).padStart(5)} s  ${detail}`);
}

function finish(packages, rows) {
  const bundled = packPackages(join(temporary, 'bundled'), { bundled: true });
  const sizes = packages.map(({ name, file }, index) => {
    return { name, bytes: statSync(file).size, bytesWithOwnPackages: statSync(bundled[index].file).size };
  });
  for (const { name, bytes, bytesWithOwnPackages } of sizes)
    console.log(`${name.padEnd(28)}${bytes} B; to install from a file: ${bytesWithOwnPackages} B`);
  const failed = rows.filter(({ outcome }) => outcome === 'FAILED');
  const open = rows.filter(({ outcome }) => outcome === 'not run');
  const seconds = Math.round((performance.now() - start) / 1000);
  const summary = `${rows.length - failed.length - open.length} of ${rows.length} checks hold, ${failed.length} fail, ${open.length} were not run; ${seconds} s`;
  console.log(summary);
  // Failures are recorded too, because a page with only good runs would claim more than is known.
  if (values.record) writeResult('release', record, { summary: summarize(rows, sizes, summary), sizes, rows });
  if (failed.length > 0 || (open.length > 0 && !isDryRun)) process.exitCode = 1;
  else {
    const sums = packages.map(({ file }) => `${hash(file)}  ${basename(file)}\n`).join('');
    writeFileSync(join(destination, 'SHA256SUMS'), sums);
    console.log(isDryRun ? 'A dry run: nothing here is a release.' : 'packed/release is what can be published.');
  }
}

/** The sentences for docs/proven.md. */
function summarize(rows, sizes, counts) {
  const list = (check) =>
    rows.filter((row) => row.check === check && row.outcome === 'ok').map(({ what }) => what.replace(', ', ' '));
  const sum = (of, key) =>
    Math.round(sizes.filter(({ name }) => of.includes(name)).reduce((total, each) => total + each[key], 0) / 1000);
  const [adapter, tool] = ['@certgate/azure-functions', 'certgate'];
  const shared = [adapter, tool, '@certgate/core', '@certgate/x509'];
  return [
    counts,
    `An app was installed and called with ${list('install').join(', ')}: one copy of core and x509 in each.`,
    `It was compiled with ${list('types').join(', ')}.`,
    `Adapter and tool are ${sum(shared, 'bytes')} kB with what they share, and ${sum([adapter, tool], 'bytesWithOwnPackages')} kB as tarballs that install from a file.`,
    ...rows.filter(({ outcome }) => outcome === 'FAILED').map(({ check, what }) => `Failed: ${check}, ${what}.`),
    ...refusals.map((each) => `Not released: ${each}`),
  ];
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function git(...words) {
  return spawnSync('git', words, { cwd: root, encoding: 'utf8' }).stdout.trim();
}

function runProgram(...words) {
  const { status, stdout } = spawnSync(process.execPath, words, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

// Runs the probes of `certgate doctor --any-server` against each server, and writes proof/results/comparison.json and
// the tables of README.md:
//
//   npm run prove -- compared
//   node examples/compared/compare.mjs --only article-check   prints the cells of a server as JSON, and writes nothing
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeRun, writeResult } from '../../proof/run-record.mjs';
import { makeCertificates } from './certificates.mjs';
import { describeSetup, formatTable, replaceTables } from './comparison-table.mjs';
import { examineSetup } from './run-setup.mjs';
import { tables } from './setups.mjs';

const { only } = parseArgs({ options: { only: { type: 'string', multiple: true } } }).values;
const run = describeRun('npm run prove -- compared');
const folder = mkdtempSync(join(tmpdir(), 'certgate-compared-'));
try {
  const material = makeCertificates(folder);
  const compared = [];
  for (const { id, setups } of tables) {
    const examined = [];
    for (const setup of setups.filter(({ server }) => only?.includes(server) ?? true)) {
      const report = await examineSetup(setup, folder, material);
      examined.push({
        name: setup.name,
        server: setup.server,
        requests: report.requests,
        cells: describeSetup(report),
        gotIn: report.gotIn,
      });
      console.error(`${id}, ${setup.name}: ${report.gotIn.length === 0 ? 'nothing got in' : report.gotIn.join('; ')}`);
    }
    compared.push({ id, setups: examined });
  }
  if (only === undefined) write(compared);
  else console.log(JSON.stringify(compared));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function write(compared) {
  const readme = fileURLToPath(new URL('README.md', import.meta.url));
  const ids = Object.keys(compared[0].setups.at(-1).cells);
  const written = compared.map(({ setups }) => formatTable(setups, ids));
  writeFileSync(readme, replaceTables(readFileSync(readme, 'utf8'), written));
  writeResult('comparison', run, {
    summary: compared.flatMap(summarize),
    versions: listVersions(),
    ids,
    tables: compared,
  });
}

function summarize({ id, setups }) {
  return setups.map(({ name, cells }) => {
    const count = (cell) => Object.values(cells).filter((each) => each === cell).length;
    const what = id === 'usual' ? name : `${name}, where a client's own fields reach the app`;
    return `${what}: ${count('refused')} refused, ${count('got in')} got in, ${count('cannot tell')} cannot tell`;
  });
}

function listVersions() {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8'));
  const versionOf = (name) => packages[`node_modules/${name}`].version;
  return {
    'client-certificate-auth': versionOf('client-certificate-auth'),
    express: versionOf('express'),
    // nginx prints its version to stderr.
    nginx: /nginx\/(\S+)/.exec(
      spawnSync('nginx', ['-v'], { encoding: 'utf8', env: { PATH: `${process.env.PATH}:/usr/sbin` } }).stderr,
    )?.[1],
    openssl: execFileSync('openssl', ['version'], { encoding: 'utf8' }).split(' ', 2)[1],
  };
}

// Records when, where and on which machine a proof or a benchmark ran: the first member of every committed result
// (proof/results, bench/results). A figure without this says little.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const written = ['proof/results', 'bench/results', 'docs/proven.md', 'bench/README.md', 'examples/compared/README.md'];

/**
 * `command` is what a reader types to repeat the run. `changed` is true if files in git differed from the commit, other
 * than results and the pages with their tables; such a result belongs to no commit. `load` is the mean number of
 * processes that wanted a processor in the last minute.
 */
export function describeRun(command) {
  const processors = os.cpus();
  return {
    command,
    date: new Date().toISOString().slice(0, 10),
    commit: git('rev-parse', '--short=7', 'HEAD'),
    changed:
      git('status', '--porcelain', '--untracked-files=no', '--', '.', ...written.map((path) => `:!${path}`)) !== '',
    node: process.version,
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${process.arch}, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    load: Number(os.loadavg()[0].toFixed(1)),
  };
}

/**
 * Writes `{ run, …result }` to proof/results/NAME.json, or to another folder below the root. @returns the path of the
 * file.
 */
export function writeResult(name, run, result, folder = join('proof', 'results')) {
  const file = join(root, folder, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ run, ...result }, null, 2)}\n`);
  return file;
}

function git(...words) {
  const { status, stdout } = spawnSync('git', words, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}

// Runs the checks of a release. A check is a row of the table: what was checked, whether it passed, and what was seen.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Thrown by a check that can't be run on this machine. The table shows it, and no release is made without the check.
 */
export class NotRun extends Error {}

/** Runs checks `{ check, what, run }`, several at a time. `run` returns the detail to show, or throws. */
export async function runCells(cells, onRow) {
  const rows = [];
  const waiting = cells.entries();
  const work = async () => {
    for (const [index, cell] of waiting) onRow((rows[index] = await runCell(cell)));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return rows;
}

async function runCell({ check, what, run }) {
  const start = performance.now();
  const row = (outcome, detail) => {
    return { check, what, outcome, detail, seconds: Number(((performance.now() - start) / 1000).toFixed(1)) };
  };
  try {
    return row('ok', (await run()) ?? '');
  } catch (error) {
    return row(error instanceof NotRun ? 'not run' : 'FAILED', error.message);
  }
}

/** Runs a program. @returns its stdout. @throws {Error} with its whole output if it fails. */
export async function expectProgram(command, words, { cwd, env = {} }) {
  const child = spawn(command, words, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => child.kill();
  process.prependOnceListener('exit', stop);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => process.off('exit', stop));
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { CommandRun } from '../../certificate/test-support/run-certgate.js';

// Set before picocolors is loaded, which reads it once: with CI set, picocolors would color the output of a pipe.
process.env['NO_COLOR'] = '1';
const { createProgram, runCommandLine } = await import('../../../program.js');

/**
 * The output of the command that runs. What the test runner writes to the same stream is not in such a context, so it
 * is not captured.
 */
const outputs = new AsyncLocalStorage<{ stdout: string; stderr: string }>();

/**
 * Runs one command of the tool in this process, which is much faster than a new process. If the command fails, the
 * promise rejects with what it threw. Run only one command at a time, because the exit code belongs to the process.
 */
export function runInProcess(args: readonly string[]): Promise<CommandRun> {
  return capture(args, async () => {
    const program = await createProgram(args);
    await program.parseAsync([...args], { from: 'user' });
    return readExitCode();
  });
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Like `runInProcess`, with a working folder, and with the exit code of a failure as a user sees it. Later calls of
 * this function wait until this run has ended.
 */
export function runLineInProcess(
  args: readonly string[],
  cwd: string,
  input: string | Uint8Array = '',
): Promise<CommandRun> {
  const run = last.then(async () => {
    const home = process.cwd();
    process.chdir(cwd);
    const restoreInput = replaceInput(input);
    try {
      return await capture(args, () => runCommandLine(args));
    } finally {
      restoreInput();
      process.chdir(home);
    }
  });
  last = run.catch(() => undefined);
  return run;
}

/** For scripts/exit-codes.mjs, which finds the exit codes that no test has seen. */
export function recordExitCode(args: readonly string[], exitCode: number | null): void {
  const file = process.env['CERTGATE_TEST_EXIT_CODES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify([exitCode, ...args])}\n`);
}

async function capture(args: readonly string[], run: () => Promise<number>): Promise<CommandRun> {
  const output = { stdout: '', stderr: '' };
  const restore = [divert('stdout'), divert('stderr')];
  try {
    process.exitCode = undefined;
    const exitCode = await outputs.run(output, run);
    recordExitCode(args, exitCode);
    return { exitCode, ...output };
  } finally {
    for (const each of restore) each();
    process.exitCode = undefined;
  }
}

/** The exit code of the process, which is 0 if nobody has set it. */
function readExitCode(): number {
  const { exitCode } = process;
  return typeof exitCode === 'number' ? exitCode : 0;
}

function divert(name: 'stdout' | 'stderr'): () => void {
  const stream = process[name];
  const write = stream.write.bind(stream);
  stream.write = ((...parameters: Parameters<typeof write>): boolean => {
    const output = outputs.getStore();
    if (output === undefined) return write(...parameters);
    output[name] += String(parameters[0]);
    return true;
  }) as typeof stream.write;
  return () => {
    stream.write = write;
  };
}

/** Replaces stdin by this input. It is not a terminal, as in a process that a test starts. */
function replaceInput(input: string | Uint8Array): () => void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdin');
  const value = Readable.from(input.length === 0 ? [] : [Buffer.from(input)]);
  Object.defineProperty(process, 'stdin', { value, configurable: true });
  return () => {
    if (own !== undefined) Object.defineProperty(process, 'stdin', own);
  };
}

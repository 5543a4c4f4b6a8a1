import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import type { CommandRun } from '../../certificate/test-support/run-certgate.js';

// Before picocolors is loaded, which asks once: with CI set, it would colour what goes into a pipe.
process.env['NO_COLOR'] = '1';
const { createProgram, runCommandLine } = await import('../../../program.js');

/** Whose output a write is: the test runner, which reports by the same stream, has none of ours. */
const outputs = new AsyncLocalStorage<{ stdout: string; stderr: string }>();

/**
 * Runs one command of the tool in this process, which takes milliseconds where a process of its own takes a second. What
 * fails rejects as the command threw it. One at a time: the exit code is the process's.
 */
export function runInProcess(args: readonly string[]): Promise<CommandRun> {
  return capture(async () => {
    const program = await createProgram(args);
    await program.parseAsync([...args], { from: 'user' });
    return readExitCode();
  });
}

let last: Promise<unknown> = Promise.resolve();

/** The same with a working folder of its own and the exit code of whatever fails, as a user sees it. Others wait. */
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
      return await capture(() => runCommandLine(args));
    } finally {
      restoreInput();
      process.chdir(home);
    }
  });
  last = run.catch(() => undefined);
  return run;
}

async function capture(run: () => Promise<number>): Promise<CommandRun> {
  const output = { stdout: '', stderr: '' };
  const restore = [divert('stdout'), divert('stderr')];
  try {
    process.exitCode = undefined;
    const exitCode = await outputs.run(output, run);
    return { exitCode, ...output };
  } finally {
    for (const each of restore) each();
    process.exitCode = undefined;
  }
}

/** Undefined, where nobody has set it, is 0. */
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

/** No terminal, as in a process that a test starts. */
function replaceInput(input: string | Uint8Array): () => void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdin');
  const value = Readable.from(input.length === 0 ? [] : [Buffer.from(input)]);
  Object.defineProperty(process, 'stdin', { value, configurable: true });
  return () => {
    if (own !== undefined) Object.defineProperty(process, 'stdin', own);
  };
}

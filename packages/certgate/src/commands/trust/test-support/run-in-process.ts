import { AsyncLocalStorage } from 'node:async_hooks';
import { createProgram } from '../../../program.js';

interface Output {
  stdout: string;
}

/** Whose output a write is: the test runner, which reports by the same stream, has none of ours. */
const outputs = new AsyncLocalStorage<Output>();

/**
 * Runs one command of the tool in this process, which takes milliseconds where a process of its own takes a second. What
 * fails rejects as the command threw it. One at a time: the exit code is the process's.
 */
export async function runInProcess(
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const output: Output = { stdout: '' };
  const restore = [divert(process.stdout, true), divert(process.stderr, false)];
  try {
    process.exitCode = undefined;
    await outputs.run(output, () => createProgram().parseAsync(['node', 'certgate', ...args]));
    return { exitCode: readExitCode(), stdout: output.stdout };
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

function divert(stream: NodeJS.WriteStream, isKept: boolean): () => void {
  const write = stream.write.bind(stream);
  stream.write = ((...parameters: Parameters<typeof write>): boolean => {
    const output = outputs.getStore();
    if (output === undefined) return write(...parameters);
    if (isKept) output.stdout += String(parameters[0]);
    return true;
  }) as typeof stream.write;
  return () => {
    stream.write = write;
  };
}

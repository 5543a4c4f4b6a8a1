import { runLineInProcess } from '../../trust/test-support/run-in-process.js';

export interface CommandRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built tool like a user does without a terminal. It runs in this process, because the start of a new process
 * takes much longer.
 */
export function runCertgate(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string | Uint8Array } = {},
): Promise<CommandRun> {
  return runLineInProcess(args, options.cwd ?? process.cwd(), options.input);
}

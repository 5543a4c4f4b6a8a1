import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as runInProcessModule from '../../packages/certgate/dist/esm/commands/trust/test-support/run-in-process.js';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));
export const sampleFolder: string = fileURLToPath(new URL('../../../examples/function-app', import.meta.url));
const bin = fileURLToPath(new URL('../../../packages/certgate/bin/certgate.js', import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment without variables of this machine that could describe a host, and without colors in outputs. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMP, NODE_V8_COVERAGE } = process.env;
  return { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMP, NODE_V8_COVERAGE, NO_COLOR: '1' };
}

/** Runs the command as a user does, and waits for its end. */
export function runCertgate(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string } = {},
): Promise<Ended> {
  const child = startCertgate(args, options);
  child.stdin?.end(options.input ?? '');
  return collect(child);
}

/** The module that runs command lines in the process that loads it. */
export const inProcess: string = join(root, 'packages/certgate/dist/esm/commands/trust/test-support/run-in-process.js');

/**
 * Runs a command line in the test's own process, because many starts of the tool would take too long. Not for commands
 * that read stdin.
 */
export async function runCertgateHere(args: readonly string[], cwd: string = root): Promise<Ended> {
  const { runLineInProcess } = (await import(pathToFileURL(inProcess).href)) as typeof runInProcessModule;
  return runLineInProcess(args, cwd);
}

export function startCertgate(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  const env = { ...cleanEnvironment(), ...options.env };
  const child = spawn(process.execPath, [bin, ...args], { cwd: options.cwd ?? root, env });
  // Records the exit code for scripts/exit-codes.mjs, which finds the exit codes that no test has seen.
  const record = process.env['CERTGATE_TEST_EXIT_CODES'];
  if (record !== undefined) {
    child.once('exit', (exitCode) => {
      appendFileSync(record, `${JSON.stringify([exitCode, ...args])}\n`);
    });
  }
  return child;
}

export function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn(file, args, { cwd: options.cwd ?? root, env: options.env ?? cleanEnvironment() });
  child.stdin.end();
  return collect(child);
}

export function collect(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** The first line of stdout that begins with `ready`. Rejects with the output if the process ends before. */
export function waitForReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string): void => {
      said += text;
      const line = /^ready .*$/m.exec(said)?.[0];
      if (line !== undefined && said.includes(`${line}\n`)) resolve(line);
    };
    child.stdout?.setEncoding('utf8').on('data', hear);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('close', () => {
      reject(new Error(`certgate ended before it was ready:\n${said}`));
    });
  });
}

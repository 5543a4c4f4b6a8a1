import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as runConformanceModule from '../../conformance/dist/run-conformance.js';

const dist = fileURLToPath(new URL('../../../conformance/dist/', import.meta.url));

export interface ConformanceRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the conformance program in a process of its own, as a user does. */
export function startConformance(...args: readonly string[]): ConformanceRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${dist}run.js`, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exitCode: status, stdout, stderr };
}

const { runConformance: run } = (await import(
  pathToFileURL(`${dist}run-conformance.js`).href
)) as typeof runConformanceModule;

/** Runs the conformance program in the test's own process, because many starts would take too long. */
export function runConformance(...args: readonly string[]): ConformanceRun {
  return run(args);
}

/**
 * The folder of the published suites next to the checkout. They are not part of the project. Undefined if they are
 * missing.
 */
export function findPublishedData(): string | undefined {
  const path = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
  return existsSync(path) ? path : undefined;
}

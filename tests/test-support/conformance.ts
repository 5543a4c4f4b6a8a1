import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('../../../conformance/dist/run.js', import.meta.url));

export interface ConformanceRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runConformance(...args: readonly string[]): ConformanceRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exitCode: status, stdout, stderr };
}

/** The published suites, where they were laid beside the checkout; they are no part of the project. */
export function findPublishedData(): string | undefined {
  const path = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
  return existsSync(path) ? path : undefined;
}

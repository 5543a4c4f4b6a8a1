import assert from 'node:assert/strict';
import type { VerificationReport } from '../verify/verification-report.js';
import { type Made, checkedAt } from './issued-material.js';
import { type CommandRun, runCertgate } from './run-certgate.js';

export type VerificationRun = (leaf: Pick<Made, 'certificate'>, ...more: readonly string[]) => Promise<CommandRun>;

/** `certgate certificate verify` of a file in that folder, at the time of the material where no other is said. */
export function createVerificationRun(folder: string): VerificationRun {
  return ({ certificate }, ...more) => {
    const at = more.includes('--at') ? [] : ['--at', checkedAt];
    return runCertgate(['certificate', 'verify', certificate, ...at, ...more], { cwd: folder });
  };
}

export async function readReport(running: Promise<CommandRun>): Promise<VerificationReport> {
  const { exitCode, stdout, stderr } = await running;
  assert.ok(stdout.startsWith('{'), stderr);
  const report = JSON.parse(stdout) as VerificationReport;
  assert.equal(exitCode, report.outcome === 'valid' ? 0 : 1);
  return report;
}

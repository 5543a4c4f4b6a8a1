import assert from 'node:assert/strict';
import type { Verification } from '../verify/verification.js';
import type { CommandRun } from './run-certgate.js';

/** Reads what `certgate certificate verify --json` printed, and asserts that the exit code agrees with it. */
export async function readVerification(running: Promise<CommandRun>): Promise<Verification> {
  const { exitCode, stdout, stderr } = await running;
  assert.ok(stdout.startsWith('{'), stderr);
  const verification = JSON.parse(stdout) as Verification;
  assert.equal(exitCode, verification.outcome === 'valid' ? 0 : 1);
  return verification;
}

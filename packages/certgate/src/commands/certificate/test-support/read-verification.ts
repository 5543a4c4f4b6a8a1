import assert from 'node:assert/strict';
import type { Verification } from '../verify/verification.js';
import type { CommandRun } from './run-certgate.js';

/** What `certgate certificate verify --json` printed, if its exit code agrees. */
export async function readVerification(running: Promise<CommandRun>): Promise<Verification> {
  const { exitCode, stdout, stderr } = await running;
  assert.ok(stdout.startsWith('{'), stderr);
  const verification = JSON.parse(stdout) as Verification;
  assert.equal(exitCode, verification.outcome === 'valid' ? 0 : 1);
  return verification;
}

import { type TrustSnapshot, decideAccess, noRevocationInformation } from '@certgate/core/internal';
import { readInspectedPolicy } from '../../app/inspection/inspected-policy.js';
import { findTarget, isCallable, planChecks, type PlannedCheck } from '../../local-app/checks/check-plan.js';
import { readPolicy } from '../../local-app/hosted-policy.js';
import { runChecks, type CheckResult } from '../../local-app/checks/run-checks.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { findRequirement } from '../../trust/explanation/explained-function.js';
import { findInspectedSnapshot } from '../app-explanation.js';
import type { RunningApp } from '../inspected-app.js';
import type { MatrixCell, MatrixResult } from '../../trust/views/page-views.js';
import { findSeenCertificate, type TryCaller } from './callers.js';

/**
 * Calls every function as every caller, by the plan of `certgate dev --check`. A call that would run code which the
 * user did not name with `--call` is not sent.
 */
export async function runMatrix(running: RunningApp, callers: readonly TryCaller[]): Promise<MatrixResult> {
  const { app, behaviour, namesToCall } = running;
  const functions = app.functions.filter((hosted) => isCallable(hosted) && hosted.disabled !== true);
  const planned = planChecks(functions, callers, namesToCall, behaviour);
  const checks = await withoutAdmitted(planned, callers, running);
  const results = await runChecks(checks, app);
  const cells = functions.flatMap((hosted) =>
    callers.map((caller) => {
      const index = checks.findIndex((check) => check.function === hosted && check.caller === caller);
      return createCell(hosted, caller, checks[index], results[index]);
    }),
  );
  return { cells };
}

/**
 * Removes calls that would now be admitted. The plan knows only who was trusted when the app was loaded, and no forged
 * header. A caller who was admitted since, or whose forged header gets through, would run code that the user did not
 * name.
 */
async function withoutAdmitted(
  checks: readonly PlannedCheck[],
  callers: readonly TryCaller[],
  running: RunningApp,
): Promise<readonly PlannedCheck[]> {
  const trust = await findInspectedSnapshot(running.app);
  // Only the plan decides if the document can't be read here.
  if (trust === undefined) return checks;
  return checks.filter((check) => {
    if (check.expected === 200 || check.unsafeBecause !== undefined) return true;
    const caller = callers.find((each) => each === check.caller);
    const request = { target: findTarget(check.function), userAgent: undefined };
    const seen = caller === undefined ? undefined : findSeenCertificate(request, caller, running);
    return seen === undefined || !mayBeAdmitted(seen, check.function, trust);
  });
}

/**
 * Whether the gate may admit the caller. No revocation list is fetched: if the decision depends on one, the caller may
 * be admitted.
 */
function mayBeAdmitted(certificateDer: Uint8Array, hosted: HostedFunction, trust: TrustSnapshot): boolean {
  const { name, covered } = hosted;
  const requirement = findRequirement({ name, policy: readInspectedPolicy(hosted), covered });
  if (requirement === undefined) return true;
  const { outcome, code } = decideAccess({
    header: Buffer.from(certificateDer).toString('base64'),
    trust,
    requirement,
    revocation: noRevocationInformation,
    now: Date.now(),
  });
  return outcome !== 'denied' || code === 'revocation_unavailable';
}

function createCell(
  hosted: HostedFunction,
  { name: callerId }: TryCaller,
  check: PlannedCheck | undefined,
  result: CheckResult | undefined,
): MatrixCell {
  const cell = { functionName: hosted.name, callerId };
  // The plan contains every call that is refused, so a call that is not in it would be admitted.
  if (check === undefined || result === undefined) {
    return {
      ...cell,
      status: null,
      expected: 'allowed',
      code: readPolicy(hosted).kind === 'anonymous' ? 'open' : 'allowed',
    };
  }
  const expected = check.expected === 200 ? 'allowed' : 'denied';
  if (!result.sent) return { ...cell, status: null, expected, code: 'not_sent' };
  return {
    ...cell,
    status: result.status,
    expected,
    code: result.code ?? (result.status === null ? 'no_answer' : 'allowed'),
  };
}

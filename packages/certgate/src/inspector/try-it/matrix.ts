import { planChecks, type PlannedCheck } from '../../local-app/check-plan.js';
import { readPolicy } from '../../local-app/hosted-policy.js';
import { runChecks, type CheckResult } from '../../local-app/run-checks.js';
import type { HostedFunction } from '../../functions-host/functions-host.js';
import type { RunningApp } from '../inspected-app.js';
import type { MatrixCell, MatrixResult } from '../protocol.js';
import type { TryCaller } from './callers.js';

/** Every caller at every HTTP function, by the plan of `certgate dev --check`: what would run code that nobody named is not sent. */
export async function runMatrix(
  { app, behaviour, namesToCall }: RunningApp,
  callers: readonly TryCaller[],
): Promise<MatrixResult> {
  const checks = planChecks(app.functions, callers, namesToCall, behaviour);
  const results = await runChecks(checks, app);
  const cells = app.functions
    .filter(({ http }) => http)
    .flatMap((hosted) =>
      callers.map((caller) => {
        const index = checks.findIndex((check) => check.function === hosted && check.caller === caller);
        return createCell(hosted, caller, checks[index], results[index]);
      }),
    );
  return { cells };
}

function createCell(
  hosted: HostedFunction,
  { name: callerId }: TryCaller,
  check: PlannedCheck | undefined,
  result: CheckResult | undefined,
): MatrixCell {
  const cell = { functionName: hosted.name, callerId };
  // The plan has every refusal: what is not in it gets through.
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

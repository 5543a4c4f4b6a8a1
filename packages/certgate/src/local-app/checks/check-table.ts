import Table from 'cli-table3';
import colors from 'picocolors';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { isCallable } from './check-plan.js';
import { describePolicy } from '../hosted-policy.js';
import type { CheckResult } from './run-checks.js';

/**
 * Formats a table with a row for each function and a column for each caller. A cell shows the answer, and whether it is
 * the expected one.
 */
export function formatCheckTable(functions: readonly HostedFunction[], results: readonly CheckResult[]): string {
  const callers = [...new Set(results.map(({ caller }) => caller))];
  const table = new Table({ head: ['function', 'open to', ...callers], style: { head: [], border: [] } });
  for (const hosted of functions.filter(isCallable)) {
    const cells = callers.map((caller) =>
      formatCell(results.find((result) => result.function === hosted.name && result.caller === caller)),
    );
    table.push([hosted.name, describeOpening(hosted), ...cells]);
  }
  return table.toString();
}

function describeOpening(hosted: HostedFunction): string {
  if (hosted.disabled === true) return 'nobody: disabled';
  if (hosted.covered === 'none') return colors.red('public: no gate');
  return describePolicy(hosted);
}

function formatCell(result: CheckResult | undefined): string {
  if (result === undefined) return colors.dim('not called');
  if (!result.sent) return colors.red('not sent');
  const answer = result.status === null ? 'no answer' : String(result.status);
  if (result.ok) return `${answer} ${colors.green('ok')}`;
  return colors.red(`${answer} WRONG, expected ${result.expected}`);
}

/** One line for each failed check. Calls that were not sent for the same reason share a line. */
export function listFailures(results: readonly CheckResult[]): readonly string[] {
  const failed = results.filter(({ ok }) => !ok);
  const unsent = failed
    .filter(({ sent }) => !sent)
    .map(({ detail = 'it is not safe to call', ...check }) => ({ ...check, detail }));
  const grouped = [...new Set(unsent.map(({ detail }) => detail))].map((why) => {
    const checks = unsent.filter(({ detail }) => detail === why);
    const [functions, callers] = (['function', 'caller'] as const).map((key) => [
      ...new Set(checks.map((check) => check[key])),
    ]);
    return `${functions?.join(', ') ?? ''}, caller ${callers?.join(', ') ?? ''}: not sent, since ${why}`;
  });
  const wrong = failed
    .filter(({ sent }) => sent)
    .map(({ function: name, caller, status, expected, code, detail }) => {
      const got = status === null ? 'no answer of the function' : `${status}${code === null ? '' : ` (${code})`}`;
      return `${name}, caller ${caller}: ${got}, expected ${expected}${detail === undefined ? '' : `; ${detail}`}`;
    });
  return [...grouped, ...wrong];
}

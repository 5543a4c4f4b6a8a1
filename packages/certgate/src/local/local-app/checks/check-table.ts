import Table from 'cli-table3';
import colors from 'picocolors';
import type { HostedFunction } from '../../functions-host/functions-host.js';
import { isCallable } from './check-plan.js';
import { describePolicy } from '../hosted-policy.js';
import type { CheckResult } from './run-checks.js';

/** Functions down, callers across: what each caller got, and whether that is what it should get. */
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
  if (hosted.covered === 'none') return colors.red('everybody: no gate');
  const policy = describePolicy(hosted);
  return policy === 'anonymous' ? 'everybody' : policy.replace('certificate', 'allowed certificates');
}

function formatCell(result: CheckResult | undefined): string {
  if (result === undefined) return colors.dim('not called');
  if (!result.sent) return colors.red('not sent');
  const answer = result.status === null ? 'no answer' : String(result.status);
  if (result.ok) return `${answer} ${colors.green('ok')}`;
  return colors.red(`${answer} WRONG, expected ${result.expected}`);
}

/** One line for each check that failed, or that nobody was asked to make. */
export function listFailures(results: readonly CheckResult[]): readonly string[] {
  return results
    .filter(({ ok }) => !ok)
    .map(({ function: name, caller, sent, status, expected, code, detail }) => {
      if (!sent) return `${name}, caller ${caller}: not sent, since ${detail ?? 'it is not safe to call'}`;
      const got = status === null ? 'no answer' : `${status}${code === null ? '' : ` (${code})`}`;
      return `${name}, caller ${caller}: ${got}, expected ${expected}${detail === undefined ? '' : `; ${detail}`}`;
    });
}

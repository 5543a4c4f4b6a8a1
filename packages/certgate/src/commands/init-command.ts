import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import colors from 'picocolors';
import type { FileEdit } from '../app/setup/app-files.js';
import { applyEdits } from '../app/setup/apply-edits.js';
import { listNextSteps } from '../app/setup/next-steps.js';
import { planSetup, type SetupPlan } from '../app/setup/plan-setup.js';
import { formatUnifiedDiff } from '../app/setup/unified-diff.js';
import { exitCodes } from './command-line/exit-codes.js';
import { printJson, printLine, printNotice } from './command-line/output.js';

interface InitFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The result of the command. `planned` means that the changes were shown, but not made. */
type SetupOutcome = 'nothing-to-do' | 'planned' | 'changed';

export async function runInit(folder: string, flags: InitFlags): Promise<void> {
  const plan = await planSetup(resolve(folder));
  if (flags.json !== true) showPlan(plan.edits);
  const outcome = await carryOut(plan, flags);
  if (flags.json === true) printReport(plan, outcome);
  else printOutcome(plan, outcome, flags);
  process.exitCode = outcome === 'planned' && flags.dryRun !== true ? exitCodes.failed : exitCodes.ok;
}

async function carryOut({ folder, edits }: SetupPlan, flags: InitFlags): Promise<SetupOutcome> {
  if (edits.length === 0) return 'nothing-to-do';
  if (flags.dryRun === true || !(await isAgreed(edits.length, flags))) return 'planned';
  await applyEdits(folder, edits);
  return 'changed';
}

async function isAgreed(count: number, flags: InitFlags): Promise<boolean> {
  if (flags.yes === true) return true;
  if (flags.json === true || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  return isConfirmed(`Change ${count === 1 ? 'this file' : `these ${count} files`}?`);
}

/** Whether the user answered yes. Enter, Ctrl+C and the end of the input mean no. */
async function isConfirmed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, historySize: 0 });
  // After Ctrl+Z and `fg`, readline does not continue to read by itself, and the tool would end without an answer.
  lines.on('SIGCONT', () => {
    lines.resume();
  });
  lines.setPrompt(`${question} (y/N) `);
  lines.prompt();
  try {
    for await (const line of lines) {
      const answer = line.trim().toLowerCase();
      if ('no'.startsWith(answer)) return false;
      if ('yes'.startsWith(answer)) return true;
      lines.setPrompt('Answer yes or no: ');
      lines.prompt();
    }
  } finally {
    lines.close();
  }
  process.stderr.write('\n');
  return false;
}

function showPlan(edits: readonly FileEdit[]): void {
  for (const edit of edits) printLine(`${colourDiff(formatUnifiedDiff(edit))}\n`);
}

function colourDiff(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      if (/^(?:---|\+\+\+) /.test(line)) return colors.bold(line);
      if (line.startsWith('@@')) return colors.cyan(line);
      if (line.startsWith('+')) return colors.green(line);
      return line.startsWith('-') ? colors.red(line) : line;
    })
    .join('\n');
}

function printOutcome(plan: SetupPlan, outcome: SetupOutcome, flags: InitFlags): void {
  if (outcome === 'planned') {
    const remedy = flags.dryRun === true ? '' : ' Run it with --yes to make the changes.';
    printNotice(`Nothing was changed.${remedy}`);
    return;
  }
  printLine(outcome === 'changed' ? 'Changed.' : 'Nothing to do: the app has everything that it needs.');
  for (const line of listNextSteps(plan)) printLine(line);
}

function printReport(plan: SetupPlan, outcome: SetupOutcome): void {
  printJson({
    folder: plan.folder,
    outcome,
    gateFile: plan.gateFile,
    changes: plan.edits.map((edit) => ({
      file: edit.path,
      kind: edit.before === undefined ? 'create' : 'edit',
      diff: formatUnifiedDiff(edit),
    })),
    nextSteps: listNextSteps(plan),
  });
}

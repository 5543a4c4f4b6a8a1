import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import colors from 'picocolors';
import {
  type Baseline,
  baselineFileName,
  createBaseline,
  listUncompared,
  findBaseline,
  formatBaseline,
} from '../../app/inspection/baseline.js';
import {
  type BaselineDifference,
  compareBaselines,
  describeDifference,
} from '../../app/inspection/compare-baselines.js';
import type { AzureComparison } from '../../app/inspection/compare-loads.js';
import type { CoverageReport } from '../../app/inspection/coverage-report.js';
import { inspectApp } from '../../app/inspection/inspect-app.js';
import { formatReport } from '../../app/inspection/report-table.js';
import { listFunctionFileWarnings } from '../../local-app/app-notices.js';
import { escapeControls, formatLogText } from '../../texts/safe-text.js';
import { messageOf, ToolFailure } from '#local/tool-failure.js';
import type { HostLogLine } from '#local/functions-host/functions-host.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';

interface InspectAppFlags {
  readonly baseline?: string;
  readonly writeBaseline?: boolean;
  readonly asInAzure?: boolean;
  readonly json?: boolean;
}

export async function inspect(folder: string, flags: InspectAppFlags): Promise<void> {
  const file = flags.baseline ?? join(folder, baselineFileName);
  // Read before the app is loaded, so that a mistyped name is reported at once.
  const agreed = await findBaseline(resolve(file));
  if (agreed === undefined && flags.baseline !== undefined && flags.writeBaseline !== true) {
    throw new ToolFailure(`There is no baseline at ${file}.`, { remedy: 'Write it with --write-baseline.' });
  }
  const { report, azure } = await inspectApp({
    folder,
    onLog: printImportantLog,
    asInAzure: flags.asInAzure === true,
  });
  const comparison = await compareOrWrite(report, agreed, file, flags.writeBaseline === true);
  // If there is a baseline, it names the webhooks that are meant to be open, and any other open one is a difference
  // from it.
  const warnings = [...report.warnings, ...(comparison === undefined ? listWebhookWarnings(report) : [])];
  if (flags.json === true) printJson({ ...report, warnings, asInAzure: azure ?? null, baseline: comparison ?? null });
  else printReport(report, azure, comparison);
  for (const note of report.notes) printNotice(escapeControls(note));
  for (const warning of [...warnings, ...listFunctionFileWarnings(report.functionFiles).map(escapeControls)])
    printNotice(`${colors.yellow('warning')} ${warning}`);
  const isDifferent = comparison?.status === 'different' || (azure !== undefined && azure.differences.length > 0);
  const isUnverified =
    comparison?.status === 'unverified' || (azure?.uncompared ?? []).length > 0 || report.functionFiles.length > 0;
  if (warnings.length > 0 || isDifferent) process.exitCode = exitCodes.failed;
  else process.exitCode = isUnverified ? exitCodes.unverified : exitCodes.ok;
}

function listWebhookWarnings({ outsideTheGate }: CoverageReport): readonly string[] {
  return outsideTheGate
    .filter(({ path, state, key }) => path.startsWith('/runtime/webhooks/') && state === 'live' && key === 'none')
    .map(
      ({ path }) =>
        `${path} answers everybody without a key. Remove webhookAuthorizationLevel from host.json; if it is intended, accept it with --write-baseline.`,
    );
}

interface Comparison {
  readonly file: string;
  /** `unverified` means that nothing differs, but that something could not be compared. */
  readonly status: 'same' | 'different' | 'unverified' | 'written';
  /** The differences from the file as it was before it was written, if it was. */
  readonly differences: readonly BaselineDifference[];
  /** The parts of the app that the file can't describe, and that were therefore not compared. */
  readonly uncompared: readonly string[];
}

/** Undefined if there is no baseline and the user did not ask to write one. */
async function compareOrWrite(
  report: CoverageReport,
  agreed: Baseline | undefined,
  file: string,
  isWriting: boolean,
): Promise<Comparison | undefined> {
  const actual = createBaseline(report);
  const differences = agreed === undefined ? [] : compareBaselines(agreed, actual);
  const uncompared = listUncompared(actual);
  if (isWriting) {
    await writeBaseline(file, formatBaseline(actual));
    return { file, status: 'written', differences, uncompared };
  }
  if (agreed === undefined) return undefined;
  const same = uncompared.length === 0 ? 'same' : 'unverified';
  return { file, status: differences.length === 0 ? same : 'different', differences, uncompared };
}

async function writeBaseline(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new ToolFailure(`${file} can't be written: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

function printReport(
  report: CoverageReport,
  azure: AzureComparison | undefined,
  comparison: Comparison | undefined,
): void {
  printLine(formatReport(report, Date.now()));
  printLine();
  if (azure !== undefined) printAzure(azure);
  if (comparison === undefined) {
    printLine(`There is no ${baselineFileName}. To create one, with which pipelines can compare: --write-baseline`);
    return;
  }
  const { file, status, differences, uncompared } = comparison;
  for (const difference of differences) printLine(colorEffect(difference));
  if (status === 'same') printLine(colors.green(`Nothing differs from ${file}.`));
  if (status === 'unverified') printLine(colors.yellow(`Nothing that can be compared differs from ${file}.`));
  if (status === 'written') printLine(`${file} is written. Commit it.`);
  if (status === 'different') {
    const count = differences.length === 1 ? '1 difference' : `${differences.length} differences`;
    printLine(`${count} from ${file}. If they are intended, update it with --write-baseline.`);
  }
  printUncompared(uncompared);
}

function printUncompared(uncompared: readonly string[]): void {
  for (const place of uncompared) {
    const source = `Not compared: what else decides what ${escapeControls(place)} answers.`;
    printLine(colors.yellow(`${source} A store of your own can say it as its \`configuration\`.`));
  }
}

function printAzure({ set, removed, differences, uncompared }: AzureComparison): void {
  const removal = removed.length === 0 ? '' : `, and without ${removed.join(', ')}`;
  printLine(`As in Azure: loaded once more, with ${set.join(', ')} set${removal}.`);
  for (const difference of differences) printLine(colorEffect(difference));
  const count = differences.length === 1 ? '1 difference' : `${differences.length} differences`;
  const same = uncompared.length === 0 ? 'Nothing' : 'Nothing that can be compared';
  printLine(
    differences.length === 0
      ? `${same} differs between the two loads. The app's own settings in Azure are not known here.`
      : `${count} between the load here and the one as in Azure. Everything else above is about the load here.`,
  );
  printUncompared(uncompared);
  printLine();
}

function colorEffect(difference: BaselineDifference): string {
  const text = escapeControls(describeDifference(difference));
  return difference.effect === 'opens' ? colors.red(text) : text;
}

/**
 * Prints errors of the app, but not the gate's own lines: they are about callers, and here it does not matter who is
 * trusted.
 */
function printImportantLog({ level, functionName, source, message }: HostLogLine): void {
  if ((level !== 'error' && level !== 'critical') || message.startsWith('{"certgate":')) return;
  printNotice(colors.red(`[${functionName ?? source}] ${formatLogText(message)}`));
}

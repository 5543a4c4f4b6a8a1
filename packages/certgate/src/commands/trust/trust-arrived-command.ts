import { type Arrival, ArrivalTracker, countProcesses, type ProcessArrival } from '../../log/arrival/arrival.js';
import { readLog } from '../../log/reading/read-log.js';
import { formatReading } from '../../log/reading/reading-text.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { type Column, formatTable } from '../command-line/table.js';

interface ArrivedFlags {
  readonly log: readonly string[];
  readonly expectSha256: string;
  readonly atLeast: number;
  readonly silentAfter: number;
  readonly json?: boolean;
}

export async function showArrival(flags: ArrivedFlags): Promise<void> {
  const tracker = new ArrivalTracker(flags.expectSha256);
  const readings = await readLog(flags.log, (record) => {
    tracker.note(record);
  });
  const arrival = tracker.finish(readings, { ...flags, now: Date.now() });
  process.exitCode = verdicts[arrival.verdict].exitCode;
  if (flags.json === true) {
    printJson({ ...arrival, reading: readings });
    return;
  }
  printNotice(formatReading(readings));
  const { processes, sha256, firstSeenAt } = arrival;
  const seen = firstSeenAt === null ? 'which no line shows' : `first seen at ${firstSeenAt}`;
  const counts = `${countProcesses(processes, ['adopted'])} of the ${countProcesses(processes)} processes in these lines`;
  printLine(`${verdicts[arrival.verdict].says}: ${counts} adopted SHA-256 ${sha256}, ${seen}.`);
  if (processes.length > 0) printLine(formatTable(columns, processes, { isCompact: true }));
  for (const sentence of listSentences(arrival, flags.atLeast)) printLine(`- ${sentence}`);
}

const verdicts = {
  arrived: { exitCode: exitCodes.ok, says: 'Arrived' },
  another_document: { exitCode: exitCodes.failed, says: 'Not arrived' },
  cannot_tell: { exitCode: exitCodes.unverified, says: 'Cannot tell' },
} as const;

const columns: readonly Column<ProcessArrival>[] = [
  ['app', ({ app }) => app],
  ['instance', ({ instance }) => instance ?? ''],
  ['process', (row) => row.process ?? ''],
  ['document', (row) => words[row.finding](row)],
];

const words: Readonly<Record<ProcessArrival['finding'], (row: ProcessArrival) => string>> = {
  another_document: (row) => `another one at ${describeDocuments(row)}`,
  no_process_id: () => 'cannot tell: lines without a process id may be of several processes',
  several_gates: () => 'cannot tell: it has several gates, and lines do not say which one adopted it',
  no_document: () => 'cannot tell: no line shows its document',
  no_line_since: (row) => `cannot tell: no line since ${describeDocuments(row)}`,
  silent: ({ lastLineAt }) => `silent since ${lastLineAt}`,
  adopted: ({ adoptedAt }) => `adopted at ${adoptedAt}`,
};

function describeDocuments({ documents, documentsAt }: ProcessArrival): string {
  return `${documentsAt} (${documents.map((digits) => digits.slice(0, 16)).join(', ')})`;
}

function listSentences(arrival: Arrival, atLeast: number): readonly string[] {
  const doubts = {
    no_lines: 'There is no line of a gate.',
    fewer_processes: `At least ${Math.max(atLeast, 1)} processes must have adopted it; these lines show ${countProcesses(arrival.processes, ['adopted'])}.`,
    lines_not_used: 'Lines are missing or could not be used. They may show something else.',
    lines_sampled: 'Application Insights removed lines by sampling, so silent processes may have written some.',
    lines_of_the_future: `A line has the time ${arrival.newestLineAt}, which is in the future, so it is unknown who is silent.`,
  };
  const silent = `An assumption: the silent processes have ended, or refuse every call, because they wrote nothing in the last ${arrival.silentAfterSeconds} seconds before the newest line. If maximumStalenessSeconds of an app is longer, so must be --silent-after.`;
  return [
    ...arrival.doubts.map((doubt) => doubts[doubt]),
    ...(countProcesses(arrival.processes, ['silent']) > 0 ? [silent] : []),
    'Lines never prove anything about processes without a log, lost or forged lines, other trust stores, revocation lists and open connections.',
  ];
}

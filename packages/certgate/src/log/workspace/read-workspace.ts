// workspace/: the lines of gates in a Log Analytics workspace, read with a query
import { messageOf, ToolFailure } from '../../faults/tool-failure.js';
import { type FileSink, readEnvelope, readMessage } from '../reading/export-rows.js';
import type { LogSource } from '../reading/read-log.js';
import { explainWorkspaceFault } from './workspace-fault.js';
import { type LogsQueryClient, openLogsClient, type QueryAnswer } from './workspace-packages.js';
import {
  divideEvenly,
  divideSpan,
  listTableRows,
  type QuerySpan,
  readCounts,
  widen,
  writeCountQuery,
  writeLinesQuery,
} from './workspace-query.js';

/**
 * The lines that a workspace has of a time. It asks how many there are first, and then for as many at once as the service
 * and memory allow.
 *
 * The packages and the login are the user's own: @azure/monitor-query-logs, and Azure's default credential.
 *
 * @throws {ToolFailure} where the packages are missing.
 */
export function openWorkspace(workspace: string, asked: QuerySpan): LogSource {
  const client = openLogsClient(process.cwd());
  const span = widen(asked);
  return {
    name: `workspace ${workspace}`,
    read: async (sink) => {
      const reader = new WorkspaceReader(client, workspace, sink);
      await reader.read(span);
    },
  };
}

/** In milliseconds: a shorter one is not divided. */
const shortestSpan = 1000;

class WorkspaceReader {
  readonly #client: LogsQueryClient;
  readonly #workspace: string;
  readonly #sink: FileSink;
  #rowCount = 0;

  constructor(client: LogsQueryClient, workspace: string, sink: FileSink) {
    this.#client = client;
    this.#workspace = workspace;
    this.#sink = sink;
  }

  async read(span: QuerySpan): Promise<void> {
    const answer = await this.#ask(writeCountQuery(span), span);
    if (answer.status !== 'Success') {
      throw new ToolFailure(
        `The workspace ${this.#workspace} can't tell how many lines it has: ${explainPart(answer)}.`,
        { remedy: 'Run it again, or with a later --since.' },
      );
    }
    const counts = readCounts(listTableRows(answer.tables));
    const expected = [...counts.values()].reduce((sum, count) => sum + count, 0);
    for (const each of divideSpan(span, counts)) await this.#readSpan(each);
    if (this.#rowCount < expected) {
      this.#sink.noteGap(`${expected - this.#rowCount} of the ${expected} lines that it counted did not arrive.`);
    }
  }

  /** A part of an answer is thrown away, and its time divided, as long as it can be. */
  async #readSpan(span: QuerySpan): Promise<void> {
    const answer = await this.#ask(writeLinesQuery(span), span);
    if (answer.status !== 'Success' && span.until - span.from > shortestSpan) {
      for (const half of divideEvenly(span, 2)) await this.#readSpan(half);
      return;
    }
    if (answer.status !== 'Success') {
      const [from, until] = [span.from, span.until].map((instant) => new Date(instant).toISOString());
      this.#sink.noteGap(
        `The service returned only some of the lines from ${from} to ${until}: ${explainPart(answer)}.`,
      );
    }
    const tables = answer.status === 'Success' ? answer.tables : answer.partialTables;
    for (const row of listTableRows(tables)) {
      this.#rowCount += 1;
      const envelope = readEnvelope(row, this.#workspace);
      if (envelope === undefined) this.#sink.passOther();
      else readMessage(envelope, this.#sink);
    }
  }

  async #ask(query: string, { from, until }: QuerySpan): Promise<QueryAnswer> {
    const times = { startTime: new Date(from), endTime: new Date(until) };
    try {
      return await this.#client.queryWorkspace(this.#workspace, query, times, { serverTimeoutInSeconds: 600 });
    } catch (fault) {
      throw explainWorkspaceFault(fault, this.#workspace);
    }
  }
}

function explainPart(answer: Extract<QueryAnswer, { readonly status: 'PartialFailure' }>): string {
  const { code = '', message = '' } = answer.partialError;
  return messageOf(new Error([code, message].filter((part) => part !== '').join(': ')));
}

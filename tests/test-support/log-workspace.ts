import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { answerWithToken, type VaultAnswer } from './key-vault.js';
import { makeOpensslCertificate } from './openssl.js';

const host = 'api.loganalytics.io';

/** One row of AppTraces. */
export interface TraceRow {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
  readonly message: string;
  readonly app?: string;
  readonly itemCount?: number;
}

/**
 * A stand-in for the query API of Azure Monitor: it answers the SDK over TLS, under the service's name, from rows that the
 * test gives it. Of a query it reads the times and whether it counts; like the service, it gives a part of an answer that is
 * too long, with an error beside it.
 */
export class LogWorkspaceStandIn {
  /** Each query that had a token. */
  readonly queries: string[] = [];
  rows: readonly TraceRow[] = [];
  maximumRows = 500_000;
  /** Takes the place of the answer. */
  answer: VaultAnswer | undefined;
  readonly #folder: string;
  readonly #service: Server;
  readonly #identity: Server = createHttpServer(answerWithToken);
  readonly #certificateFile: string;

  /** Keeps its certificate in the folder. */
  constructor(folder: string) {
    this.#folder = folder;
    const { keyFile, certificateFile } = makeOpensslCertificate(folder, 'logs', 'ec', [`subjectAltName=DNS:${host}`]);
    this.#certificateFile = certificateFile;
    const tls = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
    this.#service = createHttpsServer(tls, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<void> {
    for (const server of [this.#service, this.#identity])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    for (const server of [this.#service, this.#identity]) {
      server.close();
      server.closeAllConnections();
    }
  }

  /** For a process that is to find the service on this machine and to trust its certificate. */
  get environment(): Record<string, string> {
    const redirect = join(this.#folder, 'redirect.cjs');
    writeFileSync(
      redirect,
      `const { Agent } = require('node:https');
       const { createConnection } = Agent.prototype;
       Agent.prototype.createConnection = function (options, ...rest) {
         const own = { ...options, host: '127.0.0.1', port: ${portOf(this.#service)}, servername: '${host}' };
         return createConnection.call(this, options.host === '${host}' ? own : options, ...rest);
       };`,
    );
    return {
      NODE_EXTRA_CA_CERTS: this.#certificateFile,
      NODE_OPTIONS: `--require ${JSON.stringify(redirect)}`,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${portOf(this.#identity)}/msi/token`,
      IDENTITY_HEADER: 'made-up',
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { query } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly query: string };
    const isKnown =
      request.headers.authorization === 'Bearer made-up' && /^\/v1\/workspaces\/[^/]+\/query$/.test(request.url ?? '');
    this.queries.push(query);
    const { status, body } = isKnown ? (this.answer ?? this.#run(query)) : { status: 401, body: {} };
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }

  #run(query: string): VaultAnswer {
    const [from = 0, until = 0] = [...query.matchAll(/datetime\(([^)]*)\)/g)].map(([, time = '']) => Date.parse(time));
    const found = this.rows.filter(({ time }) => time >= from && time < until);
    const isCount = query.includes('summarize');
    const rows = isCount ? countByHour(found) : found.map(toCells);
    const names = isCount
      ? ['TimeGenerated', 'Lines']
      : ['TimeGenerated', 'Message', 'AppRoleName', 'AppRoleInstance', 'ItemCount'];
    const columns = names.map((name) => ({ name, type: typeOf(name) }));
    const tables = [{ name: 'PrimaryResult', columns, rows: rows.slice(0, this.maximumRows) }];
    const error = { code: 'PartialError', message: 'There were some errors when processing your query.' };
    return { status: 200, body: { tables, ...(rows.length > this.maximumRows ? { error } : {}) } };
  }
}

function typeOf(name: string): string {
  return name === 'TimeGenerated' ? 'datetime' : name === 'Lines' ? 'long' : name === 'ItemCount' ? 'int' : 'string';
}

function countByHour(rows: readonly TraceRow[]): readonly (readonly [string, number])[] {
  const counts = new Map<number, number>();
  for (const { time } of rows) counts.set(time - (time % 3_600_000), (counts.get(time - (time % 3_600_000)) ?? 0) + 1);
  return [...counts].map(([hour, count]) => [new Date(hour).toISOString(), count] as const);
}

function toCells({ time, message, app = 'orders', itemCount = 1 }: TraceRow): readonly unknown[] {
  return [new Date(time).toISOString(), message, app, `${app}-1`, itemCount];
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

import { request } from 'node:http';
import type { Caller, Certificates } from './callers.js';
import { type MatrixCaller, expectedStatuses, identityNames, routes } from './matrix-callers.js';
import type { MatrixFrontEnd } from './matrix-front-ends.js';
import type { InstalledHosts } from '../test-support/http-hosts.js';
import { type HostName, type HostOptions, startHost } from './matrix-hosts.js';
import { TlsConnection } from './tls-connection.js';

// Runs every front end in front of every host, with every caller.

export const matrixSecret = 'of-the-matrix-0123456789._~+/=-AZ';

/** What a caller got for the three routes: a status for each, or `TLS` if the handshake failed. */
export interface MatrixCell {
  readonly caller: MatrixCaller;
  readonly statuses: readonly (number | 'TLS')[];
  readonly expected: readonly (number | 'TLS')[];
  /** The caller's name in the answer of the app's closed route. */
  readonly name: string | undefined;
  readonly expectedName: string | undefined;
}

/** What all cells share. */
export interface MatrixStage {
  readonly certificates: Certificates;
  readonly trustFile: string;
  /** The servers of examples/http-hosts. Undefined if only Azure Functions is tested. */
  readonly installed: InstalledHosts | undefined;
}

/** Sends all callers through one front end to one host. */
export async function runMatrixPair(
  frontEnd: MatrixFrontEnd,
  hostName: HostName,
  { certificates, trustFile, installed }: MatrixStage,
  more: Pick<HostOptions, 'acceptForwardedChain' | 'tls'> = {},
): Promise<readonly MatrixCell[]> {
  const frontEndSecret = frontEnd.needsSecret ? matrixSecret : undefined;
  const options = { frontEnd: frontEnd.frontEnd, frontEndSecret, trustFile, ...more };
  const host = await startHost(hostName, installed, options);
  try {
    const running = await frontEnd.start(host.port, certificates, matrixSecret);
    try {
      const cells: MatrixCell[] = [];
      for (const caller of Object.keys(expectedStatuses) as MatrixCaller[]) {
        if (caller === 'past' && !frontEnd.needsSecret) continue;
        const ask =
          caller === 'past'
            ? (path: string) => askPast(host.port, path, frontEnd.encode(certificates.callers.pinned))
            : (path: string) => askThrough(running.port, certificates, findCaller(certificates, caller), path);
        const cell = await fillCell(frontEnd, caller, ask);
        const isRefused = caller === 'chained' && isChainRefused(frontEnd, hostName, more);
        cells.push(isRefused ? { ...cell, expected: expectedStatuses.stranger, expectedName: undefined } : cell);
      }
      return cells;
    } finally {
      await running.stop();
    }
  } finally {
    await host.stop();
  }
}

/**
 * Whether the gate refuses every chain from Traefik. On a host that joins a header's lines, the chain could be a second
 * line, so the gate refuses it without `acceptForwardedChain`.
 */
function isChainRefused(
  { frontEnd }: MatrixFrontEnd,
  hostName: HostName,
  { acceptForwardedChain }: Pick<HostOptions, 'acceptForwardedChain'>,
): boolean {
  return frontEnd === 'traefik' && /^(?:functions|hono)$/.test(hostName) && acceptForwardedChain !== true;
}

interface Answer {
  readonly status: number | 'TLS';
  readonly body: string;
}

async function fillCell(
  { refusesExpired }: MatrixFrontEnd,
  caller: MatrixCaller,
  ask: (path: string) => Promise<Answer>,
): Promise<MatrixCell> {
  const answers: Answer[] = [];
  for (const route of routes) answers.push(await ask(route));
  const statuses = answers.map(({ status }) => status);
  const isRefusedBefore = refusesExpired && caller.startsWith('expired');
  const expected = isRefusedBefore ? statuses.map(() => (statuses[0] === 400 ? 400 : 'TLS')) : expectedStatuses[caller];
  const name = statuses[1] === 200 ? /^hello (\S+)/.exec(answers[1]?.body ?? '')?.[1] : undefined;
  return { caller, statuses, expected, name, expectedName: identityNames[caller] };
}

function findCaller({ callers }: Certificates, caller: Exclude<MatrixCaller, 'past'>): Caller | undefined {
  return caller === 'none' ? undefined : callers[caller];
}

async function askThrough(
  port: number,
  certificates: Certificates,
  caller: Caller | undefined,
  path: string,
): Promise<Answer> {
  try {
    const connection = await TlsConnection.open(port, certificates, caller);
    try {
      return await connection.ask(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    } finally {
      connection.close();
    }
  } catch (error) {
    if (/^ERR_SSL_|^ECONNRESET$/.test((error as NodeJS.ErrnoException).code ?? '')) return { status: 'TLS', body: '' };
    throw error;
  }
}

/** Calls the app directly, as an attacker who found its port would. */
async function askPast(port: number, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers: { ...fields, host: `localhost:${port}` }, agent: false };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

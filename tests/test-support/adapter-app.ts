import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as failedStartModule from '../../packages/certgate/dist/esm/local-app/explain-failed-start.js';
import type * as functionsHost from '../../packages/certgate/dist/esm/local/functions-host/functions-host.js';
import { root } from './certgate.js';
import { type OpensslCertificate, makeOpensslCertificate, writeTrust } from './openssl.js';
import { until } from '@certgate/x509/test-support/until.js';

const packages = join(root, 'packages');
// No package exports these files. The paths start at the root, because the compiled test is one folder deeper than its
// source.
const host = (await import(
  pathToFileURL(join(packages, 'certgate/dist/esm/local/functions-host/functions-host.js')).href
)) as typeof functionsHost;
const { explainFailedStart } = (await import(
  pathToFileURL(join(packages, 'certgate/dist/esm/local-app/explain-failed-start.js')).href
)) as typeof failedStartModule;
export const startFunctionsHost: typeof functionsHost.startFunctionsHost = host.startFunctionsHost;

type FunctionsHost = functionsHost.FunctionsHost;
type FunctionsHostOptions = functionsHost.FunctionsHostOptions;
type HostLogLine = functionsHost.HostLogLine;
const library = dirname(createRequire(import.meta.url).resolve('@azure/functions/package.json'));

export interface AdapterApp {
  readonly folder: string;
  readonly logs: readonly HostLogLine[];
  /**
   * The adapter's decision lines, parsed. Waits until there are `count` of them, because a line may come after the
   * answer that it is about.
   */
  decisions(count: number): Promise<readonly Record<string, unknown>[]>;
  /** The adapter's start lines, parsed. Waits until there are `count` of them. */
  startLines(count: number): Promise<readonly Record<string, unknown>[]>;
  start(options?: Partial<FunctionsHostOptions>): Promise<FunctionsHost>;
}

export type AppFiles = Readonly<Record<string, string>>;

/**
 * An app in a temporary folder that finds `@azure/functions` and the adapter in its node_modules, as users' apps do.
 */
export function createAdapterApp(context: Pick<TestContext, 'after'>, files: AppFiles): AdapterApp {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-app-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const all: AppFiles = {
    'host.json': '{ "version": "2.0" }',
    'package.json': '{ "main": "src/{index.*,functions/*}" }',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeText(join(folder, name), text);
  const modules = join(folder, 'node_modules');
  link(library, join(modules, '@azure/functions'));
  link(join(packages, 'azure-functions'), join(modules, '@certgate/azure-functions'));
  const logs: HostLogLine[] = [];
  const find = (event: string): readonly Record<string, unknown>[] =>
    logs
      .filter(({ message }) => message.startsWith('{"certgate"'))
      .map(({ message }) => JSON.parse(message) as Record<string, unknown>)
      .filter((line) => line['event'] === event);
  return {
    folder,
    logs,
    decisions: (count) => waitForLines(() => find('decision'), count),
    startLines: (count) => waitForLines(() => find('start'), count),
    start: async (options = {}) => {
      const host = await startFunctionsHost({
        folder,
        onLog: (line) => logs.push(line),
        // The tests send the header that the front end would set.
        unsafeDirectHeader: true,
        ...options,
      }).catch(explainFailedStart);
      context.after(() => host.close());
      return host;
    },
  };
}

async function waitForLines<Line>(find: () => readonly Line[], count: number): Promise<readonly Line[]> {
  await until(() => find().length >= count);
  return find();
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  // A junction needs no privilege on Windows. Other systems ignore this argument.
  symlinkSync(target, path, 'junction');
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export interface Callers {
  readonly trustFile: string;
  readonly reader: string;
  readonly operator: string;
  readonly stranger: string;
}

/**
 * Makes three certificates in the form that App Service's front end sends, and a trust document that lists two of them.
 */
export function createCallers(folder: string): Callers {
  const make = (name: string): OpensslCertificate => makeOpensslCertificate(folder, name, 'ec');
  const [reader, operator, stranger] = [make('reader'), make('operator'), make('stranger')];
  return {
    trustFile: writeTrust(folder, {
      reader: { certificate: reader, roles: ['reader'] },
      operator: { certificate: operator, roles: ['reader', 'operator'] },
    }),
    reader: readHeader(reader),
    operator: readHeader(operator),
    stranger: readHeader(stranger),
  };
}

/** The certificate in the form that App Service's front end sends. */
export function readHeader({ certificateFile }: OpensslCertificate): string {
  return readFileSync(certificateFile, 'utf8').replace(/-----[^-]+-----|\s/g, '');
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/**
 * Sends a request with `node:http`, which keeps the letter case of header names and sends each value of a list as a
 * line of its own.
 */
export function send(
  url: string,
  headers: Readonly<Record<string, string | string[]>> = {},
  body?: string,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = httpRequest(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

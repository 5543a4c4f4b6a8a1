import { join } from 'node:path';
import { ToolFailure } from '../tool-failure.js';
import { expectJsonObject, findJsonObject, findProperty, type JsonObject } from '../json-file.js';
import { type LogLevels, readLogLevels } from './log-levels.js';
import { readStrictTransportSecurity } from './hsts-settings.js';
import type { McpServerInfo, StrictTransportSecurity } from './worker/host-protocol.js';

export interface HostConfiguration {
  /** The route prefix without a leading slash. Empty if functions are served from the root. */
  readonly routePrefix: string;
  readonly mcpServer: McpServerInfo;
  /** The header `Strict-Transport-Security` for hosts outside of this machine. Undefined if the host sends none. */
  readonly strictTransportSecurity?: StrictTransportSecurity;
  /** Log levels by category. Empty if none is set. */
  readonly logLevels: LogLevels;
}

const defaultRoutePrefix = 'api';
/** The defaults of the MCP extension's `McpOptions`. */
const defaultMcpServer = { serverName: 'Azure Functions MCP server', serverVersion: '1.0.0' };

export async function readHostConfiguration(
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<HostConfiguration> {
  const path = join(folder, 'host.json');
  const document = (await findJsonObject(path)) ?? {};
  requireVersion(path, findProperty(document, 'version'));
  const find: FindOption = (extension, name) =>
    findHostSetting(settings, ['extensions', extension, name]) ?? findOption(path, document, extension, name);
  const hsts = readStrictTransportSecurity(path, find('http', 'hsts'), (name) =>
    findHostSetting(settings, ['extensions', 'http', 'hsts', name]),
  );
  return {
    routePrefix: parseRoutePrefix(path, find('http', 'routePrefix') ?? defaultRoutePrefix),
    mcpServer: readMcpServer(path, find),
    ...(hsts === undefined ? {} : { strictTransportSecurity: hsts }),
    logLevels: readLogLevels(path, document, settings),
  };
}

type FindOption = (extension: string, name: string) => unknown;

/** The value of an app setting that overrides host.json. The real host lets an app setting override any value. */
export function findHostSetting(
  settings: Readonly<Record<string, string>>,
  path: readonly string[],
): string | undefined {
  const wanted = ['AzureFunctionsJobHost', ...path].join('__').toLowerCase();
  return Object.entries(settings).find(([key]) => key.replaceAll(':', '__').toLowerCase() === wanted)?.[1];
}

function readMcpServer(path: string, find: FindOption): McpServerInfo {
  const read = (name: string): string | undefined => {
    const value = find('mcp', name) ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    throw new ToolFailure(`"extensions.mcp.${name}" in ${path} must be a string.`, { remedy: 'Correct host.json.' });
  };
  const instructions = read('instructions');
  return {
    serverName: read('serverName') ?? defaultMcpServer.serverName,
    serverVersion: read('serverVersion') ?? defaultMcpServer.serverVersion,
    ...(instructions === undefined ? {} : { instructions }),
  };
}

function requireVersion(path: string, version: unknown): void {
  if (version === '2.0') return;
  throw new ToolFailure(
    version === undefined ? `${path} has no "version".` : `${path} has the unknown version ${JSON.stringify(version)}.`,
    { remedy: 'Set "version": "2.0" in host.json: the Functions host starts with no other.' },
  );
}

function findOption(path: string, document: JsonObject, extension: string, option: string): unknown {
  const extensions = expectJsonObject(findProperty(document, 'extensions') ?? {}, 'extensions', path);
  return findProperty(expectJsonObject(findProperty(extensions, extension) ?? {}, extension, path), option);
}

function parseRoutePrefix(path: string, prefix: unknown): string {
  if (typeof prefix !== 'string') {
    throw new ToolFailure(`"extensions.http.routePrefix" in ${path} must be a string.`, {
      remedy: 'Use "" to serve functions from the root.',
    });
  }
  const trimmed = prefix.replace(/^\//, '');
  if (trimmed.endsWith('/') || trimmed.startsWith('/')) {
    throw new ToolFailure(
      `The route prefix "${prefix}" gives routes with an empty segment, and no host accepts them.`,
      {
        remedy: 'Write the route prefix in host.json without slashes at its ends.',
      },
    );
  }
  return trimmed;
}

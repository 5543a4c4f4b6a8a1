import { join } from 'node:path';
import { CommandFailure } from '../command-line/command-failure.js';
import { findJsonObject, findProperty, isJsonObject } from '../command-line/json-file.js';

export interface HostConfiguration {
  /** Without a leading slash; empty when functions are served from the root. */
  readonly routePrefix: string;
  /** The file was absent, and the defaults stand. */
  readonly absent: boolean;
}

const defaultRoutePrefix = 'api';
/** The real host lets an app setting override any value of host.json; the only one read here is the route prefix. */
const routePrefixSetting = /^azurefunctionsjobhost(?:__|:)extensions(?:__|:)http(?:__|:)routeprefix$/i;

export async function readHostConfiguration(
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<HostConfiguration> {
  const path = join(folder, 'host.json');
  const document = await findJsonObject(path);
  const override = Object.entries(settings).find(([name]) => routePrefixSetting.test(name));
  if (document !== undefined) requireVersion(path, findProperty(document, 'version'));
  const prefix: unknown = override?.[1] ?? (document === undefined ? undefined : findRoutePrefix(path, document));
  return { routePrefix: parseRoutePrefix(path, prefix ?? defaultRoutePrefix), absent: document === undefined };
}

function requireVersion(path: string, version: unknown): void {
  if (version === '2.0') return;
  throw new CommandFailure(
    version === undefined ? `${path} has no "version".` : `${path} has the unknown version ${JSON.stringify(version)}.`,
    { remedy: 'Set "version": "2.0" in host.json: the Functions host starts with no other.' },
  );
}

function findRoutePrefix(path: string, document: Readonly<Record<string, unknown>>): unknown {
  let section: unknown = document;
  for (const name of ['extensions', 'http']) {
    if (!isJsonObject(section)) break;
    section = findProperty(section, name);
    if (section !== undefined && !isJsonObject(section)) {
      throw new CommandFailure(`"${name}" in ${path} must be an object.`, { remedy: 'Correct host.json.' });
    }
  }
  return isJsonObject(section) ? findProperty(section, 'routePrefix') : undefined;
}

function parseRoutePrefix(path: string, prefix: unknown): string {
  if (typeof prefix !== 'string') {
    throw new CommandFailure(`"extensions.http.routePrefix" in ${path} must be a string.`, {
      remedy: 'Use "" to serve functions from the root.',
    });
  }
  const trimmed = prefix.replace(/^\//, '');
  if (trimmed.endsWith('/') || trimmed.startsWith('/')) {
    throw new CommandFailure(
      `The route prefix "${prefix}" gives routes with an empty segment, and no host accepts them.`,
      {
        remedy: 'Write the route prefix in host.json without slashes at its ends.',
      },
    );
  }
  return trimmed;
}

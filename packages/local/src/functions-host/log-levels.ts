import { ToolFailure } from '../tool-failure.js';
import { expectJsonObject, findProperty, isJsonObject, type JsonObject } from '../json-file.js';
import type { HostLogLevel, HostLogLine } from './worker/host-protocol.js';

/** The lowest level that is logged for each category, as `logging.logLevel` of host.json sets it. */
export type LogLevels = ReadonlyMap<string, HostLogLevel | 'none'>;

const levels: readonly (HostLogLevel | 'none')[] = [
  'trace',
  'debug',
  'information',
  'warning',
  'error',
  'critical',
  'none',
];

/** Reads the levels, with categories in lower case. As in the real host, an app setting overrides the file's value. */
export function readLogLevels(
  path: string,
  hostJson: JsonObject,
  settings: Readonly<Record<string, string>>,
): LogLevels {
  const logging = findProperty(hostJson, 'logging');
  const found = isJsonObject(logging) ? (findProperty(logging, 'logLevel') ?? {}) : {};
  const written = expectJsonObject(found, 'logging.logLevel', path);
  const overriding = Object.entries(settings).flatMap(([name, value]) => {
    const category = /^AzureFunctionsJobHost(?:__|:)logging(?:__|:)logLevel(?:__|:)(.+)$/i.exec(name)?.[1];
    return category === undefined ? [] : [[category, value] as const];
  });
  return new Map(
    [...Object.entries(written), ...overriding].map(([category, value]) => {
      const level = levels.find((known) => typeof value === 'string' && known === value.toLowerCase());
      if (level !== undefined) return [category.toLowerCase(), level];
      throw refuse(
        `The log level of "${category}" is ${JSON.stringify(value)}; it must be one of ${levels.join(', ')}`,
      );
    }),
  );
}

function refuse(what: string): ToolFailure {
  return new ToolFailure(`${what}.`, { remedy: 'Correct host.json or the app setting that overrides it.' });
}

/**
 * Whether Azure would log the line, by the levels. The longest category that is a prefix of the line's category
 * decides, or else `default`. Without a level the line is shown. Lines of this host itself and of the programming model
 * are always shown.
 */
export function isLogged(levelsByCategory: LogLevels, { source, level, functionName }: HostLogLine): boolean {
  if (source === 'host' || levelsByCategory.size === 0) return true;
  const category = (source === 'app' ? 'Host.Function.Console' : `Function.${functionName ?? ''}.User`).toLowerCase();
  const [longest] = [...levelsByCategory.keys()]
    .filter((each) => category.startsWith(each))
    .sort((one, other) => other.length - one.length);
  const least = levelsByCategory.get(longest ?? 'default');
  return least === undefined || levels.indexOf(level) >= levels.indexOf(least);
}

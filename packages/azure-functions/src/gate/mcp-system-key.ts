import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The setting's place in host.json. An app setting can override it. */
const levelPath = 'extensions:mcp:system:webhookauthorizationlevel';

/** The name of that app setting. */
const settingName = `azurefunctionsjobhost:${levelPath}`;

/**
 * Whether the host requires the extension's system key from callers of MCP functions. True unless host.json or an app
 * setting sets another level than `System`. False if host.json can't be read, because the level is then unknown. The
 * host ignores the letter case of names and of the value.
 *
 * `findFolder` returns the app's folder, in which the worker runs. It may throw if that folder is gone.
 */
export function requiresSystemKey(findFolder: () => string, environment: NodeJS.ProcessEnv): boolean {
  const settings = Object.entries(environment).filter(([name]) => isSettingName(name));
  const levels = [...settings.map(([, value]) => value), ...findLevels(readHostJson(findFolder))];
  return levels.every((level) => typeof level === 'string' && level.toLowerCase() === 'system');
}

/** The host accepts both separators, `:` and `__`. */
function isSettingName(name: string): boolean {
  return name.toLowerCase().replaceAll('__', ':') === settingName;
}

/** Reads host.json. If it can't be read, returns a level that is not `System`. */
function readHostJson(findFolder: () => string): unknown {
  try {
    return JSON.parse(readFileSync(join(findFolder(), 'host.json'), 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return { [levelPath]: undefined };
  }
}

/**
 * Every value at the level's path, in whatever spelling. The host joins names by colons, so one name may replace
 * several of them (Azure/azure-functions-host, HostJsonFileConfigurationSource.cs).
 */
function findLevels(value: unknown, path = ''): readonly unknown[] {
  if (path === levelPath) return [value];
  if (typeof value !== 'object' || value === null || !levelPath.startsWith(path)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    findLevels(member, (path === '' ? name : `${path}:${name}`).toLowerCase()),
  );
}

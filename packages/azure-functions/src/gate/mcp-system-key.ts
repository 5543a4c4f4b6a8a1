import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In host.json; an app setting can say the same. */
const levelPath = 'extensions:mcp:system:webhookauthorizationlevel';

/** How app settings override host.json. */
const settingName = `azurefunctionsjobhost:${levelPath}`;

/**
 * Whether the host asks callers of MCP functions for the extension's system key. It does unless somebody has said
 * `Anonymous`; where host.json can't be read, nobody knows. The host reads names and the value without letter case.
 *
 * `findFolder` gives the app's folder, in which the worker runs; it may throw where that is gone.
 */
export function requiresSystemKey(findFolder: () => string, environment: NodeJS.ProcessEnv): boolean {
  const settings = Object.entries(environment).filter(([name]) => isSettingName(name));
  const levels = [...settings.map(([, value]) => value), ...findLevels(readHostJson(findFolder))];
  return levels.every((level) => typeof level === 'string' && level.toLowerCase() === 'system');
}

/** Both separators are the host's. */
function isSettingName(name: string): boolean {
  return name.toLowerCase().replaceAll('__', ':') === settingName;
}

/** A value that is not `System` wherever host.json can't be read. */
function readHostJson(findFolder: () => string): unknown {
  try {
    return JSON.parse(readFileSync(join(findFolder(), 'host.json'), 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return { [levelPath]: undefined };
  }
}

/**
 * Every value under the level's path, whatever the spelling. The host joins names by colons, so one name may stand for
 * several of them (Azure/azure-functions-host, HostJsonFileConfigurationSource.cs).
 */
function findLevels(value: unknown, path = ''): readonly unknown[] {
  if (path === levelPath) return [value];
  if (typeof value !== 'object' || value === null || !levelPath.startsWith(path)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    findLevels(member, (path === '' ? name : `${path}:${name}`).toLowerCase()),
  );
}

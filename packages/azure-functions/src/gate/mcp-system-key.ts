import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In host.json; an app setting can say the same. */
const levelPath = ['extensions', 'mcp', 'system', 'webhookauthorizationlevel'];

/** How app settings override host.json; both separators are the host's. */
const settingName = ['azurefunctionsjobhost', ...levelPath].join('__');

/**
 * Whether the host asks callers of MCP functions for the extension's system key. It does unless somebody has said
 * `Anonymous`; where host.json can't be read, nobody knows. The host reads names and the value without letter case.
 *
 * `folder` is the app's, in which the worker runs.
 */
export function requiresSystemKey(folder: string, environment: NodeJS.ProcessEnv): boolean {
  const settings = Object.entries(environment).filter(([name]) => isSettingName(name));
  const levels = [...settings.map(([, value]) => value), ...findMembers(readHostJson(folder), levelPath)];
  return levels.every((level) => typeof level === 'string' && level.toLowerCase() === 'system');
}

function isSettingName(name: string): boolean {
  return name.toLowerCase().replaceAll(':', '__') === settingName;
}

/** A value that is not `System` wherever host.json can't be read. */
function readHostJson(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return { extensions: { mcp: { system: { webhookAuthorizationLevel: undefined } } } };
  }
}

/** Every value under this path of lower-case names, whatever the spelling. */
function findMembers(value: unknown, path: readonly string[]): readonly unknown[] {
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, member]) => findMembers(member, rest));
}

import { ToolFailure } from '../tool-failure.js';
import { expectJsonObject, findProperty } from '../json-file.js';
import type { StrictTransportSecurity } from './worker/host-protocol.js';

const defaultMaxAgeSeconds = 30 * 86_400;
/** Hosts that ASP.NET Core always excludes, in addition to those of host.json. */
const alwaysExcludedHosts = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads `extensions.http.hsts` of host.json as ASP.NET Core's HstsMiddleware does. `override` returns the value of an
 * app setting. Undefined if HSTS is off.
 */
export function readStrictTransportSecurity(
  path: string,
  written: unknown = {},
  override: (name: string) => string | undefined,
): StrictTransportSecurity | undefined {
  const section = expectJsonObject(written, 'extensions.http.hsts', path);
  const find = (name: string): unknown => override(name) ?? findProperty(section, name);
  const isOn = (name: string): boolean => String(find(name)).toLowerCase() === 'true';
  if (Object.keys(section).length > 0 && find('isEnabled') === undefined) {
    throw new ToolFailure(`"extensions.http.hsts" in ${path} has no "isEnabled", and the Functions host asks for it.`, {
      remedy: 'Set it to true or false in host.json.',
    });
  }
  if (!isOn('isEnabled')) return undefined;
  const maxAge = readTimeSpan(path, find('maxAge'));
  const excluded = findProperty(section, 'excludedHosts');
  return {
    value: `max-age=${maxAge}${isOn('includeSubDomains') ? '; includeSubDomains' : ''}${isOn('preload') ? '; preload' : ''}`,
    excludedHosts: [...alwaysExcludedHosts, ...(Array.isArray(excluded) ? excluded.map(String) : [])],
  };
}

/** The seconds of a .NET TimeSpan, in which a number without a unit means days. */
function readTimeSpan(path: string, value: unknown): number {
  if (value === undefined) return defaultMaxAgeSeconds;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const match = /^(?:(\d+)|(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)$/.exec(text);
  if (match === null) {
    throw new ToolFailure(
      `"extensions.http.hsts.maxAge" in ${path} is ${JSON.stringify(value)}, which is not a time span.`,
      {
        remedy: 'Write days, such as "10", or "days.hours:minutes:seconds".',
      },
    );
  }
  const [days = '0', ofTime = '0', hours = '0', minutes = '0', seconds = '0'] = match.slice(1);
  return (Number(days) + Number(ofTime)) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Warnings and notes about an app that runs in the embedded host or is inspected there. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { frontEndSetting, isolationSetting, lockSetting, secretSetting } from '@certgate/core/internal';
import { countSlips } from '../texts/slips.js';
import { findJsonObject, findProperty, isJsonObject, type JsonObject } from '#local/json-file.js';
import type { ProcessEnvironment } from '#local/functions-host/app-settings.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { readPolicy } from './hosted-policy.js';

const ourSettings = ['CERTGATE_TRUST', lockSetting, frontEndSetting, secretSetting, isolationSetting];
const maximumSlips = 2;

/** One line for each setting whose name is almost one of Certgate's, because such a setting has no effect. */
export function listSettingWarnings(settings: ProcessEnvironment): readonly string[] {
  return Object.keys(settings).flatMap((name) => {
    if (ourSettings.includes(name)) return [];
    const [closest] = ourSettings
      .map((own) => ({ own, slips: countSlips(name.toUpperCase(), own, maximumSlips) ?? Infinity }))
      // A name like CERTGATE_TRUST_2 is not a mistake, but may name a second document.
      .filter(({ own, slips }) => slips <= maximumSlips && !new RegExp(`^${own}(?:_|\\d)`).test(name))
      .sort((one, other) => one.slips - other.slips);
    return closest === undefined
      ? []
      : [`Certgate does not know the app setting ${name}. Did you mean ${closest.own}?`];
  });
}

/**
 * One line for each HTTP or MCP function that no gate covers. Any such line makes `dev --once` and `app inspect` fail.
 */
export function listCoverageWarnings(functions: readonly HostedFunction[]): readonly string[] {
  return functions
    .filter(({ http, mcp, covered }) => (http || mcp !== undefined) && covered !== 'gate')
    .map(
      ({ name, http }) =>
        `${name} is open to ${http ? 'everybody' : 'everybody who reaches the MCP endpoint'}: the app has no gate. Call secureApp(app, …) in a file that "main" in package.json loads.`,
    );
}

/** The app's `function.json` files, as paths in the app such as `Orders/function.json`. No host of the tool loads them. */
export async function listFunctionFiles(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name !== 'node_modules' && !name.startsWith('.')).sort();
  const files = names.map((name) => `${name}/function.json`);
  const found = await Promise.all(files.map((file) => stat(join(folder, file)).catch(() => undefined)));
  return files.filter((_file, index) => found[index]?.isFile() === true);
}

/** One line for each `function.json` file, of which only Azure knows whether it serves a function. */
export function listFunctionFileWarnings(files: readonly string[]): readonly string[] {
  return files.map(
    (file) =>
      `Cannot tell who may call the function of ${file}: functions of function.json files are not loaded here. Register it with app.http(…), or delete the file.`,
  );
}

/**
 * A note about observed functions: while the host proxies a request, the worker does not learn which key the host
 * accepted.
 */
export function listStreamingNotes(functions: readonly HostedFunction[], isStreaming: boolean): readonly string[] {
  const observed = functions.filter((hosted) => hosted.http && isObserved(hosted));
  if (!isStreaming || observed.length === 0) return [];
  const names = observed.map(({ name }) => name).join(', ');
  return [`HTTP streaming is on, so the log lines of observed functions (${names}) don't name the key of the caller.`];
}

/**
 * Notes about roles that only the functions or only the trust document name, because one may be a typing mistake of the
 * other. A role that a handler asks for itself is not known here.
 */
export function listRoleNotes(
  functions: readonly HostedFunction[],
  identities: readonly { readonly roles: readonly string[] }[],
): readonly string[] {
  const required = new Set(functions.map(readPolicy).flatMap((each) => ('roles' in each ? each.roles.flat() : [])));
  const given = new Set(identities.flatMap(({ roles }) => roles));
  const list = (what: string, roles: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] => {
    const named = [...roles].filter((role) => !others.has(role)).join(', ');
    return named === '' ? [] : [`${what}: ${named}.`];
  };
  return [
    ...list('Roles in the trust document that no function of this app requires by its marker', given, required),
    ...list('Roles that a function asks for and no identity in the trust document has', required, given),
  ];
}

function isObserved(hosted: HostedFunction): boolean {
  const policy = readPolicy(hosted);
  return policy.kind === 'certificate' && policy.observedUntil !== undefined && policy.observedUntil > Date.now();
}

/**
 * One line that names the settings which Azure or Core Tools use and this host ignores. Undefined if there are none.
 */
export async function findIgnoredNote(folder: string, settings: ProcessEnvironment): Promise<string | undefined> {
  const [hostJson, localSettings] = await Promise.all(
    ['host.json', 'local.settings.json'].map((name) => findJsonObject(join(folder, name))),
  );
  const ofHost = ignoredInHostJson.filter(
    (path) => findAt(hostJson, path) !== undefined || isSetByAppSetting(settings, path),
  );
  const ofSettings = ['CORS', 'CORSCredentials', 'LocalHttpPort'].filter(
    (name) => findAt(localSettings, ['Host', name]) !== undefined,
  );
  const parts = [
    ...(ofHost.length === 0 ? [] : [`${ofHost.map((path) => path.at(-1)).join(', ')} of host.json`]),
    ...(ofSettings.length === 0
      ? []
      : [`${ofSettings.map((name) => `Host.${name}`).join(', ')} of local.settings.json`]),
  ];
  return parts.length === 0 ? undefined : `Ignored by this local host: ${parts.join('; ')}.`;
}

const ignoredInHostJson = [
  ['functions'],
  ['functionTimeout'],
  ...['customHeaders', 'dynamicThrottlesEnabled', 'maxConcurrentRequests', 'maxOutstandingRequests'].map((name) => [
    'extensions',
    'http',
    name,
  ]),
];

function findAt(document: JsonObject | undefined, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const name of path) value = isJsonObject(value) ? findProperty(value, name) : undefined;
  return value;
}

function isSetByAppSetting(settings: ProcessEnvironment, path: readonly string[]): boolean {
  const wanted = ['AzureFunctionsJobHost', ...path].join('__').toLowerCase();
  return Object.keys(settings).some((name) => {
    const key = name.replaceAll(':', '__').toLowerCase();
    return key === wanted || key.startsWith(`${wanted}__`);
  });
}

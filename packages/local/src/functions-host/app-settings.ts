import { join } from 'node:path';
import { ToolFailure } from '../tool-failure.js';
import { expectJsonObject, findJsonObject, findProperty, isJsonObject } from '../json-file.js';

export type ProcessEnvironment = Readonly<Record<string, string>>;

export interface AppSettingsInput {
  readonly folder: string;
  /** The environment of the parent process. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Settings that the caller gives. They win over all others. */
  readonly explicit: ProcessEnvironment;
}

/**
 * Variables that describe a host of Azure, of another cloud or of containers. Certgate's adapter does not accept
 * Development where one of them, other than `WEBSITE_HOSTNAME`, is set (tests/environment-table.test.ts compares the
 * two lists). The host process is the local host, even in a dev container, so such a variable is not inherited. Only an
 * app setting may set it.
 */
const otherHost =
  /^(?:WEBSITE_(?:INSTANCE_ID|SKU|POD_NAME|PLACEHOLDER_MODE|HOSTNAME|SITE_NAME|HOME_STAMPNAME|OWNER_NAME|DEPLOYMENT_ID|ISOLATION|RESOURCE_GROUP)$|LEGION_|CONTAINER_NAME$|REGION_NAME$|APPSETTING_|FABRIC_|MESH_INIT_URI$|MANAGED_ENVIRONMENT$|CONTAINER_APP_|KUBERNETES_|ECS_CONTAINER_METADATA_URI|AWS_EXECUTION_ENV$|AWS_LAMBDA_|K_SERVICE$|K_REVISION$|CLOUD_RUN_|GAE_|NOMAD_(?:ALLOC|JOB|TASK|GROUP)_|MESOS_TASK_ID$|MARATHON_APP_ID$|VCAP_APPLICATION$|CF_INSTANCE_|DYNO$|FLY_APP_NAME$|FLY_ALLOC_ID$|RENDER_SERVICE_ID$|DOTNET_RUNNING_IN_CONTAINER$|CONTAINER$)/i;

/**
 * The environment of the host process, merged as Core Tools does it (`StartHostAction`). A variable that is already set
 * and not empty wins over local.settings.json. `AZURE_FUNCTIONS_ENVIRONMENT` is Development whatever the file contains.
 * `WEBSITE_HOSTNAME` is set later, when the port is known.
 */
export async function resolveAppSettings(input: AppSettingsInput): Promise<ProcessEnvironment> {
  // Windows ignores the letter case of variable names, so there the last one that is set replaces the others.
  const byKey = new Map<string, readonly [name: string, value: string]>();
  const keyOf = (name: string): string => (process.platform === 'win32' ? name.toUpperCase() : name);
  const set = (name: string, value: string): void => {
    byKey.set(keyOf(name), [name, value]);
  };
  const setUnlessFilled = (name: string, value: string): void => {
    if ((byKey.get(keyOf(name))?.[1] ?? '') === '') set(name, value);
  };
  for (const [name, value] of Object.entries(input.inherited)) {
    if (value !== undefined && !otherHost.test(name)) set(name, value);
  }
  const inFile = await readLocalSettings(join(input.folder, 'local.settings.json'));
  for (const [name, value] of Object.entries(inFile)) setUnlessFilled(name, value);
  setUnlessFilled('FUNCTIONS_WORKER_RUNTIME', 'node');
  setUnlessFilled('FUNCTIONS_CORETOOLS_ENVIRONMENT', 'True');
  set('AzureWebJobsScriptRoot', input.folder);
  set('AZURE_FUNCTIONS_ENVIRONMENT', 'Development');
  for (const [name, value] of Object.entries(input.explicit)) set(name, value);
  return Object.freeze(Object.fromEntries(byKey.values()));
}

async function readLocalSettings(path: string): Promise<ProcessEnvironment> {
  const document = await findJsonObject(path);
  if (document === undefined) return {};
  const values = expectJsonObject(findProperty(document, 'Values') ?? {}, 'Values', path);
  const connectionStrings = expectJsonObject(
    findProperty(document, 'ConnectionStrings') ?? {},
    'ConnectionStrings',
    path,
  );
  const entries = [
    ...Object.entries(values).map(([name, value]) => setting(path, name, value)),
    ...Object.entries(connectionStrings).map(([name, value]) => connectionString(path, name, value)),
  ].filter((entry) => entry !== undefined);
  // Core Tools reads an absent "IsEncrypted" as true.
  if (entries.length > 0 && findProperty(document, 'IsEncrypted') !== false) {
    throw new ToolFailure(`${path} is encrypted, or doesn't say "IsEncrypted": false.`, {
      remedy: 'Run `func settings decrypt`, or set "IsEncrypted": false if its values are plain text.',
    });
  }
  return Object.fromEntries(entries);
}

function setting(path: string, name: string, value: unknown): readonly [string, string] | undefined {
  if (name === '' || name.includes('=') || name.includes('\0')) {
    throw new ToolFailure(`${path} has the setting ${JSON.stringify(name)}, which can't be a variable's name.`, {
      remedy: 'Remove it from "Values".',
    });
  }
  switch (typeof value) {
    case 'string':
      return [name, value];
    case 'number':
      return [name, String(value)];
    case 'boolean':
      // The app gets .NET's spelling of booleans, as under Core Tools.
      return [name, value ? 'True' : 'False'];
    default:
      if (value === null) return undefined;
      throw new ToolFailure(`"Values" in ${path} holds something other than a string under "${name}".`, {
        remedy: 'App settings are strings: write an object or list as a string of JSON.',
      });
  }
}

function connectionString(path: string, name: string, value: unknown): readonly [string, string] | undefined {
  const text = isJsonObject(value) ? findProperty(value, 'ConnectionString') : value;
  return setting(path, `ConnectionStrings:${name}`, text);
}

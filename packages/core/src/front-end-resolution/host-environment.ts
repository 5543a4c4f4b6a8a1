import { readMember } from '@certgate/x509/internal';
import { isLoopbackHost } from '../encoding/shown-url.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that only a platform other than Azure Functions sets, by its documentation: Container Apps, Kubernetes, Amazon
 * ECS and Lambda, Cloud Run and App Engine, Nomad, Mesos, Cloud Foundry, Heroku, Fly, Render. Another ingress stands in
 * front there.
 */
export const otherPlatforms: RegExp =
  /^(?:MANAGED_ENVIRONMENT$|CONTAINER_APP_|KUBERNETES_|ECS_CONTAINER_METADATA_URI|AWS_EXECUTION_ENV$|AWS_LAMBDA_|K_SERVICE$|K_REVISION$|CLOUD_RUN_|GAE_|NOMAD_(?:ALLOC|JOB|TASK|GROUP)_|MESOS_TASK_ID$|MARATHON_APP_ID$|VCAP_APPLICATION$|CF_INSTANCE_|DYNO$|FLY_APP_NAME$|FLY_ALLOC_ID$|RENDER_SERVICE_ID$)/;

/** Service Fabric, on which Linux Consumption runs too, and Podman: App Service is named there, or it is not known. */
export const neverOnAppService: RegExp = /^(?:FABRIC_|CONTAINER$)/;

/** An app setting may have any name, `WEBSITE_INSTANCE_ID` too: it must not turn Flex Consumption into App Service. */
export function listFlexConsumptionMarks(environment: Environment): readonly string[] {
  const isFlexSku = readVariable(environment, 'WEBSITE_SKU')?.toLowerCase() === 'flexconsumption';
  return [...(isFlexSku ? ['WEBSITE_SKU'] : []), ...listPresent(environment, /^(?:LEGION_|WEBSITE_POD_NAME$)/)];
}

/** Set by Functions' own plans; Linux Consumption runs on Service Fabric. */
const azurePlaces =
  /^(?:WEBSITE_(?:INSTANCE_ID|SKU|POD_NAME|PLACEHOLDER_MODE|HOME_STAMPNAME|SITE_NAME|OWNER_NAME|DEPLOYMENT_ID|ISOLATION|RESOURCE_GROUP)$|LEGION_|CONTAINER_NAME$|REGION_NAME$|APPSETTING_|MESH_INIT_URI$)/;

/** For messages: whether the environment tells of a plan of Azure Functions, and of no other platform. */
export function isOnAzure(environment: Environment): boolean {
  return listPresent(environment, azurePlaces).length > 0 && listPresent(environment, otherPlatforms).length === 0;
}

/**
 * Variables of Azure's hosts and of container images. None is on a plain laptop. `WEBSITE_HOSTNAME` is not among them,
 * since Core Tools sets it too.
 */
const hostedPlaces = new RegExp(`${azurePlaces.source}|^DOTNET_RUNNING_IN_CONTAINER$`);

export function listHostMarks(environment: Environment): readonly string[] {
  return [otherPlatforms, neverOnAppService, hostedPlaces].flatMap((marks) => listPresent(environment, marks));
}

/**
 * Set on `globalThis` by the embedded host of `certgate dev` in the app's process. A symbol of the process and no
 * variable, so that no setting and no file that anybody copies to a server can say it.
 */
export const localHostMark: unique symbol = Symbol.for('certgate/local-host/v1');

/**
 * Development counts only with evidence of a local host, and where nothing tells of another. `AZURE_FUNCTIONS_ENVIRONMENT`
 * alone is an ordinary setting, which anybody may copy to a server or bake into an image.
 */
export function isDevelopment(environment: Environment): boolean {
  return (
    readVariable(environment, 'AZURE_FUNCTIONS_ENVIRONMENT') === 'Development' &&
    (isEmbeddedHost() || isCoreTools(environment)) &&
    listHostMarks(environment).length === 0
  );
}

function isEmbeddedHost(): boolean {
  return readMember(globalThis, localHostMark) === true;
}

/**
 * What `func start` sets for the worker where it isn't set already: `FUNCTIONS_CORETOOLS_ENVIRONMENT` to `True`
 * (Azure/azure-functions-core-tools, src/Cli/func/Program.cs) and `WEBSITE_HOSTNAME` to the address that it listens on,
 * `localhost:7071` unless told otherwise (StartHostAction.cs, `GetConfigurationSettings`).
 */
function isCoreTools(environment: Environment): boolean {
  const isStarted = readVariable(environment, 'FUNCTIONS_CORETOOLS_ENVIRONMENT')?.toLowerCase() === 'true';
  const hostname = readVariable(environment, 'WEBSITE_HOSTNAME')?.replace(/:\d{1,5}$/, '');
  return isStarted && hostname !== undefined && isLoopbackHost(hostname.toLowerCase());
}

export function listPresent(environment: Environment, marks: RegExp): readonly string[] {
  // Windows' variable names have no letter case.
  return Object.keys(environment).filter(
    (name) => marks.test(name.toUpperCase()) && readVariable(environment, name) !== undefined,
  );
}

/** Its own: `process.env` passes on what stands on Object.prototype. What is empty is not there. */
export function readVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === '' ? undefined : value;
}

import { readMember } from '@certgate/x509/internal';
import { isLoopbackHost } from '../encoding/shown-url.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Environment variables that only a platform other than Azure Functions sets, according to its documentation: Container
 * Apps, Kubernetes, Amazon ECS and Lambda, Cloud Run and App Engine, Nomad, Mesos, Cloud Foundry, Heroku, Fly, Render.
 * On such a platform, another ingress is in front of the app.
 */
export const otherPlatforms: RegExp =
  /^(?:MANAGED_ENVIRONMENT$|CONTAINER_APP_|KUBERNETES_|ECS_CONTAINER_METADATA_URI|AWS_EXECUTION_ENV$|AWS_LAMBDA_|K_SERVICE$|K_REVISION$|CLOUD_RUN_|GAE_|NOMAD_(?:ALLOC|JOB|TASK|GROUP)_|MESOS_TASK_ID$|MARATHON_APP_ID$|VCAP_APPLICATION$|CF_INSTANCE_|DYNO$|FLY_APP_NAME$|FLY_ALLOC_ID$|RENDER_SERVICE_ID$)/;

/**
 * Variables of Service Fabric, on which Linux Consumption also runs, and of Podman. With one of them, the App Service
 * front end is used only if the operator names it.
 */
export const neverOnAppService: RegExp = /^(?:FABRIC_|CONTAINER$)/;

/**
 * Variables that show Flex Consumption. An app setting may have any name, even `WEBSITE_INSTANCE_ID`, so that name
 * alone must not turn Flex Consumption into App Service.
 */
export function listFlexConsumptionMarks(environment: Environment): readonly string[] {
  const isFlexSku = readVariable(environment, 'WEBSITE_SKU')?.toLowerCase() === 'flexconsumption';
  return [...(isFlexSku ? ['WEBSITE_SKU'] : []), ...listPresent(environment, /^(?:LEGION_|WEBSITE_POD_NAME$)/)];
}

/** Variables that the plans of Azure Functions set. Linux Consumption runs on Service Fabric. */
const azurePlaces =
  /^(?:WEBSITE_(?:INSTANCE_ID|SKU|POD_NAME|PLACEHOLDER_MODE|HOME_STAMPNAME|SITE_NAME|OWNER_NAME|DEPLOYMENT_ID|ISOLATION|RESOURCE_GROUP)$|LEGION_|CONTAINER_NAME$|REGION_NAME$|APPSETTING_|MESH_INIT_URI$)/;

/** Whether the environment shows a plan of Azure Functions and no other platform. Only for messages. */
export function isOnAzure(environment: Environment): boolean {
  return listPresent(environment, azurePlaces).length > 0 && listPresent(environment, otherPlatforms).length === 0;
}

/**
 * Variables of Azure's hosts and of container images. A plain laptop has none of them. `WEBSITE_HOSTNAME` is missing,
 * because Core Tools sets it too.
 */
const hostedPlaces = new RegExp(`${azurePlaces.source}|^DOTNET_RUNNING_IN_CONTAINER$`);

export function listHostMarks(environment: Environment): readonly string[] {
  return [otherPlatforms, neverOnAppService, hostedPlaces].flatMap((marks) => listPresent(environment, marks));
}

/**
 * The mark that the embedded host of `certgate dev` sets on `globalThis` in the app's process. It is a symbol and not a
 * variable, so that no setting or file that somebody copies to a server can set it.
 */
export const localHostMark: unique symbol = Symbol.for('certgate/local-host/v1');

/**
 * Whether the app runs in Development: only with evidence of a local host, and without a variable of any other host.
 * `AZURE_FUNCTIONS_ENVIRONMENT` is not enough, because anybody may copy that setting to a server or into an image.
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
 * Whether Core Tools runs the app. `func start` sets these variables for the worker unless they are set already:
 * `FUNCTIONS_CORETOOLS_ENVIRONMENT` to `True` (Azure/azure-functions-core-tools, src/Cli/func/Program.cs) and
 * `WEBSITE_HOSTNAME` to the address that it listens on, by default `localhost:7071` (StartHostAction.cs,
 * `GetConfigurationSettings`).
 */
function isCoreTools(environment: Environment): boolean {
  const isStarted = readVariable(environment, 'FUNCTIONS_CORETOOLS_ENVIRONMENT')?.toLowerCase() === 'true';
  const hostname = readVariable(environment, 'WEBSITE_HOSTNAME')?.replace(/:\d{1,5}$/, '');
  return isStarted && hostname !== undefined && isLoopbackHost(hostname.toLowerCase());
}

export function listPresent(environment: Environment, marks: RegExp): readonly string[] {
  // The names of variables have no letter case in Windows.
  return Object.keys(environment).filter(
    (name) => marks.test(name.toUpperCase()) && readVariable(environment, name) !== undefined,
  );
}

/**
 * Reads the environment's own variable, because `process.env` also returns what is on Object.prototype. Undefined if it
 * is absent or empty.
 */
export function readVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === '' ? undefined : value;
}

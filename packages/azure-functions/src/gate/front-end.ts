import { type Denial, deny, isLoopbackHost, readMember } from '@certgate/core';

/** The front ends whose word about the client certificate Certgate knows how to read. */
export const frontEndNames = ['app-service'] as const;

/** The front end that terminates TLS and writes the certificate header. */
export type FrontEndName = (typeof frontEndNames)[number];

/** The app setting that names the front end where the code doesn't. */
export const frontEndSetting = 'CERTGATE_FRONT_END';

export type Environment = Readonly<Record<string, string | undefined>>;

export type FrontEnd =
  | {
      readonly outcome: 'known';
      readonly name: FrontEndName | 'development' | 'anywhere';
      readonly isDevelopment: boolean;
    }
  | FrontEndDenial;

type FrontEndDenial = Denial & { readonly code: 'front_end_unknown' | 'front_end_contradicted' };

/** The header that App Service's front end sets; header names arrive in lower case. */
export const certificateHeaderName = 'x-arr-clientcert';

/**
 * Who may set the certificate header is said by the operator, in code or by an app setting. The environment may
 * contradict that, and then every call is refused; it never widens it. Only on App Service itself may it be left out,
 * and in Development (`isDevelopment`), where the callers are the developer's own.
 */
export function resolveFrontEnd(named: FrontEndName | undefined, environment: Environment): FrontEnd {
  const setting = readFrontEndSetting(environment);
  if (setting.fault !== undefined) return denyFrontEnd('front_end_unknown', setting.fault);
  if (differ(named, setting.name)) {
    return denyFrontEnd(
      'front_end_contradicted',
      `The code names another front end than the app setting ${frontEndSetting}. Leave one of the two.`,
    );
  }
  const name = named ?? setting.name;
  return name === undefined ? deduceFrontEnd(environment) : confirmFrontEnd(name, environment);
}

function denyFrontEnd(code: FrontEndDenial['code'], detail: string): FrontEndDenial {
  return deny(code, detail);
}

function differ(inCode: string | undefined, inSetting: string | undefined): boolean {
  return inCode !== undefined && inSetting !== undefined && inCode !== inSetting;
}

function confirmFrontEnd(name: FrontEndName, environment: Environment): FrontEnd {
  const contradicting = listPresent(environment, otherPlatforms);
  if (contradicting.length > 0) {
    return denyFrontEnd(
      'front_end_contradicted',
      `The front end is said to be "${name}", but this process runs on another platform (${contradicting.join(', ')}), where anybody can set ${certificateHeaderName}.`,
    );
  }
  return { outcome: 'known', name, isDevelopment: isDevelopment(environment) };
}

function deduceFrontEnd(environment: Environment): FrontEnd {
  if (isDevelopment(environment)) return { outcome: 'known', name: 'development', isDevelopment: true };
  const contradicting = [
    ...listPresent(environment, otherPlatforms),
    ...listPresent(environment, neverOnAppService),
    ...listFlexConsumptionMarks(environment),
  ];
  if (readVariable(environment, 'WEBSITE_INSTANCE_ID') !== undefined && contradicting.length === 0) {
    return { outcome: 'known', name: 'app-service', isDevelopment: false };
  }
  return denyFrontEnd('front_end_unknown', describeUnknown(environment));
}

/**
 * Variables that only a platform other than Azure Functions sets, by its documentation: Container Apps, Kubernetes, Amazon
 * ECS and Lambda, Cloud Run and App Engine, Nomad, Mesos, Cloud Foundry, Heroku, Fly, Render. Another ingress stands in
 * front there.
 */
const otherPlatforms =
  /^(?:MANAGED_ENVIRONMENT$|CONTAINER_APP_|KUBERNETES_|ECS_CONTAINER_METADATA_URI|AWS_EXECUTION_ENV$|AWS_LAMBDA_|K_SERVICE$|K_REVISION$|CLOUD_RUN_|GAE_|NOMAD_(?:ALLOC|JOB|TASK|GROUP)_|MESOS_TASK_ID$|MARATHON_APP_ID$|VCAP_APPLICATION$|CF_INSTANCE_|DYNO$|FLY_APP_NAME$|FLY_ALLOC_ID$|RENDER_SERVICE_ID$)/;

/** Service Fabric, on which Linux Consumption runs too, and Podman: App Service is named there, or it is not known. */
const neverOnAppService = /^(?:FABRIC_|CONTAINER$)/;

/** An app setting may have any name, `WEBSITE_INSTANCE_ID` too: it must not turn Flex Consumption into App Service. */
function listFlexConsumptionMarks(environment: Environment): readonly string[] {
  const isFlexSku = readVariable(environment, 'WEBSITE_SKU')?.toLowerCase() === 'flexconsumption';
  return [...(isFlexSku ? ['WEBSITE_SKU'] : []), ...listPresent(environment, /^(?:LEGION_|WEBSITE_POD_NAME$)/)];
}

/**
 * Variables of Azure's hosts and of container images. None is on a plain laptop. `WEBSITE_HOSTNAME` is not among them,
 * since Core Tools sets it too.
 */
const hostedPlaces =
  /^(?:WEBSITE_(?:INSTANCE_ID|SKU|POD_NAME|PLACEHOLDER_MODE|HOME_STAMPNAME|SITE_NAME|OWNER_NAME|DEPLOYMENT_ID|ISOLATION|RESOURCE_GROUP)$|LEGION_|CONTAINER_NAME$|REGION_NAME$|APPSETTING_|MESH_INIT_URI$|DOTNET_RUNNING_IN_CONTAINER$)/;

function listHostMarks(environment: Environment): readonly string[] {
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

function describeUnknown(environment: Environment): string {
  const marks = listHostMarks(environment);
  const remedy = `Name it: secureApp(app, { frontEnd: 'app-service', … }) or the app setting ${frontEndSetting}=app-service, and only where App Service's front end is the sole way to this app.`;
  const place = marks.length === 0 ? 'no known host' : `a host that is known by ${marks.join(', ')}`;
  const unknown = `It is not known which front end sets the certificate header (${place}), so every call is refused.`;
  if (readVariable(environment, 'AZURE_FUNCTIONS_ENVIRONMENT') !== 'Development') return `${unknown} ${remedy}`;
  const why =
    marks.length > 0
      ? `this environment has ${marks.join(', ')} of another host`
      : 'nothing shows that this is a local host: it is not run by `certgate dev`, and Core Tools would have set FUNCTIONS_CORETOOLS_ENVIRONMENT and a WEBSITE_HOSTNAME of this machine';
  return `${unknown} AZURE_FUNCTIONS_ENVIRONMENT is Development, which does not count, since ${why}. On your own machine, start the app by \`npx --no-install certgate dev\` or \`func start\`. Elsewhere: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`;
}

/** @throws nothing; an unknown name is a fault, told at start and answered by refusing. */
export function readFrontEndSetting(environment: Environment): {
  readonly name: FrontEndName | undefined;
  readonly fault: string | undefined;
} {
  const value = readVariable(environment, frontEndSetting);
  if (value === undefined) return { name: undefined, fault: undefined };
  const name = frontEndNames.find((known) => known === value);
  if (name !== undefined) return { name, fault: undefined };
  return {
    name: undefined,
    fault: `The app setting ${frontEndSetting} is ${JSON.stringify(value)}; known are ${frontEndNames.join(', ')}.`,
  };
}

function listPresent(environment: Environment, marks: RegExp): readonly string[] {
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

/** Named `unsafeTrustCertificateHeaderFromAnywhere` where apps see it. */
export const frontEndOverride: unique symbol = Symbol.for('certgate/unsafe-trust-certificate-header-from-anywhere');

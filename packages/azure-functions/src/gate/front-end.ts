import { type Denial, deny } from '@certgate/core';

/** The front ends whose word about the client certificate Certgate knows how to read. */
export const frontEndNames = ['app-service'] as const;

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
 * and in Development, where no header is worth anything anyway.
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
  return deny(code, detail) as FrontEndDenial;
}

function differ(inCode: string | undefined, inSetting: string | undefined): boolean {
  return inCode !== undefined && inSetting !== undefined && inCode !== inSetting;
}

function confirmFrontEnd(name: FrontEndName, environment: Environment): FrontEnd {
  const contradicting = listPresent(environment, containerHostMarks);
  if (contradicting.length > 0) {
    return denyFrontEnd(
      'front_end_contradicted',
      `The front end is said to be "${name}", but this process runs in Container Apps or Kubernetes (${contradicting.join(', ')}), where anybody can set ${certificateHeaderName}.`,
    );
  }
  return { outcome: 'known', name, isDevelopment: isDevelopment(environment) };
}

function deduceFrontEnd(environment: Environment): FrontEnd {
  if (isDevelopment(environment)) return { outcome: 'known', name: 'development', isDevelopment: true };
  const contradicting = [...listPresent(environment, containerHostMarks), ...listFlexConsumptionMarks(environment)];
  if (isPresent(environment['WEBSITE_INSTANCE_ID']) && contradicting.length === 0) {
    return { outcome: 'known', name: 'app-service', isDevelopment: false };
  }
  return denyFrontEnd('front_end_unknown', describeUnknown(environment));
}

/** Azure's Container Apps, and any Kubernetes: another ingress stands in front there. */
const containerHostMarks = /^(?:MANAGED_ENVIRONMENT$|CONTAINER_APP_|KUBERNETES_)/;

/** An app setting may have any name, `WEBSITE_INSTANCE_ID` too: it must not turn Flex Consumption into App Service. */
function listFlexConsumptionMarks(environment: Environment): readonly string[] {
  const isFlexSku = environment['WEBSITE_SKU']?.toLowerCase() === 'flexconsumption';
  return [...(isFlexSku ? ['WEBSITE_SKU'] : []), ...listPresent(environment, /^(?:LEGION_|WEBSITE_POD_NAME$)/)];
}

/**
 * What is present in the cloud and never on a laptop. `WEBSITE_HOSTNAME` is not among them: Core Tools sets it too.
 * `AZURE_FUNCTIONS_ENVIRONMENT` is an ordinary setting, which anybody may copy to the cloud.
 */
const cloudMarks =
  /^(?:WEBSITE_(?:INSTANCE_ID|SKU|POD_NAME|PLACEHOLDER_MODE|HOME_STAMPNAME|SITE_NAME|OWNER_NAME|DEPLOYMENT_ID|ISOLATION)$|LEGION_|CONTAINER_NAME$|MANAGED_ENVIRONMENT$|CONTAINER_APP_|KUBERNETES_)/;

/** Development counts only where nothing says that this is the cloud. */
export function isDevelopment(environment: Environment): boolean {
  return (
    environment['AZURE_FUNCTIONS_ENVIRONMENT'] === 'Development' && listPresent(environment, cloudMarks).length === 0
  );
}

function describeUnknown(environment: Environment): string {
  const marks = listPresent(environment, cloudMarks);
  const remedy = `Name it: secureApp(app, { frontEnd: 'app-service', … }) or the app setting ${frontEndSetting}=app-service, and only where App Service's front end is the sole road to this app.`;
  if (environment['AZURE_FUNCTIONS_ENVIRONMENT'] === 'Development') {
    return `The environment is called Development, but ${marks.join(', ')} say that this is a cloud host, so it is not known which front end sets the certificate header. ${remedy}`;
  }
  const place = marks.length === 0 ? 'no known host' : `a host that is known by ${marks.join(', ')}`;
  return `It is not known which front end sets the certificate header (${place}), so every call is refused. ${remedy}`;
}

/** @throws nothing; an unknown name is a fault, told at start and answered by refusing. */
export function readFrontEndSetting(environment: Environment): {
  readonly name?: FrontEndName;
  readonly fault?: string;
} {
  const value = environment[frontEndSetting];
  if (!isPresent(value)) return {};
  const name = frontEndNames.find((known) => known === value);
  if (name !== undefined) return { name };
  return {
    fault: `The app setting ${frontEndSetting} is ${JSON.stringify(value)}; known are ${frontEndNames.join(', ')}.`,
  };
}

function listPresent(environment: Environment, marks: RegExp): readonly string[] {
  // Windows' variable names have no letter case.
  return Object.keys(environment).filter((name) => marks.test(name.toUpperCase()) && isPresent(environment[name]));
}

function isPresent(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** Named `unsafeTrustCertificateHeaderFromAnywhere` where apps see it. */
export const frontEndOverride: unique symbol = Symbol.for('certgate/unsafe-trust-certificate-header-from-anywhere');

/**
 * The only way around a front end that is not known: `secureApp(app, { trustStore, [this]: true })`. A symbol, so that no
 * configuration file can say it.
 *
 * @deprecated Dangerous: whoever reaches the app can then claim any certificate. Only where nobody else can reach it.
 */
export const unsafeTrustCertificateHeaderFromAnywhere: typeof frontEndOverride = frontEndOverride;

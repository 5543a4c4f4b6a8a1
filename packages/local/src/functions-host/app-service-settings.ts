import type { ProcessEnvironment } from './app-settings.js';

/**
 * Variables that App Service sets for function apps, with invented values. Code reads them to find out whether it runs
 * in Azure. Variables of a managed identity are left out, because libraries would call the address that they contain.
 */
const appServiceVariables: ProcessEnvironment = {
  AZURE_FUNCTIONS_ENVIRONMENT: 'Production',
  APPSETTING_WEBSITE_SITE_NAME: 'certgate-inspect',
  FUNCTIONS_EXTENSION_VERSION: '~4',
  REGION_NAME: 'West Europe',
  WEBSITE_AUTH_ENABLED: 'False',
  WEBSITE_HOME_STAMPNAME: 'waws-prod-am2-000',
  WEBSITE_HOSTNAME: 'certgate-inspect.azurewebsites.net',
  WEBSITE_INSTANCE_ID: '0'.repeat(64),
  WEBSITE_OWNER_NAME: '00000000-0000-0000-0000-000000000000+certgate-inspect-WestEuropewebspace',
  WEBSITE_RESOURCE_GROUP: 'certgate-inspect',
  WEBSITE_SITE_NAME: 'certgate-inspect',
  WEBSITE_SKU: 'ElasticPremium',
  WEBSITE_SLOT_NAME: 'Production',
};

/** Variables that the local host sets, or that pipelines, editors and shells set around it. */
const localVariables: ReadonlySet<string> = new Set([
  'CI',
  'CODESPACES',
  'FUNCTIONS_CORETOOLS_ENVIRONMENT',
  'GITHUB_ACTIONS',
  'NODE_ENV',
  'TERM_PROGRAM',
  'TF_BUILD',
]);

export interface AppServiceSettings {
  readonly settings: ProcessEnvironment;
  /** Sorted names of the variables that were set. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Turns the settings of a local load into those that App Service would give the app. A variable of App Service that is
 * set already and not empty keeps its value, except `AZURE_FUNCTIONS_ENVIRONMENT`. `inherited` is the environment of
 * this process, which does not exist in Azure.
 */
export function placeOnAppService(
  local: ProcessEnvironment,
  inherited: Readonly<Record<string, string | undefined>>,
): AppServiceSettings {
  const isLocal = ([name, value]: readonly [string, string]): boolean =>
    localVariables.has(name) && (name === 'FUNCTIONS_CORETOOLS_ENVIRONMENT' || inherited[name] === value);
  const set = Object.keys(appServiceVariables).filter(
    (name) => name === 'AZURE_FUNCTIONS_ENVIRONMENT' || (local[name] ?? '') === '',
  );
  const kept = Object.entries(local).filter((entry) => !isLocal(entry));
  const added = set.map((name) => [name, appServiceVariables[name] ?? ''] as const);
  return {
    settings: Object.freeze(Object.fromEntries([...kept, ...added])),
    set: set.sort(),
    removed: Object.entries(local)
      .filter(isLocal)
      .map(([name]) => name)
      .sort(),
  };
}

import type { Environment } from './app-settings.js';

/**
 * What App Service sets for every function app, with values of nobody's. Code asks for them to tell Azure from a laptop.
 * Those of a managed identity are not among them: libraries would call the address that they name.
 */
const appServiceVariables: Environment = {
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

/** What the local host sets, and what pipelines, editors and shells set around it. */
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
  readonly settings: Environment;
  /** Names, sorted. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
}

/**
 * The settings of a local load as App Service would have them. What the app's own settings say of a variable stands;
 * `inherited` is the environment of this process, which nobody has there.
 */
export function placeOnAppService(
  local: Environment,
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

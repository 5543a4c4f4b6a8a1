/** The apps that the rows' requests are sent to. Each app starts twice: without and with HTTP streaming. */
export const apps = {
  main: { folder: 'main', environment: { 'AzureWebJobs.TurnedOff.Disabled': 'true' } },
  /** The route prefix is empty. */
  root: { folder: 'root', environment: {} },
  /** The route prefix is `v1/apps`. */
  prefix: { folder: 'prefix', environment: {} },
  /** The same app, with an app setting that overrides host.json. */
  prefixSetting: { folder: 'prefix', environment: { AzureFunctionsJobHost__extensions__http__routePrefix: 'prod' } },
  /** Tools, resources and prompts. */
  mcp: { folder: 'mcp', environment: {} },
} as const;

export type AppName = keyof typeof apps;

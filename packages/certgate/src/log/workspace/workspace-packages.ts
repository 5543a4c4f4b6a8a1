import { type AzureNeed, loadAzureIdentity, loadAzurePackage } from '../../azure-sdk/azure-packages.js';
import type { QueryTable } from './workspace-query.js';

const workspaceNeed: AzureNeed = {
  subject: 'A Log Analytics workspace',
  packages: ['@azure/monitor-query-logs', '@azure/identity'],
};

// The part of @azure/monitor-query-logs that is used, as shapes: the package is brought by whoever queries a workspace. Held
// by tests with the real one (tests/log-workspace.test.ts).

export interface LogsQueryClient {
  queryWorkspace(
    workspaceId: string,
    query: string,
    timespan: { readonly startTime: Date; readonly endTime: Date },
    options: { readonly serverTimeoutInSeconds: number },
  ): Promise<QueryAnswer>;
}

export type QueryAnswer =
  | { readonly status: 'Success'; readonly tables: readonly QueryTable[] }
  | {
      readonly status: 'PartialFailure';
      readonly partialTables: readonly QueryTable[];
      readonly partialError: { readonly code?: string; readonly message?: string };
    };

interface MonitorQueryPackage {
  readonly LogsQueryClient: new (
    credential: object,
    options: {
      readonly endpoint?: string;
      readonly credentials?: { readonly scopes: readonly string[] };
      readonly retryOptions: {
        readonly maxRetries: number;
        readonly retryDelayInMs: number;
        readonly maxRetryDelayInMs: number;
      };
    },
  ) => LogsQueryClient;
}

/** The clouds beside the public one: where `az cloud set` and `AZURE_AUTHORITY_HOST` lead, so do the logs. */
const otherClouds: readonly (readonly [RegExp, string])[] = [
  [/\.us\b/, 'https://api.loganalytics.us'],
  [/\.cn\b/, 'https://api.loganalytics.azure.cn'],
];

/** @throws {ToolFailure} where a package is not installed, with the line that installs it. */
export function openLogsClient(folder: string): LogsQueryClient {
  const need = workspaceNeed;
  const { LogsQueryClient: Client } = loadAzurePackage(
    '@azure/monitor-query-logs',
    ['LogsQueryClient'],
    folder,
    need,
  ) as MonitorQueryPackage;
  const credential = new (loadAzureIdentity(folder, need).DefaultAzureCredential)();
  const authority = process.env['AZURE_AUTHORITY_HOST'] ?? '';
  const host = otherClouds.find(([pattern]) => pattern.test(authority))?.[1];
  return new Client(credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 30_000 },
    ...(host === undefined ? {} : { endpoint: `${host}/v1`, credentials: { scopes: [`${host}/.default`] } }),
  });
}

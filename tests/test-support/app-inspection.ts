import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as reportTableModule from '../../packages/certgate/dist/esm/app/inspection/report-table.js';
import { type AppFiles, createAdapterApp } from './adapter-app.js';
import { type Ended, root, runCertgateHere } from './certgate.js';

/** What `certgate app inspect --json` prints. */
export interface InspectionReport {
  readonly version: number;
  readonly locked: boolean;
  readonly host: { readonly routePrefix: string; readonly httpStreaming: boolean };
  readonly gate: {
    readonly options: object;
    readonly settings: object;
    readonly stores: readonly {
      readonly source: string;
      readonly revision: number | null;
      readonly fault: string | null;
      readonly mirror?: object;
      readonly signedBy: readonly string[] | null;
    }[];
  } | null;
  readonly functions: readonly Record<string, unknown>[];
  readonly outsideTheGate: readonly {
    readonly path: string;
    readonly state: string;
    readonly key: string;
    readonly starts?: readonly string[];
  }[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly asInAzure: {
    readonly set: readonly string[];
    readonly removed: readonly string[];
    readonly differences: readonly InspectedDifference[];
    readonly uncompared: readonly string[];
  } | null;
  readonly baseline: {
    readonly status: string;
    readonly differences: readonly InspectedDifference[];
    readonly uncompared: readonly string[];
  } | null;
}

interface InspectedDifference {
  readonly effect: string;
  readonly subject: string;
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

export function inspect(folder: string, ...more: string[]): Promise<Ended> {
  return runCertgateHere(['app', 'inspect', folder, ...more]);
}

export async function inspectJson(
  folder: string,
  ...more: string[]
): Promise<{ exitCode: number | null; report: InspectionReport }> {
  const { exitCode, stdout, stderr } = await inspect(folder, '--json', ...more);
  assert.ok(stdout.startsWith('{'), stderr);
  return { exitCode, report: JSON.parse(stdout) as InspectionReport };
}

/** The text that a terminal would show for the report. It is made from the report, without loading the app again. */
export async function showReport(report: InspectionReport): Promise<string> {
  const file = join(root, 'packages/certgate/dist/esm/app/inspection/report-table.js');
  const { formatReport } = (await import(pathToFileURL(file).href)) as typeof reportTableModule;
  return formatReport(report as unknown as Parameters<typeof formatReport>[0], Date.now());
}

/** What the report contains for an `app.http` with default options. */
export function httpFunction(name: string, policy: object, more: object = {}): object {
  return {
    name,
    trigger: 'httpTrigger',
    http: true,
    route: `/api/${name}`,
    methods: ['GET', 'POST'],
    authLevel: 'anonymous',
    policy,
    covered: 'gate',
    ...more,
  };
}

/** The options that the report contains for a gate with defaults, plus `more`. */
export function gateOptions(more: object = {}): object {
  return {
    frontEnd: null,
    frontEndSecret: false,
    frontEndIsolation: null,
    forwardedElements: null,
    acceptForwardedChain: false,
    unsafeTrustCertificateHeaderFromAnywhere: false,
    decisionLog: 'all',
    strangerNames: true,
    ...more,
  };
}

export const functionsOfTheSample: readonly object[] = [
  httpFunction('PublicFunction', { kind: 'anonymous' }),
  httpFunction('RoleFunction', { kind: 'certificate', roles: [['operator']] }),
  httpFunction('SecuredFunction', { kind: 'certificate', roles: [] }),
];

const gate = `
const { app, output } = require('@azure/functions');
const { secureApp, firstOf, trustStoreFrom, trustStoreFromFile, unsafeTrustCertificateHeaderFromAnywhere, allowAnonymous, requireRole, requireAnyRole, reportOnly, observe } = require('@certgate/azure-functions');
const handler = () => ({ body: 'ran' });
const secure = (more) => secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST), ...more });
const anywhere = { [unsafeTrustCertificateHeaderFromAnywhere]: true };
`;

/**
 * An app of one file with `main` as its code. The code can use the gate's functions, and calls `secure()` where it
 * likes.
 */
export function createApp(context: TestContext, main: string, files: AppFiles = {}): string {
  return createAdapterApp(context, {
    'src/index.js': `${gate}
${main}`,
    ...files,
  }).folder;
}

// app/: what the gate of a user's app covers, and what `certgate init` adds to the app.
// inspection/: what covers each function of an app, and how that differs from the baseline.

import { realpath } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { placeOnAppService } from '#local/functions-host/app-service-settings.js';
import { type ProcessEnvironment, resolveAppSettings } from '#local/functions-host/app-settings.js';
import { describeFunctionApp, type HostLogLine } from '#local/functions-host/functions-host.js';
import { readHostConfiguration } from '#local/functions-host/host-json.js';
import { findTrustSetting, trustSettingName } from '../../local-app/app-trust.js';
import { listFunctionFiles } from '../../local-app/app-notices.js';
import { explainFailedStart } from '../../local-app/explain-failed-start.js';
import { ToolFailure } from '#local/tool-failure.js';
import { findJsonObject } from '#local/json-file.js';
import { type AzureComparison, compareLoads } from './compare-loads.js';
import { listHandedOutKeys } from './handed-out-keys.js';
import type { InspectedGate } from './inspected-gate.js';
import { type CoverageReport, createCoverageReport } from './coverage-report.js';

/** The results of one or two loads of an app. */
export interface InspectedLoads {
  readonly report: CoverageReport;
  /** Undefined unless the app was loaded a second time, as on App Service. */
  readonly azure: AzureComparison | undefined;
}

export interface AppInspectionOptions {
  /** The folder of the function app, which contains host.json and package.json. */
  readonly folder: string;
  /** Loads the app a second time, with App Service's variables. */
  readonly asInAzure?: boolean;
  readonly onLog?: (line: HostLogLine) => void;
}

const realpathNative = promisify(realpath.native);

/** A trust document that admits nobody. */
const emptyTrust = JSON.stringify({ schemaVersion: 1, revision: 0, identities: [] });

/**
 * Loads the app as `certgate dev` does, with the same settings, and reports what it registered. Nothing is served, no
 * function is called, and nothing is written into the app's folder. Rejects with ToolFailure if the app can't be
 * loaded.
 */
export async function inspectApp(options: AppInspectionOptions): Promise<InspectedLoads> {
  const root = resolve(options.folder);
  const temporary = await mkdtemp(join(tmpdir(), 'certgate-inspect-'));
  try {
    const environment = await supplyTrust(root, temporary);
    const settings = await resolveAppSettings({ folder: root, inherited: process.env, explicit: environment });
    const load = { ...options, folder: root, environment };
    const loaded = await inspectLoad(load, settings);
    const keys = await listHandedOutKeys(root, loaded.outsideTheGate);
    const report = { ...loaded, notes: [...loaded.notes, ...keys] };
    if (options.asInAzure !== true) return { report, azure: undefined };
    const { settings: inAzure, ...names } = placeOnAppService(settings, process.env);
    const azure = await inspectLoad({ ...load, isAzure: true }, inAzure);
    return { report, azure: { ...names, ...compareLoads(report, azure) } };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

interface AppLoad extends AppInspectionOptions {
  readonly environment: ProcessEnvironment;
  readonly isAzure?: boolean;
}

async function inspectLoad(
  { folder, environment, isAzure = false, onLog }: AppLoad,
  settings: ProcessEnvironment,
): Promise<CoverageReport> {
  const description = await describeFunctionApp({
    folder,
    environment,
    asInAzure: isAzure,
    ...(onLog === undefined ? {} : { onLog }),
  })
    .catch(explainFailedStart)
    .catch((error: unknown) => {
      throw isAzure ? nameAzure(error) : error;
    });
  const hostJson = await findJsonObject(join(folder, 'host.json'));
  const { routePrefix } = await readHostConfiguration(folder, settings);
  const report = createCoverageReport({
    description,
    routePrefix,
    hostJson,
    settings,
    functionFiles: await listFunctionFiles(folder),
    // The native function also writes out the short names of Windows.
    folders: [folder, await realpathNative(folder)],
  });
  return { ...report, gate: report.gate && namePlaceholder(report.gate, environment[trustSettingName]) };
}

function nameAzure(error: unknown): unknown {
  if (!(error instanceof ToolFailure)) return error;
  const { message, remedy, cause } = error;
  return new ToolFailure(`With App Service's variables: ${message}`, {
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** Names the app setting in place of the temporary document that was made for this load. */
function namePlaceholder(gate: InspectedGate, file: string | undefined): InspectedGate {
  const stores = gate.stores.map((store) =>
    store.source === `file ${file ?? ''}`
      ? { ...store, source: `the app setting ${trustSettingName}`, revision: null, fault: 'it is not set here' }
      : store,
  );
  return { ...gate, stores };
}

/**
 * Gives the app a document that admits nobody if nothing names one. A fresh checkout in a pipeline has no
 * local.settings.json and no `.certgate/`, and coverage doesn't depend on who is trusted.
 */
async function supplyTrust(folder: string, temporary: string): Promise<Readonly<Record<string, string>>> {
  if ((await findTrustSetting(folder)) !== undefined) return {};
  const file = join(temporary, 'trust.json');
  await writeFile(file, emptyTrust);
  return { [trustSettingName]: file };
}

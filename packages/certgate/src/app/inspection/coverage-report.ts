import { lockSetting, readFrontEndSettings } from '@certgate/core/internal';
import type { DescribedFunction, FunctionAppDescription, HostedMcp } from '#local/functions-host/functions-host.js';
import { findProperty, isJsonObject, type JsonObject } from '#local/json-file.js';
import { listCoverageWarnings, listSettingWarnings, listStreamingNotes } from '../../local-app/app-notices.js';
import { type InspectedGate, listGateWarnings, readInspectedGate } from './inspected-gate.js';
import { type InspectedPolicy, readInspectedPolicy } from './inspected-policy.js';
import { type OutsideEndpoint, listOutsideEndpoints } from './outside-the-gate.js';

/**
 * What `certgate app inspect --json` prints, except for the comparisons with a baseline and with Azure. Keys are only
 * ever added.
 */
export interface CoverageReport {
  readonly version: 1;
  readonly host: HostFacts;
  /** Whether CERTGATE_LOCKED was set when the app was loaded here. The app's settings in Azure may differ. */
  readonly locked: boolean;
  /** Null if the app has no gate. */
  readonly gate: InspectedGate | null;
  /** Sorted by name. The host tries their routes in the same order. */
  readonly functions: readonly InspectedFunction[];
  readonly outsideTheGate: readonly OutsideEndpoint[];
  /** The app's `function.json` files, which are not loaded: paths such as `Orders/function.json`. */
  readonly functionFiles: readonly string[];
  /**
   * Notes that do not fail the command, one line each, for example app settings whose name is almost one of Certgate's,
   * and what streaming hides.
   */
  readonly notes: readonly string[];
  /**
   * One line for each HTTP or MCP function that no gate covers, and for each option of the gate that is wrong. Without
   * a baseline, the command adds one for each webhook that answers without a key.
   */
  readonly warnings: readonly string[];
}

export interface HostFacts {
  /** The route prefix without slashes. Empty if functions are served from the root. */
  readonly routePrefix: string;
  /** Whether the app has set `enableHttpStream`. */
  readonly httpStreaming: boolean;
  readonly extensionBundle: { readonly id: string; readonly version: string | null } | null;
}

export type InspectedFunction = InspectedHttpFunction | InspectedMcpFunction | InspectedOtherFunction;

interface Inspected {
  readonly name: string;
  /** The trigger's type as the app wrote it. */
  readonly trigger: string;
  /** Set if an app setting of this load disables the function, so that the host never calls it. */
  readonly disabled?: true;
}

interface Guarded extends Inspected {
  /** Roles are in the order in which the gate asks for them. */
  readonly policy: InspectedPolicy;
  readonly covered: 'gate' | 'none';
}

export interface InspectedHttpFunction extends Guarded {
  readonly http: true;
  readonly mcp?: never;
  readonly route: string;
  /** Methods in upper case. Null if the function takes every method. */
  readonly methods: readonly string[] | null;
  /**
   * The level of function keys, which is unrelated to certificates. Null if the app gives none; the host then takes
   * `function`.
   */
  readonly authLevel: string | null;
}

/** A function that serves an MCP tool, resource or prompt. Calls of it pass the gate. */
export interface InspectedMcpFunction extends Guarded {
  readonly http: false;
  readonly mcp: HostedMcp;
}

/** A function that is started without a certificate, so that the gate ignores it. */
export interface InspectedOtherFunction extends Inspected {
  readonly http: false;
  readonly mcp?: never;
}

/** Whether a caller can reach the function through the gate. Other functions are started by something else. */
export function isCallable(inspected: InspectedFunction): inspected is InspectedHttpFunction | InspectedMcpFunction {
  return inspected.http || inspected.mcp !== undefined;
}

export interface AppFacts {
  readonly description: FunctionAppDescription;
  readonly routePrefix: string;
  readonly hostJson: JsonObject | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly functionFiles: readonly string[];
  /** The app's folder as absolute paths: as the user named it, and without links. */
  readonly folders: readonly string[];
}

export function createCoverageReport(facts: AppFacts): CoverageReport {
  const { description, routePrefix, hostJson, settings } = facts;
  const { functions, streaming } = description;
  const gate = readInspectedGate(description.gate, readFrontEndSettings(settings), facts);
  return {
    version: 1,
    host: { routePrefix, httpStreaming: streaming, extensionBundle: findExtensionBundle(hostJson) },
    locked: Boolean(settings[lockSetting]),
    gate,
    functions: functions.map(inspectFunction),
    outsideTheGate: listOutsideEndpoints({ functions, hostJson, settings }),
    functionFiles: facts.functionFiles,
    notes: [...listSettingWarnings(settings), ...listStreamingNotes(functions, streaming)],
    warnings: [...listCoverageWarnings(functions), ...listGateWarnings(gate)],
  };
}

/** Describes one function. The order of keys is fixed, because reviewers see each line of a baseline that moves. */
function inspectFunction(hosted: DescribedFunction): InspectedFunction {
  const { name, triggerType: trigger, mcp, covered = 'none' } = hosted;
  const disabled = hosted.disabled === true ? { disabled: true as const } : {};
  if (!hosted.http && mcp === undefined) return { name, trigger, http: false, ...disabled };
  const guard = { policy: readInspectedPolicy(hosted), covered, ...disabled };
  if (mcp !== undefined) return { name, trigger, http: false, mcp: { kind: mcp.kind, name: mcp.name }, ...guard };
  return {
    name,
    trigger,
    http: true,
    route: hosted.route ?? '/',
    methods: hosted.methods === undefined ? null : [...new Set(hosted.methods)].sort(),
    authLevel: hosted.authLevel?.toLowerCase() ?? null,
    ...guard,
  };
}

function findExtensionBundle(hostJson: JsonObject | undefined): HostFacts['extensionBundle'] {
  const bundle = findProperty(hostJson ?? {}, 'extensionBundle');
  if (!isJsonObject(bundle)) return null;
  const [id, version] = ['id', 'version'].map((name) => findProperty(bundle, name));
  return typeof id === 'string' ? { id, version: typeof version === 'string' ? version : null } : null;
}

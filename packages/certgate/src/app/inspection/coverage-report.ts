import { lockSetting, readFrontEndSettings } from '@certgate/core/internal';
import type { DescribedFunction, FunctionAppDescription, HostedMcp } from '#local/functions-host/functions-host.js';
import { findProperty, isJsonObject, type JsonObject } from '#local/json-file.js';
import { listCoverageWarnings, listSettingWarnings, listStreamingNotes } from '../../local-app/app-notices.js';
import { type InspectedGate, listGateWarnings, readInspectedGate } from './inspected-gate.js';
import { type InspectedPolicy, readInspectedPolicy } from './inspected-policy.js';
import { type OutsideEndpoint, listOutsideEndpoints } from './outside-the-gate.js';

/** What `certgate app inspect --json` prints, but for the comparison with a baseline. Keys are only ever added. */
export interface CoverageReport {
  readonly version: 1;
  readonly host: HostFacts;
  /** CERTGATE_LOCKED is set where the app was loaded; it says nothing of the app's settings in Azure. */
  readonly locked: boolean;
  /** Null: the app has none. */
  readonly gate: InspectedGate | null;
  /** Sorted by name, as the host tries their routes. */
  readonly functions: readonly InspectedFunction[];
  readonly outsideTheGate: readonly OutsideEndpoint[];
  /** What fails nothing, one line each: settings whose name is nearly one of Certgate's, and what streaming hides. */
  readonly notes: readonly string[];
  /** One line for each HTTP or MCP function that no gate covers, and each option of the gate that is wrong. */
  readonly warnings: readonly string[];
}

export interface HostFacts {
  /** Without slashes; empty: functions are served from the root. */
  readonly routePrefix: string;
  /** The app has set `enableHttpStream`. */
  readonly httpStreaming: boolean;
  readonly extensionBundle: { readonly id: string; readonly version: string | null } | null;
}

export type InspectedFunction = InspectedHttpFunction | InspectedMcpFunction | InspectedOtherFunction;

interface Inspected {
  readonly name: string;
  /** As the app wrote it. */
  readonly trigger: string;
  /** By an app setting of this load: the host calls it for nobody. */
  readonly disabled?: true;
}

interface Guarded extends Inspected {
  /** Its roles in the order in which the gate asks for them. */
  readonly policy: InspectedPolicy;
  readonly covered: 'gate' | 'none';
}

export interface InspectedHttpFunction extends Guarded {
  readonly http: true;
  readonly mcp?: never;
  readonly route: string;
  /** Upper case; null: every method. */
  readonly methods: readonly string[] | null;
  /** About function keys, not certificates. Null where the app says nothing: the host then takes `function`. */
  readonly authLevel: string | null;
}

/** A tool, a resource or a prompt: whoever calls one comes past the gate. */
export interface InspectedMcpFunction extends Guarded {
  readonly http: false;
  readonly mcp: HostedMcp;
}

/** No certificate comes with it, so the gate leaves it alone. */
export interface InspectedOtherFunction extends Inspected {
  readonly http: false;
  readonly mcp?: never;
}

/** One that a caller reaches past the gate; the others are started by something else. */
export function isCallable(inspected: InspectedFunction): inspected is InspectedHttpFunction | InspectedMcpFunction {
  return inspected.http || inspected.mcp !== undefined;
}

export interface AppFacts {
  readonly description: FunctionAppDescription;
  readonly routePrefix: string;
  readonly hostJson: JsonObject | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** Absolute, without links. */
  readonly folder: string;
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
    notes: [...listSettingWarnings(settings), ...listStreamingNotes(functions, streaming)],
    warnings: [...listCoverageWarnings(functions), ...listGateWarnings(gate)],
  };
}

/** Its keys in this order: a baseline is under version control, and whoever reviews it sees each line that moves. */
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

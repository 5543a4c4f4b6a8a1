import { lockSetting, readFrontEndSettings } from '@certgate/core/internal';
import type {
  DescribedFunction,
  FunctionAppDescription,
  HostedMcp,
} from '../../local/functions-host/functions-host.js';
import { findProperty, isJsonObject, type JsonObject } from '../../files/json-file.js';
import { listCoverageWarnings, listSettingWarnings, listStreamingNotes } from '../../local/local-app/app-notices.js';
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

export interface InspectedHttpFunction {
  readonly name: string;
  /** As the app wrote it. */
  readonly trigger: string;
  readonly http: true;
  readonly mcp?: never;
  readonly route: string;
  /** Upper case; null: every method. */
  readonly methods: readonly string[] | null;
  /** About function keys, not certificates. Null where the app says nothing: the host then takes `function`. */
  readonly authLevel: string | null;
  /** Its roles in the order in which the gate asks for them. */
  readonly policy: InspectedPolicy;
  readonly covered: 'gate' | 'none';
  /** By an app setting of this load: the host calls it for nobody. */
  readonly disabled?: true;
}

/** A tool, a resource or a prompt: whoever calls one comes past the gate. */
export interface InspectedMcpFunction {
  readonly name: string;
  readonly trigger: string;
  readonly http: false;
  readonly mcp: HostedMcp;
  readonly policy: InspectedPolicy;
  readonly covered: 'gate' | 'none';
  readonly disabled?: true;
}

/** No certificate comes with it, so the gate leaves it alone. */
export interface InspectedOtherFunction {
  readonly name: string;
  readonly trigger: string;
  readonly http: false;
  readonly mcp?: never;
  readonly disabled?: true;
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
}

export function createCoverageReport({ description, routePrefix, hostJson, settings }: AppFacts): CoverageReport {
  const { functions, streaming } = description;
  const gate = readInspectedGate(description.gate, readFrontEndSettings(settings));
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

function inspectFunction(hosted: DescribedFunction): InspectedFunction {
  return { ...inspectEnabled(hosted), ...(hosted.disabled === true ? { disabled: true } : {}) };
}

function inspectEnabled(hosted: DescribedFunction): InspectedFunction {
  const { name, triggerType: trigger, mcp } = hosted;
  if (mcp !== undefined) {
    const { kind, name: called } = mcp;
    const policy = readInspectedPolicy(hosted);
    return { name, trigger, http: false, mcp: { kind, name: called }, policy, covered: hosted.covered ?? 'none' };
  }
  if (!hosted.http) return { name, trigger, http: false };
  return {
    name,
    trigger,
    http: true,
    route: hosted.route ?? '/',
    methods: hosted.methods === undefined ? null : [...new Set(hosted.methods)].sort(),
    authLevel: hosted.authLevel?.toLowerCase() ?? null,
    policy: readInspectedPolicy(hosted),
    covered: hosted.covered ?? 'none',
  };
}

function findExtensionBundle(hostJson: JsonObject | undefined): HostFacts['extensionBundle'] {
  const bundle = hostJson === undefined ? undefined : findProperty(hostJson, 'extensionBundle');
  if (!isJsonObject(bundle)) return null;
  const [id, version] = ['id', 'version'].map((name) => findProperty(bundle, name));
  return typeof id === 'string' ? { id, version: typeof version === 'string' ? version : null } : null;
}

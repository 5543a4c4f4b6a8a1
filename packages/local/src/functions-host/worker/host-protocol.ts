/**
 * What the parent and the host process say to each other over IPC. The app runs in the host process, so nothing
 * in these messages is trusted with more than showing it: they carry plain JSON data only.
 */

export type HostLogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical';

export interface HostLogLine {
  /** `host`: this host and the programming model; `function`: `context.log`; `app`: the app's raw stdout and stderr. */
  readonly source: 'host' | 'function' | 'app';
  readonly level: HostLogLevel;
  readonly functionName?: string;
  readonly invocationId?: string;
  readonly message: string;
}

export interface HostedFunction {
  readonly name: string;
  /** As the app wrote it (`httpTrigger`, `timerTrigger`, …); compare without case. */
  readonly triggerType: string;
  readonly http: boolean;
  /** The whole template with the route prefix and a leading `/`. HTTP only. */
  readonly route?: string;
  /** Upper case. Absent on an HTTP function: every method, which `app.generic` without `methods` means in Azure too. */
  readonly methods?: readonly string[];
  readonly authLevel?: string;
  /** An app setting disables it, so the host calls it for nobody: over HTTP, it is 404. */
  readonly disabled?: true;
  /** Where it is called over MCP. */
  readonly mcp?: HostedMcp;
  /** Certgate's own policy of this function, as its registry in the host process holds it. HTTP and MCP only. */
  readonly policy?: unknown;
  /** Whether the app has a gate of Certgate's, which stands before every HTTP and MCP function. HTTP and MCP only. */
  readonly covered?: 'gate' | 'none';
}

/** How MCP clients name a function. */
export interface HostedMcp {
  readonly kind: 'tool' | 'resource' | 'prompt';
  /** The name of a tool or prompt; the URI of a resource, or the template of its URIs. */
  readonly name: string;
  /** A tool's arguments, as `tools/list` shows them: JSON Schema. Absent where the trigger's own list can't be read. */
  readonly inputSchema?: object;
}

/** What the MCP endpoint says of itself to a client that initializes. */
export interface McpServerInfo {
  readonly serverName: string;
  readonly serverVersion: string;
  readonly instructions?: string;
}

/** `hsts` in host.json. */
export interface StrictTransportSecurity {
  readonly value: string;
  readonly excludedHosts: readonly string[];
}

/** What the app's gate says of itself. */
export interface HostedGate {
  /** The options of the front end as the code gives them; absent: a gate of another version, which doesn't say. */
  readonly options?: unknown;
  /** The app setting with the secret that the code gives; null: no setting has it; absent: the code gives none. */
  readonly secretSetting?: string | null;
  /** What the gate reports about its sources, as it reports it. Absent if it reports nothing. */
  readonly report?: unknown;
}

/** A function of an app that was loaded only to be looked at. */
export interface DescribedFunction extends HostedFunction {
  /** The types of all its bindings, the trigger's among them: in lower case, sorted, each once. */
  readonly bindings: readonly string[];
  /** Event Grid starts it, by its blob trigger. */
  readonly isStartedByBlobEvents: boolean;
}

/** Whom the host's own port answers (http/request-sender.ts). */
export interface HostAccess {
  /** New at each start, and known to the gateway alone. */
  readonly frontEndToken: string;
  /** Also answers requests without the token, their certificate header included, where `Host` names the loopback. */
  readonly unsafeDirectHeader: boolean;
}

export interface StartMessage {
  readonly kind: 'start';
  readonly folder: string;
  /** Absolute, in the order in which they are loaded. */
  readonly entryFiles: readonly string[];
  readonly packageType: 'module' | 'commonjs';
  readonly port: number;
  readonly access: HostAccess;
  readonly routePrefix: string;
  readonly mcpServer: McpServerInfo;
  readonly strictTransportSecurity?: StrictTransportSecurity;
}

/** Loads the app and says what it registered; nothing is served. */
export type DescribeMessage = Omit<StartMessage, 'kind' | 'port' | 'access'> & {
  readonly kind: 'describe';
  readonly question?: GateQuestion;
};

/** What the app's own gate is asked once the app is loaded. */
export interface GateQuestion {
  readonly functionName: string;
  /** Base64 of the DER; absent: no certificate. */
  readonly certificate?: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/** What the gate says to it, past the front end. */
export interface GateAnswer {
  readonly outcome: 'allowed' | 'denied';
  /** `allowed`, or the precise denial code. */
  readonly code: string;
  readonly detail?: string;
  /** Why the gate would not look at any certificate, as the app is configured here. */
  readonly frontEndFault?: string;
  /** What the gate reports about its sources, as it reports it. Absent if it reports nothing. */
  readonly report?: unknown;
}

export type MessageToHost = StartMessage | DescribeMessage | { readonly kind: 'stop' };

export interface ReadyMessage {
  readonly kind: 'ready';
  readonly port: number;
  readonly functions: readonly HostedFunction[];
  /** Absent: the app has none. */
  readonly gate?: HostedGate;
  readonly streaming: boolean;
}

/** The gate of a running app now reports something else about its sources. */
export interface ReportMessage {
  readonly kind: 'report';
  readonly report: unknown;
}

export interface DescribedMessage {
  readonly kind: 'described';
  readonly functions: readonly DescribedFunction[];
  readonly gate?: HostedGate;
  readonly streaming: boolean;
  /** Absent: nothing was asked, or there is no gate that can say it. */
  readonly answer?: GateAnswer;
}

/** What an appStart hook of the app threw. */
export interface HookError {
  /** The error's own code, such as `ENOENT`. */
  readonly code?: string;
  readonly message: string;
}

export interface FailedMessage {
  readonly kind: 'failed';
  readonly message: string;
  readonly remedy?: string;
  /** Set if an appStart hook failed. */
  readonly hookError?: HookError;
  /** The stack of the app's own error. */
  readonly stack?: string;
}

/** An uncaught exception or a floating rejection after the app was ready: it ends the real worker too. */
export interface CrashedMessage {
  readonly kind: 'crashed';
  readonly message: string;
  readonly stack?: string;
}

/** What Certgate's gate decided about one call. */
export interface HostDecision {
  /** `observed`: the decision was to refuse, and the function ran, since it is observed. */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: string;
  readonly identityName?: string;
  readonly thumbprintSha256?: string;
  readonly detail?: string;
  /** On `allowed`: the refusal that was let through, since the function is report-only. */
  readonly deferredCode?: string;
}

/** What an MCP client asked for, within a request that HTTP answers with 200 whatever becomes of it. */
export interface HostMcpCall {
  /** E.g. `tools/call`. */
  readonly method: string;
  /** The tool, the prompt or the URI, as the client named it. Absent: the method has none. */
  readonly name?: string;
  /** The answer is a JSON-RPC error, or a tool's result that says `isError`. */
  readonly failed: boolean;
}

/** One request that was answered. */
export interface HostAnswer {
  /** When it came: milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
  /** Until the answer was out, or its client gone. */
  readonly durationMilliseconds: number;
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  /** `cut`: the connection ended before the answer did. */
  readonly status: number | 'cut';
  /** Absent: no function ran. */
  readonly functionName?: string;
  /** The invocation's id, which is the gate's correlation id too. Absent: no function ran. */
  readonly correlationId?: string;
  /** Absent: it was no message of MCP. */
  readonly mcp?: HostMcpCall;
  /** Of the caller's own trace context (W3C `traceparent`), where one was sent. */
  readonly traceId?: string;
  /** Absent: no gate decided, for one because the function is open to everybody. */
  readonly decision?: HostDecision;
}

export type MessageFromHost =
  | ReadyMessage
  | ReportMessage
  | DescribedMessage
  | FailedMessage
  | CrashedMessage
  | { readonly kind: 'answered'; readonly answer: HostAnswer }
  | { readonly kind: 'log'; readonly line: HostLogLine };

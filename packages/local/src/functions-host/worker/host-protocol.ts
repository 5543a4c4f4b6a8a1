/**
 * The messages between the parent and the host process over IPC. The app runs in the host process and could send any of
 * its messages, so the parent must not trust them. They contain only plain JSON data.
 */

export type HostLogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical';

export interface HostLogLine {
  /** `host`: this host and the programming model. `function`: `context.log`. `app`: the app's stdout and stderr. */
  readonly source: 'host' | 'function' | 'app';
  readonly level: HostLogLevel;
  readonly functionName?: string;
  readonly invocationId?: string;
  readonly message: string;
}

export interface HostedFunction {
  readonly name: string;
  /** The trigger's type as the app wrote it (`httpTrigger`, `timerTrigger`, …). Compare it without regard to case. */
  readonly triggerType: string;
  readonly http: boolean;
  /** The whole route template with the route prefix and a leading `/`. Set only for HTTP functions. */
  readonly route?: string;
  /**
   * The methods in upper case. Undefined on an HTTP function that takes every method, as `app.generic` without
   * `methods` does in Azure too.
   */
  readonly methods?: readonly string[];
  readonly authLevel?: string;
  /** Set if an app setting disables the function, so that the host never calls it. Over HTTP, its route answers 404. */
  readonly disabled?: true;
  /** Set if the function is called over MCP. */
  readonly mcp?: HostedMcp;
  /**
   * The function's policy as Certgate's registry in the host process contains it, or a closed one if the gate has not
   * seen the function. Set only for HTTP and MCP functions.
   */
  readonly policy?: unknown;
  /** Whether the app has Certgate's gate, which covers every HTTP and MCP function. Set only for those functions. */
  readonly covered?: 'gate' | 'none';
}

/** The name of a function for MCP clients. */
export interface HostedMcp {
  readonly kind: 'tool' | 'resource' | 'prompt';
  /** The name of a tool or prompt. For a resource, its URI or the template of its URIs. */
  readonly name: string;
  /**
   * The JSON Schema of a tool's arguments, as `tools/list` shows it. Undefined if it can't be read, and for a resource
   * or prompt.
   */
  readonly inputSchema?: object;
}

/** How the MCP endpoint describes itself to a client that initializes. */
export interface McpServerInfo {
  readonly serverName: string;
  readonly serverVersion: string;
  readonly instructions?: string;
}

/** The section `hsts` in host.json. */
export interface StrictTransportSecurity {
  readonly value: string;
  readonly excludedHosts: readonly string[];
}

/** What the app's gate reports about itself. */
export interface HostedGate {
  /**
   * The front end's options as the code gives them. Undefined if the gate is of another version, which doesn't report
   * them.
   */
  readonly options?: unknown;
  /**
   * The app setting that contains the secret given in code. Null if no setting contains it. Undefined if the code gives
   * no secret, or if the gate is of another version, which doesn't report it.
   */
  readonly secretSetting?: string | null;
  /** What the gate reports about its sources, unchanged. Undefined if it reports nothing. */
  readonly report?: unknown;
}

/** A function of an app that was loaded without being served. */
export interface DescribedFunction extends HostedFunction {
  /** The types of all its bindings, including the trigger's: in lower case, sorted, without duplicates. */
  readonly bindings: readonly string[];
  /** Whether Event Grid starts it, through its blob trigger. */
  readonly isStartedByBlobEvents: boolean;
}

/** Which requests the host's own port answers (http/request-sender.ts). */
export interface HostAccess {
  /** The token that only the host and its gateway know. */
  readonly frontEndToken: string;
  /**
   * Whether requests without the token are answered too, with their certificate header, if `Host` names the loopback
   * interface.
   */
  readonly unsafeDirectHeader: boolean;
}

export interface StartMessage {
  readonly kind: 'start';
  readonly folder: string;
  /** Absolute paths in the order in which the files are loaded. */
  readonly entryFiles: readonly string[];
  readonly packageType: 'module' | 'commonjs';
  readonly port: number;
  readonly access: HostAccess;
  readonly routePrefix: string;
  readonly mcpServer: McpServerInfo;
  readonly strictTransportSecurity?: StrictTransportSecurity;
}

/** Loads the app and describes what it registered. Nothing is served. */
export type DescribeMessage = Omit<StartMessage, 'kind' | 'port' | 'access'> & {
  readonly kind: 'describe';
  readonly question?: GateQuestion;
};

/** A question to the app's own gate, once the app is loaded. */
export interface GateQuestion {
  readonly functionName: string;
  /** The DER of the certificate in base64. Undefined for a caller without a certificate. */
  readonly certificate?: string;
  /** The moment of the decision, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/** The gate's answer, without regard to the front end. */
export interface GateAnswer {
  readonly outcome: 'allowed' | 'denied';
  /** `allowed`, or the precise denial code. */
  readonly code: string;
  readonly detail?: string;
  /** Why the gate would not read any certificate with the app's present configuration. Undefined if it would. */
  readonly frontEndFault?: string;
  /** What the gate reports about its sources, unchanged. Undefined if it reports nothing. */
  readonly report?: unknown;
}

export type MessageToHost = StartMessage | DescribeMessage | { readonly kind: 'stop' };

export interface ReadyMessage {
  readonly kind: 'ready';
  readonly port: number;
  readonly functions: readonly HostedFunction[];
  /** The app's gate. Undefined if the app has none. */
  readonly gate?: HostedGate;
  readonly streaming: boolean;
}

/** Tells the parent that the gate of a running app reports something else about its sources. */
export interface ReportMessage {
  readonly kind: 'report';
  readonly report: unknown;
}

export interface DescribedMessage {
  readonly kind: 'described';
  readonly functions: readonly DescribedFunction[];
  readonly gate?: HostedGate;
  readonly streaming: boolean;
  /** The gate's answer to the question of the message, if it asked one. Undefined if no gate answered. */
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
  /** The stack of the app's own error. Undefined if there is none. */
  readonly stack?: string;
}

/** An uncaught exception or an unhandled rejection in the app's process. It ends the real worker too. */
export interface CrashedMessage {
  readonly kind: 'crashed';
  readonly message: string;
  readonly stack?: string;
}

/** What Certgate's gate decided about one call. */
export interface HostDecision {
  /** `observed` means that the gate decided to refuse, but the function ran because it is observed. */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: string;
  readonly identityName?: string;
  readonly thumbprintSha256?: string;
  readonly detail?: string;
  /** The code of a refusal that did not take effect, because the function is report-only. Set only with `allowed`. */
  readonly deferredCode?: string;
}

/** A message of an MCP client. A call is answered with HTTP 200 whatever its outcome is. */
export interface HostMcpCall {
  /** The method, for example `tools/call`. */
  readonly method: string;
  /**
   * The tool, the prompt or the URI, as the client named it, shortened if it is long. Undefined if the method has none.
   */
  readonly name?: string;
  /** Whether the answer is a JSON-RPC error, or a tool's result with `isError`. */
  readonly failed: boolean;
}

/** One request that was answered or cut off. */
export interface HostAnswer {
  /** When the request arrived, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
  /** The time until the answer was sent, or until the client was gone. */
  readonly durationMilliseconds: number;
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  /** The answer's status. `cut` if the connection ended before the answer did. */
  readonly status: number | 'cut';
  /** The function that was invoked. Undefined if none was. */
  readonly functionName?: string;
  /** The invocation's id, which is also the gate's correlation id. Undefined if no function was invoked. */
  readonly correlationId?: string;
  /** Set if the request was an MCP request or notification that the host could read. */
  readonly mcp?: HostMcpCall;
  /** The trace id that the caller sent (W3C `traceparent`). Undefined if there was none. */
  readonly traceId?: string;
  /** The gate's decision. Undefined if no gate decided, for example because the function is open to everybody. */
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

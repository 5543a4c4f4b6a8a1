// views/: what the tool shows of an app, its calls and its trust document, as types.
//
// The messages between the tool and its page, which `certgate dev` and `certgate trust view` serve: JSON, over one
// loopback port. Every request, except for the page's own files, has the token of this start in the header
// `x-certgate-inspector`. This file has only types; packages/inspector imports them.

import type { ExplanationReport } from '../explanation/explanation-report.js';

/** `GET api/state`: what there is to choose from. */
export interface InspectorState {
  readonly version: 1;
  /** Identifies this state. `LiveUpdate` has the tag of the current one. */
  readonly tag: string;
  /** Null if the tool was opened without an app, only for the trust views. */
  readonly app: InspectedApp | null;
  /**
   * The place of the trust document, and the revision that the app's gate uses now, or without an app that of the
   * document. The revision is null if it is not known.
   */
  readonly trust: {
    readonly store: string;
    readonly revision: number | null;
    readonly fault: string | null;
    /** What is wrong with the revocation lists of the app's gate, and who is refused because of that. */
    readonly revocationFault?: string;
  };
}

export interface InspectedApp {
  /** The gateway's address, e.g. `https://localhost:8443`. */
  readonly url: string;
  readonly frontEnd: string;
  readonly functions: readonly ShownFunction[];
  readonly callers: readonly InspectedCaller[];
}

export interface ShownFunction {
  readonly name: string;
  readonly triggerType: string;
  /** The HTTP route; for an MCP function, the route of the MCP endpoint. Null if it is disabled or not called over HTTP. */
  readonly route: string | null;
  /** The HTTP methods; empty if every method is allowed, or if the function can't be called. */
  readonly methods: readonly string[];
  /**
   * How MCP clients name the function, and a tool's arguments as `tools/list` has them (JSON Schema). Null if it can't
   * be called over MCP.
   */
  readonly mcp: {
    readonly kind: 'tool' | 'resource' | 'prompt';
    readonly name: string;
    readonly inputSchema?: object;
  } | null;
  /** What a caller needs, such as `public` or `allowed certificates, role orders.read`; or why it can't be called. */
  readonly policy: string;
  readonly kind: 'certificate' | 'anonymous' | 'other';
  readonly roles: readonly (readonly string[])[];
  readonly isCovered: boolean;
  /**
   * Whether the page may send a call of an allowed caller without being asked, because the user named the function with
   * `--call`. Such a call runs the function's code.
   */
  readonly mayBeCalledUnasked: boolean;
}

/** A caller to choose in "Try it". */
export interface InspectedCaller {
  /**
   * `none`, `denied`, `allowed`, `expired`, `not-yet-valid`, `wrong-usage`, `ca-as-leaf`, `lookalike`, `forged-header`,
   * the ID of a caller with roles, or the name of a caller of the user's own.
   */
  readonly id: string;
  readonly label: string;
  /** One sentence about what is wrong or right with the caller. */
  readonly description: string;
  readonly subject: string | null;
  readonly thumbprintSha256: string | null;
  readonly roles: readonly string[];
  readonly isTrusted: boolean;
  /** Whether the caller was dropped on the page, so that the user can remove it. */
  readonly isDropped: boolean;
}

/** `POST api/try`: a call to send. */
export interface TryRequest {
  readonly functionName: string;
  readonly method: string;
  /** Path and query below the gateway, with the route's parameters filled in. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null if the request has no body. */
  readonly body: string | null;
  readonly caller: { readonly id: string };
}

/**
 * The answer to `POST api/callers`, whose body is `{ files }` with a PFX, a PEM file with its key, or two files.
 * `POST api/callers/forget` with `{ id }` removes the caller.
 */
export interface AddedCaller {
  /** Null if the files are not yet a caller; then `fault` says why. */
  readonly id: string | null;
  readonly fault: string | null;
}

/** A file that was dropped on the page. It is kept only in memory. */
export interface DroppedFile {
  readonly name: string;
  readonly base64: string;
  /** The password of a PFX or of an encrypted key; null if none was given. */
  readonly password: string | null;
}

export interface TryResult {
  /** Null if there was no answer. Then `fault` says why, and what to do. */
  readonly answer: TryAnswer | null;
  readonly fault: string | null;
  /**
   * The decision step by step, in the form of `certgate trust explain --json`. If it is null, `fault` may say why.
   * Otherwise no function ran, for example because the gateway answered itself or no function has the route.
   */
  readonly explanation: ExplanationReport | null;
  /** Commands to copy. */
  readonly commands: { readonly certgate: string; readonly curl: string };
}

export interface TryAnswer {
  readonly status: number;
  readonly answeredBy: 'gateway' | 'app';
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body as text, at most 64 KiB. Control characters are unchanged, so the page must show them harmlessly. */
  readonly body: string;
  /** The size of the whole body, in bytes. */
  readonly bodyLength: number;
  /** Whether the MCP answer is an error; null if it is not an answer of MCP. */
  readonly isMcpError: boolean | null;
  readonly durationMilliseconds: number;
  readonly correlationId: string | null;
}

/**
 * `POST api/matrix`, body `{}`: every caller against every function that can be called. A call that would run code is
 * sent only if the user named the function with `--call`.
 */
export interface MatrixResult {
  readonly cells: readonly MatrixCell[];
}

export interface MatrixCell {
  readonly functionName: string;
  readonly callerId: string;
  /** The HTTP status; null if the call was not sent, or if no answer came. `expected` is what the gate would do. */
  readonly status: number | null;
  readonly expected: 'allowed' | 'denied';
  readonly code: string;
}

/**
 * `GET api/events?after=ID`: what a visible page asks for again and again. No connection is kept open, because a
 * browser gives all tabs of one address six connections together.
 */
export interface LiveUpdate {
  /** The tag of the present state. If the page has another one, it must ask for the state again. */
  readonly stateTag: string;
  /** The events after ID, oldest first. Only the newest 2,000 events are known. */
  readonly events: readonly LiveEvent[];
}

/** One request, and what happened to it. */
export interface LiveEvent {
  /** Counts up from 1 from the start of the tool. */
  readonly id: number;
  /** The time in RFC 3339 with milliseconds. */
  readonly time: string;
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly status: number | 'cut';
  readonly functionName: string | null;
  readonly answeredBy: 'gateway' | 'app' | 'host';
  readonly durationMilliseconds: number | null;
  readonly correlationId: string | null;
  readonly identityName: string | null;
  readonly thumbprintSha256: string | null;
  readonly verdict: 'allowed' | 'denied' | 'observed' | 'open' | 'no-function';
  /** `allowed`, a denial code, or the gateway's reason. */
  readonly code: string | null;
  readonly detail: string | null;
}

/** `GET api/events/ID`: the steps of one event, decided again by the present trust document. */
export interface LiveDetails {
  readonly event: LiveEvent;
  /** Null if no function was called, or if the function or the caller's certificate is not known here. */
  readonly explanation: ExplanationReport | null;
}

/** `GET api/trust`, and what `certgate trust view --json` prints. Times are RFC 3339. */
export interface TrustView {
  readonly store: string;
  readonly revision: number;
  readonly at: string;
  readonly locked: string | null;
  readonly identities: readonly TrustIdentityView[];
  readonly authorities: readonly TrustAuthorityView[];
  readonly denied: readonly { readonly label: string; readonly reason: string | null }[];
  /** The findings of `certgate trust check` except those for information, each with a command if one helps. */
  readonly warnings: readonly TrustWarningView[];
  readonly coverage: readonly ShownFunction[];
}

export interface TrustIdentityView {
  readonly name: string;
  readonly owner: string | null;
  readonly enabled: boolean;
  readonly roles: readonly string[];
  /** The functions that the identity may call; null if it may call every function. */
  readonly functions: readonly string[] | null;
  readonly windows: readonly ValidityWindow[];
  /**
   * The times after the first window that is not disabled in which no window is open, without those that are over.
   * Empty if all windows are disabled. A lock is ignored. `until` is null if such a time never ends. `isSoon`: the time
   * has begun, or `trust check` reports that what ends then ends soon.
   */
  readonly gaps: readonly { readonly from: string; readonly until: string | null; readonly isSoon: boolean }[];
  /** The times in which two certificates are valid at once, so that the caller can change over. */
  readonly overlaps: readonly { readonly from: string; readonly until: string }[];
}

/** A bar of the timeline. */
export interface ValidityWindow {
  readonly kind: 'pin' | 'issued' | 'name' | 'anchor' | 'intermediate';
  readonly label: string;
  readonly thumbprint: string | null;
  /** The beginning; null if nothing limits it. `until` is the end, likewise. */
  readonly from: string | null;
  readonly until: string | null;
  readonly state: 'valid' | 'ending' | 'ended' | 'future' | 'disabled';
}

export interface TrustAuthorityView {
  readonly name: string;
  readonly windows: readonly ValidityWindow[];
  readonly revocation: string;
  /** What the authority vouches for: an identity, and its name or pin that refers to the authority. */
  readonly vouchesFor: readonly { readonly identity: string; readonly name: string }[];
}

export interface TrustWarningView {
  readonly code: string;
  readonly subject: string;
  readonly message: string;
  readonly command: string | null;
}

/** `POST api/read` with a DroppedFile: what was found in it, in words. */
export interface ReadResult {
  readonly kind: 'certificate' | 'pfx' | 'header' | 'chain' | 'crl' | 'private-key' | 'unknown';
  /** Why the file can't be read; null if it can. */
  readonly fault: string | null;
  readonly certificates: readonly ReadCertificateView[];
  readonly crl: ReadCrlView | null;
  readonly notes: readonly string[];
}

export interface ReadCertificateView {
  readonly role: 'leaf' | 'ca';
  /**
   * Pairs for a definition list: `Subject`, `Issuer`, `Valid from`, `Valid until`, `Key`, `Usages`, `Names` … in this
   * order.
   */
  readonly fields: readonly (readonly [label: string, value: string])[];
  /** The SHA-256 and SHA-1 of the certificate and the SHA-256 of its key, in the notations of several tools. */
  readonly thumbprints: readonly (readonly [notation: string, value: string])[];
  /**
   * Whether the present trust document lets the certificate in, for a function without a role. Null if that was not
   * asked.
   */
  readonly explanation: ExplanationReport | null;
}

export interface ReadCrlView {
  readonly fields: readonly (readonly [label: string, value: string])[];
  readonly revoked: readonly { readonly serial: string; readonly at: string; readonly reason: string | null }[];
}

/** The body of every answer that is not a success: 400, 401, 403, 404, 413 or 500. */
export interface InspectorFault {
  readonly message: string;
}

// views/: what the tool shows of an app, its calls and its trust document, as types.
//
// What the page of `certgate dev` and the tool say to each other: JSON, over one loopback port. Every request but those for the page's own
// files carries the token of this start in the header `x-certgate-inspector`. Types only; packages/inspector imports them.

import type { ExplanationReport } from '../explanation/explanation-report.js';

/** `GET api/state`: what there is to choose from. */
export interface InspectorState {
  readonly version: 1;
  /** Another one for another state: `LiveUpdate` says which one is current. */
  readonly tag: string;
  /** Null: opened without an app, for the trust views alone. */
  readonly app: InspectedApp | null;
  /** Where the trust document is. The revision is the one that the app's gate uses now; null: it does not say, or there is none. */
  readonly trust: {
    readonly store: string;
    readonly revision: number | null;
    readonly fault: string | null;
    /** What is wrong with the revocation lists of the app's gate, and who is refused because of that. */
    readonly revocationFault?: string;
  };
}

export interface InspectedApp {
  /** Of the gateway: `https://localhost:8443`. */
  readonly url: string;
  readonly frontEnd: string;
  readonly functions: readonly InspectedFunction[];
  readonly callers: readonly InspectedCaller[];
}

export interface InspectedFunction {
  readonly name: string;
  readonly triggerType: string;
  /** Of an MCP function, that of the endpoint. Null: nobody calls it over HTTP. */
  readonly route: string | null;
  /** Empty: every method. */
  readonly methods: readonly string[];
  /** How MCP clients name it, and the arguments of a tool as `tools/list` has them (JSON Schema). Null: it is not called over MCP. */
  readonly mcp: {
    readonly kind: 'tool' | 'resource' | 'prompt';
    readonly name: string;
    readonly inputSchema?: object;
  } | null;
  /** In words: `certificate`, `anonymous`, `role orders.read`, `report-only until …`. */
  readonly policy: string;
  readonly kind: 'certificate' | 'anonymous' | 'other';
  readonly roles: readonly (readonly string[])[];
  readonly isCovered: boolean;
  /** Whether a call of an allowed caller may be sent without being asked for: false, it would run the user's code. */
  readonly mayBeCalledUnasked: boolean;
}

/** Somebody to be in "Try it". */
export interface InspectedCaller {
  /** `none`, `denied`, `allowed`, `expired`, `not-yet-valid`, `wrong-usage`, `ca-as-leaf`, `lookalike`, `forged-header`, or that of a caller with roles. */
  readonly id: string;
  readonly label: string;
  /** One sentence: what is wrong or right with it. */
  readonly description: string;
  readonly subject: string | null;
  readonly thumbprintSha256: string | null;
  readonly roles: readonly string[];
  readonly isTrusted: boolean;
}

/** `POST api/try`. */
export interface TryRequest {
  readonly functionName: string;
  readonly method: string;
  /** Path and query below the gateway; the route's parameters filled in. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null: no body. */
  readonly body: string | null;
  readonly caller: { readonly id: string } | { readonly file: DroppedFile };
}

/** A file that was dropped on the page. It stays in memory. */
export interface DroppedFile {
  readonly name: string;
  readonly base64: string;
  /** Of a PFX or an encrypted key. */
  readonly password: string | null;
}

export interface TryResult {
  /** Null: there was no answer; `fault` says why, and what to do. */
  readonly answer: TryAnswer | null;
  readonly fault: string | null;
  /** The decision step by step, as `certgate trust explain --json` has it. Null: no gate is asked, or no function has the route. */
  readonly explanation: ExplanationReport | null;
  /** Lines to copy. */
  readonly commands: { readonly certgate: string; readonly curl: string };
}

export interface TryAnswer {
  readonly status: number;
  readonly answeredBy: 'gateway' | 'app';
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As text; control characters as they are, for the page to show harmlessly. At most 64 KiB. */
  readonly body: string;
  /** How many bytes the whole body had. */
  readonly bodyLength: number;
  /** Whether the MCP answer is an error; null: it is no answer of MCP. */
  readonly isMcpError: boolean | null;
  readonly durationMilliseconds: number;
  readonly correlationId: string | null;
}

/** `POST api/matrix`, body `{}`: every caller against every function that may safely be called. */
export interface MatrixResult {
  readonly cells: readonly MatrixCell[];
}

export interface MatrixCell {
  readonly functionName: string;
  readonly callerId: string;
  /** Null: not sent, since it would run the user's code; `expected` is what the gate would do. */
  readonly status: number | null;
  readonly expected: 'allowed' | 'denied';
  readonly code: string;
}

/**
 * `GET api/events?after=ID`: what a page in view asks for again and again. Nothing is held open: a browser gives all tabs of
 * one address six connections together.
 */
export interface LiveUpdate {
  /** Of the present state; another one than the page's: it is to ask for it again. */
  readonly stateTag: string;
  /** Those after ID, oldest first. Of older ones, the newest 2,000 are known. */
  readonly events: readonly LiveEvent[];
}

/** One request, and what became of it. */
export interface LiveEvent {
  /** Counts up from 1 over the whole start. */
  readonly id: number;
  /** RFC 3339 with milliseconds. */
  readonly time: string;
  readonly method: string;
  /** Without the query. */
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

/** `GET api/events/ID`: the steps of one event, decided again by the trust document as it is now. */
export interface LiveDetails {
  readonly event: LiveEvent;
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
  /** As `certgate trust check` gives them, each with a command where one helps. */
  readonly warnings: readonly TrustWarningView[];
  readonly coverage: readonly InspectedFunction[];
}

export interface TrustIdentityView {
  readonly name: string;
  readonly owner: string | null;
  readonly enabled: boolean;
  readonly roles: readonly string[];
  /** Null: every function. */
  readonly functions: readonly string[] | null;
  readonly windows: readonly ValidityWindow[];
  /**
   * From when nobody is admitted as it, and until when; null: from then on. `isSoon`: it has begun, or `trust check` says
   * that what ends there ends soon.
   */
  readonly gaps: readonly { readonly from: string; readonly until: string | null; readonly isSoon: boolean }[];
  /** While two are valid at once: the time to change over. */
  readonly overlaps: readonly { readonly from: string; readonly until: string }[];
}

/** A bar of the time line. */
export interface ValidityWindow {
  readonly kind: 'pin' | 'issued' | 'name' | 'anchor' | 'intermediate';
  readonly label: string;
  readonly thumbprint: string | null;
  /** Null: no beginning, or no end, that the document knows. */
  readonly from: string | null;
  readonly until: string | null;
  readonly state: 'valid' | 'ending' | 'ended' | 'future' | 'disabled';
}

export interface TrustAuthorityView {
  readonly name: string;
  readonly windows: readonly ValidityWindow[];
  readonly revocation: string;
  /** What it vouches for: identity and the name that binds it. */
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
  /** Why it can't be read; null where it can. */
  readonly fault: string | null;
  readonly certificates: readonly ReadCertificateView[];
  readonly crl: ReadCrlView | null;
  readonly notes: readonly string[];
}

export interface ReadCertificateView {
  readonly role: 'leaf' | 'ca';
  /** Pairs for a definition list: `Subject`, `Issuer`, `Valid from`, `Valid until`, `Key`, `Usages`, `Names` … in this order. */
  readonly fields: readonly (readonly [label: string, value: string])[];
  /** SHA-256 and SHA-1 in the notations of other tools: plain, with colons, Windows' lower case, base64. */
  readonly thumbprints: readonly (readonly [notation: string, value: string])[];
  /** Whether the current trust would let it in, for a function without a role. */
  readonly explanation: ExplanationReport | null;
}

export interface ReadCrlView {
  readonly fields: readonly (readonly [label: string, value: string])[];
  readonly revoked: readonly { readonly serial: string; readonly at: string; readonly reason: string | null }[];
}

/** Every answer that is no success: 400, 401, 403, 404, 413. */
export interface InspectorFault {
  readonly message: string;
}

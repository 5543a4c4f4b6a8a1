import type { AppName } from './apps.js';
import type { DifferenceId } from './differences.js';
import type { SourceId } from './sources.js';

/** A request, and the answer of Azure's own host. */
export interface Row {
  /** A unique name that says what the request tests. */
  readonly name: string;
  /** The app that gets the request. `main` if absent. */
  readonly app?: AppName;
  /** The method and the target of the request line, such as `GET /path`. */
  readonly send: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Body;
  /**
   * The real host's answer, according to the sources in `from`. `unknown` if these do not say it; such a row is not
   * among the known ones.
   */
  readonly azure: Answer | 'unknown';
  readonly from: SourceId | readonly SourceId[];
  /**
   * The real answer with HTTP streaming. If absent, it is `azure` too. `not-sent` if the request makes no sense then.
   */
  readonly streaming?: Streaming | 'not-sent';
  /** The embedded host's answer, if it differs or if the real answer is unknown. */
  readonly here?: Otherwise;
}

export interface Streaming {
  readonly azure: Answer | 'unknown';
  readonly from?: SourceId;
  readonly here?: Otherwise;
}

/**
 * An answer of the embedded host that differs from the real one. `difference` is absent only if the real answer is
 * unknown.
 */
export interface Otherwise extends Answer {
  readonly difference?: DifferenceId;
}

export type Body =
  | string
  | { readonly hex: string }
  | { readonly chunks: readonly string[] }
  | { readonly length: number };

/** What the tests check about an answer. A member that is absent here is not checked. */
export interface Answer {
  /** The status, or `none` if the caller never gets an answer. */
  readonly status: number | 'none';
  /** The expected values of header fields. Null if the answer must not have the field. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly text?: string;
  /**
   * Expected members of the JSON body. The members of `headers` are compared one by one; null means that one is absent.
   */
  readonly sees?: Readonly<Record<string, unknown>>;
  /** The JSON of the only event in the response's event stream. */
  readonly event?: Readonly<Record<string, unknown>>;
  /** Whether the connection ends before the body does. */
  readonly cut?: boolean;
}

/**
 * With HTTP streaming, the real host waits for the forwarded request's answer before it looks at how the invocation
 * ended (`GrpcWorkerChannel.InvokeResponse`). If the library has thrown, it never answers that request.
 */
export const neverAnswered: Streaming = {
  azure: { status: 'none' },
  from: 'hostChannel',
  here: { status: 500, text: '', difference: 'streaming-without-answer' },
};

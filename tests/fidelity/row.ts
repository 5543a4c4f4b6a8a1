import type { AppName } from './apps.js';
import type { DifferenceId } from './differences.js';
import type { SourceId } from './sources.js';

/** One request, and what answers it on Azure's own host. */
export interface Row {
  /** Unique; says what is asked. */
  readonly name: string;
  /** `main` when absent. */
  readonly app?: AppName;
  /** `GET /path`; a name without a slash before it names nothing. */
  readonly send: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Body;
  /** What the real host answers, by its sources. `unknown`: no source was found, and the row doesn't count. */
  readonly azure: Answer | 'unknown';
  readonly from: SourceId | readonly SourceId[];
  /** The same with HTTP streaming on: absent, `azure` again; `not-sent`, it doesn't apply. */
  readonly streaming?: Streaming | 'not-sent';
  /** Present when the embedded host answers otherwise. */
  readonly here?: Otherwise;
}

export interface Streaming {
  readonly azure: Answer | 'unknown';
  readonly from?: SourceId;
  readonly here?: Otherwise;
}

/** An answer of the embedded host's own. Only a row whose real answer is unknown may leave out which difference it is. */
export interface Otherwise extends Answer {
  readonly difference?: DifferenceId;
}

export type Body =
  string | { readonly hex: string } | { readonly chunks: readonly string[] } | { readonly length: number };

/** What is asserted; what is absent here may be anything. */
export interface Answer {
  /** `none`: the caller waits in vain. */
  readonly status: number | 'none';
  /** Null: the header is absent. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly text?: string;
  /** Members of the JSON body; `headers` in it are compared one by one, null for an absent one. */
  readonly sees?: Readonly<Record<string, unknown>>;
  /** The JSON of the only event in a stream. */
  readonly event?: Readonly<Record<string, unknown>>;
  /** The connection ends before the body does. */
  readonly cut?: boolean;
}

/**
 * With HTTP streaming the real host waits for the forwarded request before it looks at how the invocation ended
 * (`GrpcWorkerChannel.InvokeResponse`), and a library that has thrown never answers that request.
 */
export const neverAnswered: Streaming = {
  azure: { status: 'none' },
  from: 'hostChannel',
  here: { status: 500, text: '', difference: 'streaming-without-answer' },
};

/**
 * The parent's one message that starts a worker: where the document is, who the callers are, and how fast they call.
 */
export interface WorkerOrders {
  readonly kind: 'orders';
  readonly blobUrl: string;
  readonly account: string;
  readonly key: string;
  readonly refreshIntervalSeconds: number;
  readonly readTimeoutSeconds: number;
  /**
   * The certificate header of each caller, by name. The callers call in turn, except for the requests that `aim`
   * redirects.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestsPerSecond: number;
}

export type ToWorker =
  | WorkerOrders
  | { readonly kind: 'report' }
  /** From now on, every second request is from this caller. */
  | { readonly kind: 'aim'; readonly name: string };

/**
 * What happened to one caller in one process. Times are in milliseconds since 1970-01-01T00:00:00Z. All processes use
 * the clock of one machine.
 */
export interface CallerTally {
  readonly allowed: number;
  /** How often each denial code was answered. */
  readonly denied: Readonly<Record<string, number>>;
  /** When the last admitted request was answered. Undefined if none was admitted. */
  readonly lastAllowedAt: number | undefined;
  /** When the last admitted request was sent. Undefined if none was admitted. */
  readonly lastAllowedAskedAt: number | undefined;
  readonly firstDeniedAt: number | undefined;
  /** How many requests were sent after the first refusal and admitted anyway. */
  readonly readmitted: number;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'report'; readonly callers: Readonly<Record<string, CallerTally>> };

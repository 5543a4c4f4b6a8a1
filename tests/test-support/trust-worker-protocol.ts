/** What the parent tells a worker, once: whom to be, where the document is, and how fast to call. */
export interface WorkerOrders {
  readonly kind: 'orders';
  readonly blobUrl: string;
  readonly account: string;
  readonly key: string;
  readonly refreshIntervalSeconds: number;
  readonly readTimeoutSeconds: number;
  /** The certificate header of each caller, by name; called in turn, but for every second request: see `aim`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestsPerSecond: number;
}

export type ToWorker =
  | WorkerOrders
  | { readonly kind: 'report' }
  /** Every second request is this caller's from now on. */
  | { readonly kind: 'aim'; readonly name: string };

/** What happened to one caller in one process. Times are wall clock milliseconds; the processes share a machine. */
export interface CallerTally {
  readonly allowed: number;
  /** How often each denial code was answered. */
  readonly denied: Readonly<Record<string, number>>;
  /** When the last request that was let in was answered. */
  readonly lastAllowedAt: number | undefined;
  /** When the last request that was let in was asked. */
  readonly lastAllowedAskedAt: number | undefined;
  readonly firstDeniedAt: number | undefined;
  /** Requests that were asked after the first refusal, and let in anyway. */
  readonly readmitted: number;
}

export type FromWorker =
  { readonly kind: 'ready' } | { readonly kind: 'report'; readonly callers: Readonly<Record<string, CallerTally>> };

/** How much one client may cost. Times in milliseconds, sizes in bytes; all finite, all positive integers. */
export interface GatewayLimits {
  /** TLS handshake, and the renegotiation that asks for a certificate after the request head. */
  readonly handshakeTimeoutMilliseconds: number;
  /** From the first byte of a connection (or of its next request) to the end of the header section. */
  readonly headersTimeoutMilliseconds: number;
  /** From there to the end of the request body. */
  readonly requestTimeoutMilliseconds: number;
  /** Between two requests of one connection. */
  readonly idleTimeoutMilliseconds: number;
  /**
   * Silence of the app, before or within its response. Azure's load balancer ends a call to an HTTP function after
   * 230 seconds, whatever `functionTimeout` says.
   */
  readonly upstreamTimeoutMilliseconds: number;
  /** Request line and header section together. */
  readonly maxHeaderBytes: number;
  /** Node drops the fields beyond its own maximum silently, also those that frame the body: so they are counted here. */
  readonly maxHeaderCount: number;
  readonly maxConnections: number;
  /** Requests that a client may send ahead on one connection; each waits until the one before it is answered. */
  readonly maxPipelinedRequests: number;
}

export const defaultGatewayLimits: GatewayLimits = Object.freeze({
  handshakeTimeoutMilliseconds: 10_000,
  headersTimeoutMilliseconds: 30_000,
  requestTimeoutMilliseconds: 300_000,
  idleTimeoutMilliseconds: 60_000,
  upstreamTimeoutMilliseconds: 230_000,
  maxHeaderBytes: 16 * 1024,
  maxHeaderCount: 100,
  maxConnections: 1000,
  maxPipelinedRequests: 16,
});

/** Longest time that Node's timers hold; a longer one fires at once. */
const maxTimerMilliseconds = 2 ** 31 - 1;

/** @throws TypeError for an unknown name, or a value that isn't a positive integer. */
export function resolveGatewayLimits(limits: Partial<GatewayLimits> = {}): GatewayLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultGatewayLimits, name)) {
      throw new TypeError(
        `Gateway: unknown limit "${name}". Known limits: ${Object.keys(defaultGatewayLimits).join(', ')}.`,
      );
    }
    if (!Number.isSafeInteger(value) || value < 1 || value > maxTimerMilliseconds) {
      throw new TypeError(`Gateway: limit "${name}" must be an integer from 1 to ${maxTimerMilliseconds}.`);
    }
  }
  const resolved = Object.freeze({ ...defaultGatewayLimits, ...limits });
  if (resolved.headersTimeoutMilliseconds > resolved.requestTimeoutMilliseconds) {
    throw new TypeError(
      'Gateway: headersTimeoutMilliseconds is longer than requestTimeoutMilliseconds, which includes it.',
    );
  }
  return resolved;
}

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

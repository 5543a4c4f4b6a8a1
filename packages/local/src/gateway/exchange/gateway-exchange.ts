// exchange/: what the gateway refuses, removes and adds in a request and its answer.

/** The gateway's own answers. The response's field `x-certgate-gateway` contains the name of the answer. */
export const gatewayAnswers = {
  'client-certificate-required': {
    status: 403,
    message:
      'This address asks every caller for a client certificate, and this connection presented none. Send one with the request (curl: --cert and --key).',
  },
  'request-body-too-large-for-renegotiation': {
    status: 403,
    message:
      'The certificate is asked for after the request head here (exclusion paths, or the optional-interactive mode), and on Azure a body of more than 100 KB does not survive that. Send "Expect: 100-continue", or a HEAD request first on the same connection, or remove the exclusion paths.',
  },
  'renegotiation-failed': {
    status: 403,
    message:
      'The client did not answer the TLS renegotiation that asks for its certificate. Some clients (Go by default) never renegotiate: remove the exclusion paths and the optional-interactive mode for them.',
  },
  'malformed-request': {
    status: 400,
    message:
      'The request is not well-formed HTTP/1.1. One cause is a header value with line breaks, such as base64 that a tool wrapped.',
  },
  'host-invalid': {
    status: 400,
    message: 'Send exactly one Host field: a host name, and optionally a port.',
  },
  'request-target-invalid': { status: 400, message: 'The request target must be a path that starts with "/".' },
  'connection-field-invalid': {
    status: 400,
    message: 'The Connection field must not name Host, Content-Length or Transfer-Encoding.',
  },
  'content-length-invalid': {
    status: 400,
    message: 'Send one Content-Length with one number, and no Transfer-Encoding.',
  },
  'transfer-encoding-invalid': {
    status: 400,
    message: 'Transfer-Encoding must be "chunked", once, in HTTP/1.1, without Content-Length.',
  },
  'request-timeout': { status: 408, message: 'The request did not arrive in time.' },
  'expectation-not-supported': { status: 417, message: 'Only the expectation 100-continue is supported.' },
  'headers-too-large': { status: 431, message: 'The headers have more than 16 KiB or 100 fields.' },
  'method-not-supported': { status: 501, message: 'CONNECT and TRACE are not supported.' },
  'upgrade-not-supported': { status: 501, message: 'Changing the protocol (WebSocket, h2c) is not supported.' },
  'upstream-unreachable': { status: 502, message: 'The app behind this gateway does not answer: is it running?' },
  'upstream-malformed': {
    status: 502,
    message: 'The app behind this gateway sent a response that is not well-formed HTTP/1.1.',
  },
  'upstream-timeout': {
    status: 504,
    message: 'The app behind this gateway sent nothing for too long; on Azure, the limit is 230 seconds.',
  },
  'http-version-not-supported': { status: 505, message: 'Only HTTP/1.1 and HTTP/1.0 are supported.' },
  'landing-page': { status: 200, message: 'What this gateway sees of your connection.' },
} as const;

export type GatewayAnswer = keyof typeof gatewayAnswers;

/** Receives each finished request, and the DER of the certificate that the connection presented. */
export type ExchangeListener = (exchange: GatewayExchange, certificateDer: Uint8Array | undefined) => void;

/** One finished request. `path` does not include the query, because function keys are sent there (`?code=`). */
export interface GatewayExchange {
  /** The request's method. `-` if the request could not be read. */
  readonly method: string;
  readonly path: string;
  /** The status of the answer. 499 if the client left before the whole answer was sent. */
  readonly status: number;
  readonly answeredBy: 'gateway' | 'upstream';
  readonly reason?: GatewayAnswer | 'client-aborted' | 'upstream-aborted';
  /**
   * The SHA-256 thumbprint of the client certificate that the connection presented, in upper-case hexadecimal, whether
   * or not the gateway passed it on. Undefined if there was none.
   */
  readonly clientCertificateThumbprintSha256: string | undefined;
  readonly milliseconds: number;
}

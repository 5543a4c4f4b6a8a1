import { X509Certificate } from 'node:crypto';
import { expectSecret, type FrontEndName, frontEndNames } from '@certgate/core/internal';
import { type ClientCertificateMode, clientCertificateModes } from './client-certificate-mode.js';
import type { ExchangeListener } from './exchange/gateway-exchange.js';
import type { UpstreamToken } from './exchange/upstream-request-headers.js';
import { isExclusionPath, isLoopbackHost, isUpstreamUrl } from './gateway-addresses.js';

export interface GatewayOptions {
  /** The app's address: plain HTTP on this machine, `http://127.0.0.1:PORT`. */
  readonly upstream: URL;
  /**
   * A field whose value only this gateway and the upstream know. The gateway sends it with each request, so that the
   * upstream can refuse requests that reach its port without the gateway. Its name begins with `x-certgate-`, and the
   * gateway removes such fields from a client's request.
   */
  readonly upstreamToken?: UpstreamToken;
  readonly serverCertificate: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** The front end that the gateway plays. Default: `app-service`. */
  readonly frontEnd?: FrontEndName;
  /** What the front end sends in `X-Certgate-Front-End-Secret`. App Service's front end sends no secret. */
  readonly frontEndSecret?: string;
  /**
   * Default: `required` for App Service. Any other front end has the mode `optional` and no exclusion paths: it
   * requests a certificate, and lets callers without one through.
   */
  readonly clientCertificateMode?: ClientCertificateMode;
  /** Prefixes of paths, compared without regard to case. As on Azure, `/public` also excludes `/publicadmin`. */
  readonly exclusionPaths?: readonly string[];
  /** The address to listen on. Default: `127.0.0.1`. An address outside of loopback needs `unsafeListen`. */
  readonly host?: string;
  readonly unsafeListen?: boolean;
  /** The port to listen on. Default: 0, which chooses a free one. */
  readonly port?: number;
  /**
   * Whether the gateway behaves as badly as the front end's documentation permits. For App Service, a client's own
   * `X-ARR-ClientCert` (also `X_ARR_ClientCert`) then reaches the app: alone if no certificate is passed on, otherwise
   * before the true value. A path is excluded if it is excluded either as sent or as normalized.
   */
  readonly worstCase?: boolean;
  readonly onExchange?: ExchangeListener;
  /** Whether a browser's `GET /` gets the gateway's own page, and does not reach the app. Default: true. */
  readonly hasLandingPage?: boolean;
  readonly limits?: Partial<GatewayLimits>;
}

/**
 * Limits for clients, and for the app's answer. Times are in milliseconds, sizes in bytes. All are positive integers.
 */
export interface GatewayLimits {
  /** For the TLS handshake, and for the renegotiation that asks for a certificate after the request head. */
  readonly handshakeTimeoutMilliseconds: number;
  /** From the start of a connection, or from the first byte of a request, to the end of the header section. */
  readonly headersTimeoutMilliseconds: number;
  /** From the start of a connection, or from the first byte of a request, to the end of the request body. */
  readonly requestTimeoutMilliseconds: number;
  /** Between two requests on one connection. */
  readonly idleTimeoutMilliseconds: number;
  /**
   * How long the app may be silent, before or within its response. Azure's load balancer ends a call of an HTTP
   * function after 230 seconds, whatever `functionTimeout` is.
   */
  readonly upstreamTimeoutMilliseconds: number;
  /** The most bytes of the request line and the header section together. */
  readonly maxHeaderBytes: number;
  /**
   * The most header fields. The gateway counts them itself, because Node silently drops fields beyond its own maximum,
   * even those that frame the body.
   */
  readonly maxHeaderCount: number;
  readonly maxConnections: number;
  /** How many requests may be unanswered on one connection. Each waits until the one before it is answered. */
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

/** The options with all defaults filled in. */
export interface GatewaySettings extends Omit<GatewayOptions, 'clientCertificateMode'> {
  readonly frontEnd: FrontEndName;
  readonly mode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly worstCase: boolean;
  readonly hasLandingPage: boolean;
  readonly limits: GatewayLimits;
}

/** @throws TypeError if a value is not valid, or if an address would open the gateway to a network. */
export function resolveGatewayOptions(options: GatewayOptions): GatewaySettings {
  const { upstream, upstreamToken, serverCertificate, exclusionPaths = [], host = '127.0.0.1', port = 0 } = options;
  if (options.unsafeListen !== true && !isLoopbackHost(host)) {
    throw new TypeError(
      `Gateway: host "${host}" is not only this machine. Use 127.0.0.1 or ::1, or unsafeListen (--unsafe-listen).`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('Gateway: port must be 0 to 65535.');
  checkUpstream(upstream);
  checkUpstreamToken(upstreamToken);
  checkServerCertificate(serverCertificate);
  checkExclusionPaths(exclusionPaths);
  return Object.freeze({
    ...options,
    ...resolveFrontEnd(options),
    exclusionPaths: Object.freeze([...exclusionPaths]),
    host,
    port,
    worstCase: options.worstCase === true,
    hasLandingPage: options.hasLandingPage !== false,
    limits: Object.freeze({ ...defaultGatewayLimits, ...options.limits }),
  });
}

function resolveFrontEnd({
  frontEnd = 'app-service',
  frontEndSecret,
  clientCertificateMode,
  exclusionPaths = [],
}: GatewayOptions): Pick<GatewaySettings, 'frontEnd' | 'mode'> {
  if (!frontEndNames.includes(frontEnd)) {
    throw new TypeError(`Gateway: frontEnd must be one of ${frontEndNames.join(', ')}.`);
  }
  const isAppService = frontEnd === 'app-service';
  const mode = clientCertificateMode ?? (isAppService ? 'required' : 'optional');
  if (!clientCertificateModes.includes(mode)) {
    throw new TypeError(`Gateway: clientCertificateMode must be one of ${clientCertificateModes.join(', ')}.`);
  }
  if (!isAppService && (mode !== 'optional' || exclusionPaths.length > 0)) {
    throw new TypeError(
      `Gateway: only App Service has client certificate modes and exclusion paths; ${frontEnd} requests a certificate and lets callers without one through.`,
    );
  }
  if (frontEndSecret !== undefined) checkFrontEndSecret(frontEndSecret, isAppService);
  return { frontEnd, mode };
}

function checkFrontEndSecret(secret: string, isAppService: boolean): void {
  if (isAppService) throw new TypeError("Gateway: App Service's front end sends no frontEndSecret.");
  try {
    expectSecret(secret);
  } catch (cause) {
    throw new TypeError(`Gateway: frontEndSecret is not valid: ${(cause as Error).message}`, { cause });
  }
}

function checkExclusionPaths(paths: readonly string[]): void {
  const wrong = paths.find((path) => !isExclusionPath(path));
  if (wrong !== undefined) {
    throw new TypeError(`Gateway: exclusion path ${JSON.stringify(wrong)} must be one path that starts with "/".`);
  }
}

function checkUpstream(upstream: URL): void {
  if (!isUpstreamUrl(upstream)) {
    throw new TypeError(
      `Gateway: upstream "${upstream.href}" must be http://, a loopback address and a port, nothing more.`,
    );
  }
}

/** Checks the token. A field whose name lacks the prefix would not be removed from a client's request. */
function checkUpstreamToken(token: UpstreamToken | undefined): void {
  if (token === undefined) return;
  if (!/^x-certgate-[a-z-]+$/.test(token.name) || !/^[\w-]{32,256}$/.test(token.value)) {
    throw new TypeError(
      'Gateway: upstreamToken must be { name, value }: a name that begins with "x-certgate-", and 32 to 256 letters, digits, "-" and "_".',
    );
  }
}

function checkServerCertificate({ certificatePem, privateKeyPem }: GatewayOptions['serverCertificate']): void {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKeyPem)) {
    throw new TypeError('Gateway: serverCertificate.privateKeyPem holds no PEM private key.');
  }
  try {
    new X509Certificate(certificatePem);
  } catch (cause) {
    throw new TypeError('Gateway: serverCertificate.certificatePem holds no PEM certificate.', { cause });
  }
}

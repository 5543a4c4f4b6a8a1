import { X509Certificate } from 'node:crypto';
import { expectSecret, type FrontEndName, frontEndNames } from '@certgate/core/internal';
import { type ClientCertificateMode, clientCertificateModes } from './client-certificate-mode.js';
import type { ExchangeListener } from './exchange/gateway-exchange.js';
import type { UpstreamToken } from './exchange/upstream-request-headers.js';
import { isExclusionPath, isLoopbackHost, isUpstreamUrl } from './gateway-addresses.js';
import { type GatewayLimits, resolveGatewayLimits } from './gateway-limits.js';
import { type LandingPage, renderLandingPage } from './landing-page.js';

export interface GatewayOptions {
  /** The app: plain HTTP on this machine, `http://127.0.0.1:PORT`. */
  readonly upstream: URL;
  /**
   * A field whose value only this gateway and the upstream know: it goes along with each request, so that the upstream
   * can refuse whoever reaches its port past the gateway. Its name begins with `x-certgate-`; no client's such field goes on.
   */
  readonly upstreamToken?: UpstreamToken;
  readonly serverCertificate: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** Whose part it plays. Default `app-service`. */
  readonly frontEnd?: FrontEndName;
  /** What the front end sends in `X-Certgate-Front-End-Secret`; App Service's sends none. */
  readonly frontEndSecret?: string;
  /**
   * Default `required` for App Service. Any other front end is played as one that requests a certificate and lets callers
   * without one through: `optional`, and no exclusion paths.
   */
  readonly clientCertificateMode?: ClientCertificateMode;
  /** Case-insensitive prefixes, as on Azure: `/public` also excludes `/publicadmin`. */
  readonly exclusionPaths?: readonly string[];
  /** Default `127.0.0.1`. Anything but loopback needs `unsafeListen`. */
  readonly host?: string;
  readonly unsafeListen?: boolean;
  /** Default 0: a free one. */
  readonly port?: number;
  /**
   * Unkind where the front end's behaviour isn't documented. For App Service, a client's own `X-ARR-ClientCert` (also
   * `X_ARR_ClientCert`) reaches the app: alone when no certificate is sent on, else as a first value before the true one.
   * And a path is excluded when it is so in either reading, as sent or as normalized.
   */
  readonly worstCase?: boolean;
  readonly onExchange?: ExchangeListener;
  /** HTML for a browser's `GET /`; `false` sends that to the app like any other request. */
  readonly landingPage?: LandingPage | false;
  readonly limits?: Partial<GatewayLimits>;
}

export interface GatewaySettings {
  readonly upstream: URL;
  readonly upstreamToken: UpstreamToken | undefined;
  readonly serverCertificate: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly frontEnd: FrontEndName;
  readonly frontEndSecret: string | undefined;
  readonly mode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly host: string;
  readonly unsafeListen: boolean;
  readonly port: number;
  readonly worstCase: boolean;
  readonly onExchange: ExchangeListener | undefined;
  readonly landingPage: LandingPage | undefined;
  readonly limits: GatewayLimits;
}

const knownOptions: ReadonlySet<string> = new Set<keyof GatewayOptions>([
  'upstream',
  'upstreamToken',
  'serverCertificate',
  'frontEnd',
  'frontEndSecret',
  'clientCertificateMode',
  'exclusionPaths',
  'host',
  'unsafeListen',
  'port',
  'worstCase',
  'onExchange',
  'landingPage',
  'limits',
]);

/** @throws TypeError for an unknown option, an unusable value, or an address that would open the gateway to a network. */
export function resolveGatewayOptions(options: GatewayOptions): GatewaySettings {
  for (const name of Object.keys(options)) {
    if (!knownOptions.has(name)) {
      throw new TypeError(`Gateway: unknown option "${name}". Known options: ${[...knownOptions].join(', ')}.`);
    }
  }
  const frontEnd = resolveFrontEnd(options);
  const unsafeListen = requireBoolean('unsafeListen', options.unsafeListen);
  const host = options.host ?? '127.0.0.1';
  if (!unsafeListen && !isLoopbackHost(host)) {
    throw new TypeError(
      `Gateway: host "${host}" is not this machine alone. Use 127.0.0.1 or ::1, or unsafeListen (--unsafe-listen).`,
    );
  }
  const port = options.port ?? 0;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('Gateway: port must be 0 to 65535.');
  checkUpstream(options.upstream);
  checkUpstreamToken(options.upstreamToken);
  checkServerCertificate(options.serverCertificate);
  return Object.freeze({
    upstream: options.upstream,
    upstreamToken: options.upstreamToken,
    serverCertificate: options.serverCertificate,
    ...frontEnd,
    exclusionPaths: resolveExclusionPaths(options.exclusionPaths ?? []),
    host,
    unsafeListen,
    port,
    worstCase: requireBoolean('worstCase', options.worstCase),
    onExchange: options.onExchange,
    landingPage: options.landingPage === false ? undefined : (options.landingPage ?? renderLandingPage),
    limits: resolveGatewayLimits(options.limits),
  });
}

function resolveFrontEnd({
  frontEnd = 'app-service',
  frontEndSecret,
  clientCertificateMode,
  exclusionPaths = [],
}: GatewayOptions): Pick<GatewaySettings, 'frontEnd' | 'frontEndSecret' | 'mode'> {
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
  return { frontEnd, frontEndSecret, mode };
}

function checkFrontEndSecret(secret: string, isAppService: boolean): void {
  if (isAppService) throw new TypeError("Gateway: App Service's front end sends no frontEndSecret.");
  try {
    expectSecret(secret);
  } catch (cause) {
    throw new TypeError(`Gateway: frontEndSecret is not valid: ${(cause as Error).message}`, { cause });
  }
}

/** A caller without types may hand over the text "false". */
function requireBoolean(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`Gateway: ${name} must be true or false.`);
  return value === true;
}

function resolveExclusionPaths(paths: readonly string[]): readonly string[] {
  for (const path of paths) {
    if (!isExclusionPath(path)) {
      throw new TypeError(`Gateway: exclusion path ${JSON.stringify(path)} must be one path that starts with "/".`);
    }
  }
  return Object.freeze([...paths]);
}

function checkUpstream(upstream: URL): void {
  if (!isUpstreamUrl(upstream)) {
    throw new TypeError(
      `Gateway: upstream "${upstream.href}" must be http://, a loopback address and a port, nothing more.`,
    );
  }
}

/** A name without the prefix would not be taken off what a client sends. */
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

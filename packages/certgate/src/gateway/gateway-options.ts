import { BlockList, isIP } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { clientCertificateModes, type ClientCertificateMode } from './client-certificate-mode.js';
import type { GatewayExchange } from './gateway-exchange.js';
import { renderLandingPage, type LandingPage } from './landing-page.js';
import { resolveGatewayLimits, type GatewayLimits } from './limits.js';

export interface GatewayOptions {
  /** The app: plain HTTP on this machine, `http://127.0.0.1:PORT`. */
  readonly upstream: URL;
  readonly serverCertificate: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** Default `required`. */
  readonly clientCertificateMode?: ClientCertificateMode;
  /** Case-insensitive prefixes, as on Azure: `/public` also excludes `/publicadmin`. */
  readonly exclusionPaths?: readonly string[];
  /** Default `127.0.0.1`. Anything but loopback needs `unsafeListen`. */
  readonly host?: string;
  readonly unsafeListen?: boolean;
  /** Default 0: a free one. */
  readonly port?: number;
  /**
   * Unkind where Azure's behaviour isn't documented. A client's own `X-ARR-ClientCert` (also `X_ARR_ClientCert`)
   * reaches the app: alone when no certificate is sent on, else as a first value before the true one. And a path is
   * excluded when it is so in either reading, as sent or as normalized.
   */
  readonly worstCase?: boolean;
  readonly onExchange?: (exchange: GatewayExchange) => void;
  /** HTML for a browser's `GET /`; `false` sends that to the app like any other request. */
  readonly landingPage?: LandingPage | false;
  readonly limits?: Partial<GatewayLimits>;
}

export interface GatewaySettings {
  readonly upstream: URL;
  readonly serverCertificate: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly mode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly host: string;
  readonly unsafeListen: boolean;
  readonly port: number;
  readonly worstCase: boolean;
  readonly onExchange: ((exchange: GatewayExchange) => void) | undefined;
  readonly landingPage: LandingPage | undefined;
  readonly limits: GatewayLimits;
}

const knownOptions: ReadonlySet<string> = new Set<keyof GatewayOptions>([
  'upstream',
  'serverCertificate',
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
  const mode = options.clientCertificateMode ?? 'required';
  if (!clientCertificateModes.includes(mode)) {
    throw new TypeError(`Gateway: clientCertificateMode must be one of ${clientCertificateModes.join(', ')}.`);
  }
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
  checkServerCertificate(options.serverCertificate);
  return Object.freeze({
    upstream: options.upstream,
    serverCertificate: options.serverCertificate,
    mode,
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

/** A caller without types may hand over the text "false". */
function requireBoolean(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`Gateway: ${name} must be true or false.`);
  return value === true;
}

function resolveExclusionPaths(paths: readonly string[]): readonly string[] {
  for (const path of paths) {
    if (!/^\/[\x21-\x7e]*$/.test(path) || /[,;?#]/.test(path)) {
      throw new TypeError(`Gateway: exclusion path ${JSON.stringify(path)} must be one path that starts with "/".`);
    }
  }
  return Object.freeze([...paths]);
}

/** The certificate header travels to the app in the clear, where nobody else may read or write on the way. */
function checkUpstream(upstream: URL): void {
  const isBareOrigin = `${upstream.origin}/` === upstream.href;
  if (upstream.protocol !== 'http:' || !isBareOrigin || !isLoopbackHost(upstream.hostname)) {
    throw new TypeError(
      `Gateway: upstream "${upstream.href}" must be http://, a loopback address and a port, nothing more.`,
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

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `localhost` is accepted by name; where it led to is checked again once the gateway listens. */
export function isLoopbackHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  if (address === 'localhost') return true;
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

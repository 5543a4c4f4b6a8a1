import type { Certificates } from './callers.js';
import { reasonToSkip, startProxy } from './proxies.js';
import { type ProxyName } from './proxy-programs.js';
import { type Fields, secretField, wireForms } from './wire-forms.js';

/** A front end that runs before a host. */
export interface RunningFrontEnd {
  readonly port: number;
  stop(): Promise<void>;
}

/** A row of the matrix. */
export interface MatrixFrontEnd {
  /** The option `frontEnd` of the app. */
  readonly frontEnd: string;
  /** What runs, for the table. */
  readonly program: string;
  readonly needsSecret: boolean;
  /** Why it can't run here. */
  readonly skip: string | false;
  /** Whether it ends a request with an expired certificate itself, with 400 or in the handshake. */
  readonly refusesExpired: boolean;
  /** The fields that it sends for a caller, without the secret. */
  readonly encode: (caller: Certificates['callers']['pinned']) => Fields;
  readonly start: (upstreamPort: number, certificates: Certificates, secret: string) => Promise<RunningFrontEnd>;
}

const proxied: readonly (readonly [frontEnd: string, proxy: ProxyName])[] = [
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['caddy', 'caddy'],
  ['rfc9440', 'apache'],
];

export const matrixFrontEnds: readonly MatrixFrontEnd[] = proxied.map(([frontEnd, proxy]) => {
  const { encode, expired, verification } = wireForms[proxy];
  return {
    frontEnd,
    program: proxy,
    needsSecret: true,
    skip: reasonToSkip(proxy),
    refusesExpired: expired !== 'handed on',
    encode: (caller) => ({ ...encode(caller.certificates), ...verification['any-certificate'].with }),
    start: (upstreamPort, certificates, frontEndSecret) =>
      startProxy(proxy, 'any-certificate', { certificates, upstreamPort, frontEndSecret }),
  };
});

export { secretField };

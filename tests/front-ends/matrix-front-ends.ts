import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FrontEndName } from '@certgate/core';
import { type FrontEndForm, frontEndForms, writeVerified } from '@certgate/core/test-support/front-end-forms.js';
import type * as gatewayModule from '../../packages/certgate/dist/esm/local/gateway/gateway.js';
import { root } from '../test-support/certgate.js';
import type { Certificates } from './callers.js';
import { reasonToSkip, startProxy } from './proxies.js';
import { type ProxyName, proxyNames } from './proxy-programs.js';
import { type Fields, wireForms } from './wire-forms.js';

// No package exports it, and the compiled test stands one folder deeper than its source.
const { startGateway } = (await import(
  pathToFileURL(join(root, 'packages/certgate/dist/esm/local/gateway/gateway.js')).href
)) as typeof gatewayModule;

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

/** The front end that each proxy is. */
const proxied: Readonly<Record<ProxyName, FrontEndName>> = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  caddy: 'caddy',
  apache: 'rfc9440',
};

/** No front end: callers connect to the server itself. */
export const directTls: MatrixFrontEnd = {
  frontEnd: 'direct-tls',
  program: 'none',
  needsSecret: false,
  skip: false,
  refusesExpired: false,
  encode: () => ({}),
  start: (port) => Promise.resolve({ port, stop: () => Promise.resolve() }),
};

/** Front ends that don't run here: the tool's own gateway writes what they write. */
const played = frontEndForms.filter(({ frontEnd }) => !Object.values<string>(proxied).includes(frontEnd.name));

export const matrixFrontEnds: readonly MatrixFrontEnd[] = [...played.map(playFrontEnd), ...proxyNames.map(runProxy)];

function runProxy(proxy: ProxyName): MatrixFrontEnd {
  const { encode, expired, verification } = wireForms[proxy];
  return {
    frontEnd: proxied[proxy],
    program: proxy,
    needsSecret: true,
    skip: reasonToSkip(proxy),
    refusesExpired: expired !== 'handed on',
    encode: (caller) => ({ ...encode(caller.certificates), ...verification['any-certificate'].with }),
    start: (upstreamPort, certificates, frontEndSecret) =>
      startProxy(proxy, 'any-certificate', { certificates, upstreamPort, frontEndSecret }),
  };
}

function playFrontEnd(form: FrontEndForm): MatrixFrontEnd {
  const frontEnd = form.frontEnd.name;
  const needsSecret = form.frontEnd.needsProof;
  return {
    frontEnd,
    program: 'certgate gateway',
    needsSecret,
    skip: false,
    refusesExpired: false,
    encode: ({ certificates: [leaf] }) => (leaf === undefined ? {} : writeVerified(form, leaf.der)),
    start: async (upstreamPort, { server }, frontEndSecret) => {
      const gateway = await startGateway({
        upstream: new URL(`http://127.0.0.1:${upstreamPort}`),
        serverCertificate: { certificatePem: server.cert, privateKeyPem: server.key },
        frontEnd: frontEnd as FrontEndName,
        ...(needsSecret ? { frontEndSecret } : { clientCertificateMode: 'optional' }),
      });
      return { port: Number(new URL(gateway.url).port), stop: () => gateway.close() };
    },
  };
}

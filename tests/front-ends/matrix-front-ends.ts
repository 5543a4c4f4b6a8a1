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

// No package exports this file. The path starts at the root, because the compiled test is one folder deeper than its
// source.
const { startGateway } = (await import(
  pathToFileURL(join(root, 'packages/certgate/dist/esm/local/gateway/gateway.js')).href
)) as typeof gatewayModule;

/** A front end that is running in front of a host. */
export interface RunningFrontEnd {
  readonly port: number;
  stop(): Promise<void>;
}

/** A row of the matrix. */
export interface MatrixFrontEnd {
  /** The value of the app's option `frontEnd`. */
  readonly frontEnd: string;
  /** The program that runs as the front end, for the printed table. */
  readonly program: string;
  readonly needsSecret: boolean;
  /** Why the front end can't run on this machine, or false. */
  readonly skip: string | false;
  /** Whether the front end itself refuses an expired certificate, with status 400 or in the handshake. */
  readonly refusesExpired: boolean;
  /** The header fields that the front end sends for a caller, without the secret. */
  readonly encode: (caller: Certificates['callers']['pinned']) => Fields;
  readonly start: (upstreamPort: number, certificates: Certificates, secret: string) => Promise<RunningFrontEnd>;
}

/** The value of `frontEnd` for each proxy. */
const proxied: Readonly<Record<ProxyName, FrontEndName>> = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  caddy: 'caddy',
  apache: 'rfc9440',
};

/** No front end: callers connect directly to the server. */
export const directTls: MatrixFrontEnd = {
  frontEnd: 'direct-tls',
  program: 'none',
  needsSecret: false,
  skip: false,
  refusesExpired: false,
  encode: () => ({}),
  start: (port) => Promise.resolve({ port, stop: () => Promise.resolve() }),
};

/** Front ends that don't run in these tests. The tool's own gateway writes their fields in their place. */
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

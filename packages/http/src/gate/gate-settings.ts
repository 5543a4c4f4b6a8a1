import {
  describeFrontEnd,
  deny,
  type Denial,
  type FindField,
  type FrontEndOptions,
  frontEndOverride,
  type GateOptions as CoreGateOptions,
  type CertificateExtraction,
  type FrontEndName,
  type GateStatus,
  readGateOptions,
  readVariable,
  resolveFrontEnd,
  invalidArgument,
} from '@certgate/core';
import { AnonymousRoutes } from './anonymous-routes.js';
import { expectFunctionName } from './call-requirement.js';
import { TlsCertificateReader } from './tls-certificate.js';

/**
 * Writes the lines about decisions. `console` can be used, and so can the loggers of pino, winston and Fastify.
 */
export interface GateLog {
  /** Writes a line about an admitted call, or about the state of the gate. */
  info(line: string): void;
  /** Writes a line about a refused call, or about something that needs attention. */
  warn(line: string): void;
}

/** The options of `createGate`. Only `trustStore` is required. */
export interface GateOptions extends Omit<CoreGateOptions, 'frontEnd'> {
  /**
   * What ends TLS and says who calls. With `direct-tls`, there is no front end: the callers' TLS connections end in
   * this process, and the certificate is read from them. The option may be left out on App Service. On other platforms,
   * every call of a closed route is refused until the front end is named, here or by the environment variable
   * CERTGATE_FRONT_END, and, unless it is `direct-tls` or App Service's own, has a `frontEndSecret` or a
   * `frontEndIsolation`.
   */
  readonly frontEnd?: FrontEndName | 'direct-tls';
  /** The name of this server in log lines, and in `functions` of the trust document. By default `http`. */
  readonly functionName?: string;
  /** The routes that everybody may call, by method and path: `['GET /health']`. There are no patterns. */
  readonly allowAnonymous?: readonly string[];
  /** The object that writes the lines; by default `console`. The lines at start always go to the console. */
  readonly log?: GateLog;
}

/** The checked options of a gate. */
export interface GateSettings {
  readonly options: CoreGateOptions;
  readonly isDirectTls: boolean;
  readonly functionName: string;
  readonly anonymousRoutes: AnonymousRoutes;
  readonly log: GateLog;
}

const owner = { who: 'createGate', more: ['functionName', 'allowAnonymous', 'log'] };

/** @throws {CertgateError} if an option is unknown, or if the value of an option or environment variable is not allowed. */
export function readGateSettings(given: unknown): GateSettings {
  const isDirectTls = isDirect(given);
  const from = { ...owner, environment: process.env };
  const checked = readGateOptions(isDirectTls ? withoutFrontEnd(given) : given, from);
  const options = checked as CoreGateOptions & Omit<GateOptions, 'frontEnd'>;
  const { functionName = 'http', allowAnonymous = [], log = console } = options;
  if (!isLog(log)) throw invalidArgument('The log of createGate is an object with info and warn, such as console.');
  return {
    options,
    isDirectTls,
    functionName: expectFunctionName(functionName, 'the gate'),
    anonymousRoutes: new AnonymousRoutes(allowAnonymous),
    log,
  };
}

function isDirect(given: unknown): given is object & { readonly frontEnd: 'direct-tls' } {
  return (
    typeof given === 'object' &&
    given !== null &&
    Object.hasOwn(given, 'frontEnd') &&
    (given as { readonly frontEnd: unknown }).frontEnd === 'direct-tls'
  );
}

/** Options about a front end. With `direct-tls`, each of them is a mistake. */
const ofFrontEnds = ['frontEndSecret', 'frontEndIsolation', 'forwardedElements', frontEndOverride] as const;

function withoutFrontEnd(given: object): object {
  const { frontEnd, ...rest } = given as FrontEndOptions & object;
  const useless = ofFrontEnds.find((name) => Object.hasOwn(rest, name));
  if (useless !== undefined)
    throw invalidArgument(
      `createGate was given ${String(useless)}, which the frontEnd "${String(frontEnd)}" has no use for.`,
    );
  return rest;
}

function isLog(log: unknown): log is GateLog {
  const { info, warn } = Object(log) as { readonly info?: unknown; readonly warn?: unknown };
  return typeof info === 'function' && typeof warn === 'function';
}

/** What a decision may be based on. */
export interface RequestSource {
  readonly findField: FindField;
  /** The connection. Undefined if there is none. Only direct TLS reads it. */
  readonly socket: unknown;
}

/** How the caller's certificate is found, or why every call is refused. */
export type CertificateSource =
  | {
      readonly outcome: 'known';
      /** The description for the status lines. */
      readonly frontEnd: Pick<GateStatus, 'frontEnd' | 'frontEndProof'>;
      /** The field with the caller's certificate. Undefined if TLS ends in this process. */
      readonly certificateField: string | undefined;
      readonly read: (source: RequestSource) => CertificateExtraction | Denial;
    }
  | (Denial & { readonly code: 'front_end_unknown' | 'front_end_contradicted' | 'front_end_unproven' });

/** Finds the source of certificates. The gate keeps the result once it has started. */
export function resolveCertificateSource({ options, isDirectTls }: GateSettings): CertificateSource {
  if (isDirectTls) return resolveDirectTls(options);
  const frontEnd = resolveFrontEnd(options, process.env, 'server');
  if (frontEnd.outcome === 'denied') return frontEnd;
  const { reader } = frontEnd;
  return {
    outcome: 'known',
    frontEnd: describeFrontEnd(frontEnd),
    certificateField: reader.fields[0],
    read: ({ findField }) => reader.read(findField),
  };
}

function resolveDirectTls({ acceptForwardedChain }: CoreGateOptions): CertificateSource {
  const setting = frontEndSettings.find((name) => readVariable(process.env, name) !== undefined);
  if (setting !== undefined) {
    return deny('front_end_contradicted', { problem: 'direct_tls', setting });
  }
  const certificates = new TlsCertificateReader(acceptForwardedChain === true);
  return {
    outcome: 'known',
    frontEnd: { frontEnd: 'direct-tls' },
    certificateField: undefined,
    read: ({ socket }) => certificates.read(socket),
  };
}

const frontEndSettings = ['CERTGATE_FRONT_END', 'CERTGATE_FRONT_END_SECRET', 'CERTGATE_FRONT_END_ISOLATION'];

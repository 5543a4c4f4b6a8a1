import { resolve } from 'node:path';
import type { FrontEndName } from '@certgate/core/internal';
import { clientCertificateModes, type ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import type { CallerGrant, StartLocalAppMessage } from '../local-app-protocol.js';
import { expectKnownKeys, expectObject, expectText, expectTexts, invalidInput } from './local-app-error.js';

/** Callers that always exist. The names mean the same in `certgate dev --check`. */
export const undeclaredCallers = ['none', 'denied'] as const;

/** The app setting from which the app's own code reads the place of its trust document. */
const trustSetting = 'CERTGATE_TRUST';

const optionNames = ['folder', 'callers', 'environment', 'frontEnd', 'clientCertificateMode', 'onLog'];

/** @throws {LocalAppError} if an option is not valid; the message names it and its permitted values. */
export function readOptions(options: unknown): Omit<StartLocalAppMessage, 'kind'> {
  const given = expectObject(options, 'its argument');
  expectKnownKeys(given, optionNames, 'its argument');
  const callers = readCallers(given['callers']);
  const environment = readEnvironment(given['environment']);
  if (Object.keys(environment).some((name) => name.toUpperCase() === trustSetting) && Object.keys(callers).length > 0) {
    throw invalidInput(`${trustSetting} is made from callers. Leave out one of the two.`);
  }
  const frontEnd = readFrontEnd(given['frontEnd']);
  const clientCertificateMode = readMode(given['clientCertificateMode']);
  if (frontEnd !== undefined && frontEnd !== 'app-service' && clientCertificateMode !== 'optional') {
    throw invalidInput(`clientCertificateMode is for app-service; leave it out with ${frontEnd}.`);
  }
  return {
    folder: resolve(expectText(given['folder'], 'folder')),
    callers,
    environment,
    clientCertificateMode,
    ...(frontEnd === undefined ? {} : { frontEnd }),
  };
}

function readCallers(value: unknown): Readonly<Record<string, CallerGrant>> {
  if (value === undefined) return {};
  const callers = Object.entries(expectObject(value, 'callers'));
  return Object.fromEntries(callers.map(([name, grant]) => [name, readGrant(name, grant)]));
}

function readGrant(name: string, value: unknown): CallerGrant {
  if (undeclaredCallers.some((undeclared) => undeclared === name)) {
    throw invalidInput(`the caller "${name}" is always there and never trusted; choose another name.`);
  }
  const what = `callers.${name}`;
  const grant = expectObject(value, what);
  expectKnownKeys(grant, ['roles', 'functions'], what);
  // A member that is `undefined` is refused. Otherwise `functions: settings.functions` could open every function by
  // mistake.
  return Object.fromEntries(Object.entries(grant).map(([key, texts]) => [key, expectTexts(texts, `${what}.${key}`)]));
}

function readEnvironment(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const settings = Object.entries(expectObject(value, 'environment'));
  return Object.fromEntries(
    settings.map(([name, text]) => {
      if (typeof text === 'string') return [name, text];
      throw invalidInput(`environment.${name} must be a string, as every app setting is.`);
    }),
  );
}

function readFrontEnd(value: unknown): FrontEndName | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && Object.hasOwn(frontEnds, value)) return value as FrontEndName;
  throw invalidInput(`frontEnd must be one of ${Object.keys(frontEnds).join(', ')}.`);
}

function readMode(value: unknown): ClientCertificateMode {
  if (value === undefined) return 'optional';
  const mode = clientCertificateModes.find((known) => known === value);
  if (mode !== undefined) return mode;
  throw invalidInput(`clientCertificateMode must be one of ${clientCertificateModes.join(', ')}.`);
}

/**
 * The names are written out here, because a user's test would otherwise load core a second time. The compiler checks
 * that the list is complete.
 */
const frontEnds: Readonly<Record<FrontEndName, true>> = {
  'app-service': true,
  'application-gateway': true,
  envoy: true,
  nginx: true,
  haproxy: true,
  caddy: true,
  traefik: true,
  rfc9440: true,
};

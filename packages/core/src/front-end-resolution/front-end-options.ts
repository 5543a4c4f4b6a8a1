import { invalidArgument } from '@certgate/x509/internal';
import { type Environment, readVariable } from './host-environment.js';
import { expectSecret, type FrontEndSecretOption } from './front-end-secret.js';
import { type FrontEndName, frontEndNames } from '../front-ends/front-end-table.js';

/**
 * What keeps everybody but the front end from reaching the app. The operator states it, and nothing checks it.
 *
 * | value | the operator says |
 * |---|---|
 * | `ingress` | the platform's ingress is the only way to the app's port |
 * | `access-restrictions` | App Service's access restrictions admit only the front end's addresses |
 * | `private-network` | only the front end is on the app's network, or rules have the same effect |
 * | `loopback` | the app listens on the loopback interface of the front end's own machine, which nobody else uses |
 */
export const frontEndIsolations = ['ingress', 'access-restrictions', 'private-network', 'loopback'] as const;

/** What keeps everybody but the front end from reaching the app: see `frontEndIsolations`. */
export type FrontEndIsolation = (typeof frontEndIsolations)[number];

/** Apps import it under the name `unsafeTrustCertificateHeaderFromAnywhere`. */
export const frontEndOverride: unique symbol = Symbol.for('certgate/unsafe-trust-certificate-header-from-anywhere');

/** The options of an adapter that say which front end the app has, and what shows that requests come through it. */
export interface FrontEndOptions {
  readonly frontEnd?: FrontEndName;
  readonly frontEndSecret?: FrontEndSecretOption | undefined;
  readonly frontEndIsolation?: FrontEndIsolation;
  /** For `envoy` only: the exact number of elements in its header, of which the last is used. Default 1. */
  readonly forwardedElements?: number;
  /**
   * Whether CA certificates that callers send may be part of a certification path. By default, only those of the trust
   * document may.
   */
  readonly acceptForwardedChain?: true;
  readonly [frontEndOverride]?: true;
}

/** The keys of `FrontEndOptions`. */
export const frontEndOptionNames: readonly (string | symbol)[] = [
  'frontEnd',
  'frontEndSecret',
  'frontEndIsolation',
  'forwardedElements',
  'acceptForwardedChain',
  frontEndOverride,
];

/**
 * The environment variable (an app setting in Azure) that names the front end if the code doesn't. If both name one and
 * they differ, or if its value is not valid, every call is refused.
 */
export const frontEndSetting = 'CERTGATE_FRONT_END';
/** The environment variable of `frontEndSecret`: one value, or two with a space between them. */
export const secretSetting = 'CERTGATE_FRONT_END_SECRET';
/** The environment variable of `frontEndIsolation`. */
export const isolationSetting = 'CERTGATE_FRONT_END_ISOLATION';

/** What the environment variables say. `fault` is one sentence if they are not valid, and undefined otherwise. */
export interface FrontEndSettings {
  readonly frontEnd: FrontEndName | undefined;
  readonly secret: FrontEndSecretOption | undefined;
  /** Whether the variable exists and is empty. */
  readonly isSecretEmpty: boolean;
  readonly isolation: FrontEndIsolation | undefined;
  readonly fault: string | undefined;
}

const nothingSet: FrontEndSettings = Object.freeze({
  frontEnd: undefined,
  secret: undefined,
  isSecretEmpty: false,
  isolation: undefined,
  fault: undefined,
});

/** Never throws: an unknown value becomes a fault, which is reported at the start and refuses every call. */
export function readFrontEndSettings(environment: Environment): FrontEndSettings {
  const [frontEnd, isolation] = [
    readVariable(environment, frontEndSetting),
    readVariable(environment, isolationSetting),
  ];
  const secrets = readVariable(environment, secretSetting)?.split(' ');
  const fault =
    findChoiceFault(`The environment variable ${frontEndSetting}`, frontEnd, frontEndNames) ??
    findChoiceFault(`The environment variable ${isolationSetting}`, isolation, frontEndIsolations) ??
    (secrets === undefined ? undefined : findSecretFault(`The environment variable ${secretSetting}`, secrets));
  if (fault !== undefined) return { ...nothingSet, fault };
  return {
    frontEnd: frontEnd as FrontEndName | undefined,
    secret: secrets as readonly string[] as readonly [string, string] | undefined,
    isSecretEmpty: Object.hasOwn(environment, secretSetting) && environment[secretSetting] === '',
    isolation: isolation as FrontEndIsolation | undefined,
    fault: undefined,
  };
}

/**
 * Checks the options that `who` was given, and the app settings.
 *
 * @throws {CertgateError} if a value is not allowed.
 */
export function expectFrontEndOptions(
  who: string,
  own: Readonly<Record<string | symbol, unknown>>,
  environment: Environment,
): void {
  const { frontEndSecret } = own;
  const fault =
    ('frontEnd' in own ? findChoiceFault(`frontEnd of ${who}`, own['frontEnd'], frontEndNames) : undefined) ??
    ('frontEndIsolation' in own
      ? findChoiceFault(`frontEndIsolation of ${who}`, own['frontEndIsolation'], frontEndIsolations)
      : undefined) ??
    (frontEndSecret === undefined ? undefined : findSecretFault(`frontEndSecret of ${who}`, frontEndSecret)) ??
    ('forwardedElements' in own ? findElementsFault(who, own) : undefined) ??
    ('acceptForwardedChain' in own && own['acceptForwardedChain'] !== true
      ? `acceptForwardedChain of ${who} can only be true, or be left out.`
      : undefined) ??
    (frontEndOverride in own && own[frontEndOverride] !== true
      ? 'unsafeTrustCertificateHeaderFromAnywhere can only be true, or be left out.'
      : undefined) ??
    readFrontEndSettings(environment).fault;
  if (fault !== undefined) throw invalidArgument(fault);
}

function findChoiceFault(subject: string, value: unknown, known: readonly string[]): string | undefined {
  if (value === undefined && subject.startsWith('The environment variable')) return undefined;
  if (known.some((name) => name === value)) return undefined;
  return `${subject} is ${JSON.stringify(value)}; it must be one of ${known.join(', ')}.`;
}

const maximumElements = 8;

function findElementsFault(
  who: string,
  { frontEnd, forwardedElements: count }: Readonly<Record<string, unknown>>,
): string | undefined {
  if (frontEnd !== 'envoy') return `forwardedElements of ${who} is for the frontEnd envoy.`;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= maximumElements) return undefined;
  return `forwardedElements of ${who} is not a whole number from 1 to ${maximumElements}.`;
}

/** The fault of a secret. It must never contain the value. */
function findSecretFault(subject: string, value: unknown): string | undefined {
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
  try {
    if (typeof value === 'string' || isList) expectSecret(value as FrontEndSecretOption);
    else return `${subject} is not text.`;
    return undefined;
  } catch (error) {
    return `${subject} is not valid: ${(error as Error).message}`;
  }
}

import { readMember, invalidArgument } from '@certgate/x509/internal';
import {
  expectFrontEndOptions,
  type FrontEndOptions,
  frontEndOptionNames,
  frontEndOverride,
} from '../front-end-resolution/front-end-options.js';
import type { Environment } from '../front-end-resolution/host-environment.js';
import { type DecisionLogChoice, decisionLogChoices } from '../log/decision-log.js';
import { expectLockSetting } from './lock-setting.js';
import { describeStores, type StoreDescription } from '../trust-store/listed-documents.js';
import type { TrustStore } from '../trust-store/trust-store.js';

/** The options that every host's gate has. */
export interface GateOptions extends FrontEndOptions {
  readonly trustStore: TrustStore;
  readonly decisionLog?: DecisionLogChoice;
  /** Whether the line about an unknown certificate shows its subject, issuer and other names. By default true. */
  readonly strangerNames?: boolean;
}

/** An adapter that reads its options. */
export interface OptionsOwner {
  /** The function that takes the options, for messages. */
  readonly who: string;
  /** The options that only this adapter has. It checks their values itself. */
  readonly more: readonly string[];
  readonly environment: Environment;
}

/**
 * Checks the options and returns a frozen copy of their own members. The caller's object may change later, and nobody
 * wrote what it inherits.
 *
 * @throws {CertgateError} if an option is unknown, or if the value of an option or app setting is not allowed.
 */
export function readGateOptions(options: unknown, { who, more, environment }: OptionsOwner): GateOptions {
  if (!isObject(options)) throw invalidArgument(`${who} needs options: { trustStore }.`);
  const known = ['trustStore', 'decisionLog', 'strangerNames', ...more, ...frontEndOptionNames];
  const own: Readonly<Record<string | symbol, unknown>> = Object.assign(
    Object.create(null) as object as Record<string | symbol, unknown>,
    options,
  );
  const unknown = Reflect.ownKeys(own).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw invalidArgument(
      `${who} has no option ${String(unknown)}; its options are ${known.filter((key) => typeof key === 'string').join(', ')}.`,
    );
  }
  const missing = more.find((name) => name in own && own[name] === undefined);
  if (missing !== undefined)
    throw invalidArgument(`${missing} of ${who} is undefined. Give it a value, or leave the option out.`);
  expectTrustStore(who, own['trustStore']);
  expectFrontEndOptions(who, own, environment);
  expectLockSetting(environment);
  if ('decisionLog' in own) expectDecisionLog(who, own['decisionLog']);
  if ('strangerNames' in own && typeof own['strangerNames'] !== 'boolean')
    throw invalidArgument(`strangerNames of ${who} must be true or false.`);
  return Object.freeze(own) as object as GateOptions;
}

/**
 * What the app's code sets, for tools: each option as it was given, or its default. For a secret, only whether one was
 * given.
 */
export interface GateDescription {
  readonly frontEnd: NonNullable<FrontEndOptions['frontEnd']> | null;
  /** Also true if the option is undefined because the variable that it is read from is not set. */
  readonly frontEndSecret: boolean;
  readonly frontEndIsolation: NonNullable<FrontEndOptions['frontEndIsolation']> | null;
  readonly forwardedElements: number | null;
  readonly acceptForwardedChain: boolean;
  readonly unsafeTrustCertificateHeaderFromAnywhere: boolean;
  readonly decisionLog: DecisionLogChoice;
  readonly strangerNames: boolean;
  readonly stores: readonly StoreDescription[];
}

/** Describes options that `readGateOptions` returned. */
export function describeGateOptions(options: GateOptions): GateDescription {
  const { frontEnd, frontEndIsolation, forwardedElements, acceptForwardedChain } = options;
  const { decisionLog = 'all', strangerNames = true } = options;
  return Object.freeze({
    frontEnd: frontEnd ?? null,
    frontEndSecret: Object.hasOwn(options, 'frontEndSecret'),
    frontEndIsolation: frontEndIsolation ?? null,
    forwardedElements: forwardedElements ?? null,
    acceptForwardedChain: acceptForwardedChain === true,
    unsafeTrustCertificateHeaderFromAnywhere: options[frontEndOverride] === true,
    decisionLog,
    strangerNames,
    stores: describeStores(options.trustStore),
  });
}

function expectTrustStore(who: string, trustStore: unknown): void {
  if (isObject(trustStore) && typeof readMember(trustStore, 'find') === 'function') return;
  throw invalidArgument(
    `${who} needs a trustStore: trustStoreFrom(process.env.CERTGATE_TRUST), or an object with a find method.`,
  );
}

function expectDecisionLog(who: string, decisionLog: unknown): void {
  if (decisionLogChoices.some((choice) => choice === decisionLog)) return;
  throw invalidArgument(
    `${who} does not know the decisionLog ${JSON.stringify(decisionLog)}; it must be one of ${decisionLogChoices.join(', ')}.`,
  );
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

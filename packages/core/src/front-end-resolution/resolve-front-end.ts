// front-end-resolution/: which front end an app has, and what proves that a request came through it.

import { copyOwn } from '@certgate/x509/internal';
import { type Denial, deny } from '../denial.js';
import type { FrontEnd } from '../front-ends/front-end.js';
import {
  type FrontEndIsolation,
  type FrontEndOptions,
  type FrontEndSettings,
  frontEndOverride,
  readFrontEndSettings,
} from './front-end-options.js';
import {
  type Environment,
  isDevelopment,
  isOnAzure,
  listFlexConsumptionMarks,
  listHostMarks,
  listPresent,
  neverOnAppService,
  otherPlatforms,
  readVariable,
} from './host-environment.js';
import { FrontEndSecret } from './front-end-secret.js';
import { findFrontEnd, type FrontEndName, frontEndNames } from '../front-ends/front-end-table.js';
import { RequestReader } from './request-reader.js';

/** The front end that an app uses, or why it can use none. */
export type ResolvedFrontEnd =
  | {
      readonly outcome: 'known';
      readonly name: FrontEndName | 'development' | 'anywhere';
      readonly isDevelopment: boolean;
      /**
       * What shows that a request came through the front end: a secret, or the isolation that the operator named.
       * Undefined if no proof is needed.
       */
      readonly proof: 'secret' | FrontEndIsolation | undefined;
      readonly reader: RequestReader;
    }
  | FrontEndDenial;

type FrontEndDenial = Denial & {
  readonly code: 'front_end_unknown' | 'front_end_contradicted' | 'front_end_unproven';
};

/** What runs the app: the Functions host, or a server of the app's own. Only for messages. */
export type HostKind = 'functions' | 'server';

/**
 * Finds the front end. The operator names who may set the certificate's header fields, in code or by an app setting.
 * The environment may contradict that, and then every call is refused, but it never allows more. Unless the operator
 * has accepted the risk (`frontEndOverride`), the name may be left out only on App Service itself, and in Development
 * (`isDevelopment`), where the callers are the developer's own.
 */
export function resolveFrontEnd(
  given: FrontEndOptions,
  environment: Environment,
  host: HostKind = 'functions',
): ResolvedFrontEnd {
  // Only the options' own members are read, because nobody wrote what they inherit.
  const options = copyOwn(given);
  const settings = readFrontEndSettings(environment);
  if (settings.fault !== undefined)
    return deny('front_end_unknown', { problem: 'setting_not_valid', fault: settings.fault });
  const { frontEnd: inCode = settings.frontEnd } = options;
  if (inCode !== undefined && settings.frontEnd !== undefined && inCode !== settings.frontEnd) {
    const facts = { problem: 'named_twice', frontEnd: inCode, otherFrontEnd: settings.frontEnd } as const;
    return deny('front_end_contradicted', facts);
  }
  const name = inCode;
  const isAnywhere = options[frontEndOverride] === true;
  const stated = isAnywhere ? stateAnywhere(environment) : stateFrontEnd(name, environment, host);
  if (stated.outcome === 'denied') return stated;
  const frontEnd = findFrontEnd(name ?? 'app-service', options.forwardedElements);
  const secret = options.frontEndSecret ?? settings.secret;
  const isolation = options.frontEndIsolation ?? settings.isolation;
  const isWaived = isAnywhere || stated.isDevelopment;
  // If an operator sets a secret and an isolation, both are wanted. Therefore a missing secret must not leave only the
  // isolation.
  if (secret === undefined && frontEnd.needsProof && !isWaived) {
    if (Object.hasOwn(options, 'frontEndSecret')) return deny('front_end_unproven', { problem: 'secret_undefined' });
    if (settings.isSecretEmpty) return deny('front_end_unproven', { problem: 'secret_empty' });
  }
  const unproven = findProofDenial(frontEnd, { secret, isolation }, isWaived);
  if (unproven !== undefined) return unproven;
  const expected = secret === undefined ? undefined : new FrontEndSecret(secret);
  const proof = secret === undefined ? isolation : 'secret';
  return { ...stated, proof, reader: new RequestReader(frontEnd, expected, options.acceptForwardedChain === true) };
}

/**
 * Describes for people which front end the gate uses and what shows that a request came through it, or why it uses
 * none.
 */
export function describeFrontEnd(resolved: ResolvedFrontEnd): {
  readonly frontEnd?: string;
  readonly frontEndProof?: string;
  readonly frontEndFault?: FrontEndDenial['code'];
} {
  if (resolved.outcome === 'denied') return { frontEndFault: resolved.code };
  const { name, proof } = resolved;
  return { frontEnd: name, ...(proof === undefined ? {} : { frontEndProof: proof }) };
}

/** The front end by name, before it is known what shows that a request came through it. */
type StatedFrontEnd =
  | Omit<Extract<ResolvedFrontEnd, { readonly outcome: 'known' }>, 'reader' | 'proof'>
  | FrontEndDenial;

function stateAnywhere(environment: Environment): StatedFrontEnd {
  return { outcome: 'known', name: 'anywhere', isDevelopment: isDevelopment(environment) };
}

function stateFrontEnd(name: FrontEndName | undefined, environment: Environment, host: HostKind): StatedFrontEnd {
  return name === undefined ? deduceFrontEnd(environment, host) : confirmFrontEnd(name, environment);
}

/** `isWaived`: the app runs in Development, or the operator has accepted the risk. */
function findProofDenial(
  { name, needsProof }: FrontEnd,
  { secret, isolation }: Pick<FrontEndSettings, 'secret' | 'isolation'>,
  isWaived: boolean,
): FrontEndDenial | undefined {
  const isGiven = secret !== undefined || isolation !== undefined;
  if (isGiven && !needsProof) {
    const given = secret === undefined ? 'isolation' : 'secret';
    return deny('front_end_contradicted', { problem: 'proof_not_needed', frontEnd: name, given });
  }
  if (isGiven || !needsProof || isWaived) return undefined;
  return deny('front_end_unproven', { problem: 'no_proof', frontEnd: name });
}

function confirmFrontEnd(name: FrontEndName, environment: Environment): StatedFrontEnd {
  const contradicting = name === 'app-service' ? listPresent(environment, otherPlatforms) : [];
  if (contradicting.length > 0) {
    const facts = { problem: 'other_platform', frontEnd: name, platformMarks: contradicting } as const;
    return deny('front_end_contradicted', facts);
  }
  return { outcome: 'known', name, isDevelopment: isDevelopment(environment) };
}

function deduceFrontEnd(environment: Environment, host: HostKind): StatedFrontEnd {
  if (isDevelopment(environment)) return { outcome: 'known', name: 'development', isDevelopment: true };
  const contradicting = [
    ...listPresent(environment, otherPlatforms),
    ...listPresent(environment, neverOnAppService),
    ...listFlexConsumptionMarks(environment),
  ];
  if (readVariable(environment, 'WEBSITE_INSTANCE_ID') !== undefined && contradicting.length === 0) {
    return { outcome: 'known', name: 'app-service', isDevelopment: false };
  }
  return deny('front_end_unknown', {
    problem: 'not_named',
    host,
    hostMarks: listHostMarks(environment),
    isOnAzure: isOnAzure(environment),
    frontEnds: frontEndNames.filter((name) => name !== 'app-service'),
    isDevelopmentClaimed: readVariable(environment, 'AZURE_FUNCTIONS_ENVIRONMENT') === 'Development',
  });
}

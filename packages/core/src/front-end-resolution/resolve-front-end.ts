// front-end-resolution/: which front end holds for an app, and what shows that a request came by it.

import { copyOwn } from '@certgate/x509/internal';
import { type Denial, deny } from '../denial.js';
import { certificateHeaderName } from '../front-ends/app-service.js';
import type { FrontEnd } from '../front-ends/front-end.js';
import {
  type FrontEndOptions,
  type FrontEndSettings,
  frontEndOverride,
  frontEndSetting,
  isolationSetting,
  readFrontEndSettings,
  secretSetting,
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
import { RequestReader, secretHeaderName } from './request-reader.js';

/** The front end that holds for an app, or why there is none to go by. */
export type ResolvedFrontEnd =
  | {
      readonly outcome: 'known';
      readonly name: FrontEndName | 'development' | 'anywhere';
      readonly isDevelopment: boolean;
      readonly reader: RequestReader;
    }
  | FrontEndDenial;

type FrontEndDenial = Denial & {
  readonly code: 'front_end_unknown' | 'front_end_contradicted' | 'front_end_unproven';
};

/** What runs the app, for messages: the Functions host, or a server of the app's own. */
export type HostKind = 'functions' | 'server';

/**
 * Who may set the certificate's fields is said by the operator, in code or by an app setting. The environment may
 * contradict that, and then every call is refused; it never widens it. Only on App Service itself may it be left out,
 * and in Development (`isDevelopment`), where the callers are the developer's own.
 */
export function resolveFrontEnd(
  given: FrontEndOptions,
  environment: Environment,
  host: HostKind = 'functions',
): ResolvedFrontEnd {
  // What the options inherit was written by nobody.
  const options = copyOwn(given);
  const settings = readFrontEndSettings(environment);
  if (settings.fault !== undefined) return denyFrontEnd('front_end_unknown', settings.fault);
  if (differ(options.frontEnd, settings.frontEnd)) {
    return denyFrontEnd(
      'front_end_contradicted',
      `The code names another front end than the app setting ${frontEndSetting}. Leave one of the two.`,
    );
  }
  const name = options.frontEnd ?? settings.frontEnd;
  const isAnywhere = options[frontEndOverride] === true;
  const stated = isAnywhere ? stateAnywhere(environment) : stateFrontEnd(name, environment, host);
  if (stated.outcome === 'denied') return stated;
  const frontEnd = findFrontEnd(name ?? 'app-service', options.forwardedElements);
  const secret = options.frontEndSecret ?? settings.secret;
  const isolation = options.frontEndIsolation ?? settings.isolation;
  const isWaived = isAnywhere || stated.isDevelopment;
  const unproven = findProofDenial(frontEnd, { secret, isolation }, isWaived);
  if (unproven !== undefined) return unproven;
  // Whoever writes both wants both: a secret that went missing must not leave the isolation alone.
  if (secret === undefined && frontEnd.needsProof && !isWaived) {
    if (Object.hasOwn(options, 'frontEndSecret')) return denyFrontEnd('front_end_unproven', missingSecretDetail);
    if (settings.isSecretEmpty) return denyFrontEnd('front_end_unproven', emptySecretDetail);
  }
  const expected = secret === undefined ? undefined : new FrontEndSecret(secret);
  return { ...stated, reader: new RequestReader(frontEnd, expected, options.acceptForwardedChain === true) };
}

const missingSecretDetail = `frontEndSecret is given, but it is undefined: the variable that it is read from is not set, so every call is refused. Set that one or ${secretSetting}, or leave the option out.`;

const emptySecretDetail = `The app setting ${secretSetting} is there, but it is empty, so every call is refused. Give it the secret that the front end sends, or take the setting away.`;

/** The front end by name, before anything is known of what shows that a request came by it. */
type StatedFrontEnd = Omit<Extract<ResolvedFrontEnd, { readonly outcome: 'known' }>, 'reader'> | FrontEndDenial;

function stateAnywhere(environment: Environment): StatedFrontEnd {
  return { outcome: 'known', name: 'anywhere', isDevelopment: isDevelopment(environment) };
}

function stateFrontEnd(name: FrontEndName | undefined, environment: Environment, host: HostKind): StatedFrontEnd {
  return name === undefined ? deduceFrontEnd(environment, host) : confirmFrontEnd(name, environment);
}

/** `isWaived`: nobody but the operator can reach the app, or the operator has taken the danger on. */
function findProofDenial(
  { name, needsProof }: FrontEnd,
  { secret, isolation }: Pick<FrontEndSettings, 'secret' | 'isolation'>,
  isWaived: boolean,
): FrontEndDenial | undefined {
  const isGiven = secret !== undefined || isolation !== undefined;
  if (isGiven && !needsProof) {
    const given =
      secret === undefined ? `frontEndIsolation or ${isolationSetting}` : `frontEndSecret or ${secretSetting}`;
    return denyFrontEnd(
      'front_end_contradicted',
      `${given} is given, but the front end "${name}" needs neither a secret nor an isolation: the platform lets nobody past it. Take it away, or name the front end that is there.`,
    );
  }
  if (isGiven || !needsProof || isWaived) return undefined;
  return denyFrontEnd(
    'front_end_unproven',
    `Nothing shows that requests come by the front end "${name}", and whoever reaches the app past it can claim any certificate, so every call is refused. Either let it send a secret in ${secretHeaderName}, and give the same one to the app in the app setting ${secretSetting} or as frontEndSecret. Or say by frontEndIsolation or ${isolationSetting} what keeps everybody else from reaching the app: see docs/front-ends.md.`,
  );
}

function denyFrontEnd(code: FrontEndDenial['code'], detail: string): FrontEndDenial {
  return deny(code, detail);
}

function differ(inCode: string | undefined, inSetting: string | undefined): boolean {
  return inCode !== undefined && inSetting !== undefined && inCode !== inSetting;
}

function confirmFrontEnd(name: FrontEndName, environment: Environment): StatedFrontEnd {
  const contradicting = name === 'app-service' ? listPresent(environment, otherPlatforms) : [];
  if (contradicting.length > 0) {
    return denyFrontEnd(
      'front_end_contradicted',
      `The front end is said to be "${name}", but this process runs on another platform (${contradicting.join(', ')}), where anybody can set ${certificateHeaderName}.`,
    );
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
  return denyFrontEnd('front_end_unknown', describeUnknown(environment, host));
}

function describeUnknown(environment: Environment, host: HostKind): string {
  const marks = listHostMarks(environment);
  const place = marks.length === 0 ? 'no known host' : `a host that is known by ${marks.join(', ')}`;
  const unknown = `It is not known which front end sets the certificate header (${place}), so every call is refused.`;
  const remedy = describeRemedy(environment, host);
  const isMeantLocal = readVariable(environment, 'AZURE_FUNCTIONS_ENVIRONMENT') === 'Development';
  if (!isMeantLocal || host === 'server') return `${unknown} ${remedy}`;
  const why =
    marks.length > 0
      ? `this environment has ${marks.join(', ')} of another host`
      : 'nothing shows that this is a local host: it is not run by `certgate dev`, and Core Tools would have set FUNCTIONS_CORETOOLS_ENVIRONMENT and a WEBSITE_HOSTNAME of this machine';
  return `${unknown} AZURE_FUNCTIONS_ENVIRONMENT is Development, which does not count, since ${why}. On your own machine, start the app by \`npx --no-install certgate dev\` or \`func start\`. Elsewhere: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`;
}

/** Not App Service first where nothing tells of it: named in front of nothing, it lets anybody send the header. */
function describeRemedy(environment: Environment, host: HostKind): string {
  if (host === 'functions' && isOnAzure(environment))
    return `Name it by the option frontEnd: 'app-service' or the app setting ${frontEndSetting}=app-service, and only where App Service's front end is the sole way to this app; where another front end is, name that.`;
  const own = frontEndNames.filter((name) => name !== 'app-service').join(', ');
  const direct = host === 'server' ? `, or frontEnd: 'direct-tls' where TLS ends in this process` : '';
  return `Name what ends TLS in front of this app by the option frontEnd or the app setting ${frontEndSetting}: ${own}${direct}. The name app-service is for apps on Azure that can be reached by App Service's front end alone: anywhere else, every caller could claim any certificate. See docs/front-ends.md.`;
}

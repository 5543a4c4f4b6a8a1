import { mcpPath } from '#local/client/request-fields.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { parseRequestTarget } from '#local/functions-host/http/request-target.js';
import { matchRoute } from '#local/functions-host/routing/route-match.js';
import { parseRouteTemplate } from '#local/functions-host/routing/route-template.js';
import { type ClientCertificateMode, classifyRequest } from '#local/gateway/client-certificate-mode.js';
import type { Caller, CallerCertificate } from '../development-callers.js';
import { readPolicy } from '../hosted-policy.js';

/** Also one that is in no file, such as those of the inspector. */
export interface CheckedCaller extends Omit<Caller, 'certificate'> {
  readonly certificate: Pick<CallerCertificate, 'certificatePem' | 'privateKeyPem'> | undefined;
  /** Sent with each of its requests. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One caller at one function, and what must come of it. */
export interface PlannedCheck {
  readonly function: HostedFunction;
  readonly caller: CheckedCaller;
  readonly expected: ExpectedStatus;
  /** Who must answer: the front end refuses by itself where it requires a certificate and none comes. */
  readonly answeredBy: 'gateway' | 'app';
  /** Undefined: it is sent. Otherwise why it isn't, which makes it fail: sending it would run code that nobody named. */
  readonly unsafeBecause: string | undefined;
}

export type ExpectedStatus = 200 | 401 | 403;

/** How the front end before the app asks for certificates. */
export interface FrontEndBehaviour {
  readonly clientCertificateMode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
}

/**
 * Refusals are tried at every closed function. Calls that must get through run the user's code, so they are made only to
 * functions that were named.
 */
export function planChecks(
  functions: readonly HostedFunction[],
  callers: readonly CheckedCaller[],
  namesToCall: readonly string[],
  frontEnd: FrontEndBehaviour,
): readonly PlannedCheck[] {
  const mayCall = new Set(namesToCall.map((name) => name.toLowerCase()));
  return functions
    .filter((hosted) => isCallable(hosted) && hosted.disabled !== true)
    .flatMap((hosted) => {
      const unsafeBecause = findHindrance(hosted, functions);
      return callers.map((caller) => ({ ...planCheck(hosted, caller, frontEnd), unsafeBecause }));
    })
    .filter(({ expected, function: { name } }) => expected !== 200 || mayCall.has(name.toLowerCase()));
}

/** Whether a client calls it; other functions are started by timers, queues and the like. */
export function isCallable({ http, mcp }: HostedFunction): boolean {
  return http || mcp !== undefined;
}

/** Where a request goes that is to reach it. */
export function findTarget({ mcp, route }: HostedFunction): string {
  return mcp === undefined ? fillRoute(route ?? '/') : mcpPath;
}

function planCheck(
  hosted: HostedFunction,
  caller: CheckedCaller,
  frontEnd: FrontEndBehaviour,
): Omit<PlannedCheck, 'unsafeBecause'> {
  const { clientCertificateMode: mode, exclusionPaths } = frontEnd;
  const request = { target: findTarget(hosted), userAgent: undefined };
  const asked = classifyRequest({ mode, exclusionPaths, worstCase: false }, request);
  const base = { function: hosted, caller };
  if (asked === 'required' && caller.certificate === undefined)
    return { ...base, expected: 403, answeredBy: 'gateway' };
  // Where nobody is asked for a certificate, every caller is the one without.
  const isTrusted = caller.isTrusted && asked !== 'none';
  return { ...base, expected: expectStatus(hosted, { ...caller, isTrusted }), answeredBy: 'app' };
}

/** A request that another function answers would show nothing of this one, and run the other's code. */
function findHindrance(hosted: HostedFunction, functions: readonly HostedFunction[]): string | undefined {
  if (hosted.covered === 'none')
    return 'no gate covers this function. Call secureApp(app, …) in a file that "main" in package.json loads';
  if (hosted.mcp !== undefined) return undefined;
  const answering = findAnswering(functions, chooseMethod(hosted.methods), fillRoute(hosted.route ?? '/'));
  if (answering === hosted) return undefined;
  if (answering === undefined) return `no request is known that fits its route ${hosted.route ?? '/'}`;
  return `a request for its route ${hosted.route ?? '/'} reaches "${answering.name}", whose name comes first`;
}

/** As the host finds it: functions are sorted by name, and the first whose route and methods match is called. */
export function findAnswering(
  functions: readonly HostedFunction[],
  method: string,
  target: string,
): HostedFunction | undefined {
  const path = parseRequestTarget(target)?.path;
  if (path === undefined) return undefined;
  return functions.find(
    ({ http, route, methods }) =>
      http &&
      methods?.includes(method) !== false &&
      matchRoute(parseRouteTemplate((route ?? '').replace(/^\//, '')), path) !== undefined,
  );
}

/**
 * What must come of a call at `now` (milliseconds): 200 stands for whatever the function itself answers. While a function
 * is report-only, a trusted caller without the role gets there too, and while it is observed, everybody does: such a call
 * is sent only where it was named.
 */
export function expectStatus(hosted: HostedFunction, caller: CheckedCaller, now: number = Date.now()): ExpectedStatus {
  const policy = readPolicy(hosted);
  if (policy.kind === 'anonymous') return 200;
  if (policy.observedUntil !== undefined && now < policy.observedUntil) return 200;
  if (!caller.isTrusted) return 401;
  if (policy.reportOnlyUntil !== undefined && now < policy.reportOnlyUntil) return 200;
  const mayCall = caller.functions?.some((name) => name.toLowerCase() === hosted.name.toLowerCase()) !== false;
  return mayCall && policy.roles.every((anyOf) => anyOf.some((role) => caller.roles.includes(role))) ? 200 : 403;
}

/** GET where the function takes it. */
export function chooseMethod(methods: readonly string[] | undefined): string {
  return methods === undefined || methods.includes('GET') ? 'GET' : (methods[0] ?? 'GET');
}

/** A request target that the function's route template matches: its parameters filled with values that fit. */
export function fillRoute(route: string): string {
  const path = route.replace(
    /\{\*{0,2}([^}:=?]+)((?::[^}=?]+)*)(?:=([^}]*))?\??\}/g,
    (_whole, _name, constraints, preset) => encodeURIComponent(String(preset ?? sampleFor(String(constraints)))),
  );
  return path.startsWith('/') ? path : `/${path}`;
}

const samples: readonly (readonly [RegExp, string])[] = [
  [/:bool\b/i, 'true'],
  [/:guid\b/i, '00000000-0000-0000-0000-000000000001'],
  [/:datetime\b/i, '2026-01-01'],
  [/:(?:int|long|decimal|double|float)\b/i, '1'],
  [/:alpha\b/i, 'sample'],
];

function sampleFor(constraints: string): string {
  const minimum = /:(?:min|range)\((\d+)/i.exec(constraints)?.[1];
  const length = /:(?:length|minlength)\((\d+)/i.exec(constraints)?.[1];
  if (minimum !== undefined) return minimum;
  if (length !== undefined) return 'x'.repeat(Number(length));
  return samples.find(([pattern]) => pattern.test(constraints))?.[1] ?? 'sample';
}

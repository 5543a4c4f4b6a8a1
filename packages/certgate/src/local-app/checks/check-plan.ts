import { mcpPath } from '#local/client/request-fields.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { parseRequestTarget } from '#local/functions-host/http/request-target.js';
import { matchRoute } from '#local/functions-host/routing/route-match.js';
import { parseRouteTemplate } from '#local/functions-host/routing/route-template.js';
import { type ClientCertificateMode, classifyRequest } from '#local/gateway/client-certificate-mode.js';
import type { Caller } from '../development-callers.js';
import type { DevelopmentCertificate } from '../development-certificates.js';
import { readPolicy } from '../hosted-policy.js';

/**
 * A caller of a check. Unlike a development caller it need not have files; the callers that the inspector makes have
 * none.
 */
export interface CheckedCaller extends Omit<Caller, 'certificate'> {
  readonly certificate: Pick<DevelopmentCertificate, 'certificatePem' | 'privateKeyPem'> | undefined;
  /** Header fields that the caller sends with each request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call of one function as one caller, and the expected outcome. */
export interface PlannedCheck {
  readonly function: HostedFunction;
  readonly caller: CheckedCaller;
  readonly expected: ExpectedStatus;
  /** Who must answer. The front end refuses the request itself if it requires a certificate and the caller has none. */
  readonly answeredBy: 'gateway' | 'app';
  /**
   * Why the call is not sent, which makes the check fail. Sending it could run code that the user did not name.
   * Undefined if it is sent.
   */
  readonly unsafeBecause: string | undefined;
}

export type ExpectedStatus = 200 | 401 | 403;

/** How the front end in front of the app asks for certificates. */
export interface FrontEndBehaviour {
  readonly clientCertificateMode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
}

/**
 * Plans the checks. Calls that must be refused are made to every closed function. Calls that must be admitted run the
 * user's code, so they are made only to functions that the user named.
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

/** Whether clients call the function. Other functions are started by timers, queues and the like. */
export function isCallable({ http, mcp }: HostedFunction): boolean {
  return http || mcp !== undefined;
}

/** The request target by which a client reaches the function. */
export function findTarget({ mcp, route }: HostedFunction): string {
  return mcp === undefined ? fillRouteWithExamples(route ?? '/') : mcpPath;
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
  // If the front end does not ask for certificates, every caller is treated as one without a certificate.
  const isTrusted = caller.isTrusted && asked !== 'none';
  return { ...base, expected: expectStatus(hosted, { ...caller, isTrusted }), answeredBy: 'app' };
}

/** Why a request would not test this function. If another function answered, the check would run that one's code. */
function findHindrance(hosted: HostedFunction, functions: readonly HostedFunction[]): string | undefined {
  if (hosted.covered === 'none')
    return 'no gate covers this function. Call secureApp(app, …) in a file that "main" in package.json loads';
  if (hosted.mcp !== undefined) return undefined;
  const answering = findAnswering(functions, chooseMethod(hosted.methods), fillRouteWithExamples(hosted.route ?? '/'));
  if (answering === hosted) return undefined;
  if (answering === undefined) return `no request is known that fits its route ${hosted.route ?? '/'}`;
  return `a request for its route ${hosted.route ?? '/'} reaches "${answering.name}", whose name comes first`;
}

/**
 * Finds the function that the host would call. Functions are sorted by name, and the first with a matching route and
 * method is called.
 */
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
 * The status that a call must get at `now`, in milliseconds since 1970. 200 means any answer of the function itself.
 * While a function is report-only, a trusted caller without the role is admitted too. While it is observed, everybody
 * is. Calls that are admitted are sent only if the user named the function.
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

/** GET if the function accepts it, otherwise the first of its methods. */
export function chooseMethod(methods: readonly string[] | undefined): string {
  return methods === undefined || methods.includes('GET') ? 'GET' : (methods[0] ?? 'GET');
}

/**
 * A request target for the function's route template. Its parameters are filled with sample values, which fit most
 * constraints.
 */
export function fillRouteWithExamples(route: string): string {
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

import { parseRefusal, type GateRefusal } from '#local/client/refusal.js';
import { sendRequest } from '#local/client/send-request.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { ExpectedAnswer } from '../answer-watch.js';
import { type PlannedCheck, chooseMethod, findTarget } from './check-plan.js';
import { listRoleSets } from '../hosted-policy.js';
import { checkMcp, type CheckOutcome } from './mcp-check.js';

/** The result of one planned check. */
export interface CheckResult {
  readonly function: string;
  readonly caller: string;
  /**
   * Over MCP, the HTTP status for the same outcome. Null without an answer of the function: then `sent` or `detail` says
   * why.
   */
  readonly status: number | null;
  /**
   * Whether the call was sent. A call that would reach no function, another function, or a function without a gate is
   * not sent.
   */
  readonly sent: boolean;
  readonly expected: number;
  readonly ok: boolean;
  /**
   * The precise code of a refusal in Development, otherwise its public code; or the gateway's reason if it answered
   * itself. Null if there is neither.
   */
  readonly code: string | null;
  /**
   * Why the check failed, if the status does not show it, or that the function requires a role which the tools can't
   * see.
   */
  readonly detail?: string;
}

export interface CheckTarget {
  readonly url: string;
  /** The gateway's own certificate. The calls may reach no other server. */
  readonly serverCertificatePem: string;
  /** Waits for the host's report on a call. It is needed because MCP has no error value for resources and prompts. */
  expectAnswer?(traceId: string): ExpectedAnswer;
}

/** Runs one check after another, so that the app's log lines are in the order of the table. */
export async function runChecks(checks: readonly PlannedCheck[], target: CheckTarget): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await runCheck(check, target));
  return results;
}

async function runCheck(check: PlannedCheck, target: CheckTarget): Promise<CheckResult> {
  const named = { function: check.function.name, caller: check.caller.name, expected: check.expected };
  if (check.unsafeBecause !== undefined) {
    return { ...named, sent: false, status: null, ok: false, code: null, detail: check.unsafeBecause };
  }
  const base = { ...named, sent: true };
  try {
    const { response, status, refusal, detail } = await call(check, target);
    const gatewayAnswer = response.headers['x-certgate-gateway'];
    if (typeof gatewayAnswer === 'string')
      return { ...base, status: response.status, code: gatewayAnswer, ...judgeGateway(check, gatewayAnswer) };
    const code = refusal?.precise ?? null;
    if (status === null) return { ...base, status, ok: false, code, ...(detail === undefined ? {} : { detail }) };
    if (isHiddenRole(check, code)) return { ...base, expected: 403, status, ok: true, code, detail: hiddenRole };
    return { ...base, status, code, ...judge(check, status, refusal) };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return { ...base, status: null, ok: false, code: null, detail: error.message };
  }
}

async function call({ function: hosted, caller }: PlannedCheck, target: CheckTarget): Promise<CheckOutcome> {
  const connection = {
    caPem: target.serverCertificatePem,
    ...(caller.headers === undefined ? {} : { headers: caller.headers }),
    ...(caller.certificate === undefined ? {} : { certificate: caller.certificate }),
  };
  if (hosted.mcp !== undefined) {
    const expectAnswer = target.expectAnswer?.bind(target);
    return checkMcp(hosted.mcp, { ...connection, url: target.url, expectAnswer });
  }
  const url = `${target.url}${findTarget(hosted)}`;
  const response = await sendRequest({ ...connection, url, method: chooseMethod(hosted.methods) });
  const refusal = readRefusal(response.headers['content-type'], response.body);
  return { response, status: response.status, ...(refusal === undefined ? {} : { refusal }) };
}

const hiddenRole = 'a role is required inside a wrapper, where the tools cannot see it; put requireRole outermost';

/**
 * Whether a role is required inside a wrapper, as in `wrap(requireRole(…))`. Such a function is closed, but the tool
 * can't see the role before the call.
 */
function isHiddenRole(check: PlannedCheck, code: string | null): boolean {
  return check.expected === 200 && code === 'role_missing' && listRoleSets([check.function]).length === 0;
}

/**
 * A refusal must be the gate's own, because an app's 401 does not show that the gate refused. An admitted call may get
 * any answer of the function (such as a 400 for a missing body), but no refusal and no server error.
 */
function judge(
  { expected, answeredBy }: PlannedCheck,
  status: number,
  refusal: GateRefusal | undefined,
): Pick<CheckResult, 'ok' | 'detail'> {
  if (answeredBy === 'gateway') return { ok: false, detail: 'the front end let it through' };
  if (refusal?.publicCode === 'unavailable') return { ok: false, ...explainUnavailable(refusal) };
  if (expected === 200) return { ok: refusal === undefined && status < 500 };
  const publicCode = expected === 401 ? 'client_certificate_required' : 'forbidden';
  return { ok: status === expected && refusal?.publicCode === publicCode };
}

/** Only an answer in Development names the reason. In other environments it is in the log. */
function explainUnavailable({ publicCode, precise, correlationId }: GateRefusal): Pick<CheckResult, 'detail'> {
  if (precise !== publicCode) return {};
  return {
    detail: `the reason is in the app's log, at the correlationId ${correlationId}. The answer hides it, since the app does not take this for Development: does local.settings.json hold variables of a cloud or container host, such as CONTAINER_APP_NAME or WEBSITE_INSTANCE_ID? Remove them`,
  };
}

function judgeGateway({ answeredBy }: PlannedCheck, answer: string): Pick<CheckResult, 'ok' | 'detail'> {
  if (answeredBy === 'gateway' && answer === 'client-certificate-required') return { ok: true };
  return { ok: false, detail: `the gateway answered by itself: ${answer}` };
}

function readRefusal(contentType: unknown, body: string): GateRefusal | undefined {
  const isProblem = typeof contentType === 'string' && contentType.startsWith('application/problem+json');
  return isProblem ? parseRefusal(body) : undefined;
}

import { STATUS_CODES } from 'node:http';
import type { JsonObject } from '#local/json-file.js';
import { findToolRefusal, isToolResult, listTexts } from '#local/client/mcp-reply.js';
import type { McpAnswer } from '#local/client/mcp-session.js';
import type { IncomingResponse } from '#local/client/send-request.js';
import { escapeControls, escapeLines } from '../../texts/safe-text.js';
import { printNotice } from '../command-line/output.js';
import type { CallCertificate } from './caller-certificate.js';

/** What `certgate call --json` prints. Keys may be added, but never removed or renamed. */
export interface CallReport extends IncomingResponse {
  readonly code: string | null;
  readonly certificate: Pick<CallCertificate, 'thumbprintSha256' | 'subject'> | null;
  /** Set with `--mcp-tool`. `result` and `error` are both null if the server did not answer in MCP. */
  readonly mcp?: {
    readonly method: string;
    readonly result: JsonObject | null;
    readonly error: { readonly code: number; readonly message: string } | null;
  };
}

export function createCallReport(
  { response, method, reply }: Pick<McpAnswer, 'response'> & Partial<McpAnswer>,
  caller: CallCertificate | undefined,
): CallReport {
  const { status, headers, body } = response;
  const code = reply === undefined ? findProblemCode(response) : findToolRefusal(reply)?.publicCode;
  const result = reply?.kind === 'result' ? reply.result : null;
  const error = reply?.kind === 'error' ? { code: reply.code, message: reply.message } : null;
  return {
    status,
    code: code ?? null,
    headers,
    body,
    certificate: caller === undefined ? null : { thumbprintSha256: caller.thumbprintSha256, subject: caller.subject },
    ...(method === undefined ? {} : { mcp: { method, result, error } }),
  };
}

/**
 * Prints the report. Only the answer goes to stdout: the tool's result, or the body if there is neither a result nor a
 * JSON-RPC error.
 */
export function printCallReport({ status, code, body, certificate, mcp }: CallReport): void {
  const outcome = mcp === undefined ? '' : `${mcp.method}: ${describeOutcome(mcp)}`;
  const words = [`${status} ${STATUS_CODES[status] ?? ''}`.trim(), outcome, code === null ? '' : `code: ${code}`];
  printNotice(escapeControls(words.filter((word) => word !== '').join('  ')));
  printNotice(
    certificate === null
      ? 'without a client certificate'
      : `as ${escapeControls(certificate.subject ?? 'a certificate that Certgate does not decode')}, SHA-256 ${certificate.thumbprintSha256}`,
  );
  const { result = null, error = null } = mcp ?? {};
  if (result !== null) printBody(listTexts(result)?.join('\n') ?? JSON.stringify(result, null, 2));
  else if (error === null) printBody(body);
}

function describeOutcome({ result, error }: NonNullable<CallReport['mcp']>): string {
  if (error !== null) return `JSON-RPC error ${error.code}, ${error.message}`;
  if (result === null) return 'no MCP answer';
  return isToolResult({ kind: 'result', result }) ? 'result' : 'error result';
}

function printBody(text: string): void {
  if (text === '') return;
  const body = process.stdout.isTTY ? escapeLines(text) : text;
  process.stdout.write(body.endsWith('\n') || !process.stdout.isTTY ? body : `${body}\n`);
}

/** The member `code` of an answer in application/problem+json. RFC 9457 §3.2 allows such members. */
function findProblemCode({ headers, body }: IncomingResponse): string | undefined {
  const contentType = headers['content-type'];
  if (typeof contentType !== 'string' || !/^application\/problem\+json\b/i.test(contentType)) return undefined;
  try {
    const problem: unknown = JSON.parse(body);
    if (typeof problem !== 'object' || problem === null || !('code' in problem)) return undefined;
    return typeof problem.code === 'string' ? problem.code : undefined;
  } catch {
    return undefined;
  }
}

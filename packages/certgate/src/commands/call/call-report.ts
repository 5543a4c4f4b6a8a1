import { STATUS_CODES } from 'node:http';
import { findToolRefusal, isToolResult, listTexts, type McpReply } from '../../local/client/mcp-reply.js';
import type { McpAnswer } from '../../local/client/mcp-session.js';
import type { IncomingResponse } from '../../local/client/send-request.js';
import { escapeControls, escapeLines } from '../../faults/safe-text.js';
import { printJson, printNotice } from '../command-line/output.js';
import type { CallerCertificate } from './caller-certificate.js';

export function printJsonReport(response: IncomingResponse, certificate: CallerCertificate | undefined): void {
  printJson(describeResponse(response, findProblemCode(response), certificate));
}

function describeResponse(
  { status, headers, body }: IncomingResponse,
  code: string | undefined,
  certificate: CallerCertificate | undefined,
): object {
  return {
    status,
    code: code ?? null,
    headers,
    body,
    certificate:
      certificate === undefined
        ? null
        : { thumbprintSha256: certificate.thumbprintSha256, subject: certificate.subject },
  };
}

/** The body is the answer, so it alone goes to stdout. */
export function printReport(response: IncomingResponse, certificate: CallerCertificate | undefined): void {
  printHead(response.status, '', findProblemCode(response), certificate);
  printBody(response.body);
}

/** Status, what else is known of the outcome, and who called. */
function printHead(
  status: number,
  outcome: string,
  code: string | undefined,
  certificate: CallerCertificate | undefined,
): void {
  const words = [`${status} ${STATUS_CODES[status] ?? ''}`.trim(), outcome, code === undefined ? '' : `code: ${code}`];
  printNotice(escapeControls(words.filter((word) => word !== '').join('  ')));
  printNotice(
    certificate === undefined
      ? 'without a client certificate'
      : `as ${escapeControls(certificate.subject ?? 'a certificate that Certgate does not decode')}, SHA-256 ${certificate.thumbprintSha256}`,
  );
}

function printBody(text: string): void {
  if (text === '') return;
  const body = process.stdout.isTTY ? escapeLines(text) : text;
  process.stdout.write(body.endsWith('\n') || !process.stdout.isTTY ? body : `${body}\n`);
}

/** The member `code` of application/problem+json (RFC 9457 §3.2 lets a problem have such members). */
export function findProblemCode({ headers, body }: IncomingResponse): string | undefined {
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

export function printMcpJsonReport(answer: McpAnswer, certificate: CallerCertificate | undefined): void {
  const { method, response, reply } = answer;
  printJson({
    ...describeResponse(response, findCode(answer), certificate),
    mcp: {
      method,
      result: reply?.kind === 'result' ? reply.result : null,
      error: reply?.kind === 'error' ? { code: reply.code, message: reply.message } : null,
    },
  });
}

/** Only the tool's answer goes to stdout or, if no tool answered, the body of the response. */
export function printMcpReport(answer: McpAnswer, certificate: CallerCertificate | undefined): void {
  const { method, response, reply } = answer;
  printHead(response.status, `${method}: ${describeOutcome(reply)}`, findCode(answer), certificate);
  if (reply === undefined) printBody(response.body);
  if (reply?.kind === 'result') printBody(formatResult(reply.result));
}

function describeOutcome(reply: McpReply | undefined): string {
  if (reply === undefined) return 'no MCP answer';
  if (reply.kind === 'error') return `JSON-RPC error ${reply.code}, ${reply.message}`;
  return isToolResult(reply) ? 'result' : 'error result';
}

function findCode({ response, reply }: McpAnswer): string | undefined {
  return reply === undefined ? findProblemCode(response) : findToolRefusal(reply)?.publicCode;
}

function formatResult(result: Readonly<Record<string, unknown>>): string {
  return listTexts(result)?.join('\n') ?? JSON.stringify(result, null, 2);
}

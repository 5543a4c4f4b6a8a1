import { findToolRefusal, isToolResult, listTexts, type McpReply } from '../../local/client/mcp-reply.js';
import type { McpAnswer } from '../../local/client/mcp-session.js';
import { printJson } from '../command-line/output.js';
import { describeResponse, findProblemCode, printBody, printHead } from './call-report.js';
import type { CallerCertificate } from './caller-certificate.js';

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

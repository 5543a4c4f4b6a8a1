import { ToolFailure } from '#local/tool-failure.js';
import { getClientInfo } from '../texts/tool-version.js';
import { isToolResult } from '#local/client/mcp-reply.js';
import { type McpConnection, openMcpSession } from '#local/client/mcp-session.js';
import { sendRequest } from '#local/client/send-request.js';
import { createCallReport, printCallReport } from './call/call-report.js';
import { type CallCertificate, type CallCertificateFlags, findCallerCertificate } from './call/caller-certificate.js';
import { findMcpAddress, readAuthorityFile, readBodyArgument, readToolArguments } from './call/call-input.js';
import type { HeaderFields } from './call/request-options.js';
import { exitCodes } from './command-line/exit-codes.js';
import { printJson } from './command-line/output.js';

interface CallFlags extends CallCertificateFlags {
  readonly request?: string;
  readonly header?: HeaderFields;
  readonly data?: string;
  readonly mcpTool?: string;
  readonly mcpArguments?: string;
  readonly cacert?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export async function call(url: string, flags: CallFlags): Promise<void> {
  if (flags.mcpTool !== undefined) return callTool(url, flags.mcpTool, flags);
  if (flags.mcpArguments !== undefined) {
    throw new ToolFailure('--mcp-arguments requires --mcp-tool.', {
      remedy: 'Add --mcp-tool, or pass a body with --data.',
    });
  }
  const certificate = await findCallerCertificate(flags);
  const body = await readBodyArgument(flags.data, flags.passwordStdin === true);
  const response = await sendRequest({
    ...(await describeConnection(url, certificate, flags)),
    method: flags.request ?? (body === undefined ? 'GET' : 'POST'),
    ...(body === undefined ? {} : { body }),
  });
  const report = createCallReport({ response }, certificate);
  if (flags.json === true) printJson(report);
  else printCallReport(report);
  if (response.status < 200 || response.status > 299) process.exitCode = exitCodes.failed;
}

async function callTool(address: string, name: string, flags: CallFlags): Promise<void> {
  const certificate = await findCallerCertificate(flags);
  const parameters = { name, arguments: await readToolArguments(flags.mcpArguments, flags.passwordStdin === true) };
  const connection = await describeConnection(findMcpAddress(address), certificate, flags);
  const opened = await openMcpSession(connection, getClientInfo());
  const answer = opened.isOpen ? await opened.session.request('tools/call', parameters) : opened.answer;
  const report = createCallReport(answer, certificate);
  if (flags.json === true) printJson(report);
  else printCallReport(report);
  const isAnswered = opened.isOpen && answer.response.status === 200 && isToolResult(answer.reply);
  if (!isAnswered) process.exitCode = exitCodes.failed;
}

async function describeConnection(
  url: string,
  certificate: CallCertificate | undefined,
  { header, timeout, cacert }: CallFlags,
): Promise<McpConnection> {
  const caPem = cacert === undefined ? undefined : await readAuthorityFile(cacert);
  return {
    url,
    ...(header === undefined ? {} : { headers: header }),
    timeoutMilliseconds: timeout,
    ...(caPem === undefined ? {} : { caPem }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

import { Command, Option } from 'commander';
import { isToolResult } from '../local/client/mcp-reply.js';
import { type McpConnection, mcpPath, openMcpSession } from '../local/client/mcp-session.js';
import { sendRequest } from '../local/client/send-request.js';
import { ToolFailure } from '../faults/tool-failure.js';
import { exitCodes } from './command-line/exit-codes.js';
import { addHelpSections } from './command-line/help.js';
import { printJsonReport, printReport } from './call/call-report.js';
import { findCallerCertificate, type CallerCertificate, type CertificateFlags } from './call/caller-certificate.js';
import { findMcpAddress, parseToolName, readToolArguments } from './call/mcp-options.js';
import { printMcpJsonReport, printMcpReport } from './call/mcp-report.js';
import {
  collectHeader,
  parseMethod,
  parseTimeout,
  readAuthorities,
  readRequestBody,
  type HeaderFields,
} from './call/request-options.js';
import { addPasswordOptions } from './certificate/password-options.js';

interface CallFlags extends CertificateFlags {
  readonly request?: string;
  readonly header?: HeaderFields;
  readonly data?: string;
  readonly mcpTool?: string;
  readonly mcpArguments?: string;
  readonly cacert?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function callCommand(): Command {
  const command = new Command('call')
    .description('Call a function over mTLS, with or without a certificate, and show the answer.')
    .argument('<url>', 'the https URL')
    .option('--certificate <file>', 'a PFX, or a PEM file with the certificate and its key')
    .option('--key <file>', 'the private key in PEM, if the file of --certificate contains only the certificate');
  addPasswordOptions(command)
    .option('-X, --request <method>', 'the HTTP method; default GET, or POST with a body', parseMethod)
    .option('-H, --header <line>', 'a header, "Name: value" (repeatable)', collectHeader)
    .option('-d, --data <body>', 'the body; @file reads a file, @- standard input')
    .option('--mcp-tool <name>', `call this MCP tool; a URL without a path is completed with ${mcpPath}`, parseToolName)
    .option('--mcp-arguments <json>', "the tool's arguments, a JSON object; @file reads a file, @- standard input")
    .option(
      '--cacert <file>',
      "PEM of the server's authority, or of the server itself; replaces the system's authorities",
    )
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for the whole answer')
        .argParser(parseTimeout)
        .default(30_000, '30'),
    )
    .option('--json', 'print one JSON object: status, code, headers, body, certificate; with --mcp-tool also mcp')
    .action(call);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the answer has a status from 200 to 299; with --mcp-tool: the tool answered without an error',
      1: 'the answer has another status, the tool did not run or answered with an error, or there was no answer: no connection, a server that is not trusted, a timeout',
      2: "a file, the password, the URL or an option can't be used; nothing was sent",
    },
    examples: [
      'certgate call https://localhost:7443/api/orders --certificate allowed.pfx --password-file allowed.password',
      'certgate call https://example.azurewebsites.net/api/orders --certificate caller.crt.pem --key caller.key.pem',
      'certgate call https://localhost:7443/api/orders --cacert .certgate/gateway.crt.pem --json',
      'certgate call https://example.azurewebsites.net --mcp-tool get_weather --certificate caller.crt.pem --key caller.key.pem',
    ],
  });
}

async function call(url: string, flags: CallFlags): Promise<void> {
  if (flags.mcpTool !== undefined) return callTool(url, flags.mcpTool, flags);
  if (flags.mcpArguments !== undefined) {
    throw new ToolFailure('--mcp-arguments requires --mcp-tool.', {
      remedy: 'Add --mcp-tool, or pass a body with --data.',
    });
  }
  const certificate = await findCallerCertificate(flags);
  const body = await readRequestBody(flags.data, flags.passwordStdin === true);
  const response = await sendRequest({
    ...(await describeConnection(url, certificate, flags)),
    method: flags.request ?? (body === undefined ? 'GET' : 'POST'),
    ...(body === undefined ? {} : { body }),
  });
  if (flags.json === true) printJsonReport(response, certificate);
  else printReport(response, certificate);
  if (response.status < 200 || response.status > 299) process.exitCode = exitCodes.failed;
}

async function callTool(address: string, name: string, flags: CallFlags): Promise<void> {
  if (flags.request !== undefined || flags.data !== undefined) {
    throw new ToolFailure(
      "--mcp-tool can't be combined with --request and --data, because MCP defines the method and the body.",
      {
        remedy: 'Omit --request and --data; pass the arguments of the tool with --mcp-arguments.',
      },
    );
  }
  const certificate = await findCallerCertificate(flags);
  const parameters = { name, arguments: await readToolArguments(flags.mcpArguments, flags.passwordStdin === true) };
  const opened = await openMcpSession(await describeConnection(findMcpAddress(address), certificate, flags));
  const answer = opened.isOpen ? await opened.session.request('tools/call', parameters) : opened.answer;
  if (flags.json === true) printMcpJsonReport(answer, certificate);
  else printMcpReport(answer, certificate);
  const isAnswered = opened.isOpen && answer.response.status === 200 && isToolResult(answer.reply);
  if (!isAnswered) process.exitCode = exitCodes.failed;
}

async function describeConnection(
  url: string,
  certificate: CallerCertificate | undefined,
  { header, timeout, cacert }: CallFlags,
): Promise<McpConnection> {
  const caPem = cacert === undefined ? undefined : await readAuthorities(cacert);
  return {
    url,
    ...(header === undefined ? {} : { headers: header }),
    timeoutMilliseconds: timeout,
    ...(caPem === undefined ? {} : { caPem }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

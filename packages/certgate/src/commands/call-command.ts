import { Command, Option } from 'commander';
import { sendRequest } from '../client/send-request.js';
import { exitCodes } from '../command-line/command-failure.js';
import { addHelpSections } from '../command-line/help.js';
import { printJsonReport, printReport } from './call/call-report.js';
import { findCallerCertificate, type CertificateFlags } from './call/caller-certificate.js';
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
    .option(
      '--cacert <file>',
      "PEM of the server's authority, or of the server itself; replaces the system's authorities",
    )
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for the whole answer')
        .argParser(parseTimeout)
        .default(30_000, '30'),
    )
    .option('--json', 'print one JSON object: status, code, headers, body, certificate')
    .action(call);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the answer has a status from 200 to 299',
      1: 'the answer has another status, or there was no answer: no connection, a server that is not trusted, a timeout',
      2: "a file, the password, the URL or an option can't be used; nothing was sent",
    },
    examples: [
      'certgate call https://localhost:7443/api/orders --certificate allowed.pfx --password-file allowed.password',
      'certgate call https://example.azurewebsites.net/api/orders --certificate caller.crt.pem --key caller.key.pem',
      'certgate call https://localhost:7443/api/orders --cacert .certgate/gateway.crt.pem --json',
    ],
  });
}

async function call(url: string, flags: CallFlags): Promise<void> {
  const certificate = await findCallerCertificate(flags);
  const body = await readRequestBody(flags.data, flags.passwordStdin === true);
  const caPem = flags.cacert === undefined ? undefined : await readAuthorities(flags.cacert);
  const response = await sendRequest({
    url,
    method: flags.request ?? (body === undefined ? 'GET' : 'POST'),
    ...(flags.header === undefined ? {} : { headers: flags.header }),
    timeoutMilliseconds: flags.timeout,
    ...(body === undefined ? {} : { body }),
    ...(caPem === undefined ? {} : { caPem }),
    ...(certificate === undefined ? {} : { certificate }),
  });
  if (flags.json === true) printJsonReport(response, certificate);
  else printReport(response, certificate);
  if (response.status < 200 || response.status > 299) process.exitCode = exitCodes.failed;
}

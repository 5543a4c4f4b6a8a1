import { appendFile, writeFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { passwordRemedy } from '../certificates/password.js';
import { ToolFailure, messageOf } from '../faults/tool-failure.js';
import { exitCodes, type ExitCode } from './command-line/exit-codes.js';
import { addHelpSections } from './command-line/help.js';
import { getToolVersion } from '../faults/tool-version.js';
import { parsePort } from './command-line/option-values.js';
import { printJson, printLine, printNotice } from './command-line/output.js';
import { type DoctorReport, examineApp } from '../doctor/doctor.js';
import type { ExaminedCertificate } from '../doctor/examination.js';
import { countVerdicts, formatCounts, formatFindings, nameFunction } from '../doctor/findings-table.js';
import { explainFinding, formatEvidence } from '../doctor/evidence.js';
import { probeIds } from '../doctor/probe-table.js';
import { createRedactedReport, formatJobSummary } from '../doctor/published-report.js';
import { type DoctorTarget, parseTarget } from '../doctor/target.js';
import { findCallerCertificate } from './call/caller-certificate.js';
import { parseMethod, parseTimeout, readAuthorities } from './call/request-options.js';

interface DoctorFlags {
  readonly allowed: string;
  readonly allowedPasswordFile?: string;
  readonly denied: string;
  readonly deniedPasswordFile?: string;
  readonly function: readonly string[];
  readonly publicFunction: readonly string[];
  readonly cacert?: string;
  readonly request: string;
  readonly withLargeBody?: boolean;
  readonly httpPort?: number;
  readonly rate?: number;
  readonly timeout: number;
  readonly iOperateThis?: boolean;
  readonly json?: boolean;
  readonly report?: string;
  readonly summary?: string;
}

const usualRate = 5;
/** Against this machine, nobody else is disturbed. */
const loopbackRate = 1000;
const deadlineMilliseconds = 180_000;

const collect = (text: string, previous: readonly string[]): readonly string[] => [...previous, text];

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description(
      'Probe a deployed app from outside: who is admitted, whether forged headers or certificates are, and what a refusal gives away.',
    )
    .argument('<url>', 'the address of the app: https://HOST')
    .requiredOption('--allowed <file>', 'a PFX, or a PEM file with certificate and key, of a caller who may call')
    .option('--allowed-password-file <file>', 'a file that contains only the password of the file of --allowed')
    .requiredOption('--denied <file>', 'the same of a caller who may not call, or whom the app does not know')
    .option('--denied-password-file <file>', 'a file that contains only the password of the file of --denied')
    .option(
      '--function <name>',
      'a function that must be closed, and that the allowed caller may call: its name, or its path (repeatable)',
      collect,
      [],
    )
    .option('--public-function <name>', 'a function that must answer everybody (repeatable)', collect, [])
    .option(
      '--cacert <file>',
      "PEM of the server's authority, or of the server itself; replaces the system's authorities",
    )
    .option('--i-operate-this', 'you operate this app, or its operator agreed: required')
    .addOption(
      new Option('-X, --request <method>', 'the HTTP method of the probes; others than GET and HEAD may change data')
        .argParser(parseMethod)
        .default('GET'),
    )
    .option('--with-large-body', 'also send a POST of 1 byte and one of 128 KiB, with the allowed certificate')
    .option(
      '--http-port <port>',
      'where to try plain HTTP (default: 80 if the app has port 443, otherwise its own port)',
      parsePort,
    )
    .option('--rate <number>', `requests per second (default: ${usualRate}; no limit on this machine)`, parseRate)
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for the whole answer')
        .argParser(parseTimeout)
        .default(10_000, '10'),
    )
    .option('--report <file>', 'write a redacted result, which can be attached to a public issue')
    .option('--summary <file>', 'append the table in Markdown, for the summary of a job')
    .option('--json', 'print one JSON object')
    .action(runDoctor);
  return addHelpSections(command, {
    exitCodes: {
      0: 'every probe holds',
      1: 'a probe fails',
      2: 'an option or a file cannot be used, or --i-operate-this is missing; nothing was sent',
      3: 'no probe fails, but one or more cannot tell',
    },
    examples: [
      'certgate doctor https://orders.azurewebsites.net --allowed allowed.pfx --allowed-password-file allowed.password --denied denied.pfx --denied-password-file denied.password --function Orders --public-function Health --i-operate-this',
      'certgate doctor https://localhost:7443 --allowed allowed.pem --denied denied.pem --function Orders --cacert .certgate/gateway.crt.pem --i-operate-this --json',
    ],
  });
}

async function runDoctor(url: string, flags: DoctorFlags): Promise<void> {
  const target = parseTarget(url, flags.function, flags.publicFunction);
  if (flags.iOperateThis !== true) {
    throw new ToolFailure(
      `doctor sends forged headers and certificates to ${target.origin.host}. Do that only to an app that you operate, or with its operator's consent. Nothing was sent.`,
      { remedy: 'If that is so, add --i-operate-this.' },
    );
  }
  const allowed = await readCertificate(flags.allowed, flags.allowedPasswordFile, '--allowed-password-file');
  const denied = await readCertificate(flags.denied, flags.deniedPasswordFile, '--denied-password-file');
  if (allowed.thumbprintSha256 === denied.thumbprintSha256) {
    throw new ToolFailure('The files of --allowed and --denied contain the same certificate.', {
      remedy: 'Pass with --denied the certificate of a caller who may not call, for example a new one.',
    });
  }
  const caPem = flags.cacert === undefined ? undefined : await readAuthorities(flags.cacert);
  for (const [file, { certificatePem: cert, privateKeyPem: key }] of [
    [flags.allowed, allowed],
    [flags.denied, denied],
  ] as const)
    checkForTls(file, { cert, key });
  // Now, and not when all probes are done.
  for (const file of [flags.report, flags.summary])
    if (file !== undefined) await writeTo(file, () => appendFile(file, ''));
  const report = await examineApp({
    target,
    allowed,
    denied,
    ...(caPem === undefined ? {} : { caPem }),
    plainHttpUrl: createPlainHttpUrl(target, flags.httpPort),
    withLargeBody: flags.withLargeBody === true,
    userAgent: `certgate-doctor/${getToolVersion()} (run by the operator of this app)`,
    method: flags.request,
    requestsPerSecond: flags.rate ?? (target.isLoopback ? loopbackRate : usualRate),
    timeoutMilliseconds: flags.timeout,
    deadlineMilliseconds,
    onProbe: (id, position) => {
      printNotice(colors.dim(`${position + 1}/${probeIds.length} ${id}`));
    },
  });
  await writeFiles(report, target, flags);
  if (flags.json === true) printJson(describeReport(report, target));
  else printReport(report, target);
  process.exitCode = chooseExitCode(report);
}

/** OpenSSL has rules of its own: for the strength of keys and signatures, for instance. */
function checkForTls(file: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new ToolFailure(`${file} cannot be used for TLS: ${messageOf(cause)}.`, { cause });
  }
}

async function readCertificate(
  file: string,
  passwordFile: string | undefined,
  option: string,
): Promise<ExaminedCertificate> {
  try {
    const found = await findCallerCertificate({
      certificate: file,
      ...(passwordFile === undefined ? {} : { passwordFile }),
    });
    if (found !== undefined) return found;
  } catch (fault) {
    if (!(fault instanceof ToolFailure) || fault.remedy !== passwordRemedy) throw fault;
    throw new ToolFailure(fault.message, { remedy: `Pass its password with ${option}.`, cause: fault });
  }
  throw new ToolFailure('No certificate is named.');
}

function createPlainHttpUrl({ origin }: DoctorTarget, port: number | undefined): URL {
  const url = new URL(`http://${origin.hostname}`);
  url.port = String(port ?? (origin.port === '' ? 80 : origin.port));
  return url;
}

async function writeFiles(report: DoctorReport, target: DoctorTarget, flags: DoctorFlags): Promise<void> {
  const { report: reportFile, summary } = flags;
  if (reportFile !== undefined) {
    const text = `${JSON.stringify(createRedactedReport(report, target, getToolVersion()), null, 2)}\n`;
    await writeTo(reportFile, () => writeFile(reportFile, text));
  }
  if (summary !== undefined) await writeTo(summary, () => appendFile(summary, formatJobSummary(report, target)));
}

async function writeTo(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new ToolFailure(`${file} can't be written: ${messageOf(cause)}.`, { cause });
  }
}

function describeReport(report: DoctorReport, target: DoctorTarget): object {
  return {
    target: target.origin.origin,
    counts: countVerdicts(report),
    findings: report.findings.map((finding) => ({
      id: finding.id,
      verdict: finding.verdict,
      evidence: formatEvidence(finding, (index) => nameFunction(target, index)),
      detail: finding.detail ?? null,
      meaning: explainFinding(finding),
      observations: finding.observations.map(({ functionIndex, ...rest }) => ({
        function: functionIndex === undefined ? null : nameFunction(target, functionIndex),
        ...rest,
      })),
    })),
    notRun: report.notRun,
    requests: report.requests,
  };
}

function printReport(report: DoctorReport, target: DoctorTarget): void {
  printLine(formatFindings(report, target));
  printLine();
  printLine(`${target.origin.origin}: ${formatCounts(report)}.`);
}

function chooseExitCode(report: DoctorReport): ExitCode {
  const counts = countVerdicts(report);
  if (counts.fails > 0) return exitCodes.failed;
  return counts['cannot-tell'] > 0 ? exitCodes.unverified : exitCodes.ok;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (/^\d{1,3}(?:\.\d)?$/.test(text) && rate > 0) return rate;
  throw new InvalidArgumentError('It must be a number of requests per second, like 5.');
}

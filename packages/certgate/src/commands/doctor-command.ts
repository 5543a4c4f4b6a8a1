import { appendFile, writeFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import colors from 'picocolors';
import { passwordRemedy } from '../certificates/password.js';
import { type ExaminedApp, examineApp } from '../doctor/doctor.js';
import type { ExaminedCertificate } from '../doctor/examination.js';
import { probeIds } from '../doctor/probe-table.js';
import { createRedactedReport, formatJobSummary } from '../doctor/published-report.js';
import { type DoctorTarget, parseTarget } from '../doctor/target.js';
import { messageOf, ToolFailure } from '#local/tool-failure.js';
import { getToolVersion } from '../texts/tool-version.js';
import { findCallerCertificate } from './call/caller-certificate.js';
import { readAuthorityFile } from './call/call-input.js';
import { type ExitCode, exitCodes } from './command-line/exit-codes.js';
import { printJson, printLine, printNotice } from './command-line/output.js';
import { type DoctorFlags, loopbackRate, usualRate } from './doctor-flags.js';
import { printDoctorReport } from './findings-table.js';

/** The time for the probes, for each function that must be closed. */
const deadlineMilliseconds = 180_000;

export async function runDoctor(url: string, flags: DoctorFlags): Promise<void> {
  const target = parseAddress(url, flags);
  if (flags.iOperateThis !== true) {
    throw new ToolFailure(
      `doctor sends forged headers and certificates to ${target.origin.host}. Do that only to an app that you operate, or with its operator's consent. Nothing was sent.`,
      { remedy: 'If you operate it or have that consent, add --i-operate-this.' },
    );
  }
  const allowed = await readCertificate('allowed', flags);
  const denied = await readCertificate('denied', flags);
  if (allowed.thumbprintSha256 === denied.thumbprintSha256) {
    throw new ToolFailure('The files of --allowed and --denied contain the same certificate.', {
      remedy: 'Pass with --denied the certificate of a caller who may not call, for example a new one.',
    });
  }
  const caPem = flags.cacert === undefined ? undefined : await readAuthorityFile(flags.cacert);
  for (const [file, { certificatePem: cert, privateKeyPem: key }] of [
    [flags.allowed, allowed],
    [flags.denied, denied],
  ] as const)
    checkForTls(file, { cert, key });
  // Checks that the files can be written before the probes run, and not after all of them.
  for (const file of [flags.report, flags.summary])
    if (file !== undefined) await writeTo(file, () => appendFile(file, ''));
  const examined = await examineApp({
    target,
    allowed,
    denied,
    ...(caPem === undefined ? {} : { caPem }),
    frontEnd: flags.frontEnd,
    isAnyServer: flags.anyServer === true,
    plainHttpUrl: createPlainHttpUrl(target, flags.httpPort),
    withLargeBody: flags.withLargeBody === true,
    withPost: flags.withPost === true,
    alsoHosts: flags.alsoHost,
    userAgent: `certgate-doctor/${getToolVersion()} (run by the operator of this app)`,
    method: flags.request,
    requestsPerSecond: flags.rate ?? (target.isLoopback ? loopbackRate : usualRate),
    timeoutMilliseconds: flags.timeout,
    deadlineMilliseconds: deadlineMilliseconds * Math.max(1, target.closed.length),
    onProbe: (id, position) => {
      printNotice(colors.dim(`${position + 1}/${probeIds.length} ${id}`));
    },
  });
  const { report, unreachable } = examined;
  await writeFiles(examined, target, flags);
  if (flags.json === true) printJson(report);
  else if (unreachable === undefined) printDoctorReport(report, flags.verbose === true);
  else printLine(`${report.target}: ${unreachable} Check the address, the port and the network.`);
  process.exitCode = chooseExitCode(examined);
}

/** Parses the address. With `--any-server` and without `--function`, the address itself names what must be closed. */
function parseAddress(url: string, { anyServer, function: closed, publicFunction }: DoctorFlags): DoctorTarget {
  const address = anyServer === true && closed.length === 0 && URL.canParse(url) ? new URL(url) : undefined;
  return address?.protocol === 'https:' && address.username === '' && address.hash === ''
    ? parseTarget(address.origin, [`${address.pathname}${address.search}`], publicFunction)
    : parseTarget(url, closed, publicFunction);
}

/**
 * Throws ToolFailure if OpenSSL refuses the certificate, for example because of the strength of its key or signature.
 */
function checkForTls(file: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new ToolFailure(`${file} cannot be used for TLS: ${messageOf(cause)}.`, { cause });
  }
}

async function readCertificate(caller: 'allowed' | 'denied', flags: DoctorFlags): Promise<ExaminedCertificate> {
  const { [caller]: certificate, [`${caller}Key` as const]: key } = flags;
  const passwordFile = flags[`${caller}PasswordFile`];
  try {
    const found = await findCallerCertificate({ certificate, key, passwordFile });
    if (found !== undefined) return found;
  } catch (fault) {
    if (!(fault instanceof ToolFailure) || fault.remedy !== passwordRemedy) throw fault;
    throw new ToolFailure(fault.message, {
      remedy: `Pass its password with --${caller}-password-file.`,
      cause: fault,
    });
  }
  throw new ToolFailure('No certificate is named.');
}

function createPlainHttpUrl({ origin }: DoctorTarget, port: number | undefined): URL {
  const url = new URL(`http://${origin.hostname}`);
  url.port = String(port ?? (origin.port === '' ? 80 : origin.port));
  return url;
}

async function writeFiles(
  { report, judgements }: ExaminedApp,
  target: DoctorTarget,
  { report: reportFile, summary }: DoctorFlags,
): Promise<void> {
  if (reportFile !== undefined) {
    const redacted = createRedactedReport(report, judgements, target, getToolVersion());
    await writeTo(reportFile, () => writeFile(reportFile, `${JSON.stringify(redacted, null, 2)}\n`));
  }
  if (summary !== undefined) await writeTo(summary, () => appendFile(summary, formatJobSummary(report)));
}

async function writeTo(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new ToolFailure(`${file} can't be written: ${messageOf(cause)}.`, { cause });
  }
}

function chooseExitCode({ report: { counts }, unreachable }: ExaminedApp): ExitCode {
  // If the app can't be reached, the result is `unverified`, even if a finding fails because the allowed certificate
  // has expired. Without `--json`, only the line about the address is printed, and it does not mention that.
  if (unreachable !== undefined) return exitCodes.unverified;
  if (counts.fails > 0) return exitCodes.failed;
  return counts['cannot-tell'] > 0 ? exitCodes.unverified : exitCodes.ok;
}

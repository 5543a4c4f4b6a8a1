import { STATUS_CODES } from 'node:http';
import type { IncomingResponse } from '../../local/client/send-request.js';
import { escapeControls, escapeLines } from '../../faults/safe-text.js';
import { printJson, printNotice } from '../command-line/output.js';
import type { CallerCertificate } from './caller-certificate.js';

export function printJsonReport(response: IncomingResponse, certificate: CallerCertificate | undefined): void {
  printJson(describeResponse(response, findProblemCode(response), certificate));
}

export function describeResponse(
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
export function printHead(
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

export function printBody(text: string): void {
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

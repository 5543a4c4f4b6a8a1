import { STATUS_CODES } from 'node:http';
import type { IncomingResponse } from '../../client/send-request.js';
import { escapeControls, escapeLines, printJson, printNotice } from '../../command-line/output.js';
import type { CallerCertificate } from './caller-certificate.js';

export function printJsonReport(response: IncomingResponse, certificate: CallerCertificate | undefined): void {
  printJson({
    status: response.status,
    code: findProblemCode(response) ?? null,
    headers: response.headers,
    body: response.body,
    certificate:
      certificate === undefined
        ? null
        : { thumbprintSha256: certificate.thumbprintSha256, subject: certificate.subject },
  });
}

/** The body is the answer, so it alone goes to stdout. */
export function printReport(response: IncomingResponse, certificate: CallerCertificate | undefined): void {
  const code = findProblemCode(response);
  const phrase = STATUS_CODES[response.status] ?? '';
  printNotice(`${`${response.status} ${phrase}`.trim()}${code === undefined ? '' : `  code: ${escapeControls(code)}`}`);
  printNotice(
    certificate === undefined
      ? 'without a client certificate'
      : `as ${escapeControls(certificate.subject ?? 'a certificate that Certgate does not decode')}, SHA-256 ${certificate.thumbprintSha256}`,
  );
  if (response.body === '') return;
  const body = process.stdout.isTTY ? escapeLines(response.body) : response.body;
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

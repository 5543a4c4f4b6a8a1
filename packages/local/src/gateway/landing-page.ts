import { X509Certificate } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ClientConnection } from './client-connection.js';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { escapeHtml, gatewayAnswerHeaderName } from './exchange/gateway-response.js';
import { getFieldValues } from '../wire/raw-fields.js';
import { announcesBody, type RequestHead } from './exchange/request-refusals.js';
import { findPlayedFrontEnd } from './front-ends/played-front-ends.js';
import type { GatewaySettings } from './gateway-options.js';
import { type PeerCertificate, toOneLine } from './peer-certificate.js';

/** Whether the request is a `GET /` that accepts HTML, as browsers send it. Other requests go on to the app. */
export function wantsLandingPage(head: RequestHead): boolean {
  if (head.method !== 'GET' || head.target !== '/' || announcesBody(head.fields)) return false;
  return getFieldValues(head.fields, 'accept').some((value) => value.toLowerCase().includes('text/html'));
}

/** Resolves when the response is sent, or when the client is gone. */
export function sendLandingPage(
  response: ServerResponse,
  settings: GatewaySettings,
  connection: ClientConnection,
  certificate: PeerCertificate | undefined,
): Promise<void> {
  const html = renderLandingPage(settings, connection, certificate);
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(html),
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
      [gatewayAnswerHeaderName]: 'landing-page' satisfies GatewayAnswer,
    });
    response.end(html);
  });
}

/** Renders what the gateway sees of the connection that asks for `/`. A client chooses the names in its certificate. */
function renderLandingPage(
  { frontEnd, mode, exclusionPaths, worstCase, upstream }: GatewaySettings,
  { socket }: ClientConnection,
  certificate: PeerCertificate | undefined,
): string {
  const fields = findPlayedFrontEnd(frontEnd).writeCertificate(certificate);
  const rows: readonly (readonly [string, string])[] = [
    ['Front end', frontEnd],
    ['Client certificate mode', mode],
    ['Exclusion paths', exclusionPaths.join(' ') || 'none'],
    ['Worst case', worstCase ? 'on: forged fields that may reach the app do' : 'off'],
    ['TLS', socket.getProtocol() ?? 'unknown'],
    ['App', upstream.origin],
    ...(certificate === undefined ? [['Client certificate', 'none presented'] as const] : describe(certificate)),
    ['Header for the app', fields.map(([name, value]) => `${name}: ${value}`).join('\n') || 'none'],
  ];
  const table = rows
    .map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join('\n');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Certgate gateway</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}th{text-align:left;vertical-align:top;white-space:nowrap;padding-right:1rem}td{overflow-wrap:anywhere}</style>
<h1>Certgate gateway</h1>
<p>This stands where the front end of the deployed app stands. It proves that you hold the key of the certificate below, and nothing else: whether you may call a function is for the app to decide.</p>
<table>
${table}
</table></html>
`;
}

/** Describes a certificate for people. The gateway decides nothing by it. */
function describe({ der, thumbprintSha256, thumbprintSha1 }: PeerCertificate): (readonly [string, string])[] {
  const { subject, issuer, serialNumber, validFrom, validTo } = new X509Certificate(der);
  return [
    ['Subject', toOneLine(subject)],
    ['Issuer', toOneLine(issuer)],
    ['Serial number', serialNumber],
    ['Valid', `${validFrom} to ${validTo} (not checked here)`],
    ['Thumbprint, SHA-256', thumbprintSha256],
    ['Thumbprint, SHA-1', thumbprintSha1],
  ];
}

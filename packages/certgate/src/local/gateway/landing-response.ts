import type { ServerResponse } from 'node:http';
import type { ClientConnection } from './client-connection.js';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import type { GatewaySettings } from './gateway-options.js';
import type { LandingPage } from './landing-page.js';
import { describeCertificate, type PeerCertificate } from './peer-certificate.js';
import { gatewayAnswerHeaderName, getFieldValues } from './exchange/raw-fields.js';
import { findPlayedFrontEnd } from './front-ends/played-front-ends.js';
import { announcesBody, type RequestHead } from './exchange/request-refusals.js';

/** Only a person's browser asks for the root with HTML in mind; every other client meets the app. */
export function wantsLandingPage(head: RequestHead): boolean {
  if (head.method !== 'GET' || head.target !== '/' || announcesBody(head.fields)) return false;
  return getFieldValues(head.fields, 'accept').some((value) => value.toLowerCase().includes('text/html'));
}

/** Resolves when the response is out or its client gone. */
export function sendLandingPage(
  response: ServerResponse,
  landingPage: LandingPage,
  settings: GatewaySettings,
  connection: ClientConnection,
  certificate: PeerCertificate | undefined,
): Promise<void> {
  const html = landingPage({
    frontEnd: settings.frontEnd,
    mode: settings.mode,
    exclusionPaths: settings.exclusionPaths,
    worstCase: settings.worstCase,
    tlsProtocol: connection.socket.getProtocol() ?? 'unknown',
    upstream: settings.upstream.origin,
    clientCertificate: certificate === undefined ? undefined : describeCertificate(certificate),
    headers: findPlayedFrontEnd(settings.frontEnd).writeCertificate(certificate),
  });
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

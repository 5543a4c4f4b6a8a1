import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GatewayAnswer, gatewayAnswers } from './gateway-exchange.js';
import {
  type RawField,
  canonicalizeFieldName,
  getFieldValues,
  pairRawHeaders,
  removeHopByHopFields,
} from '../../wire/raw-fields.js';
import { drainRequest } from '../../wire/request-body.js';

/**
 * The field that shows that the gateway itself answered, and why. The app can't send it, because the gateway removes
 * it.
 */
export const gatewayAnswerHeaderName = 'x-certgate-gateway';

/** Sends the gateway's own answer, and ends the connection. The answer repeats nothing that the client sent. */
export async function sendGatewayAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: GatewayAnswer,
  waitsForContinue: boolean,
): Promise<void> {
  const body = renderAnswer(answer);
  response.writeHead(gatewayAnswers[answer].status, buildAnswerFields(answer, body).flat());
  response.write(body);
  response.flushHeaders();
  if (!waitsForContinue) await drainRequest(request);
  response.end();
}

/** The gateway's own answer as bytes for the socket, for a client whose request could not be read, or was a CONNECT. */
export function formatRawAnswer(answer: GatewayAnswer): string {
  const body = renderAnswer(answer);
  const fields = buildAnswerFields(answer, body).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${gatewayAnswers[answer].status} ${answer}\r\n${fields.join('')}\r\n${body}`;
}

function buildAnswerFields(answer: GatewayAnswer, body: string): [string, string][] {
  return [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store'],
    ['Content-Security-Policy', "default-src 'none'"],
    [gatewayAnswerHeaderName, answer],
    ['Connection', 'close'],
  ];
}

function renderAnswer(answer: GatewayAnswer): string {
  const { status, message } = gatewayAnswers[answer];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${status} ${answer}</title>
<h1>${status} ${answer.replaceAll('-', ' ')}</h1>
<p>${escapeHtml(message)}</p>
<p>This answer comes from the Certgate gateway, not from the app behind it.</p></html>
`;
}

/** Escapes text for HTML content and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * The app's header fields in its order and spelling, without those that end here. Node frames the body again for the
 * client.
 */
export function buildClientResponseFields(rawHeaders: readonly string[]): RawField[] {
  const fields = pairRawHeaders(rawHeaders);
  // If both fields are there, Transfer-Encoding decides (RFC 9112 §6.3), and Content-Length would be wrong.
  const chunked = getFieldValues(fields, 'transfer-encoding').length > 0;
  return removeHopByHopFields(fields).filter(([name]) => {
    const canonical = canonicalizeFieldName(name);
    return canonical !== gatewayAnswerHeaderName && !(chunked && canonical === 'content-length');
  });
}

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

/** Says that the gateway itself answered, and why. No app behind can send it. */
export const gatewayAnswerHeaderName = 'x-certgate-gateway';

/** The gateway's own answer; nothing that the client sent is repeated in it. The connection ends with it. */
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

/** The same answer for a client whose request couldn't be read, as bytes for its socket. */
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

/** For text and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The app's fields in its order and spelling; Node frames the body anew for the client. */
export function buildClientResponseFields(rawHeaders: readonly string[]): RawField[] {
  const fields = pairRawHeaders(rawHeaders);
  // Where both are there, the coding counts (RFC 9112 §6.3) and the length would be a lie.
  const chunked = getFieldValues(fields, 'transfer-encoding').length > 0;
  return removeHopByHopFields(fields).filter(([name]) => {
    const canonical = canonicalizeFieldName(name);
    return canonical !== gatewayAnswerHeaderName && !(chunked && canonical === 'content-length');
  });
}

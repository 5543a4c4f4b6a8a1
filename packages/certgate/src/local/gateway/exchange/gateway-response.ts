import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GatewayAnswer, gatewayAnswers } from './gateway-exchange.js';
import { gatewayAnswerHeaderName } from './raw-fields.js';

/** How long an answered client may go on sending its body, so that a closed connection doesn't swallow the answer. */
const lingerMilliseconds = 2000;

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

/** Reads on, for a while, what is left of the request; resolves at its end. */
export function drainRequest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, lingerMilliseconds);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.once('end', finish).once('close', finish).once('error', finish);
    request.unpipe();
    request.resume();
  });
}

/**
 * The body of a request up to its end or to where its client left; undefined when it is larger than that, and the rest is left
 * unread. By events: an iterator that is left early destroys the request, and the answer may be lost with it.
 */
export function readBodyUpTo(request: IncomingMessage, maximumBytes: number): Promise<readonly Buffer[] | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const keep = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= maximumBytes) return;
      request.off('data', keep).pause();
      resolve(undefined);
    };
    const finish = (): void => {
      resolve(chunks);
    };
    request.on('data', keep).once('end', finish).once('close', finish);
  });
}

/** For text and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

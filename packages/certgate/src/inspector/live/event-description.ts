import type { HostAnswer } from '#local/functions-host/functions-host.js';
import type { GatewayExchange } from '#local/gateway/gateway.js';
import type { LiveEvent } from '../../trust/views/page-views.js';

/**
 * The most characters that are kept of a text. Callers choose paths, and documents choose names, so both may be long.
 */
const maximumCharacters = 1024;

/** Describes a request that reached the app. The host knows which function ran and what the gate decided. */
export function describeHostAnswer(answer: HostAnswer, id: number): LiveEvent {
  const { functionName, correlationId, decision } = answer;
  return Object.freeze({
    id,
    time: new Date(answer.time).toISOString(),
    method: shorten(answer.method),
    path: shorten(answer.path),
    status: answer.status,
    functionName: functionName ?? null,
    answeredBy: functionName === undefined ? 'host' : 'app',
    durationMilliseconds: answer.durationMilliseconds,
    correlationId: correlationId ?? null,
    identityName: shortenMaybe(decision?.identityName),
    thumbprintSha256: shortenMaybe(decision?.thumbprintSha256),
    verdict: functionName === undefined ? 'no-function' : (decision?.outcome ?? 'open'),
    code: shortenMaybe(decision?.deferredCode ?? decision?.code),
    detail: shortenMaybe(decision?.detail),
  });
}

/**
 * Describes a request that the gateway answered itself, or whose client left. It ended at `now`, in milliseconds since
 * 1970.
 */
export function describeExchange(exchange: GatewayExchange, id: number, now: number): LiveEvent {
  const { status, reason, milliseconds } = exchange;
  return Object.freeze({
    id,
    time: new Date(now - milliseconds).toISOString(),
    method: shorten(exchange.method),
    path: shorten(exchange.path),
    status: reason === 'client-aborted' ? 'cut' : status,
    functionName: null,
    answeredBy: 'gateway',
    durationMilliseconds: milliseconds,
    correlationId: null,
    identityName: null,
    thumbprintSha256: exchange.clientCertificateThumbprintSha256 ?? null,
    verdict: reason === 'client-certificate-required' ? 'denied' : 'no-function',
    code: reason ?? null,
    detail: null,
  });
}

/** Copies the start of a text, because a slice would keep the whole text in memory. */
function shorten(text: string): string {
  if (text.length <= maximumCharacters) return text;
  return `${Buffer.from(text.slice(0, maximumCharacters), 'utf16le').toString('utf16le')}…`;
}

function shortenMaybe(text: string | undefined): string | null {
  return text === undefined ? null : shorten(text);
}

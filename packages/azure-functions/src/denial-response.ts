import { type Denial, type PublicCode, getPublicCode, getPublicStatus } from '@certgate/core';
import type { HttpResponseInit } from '@azure/functions';

/** What a caller learns, and no more (RFC 9457 `title`). */
const titles: Readonly<Record<PublicCode, string>> = {
  client_certificate_required: 'A client certificate that is allowed to call this function is required.',
  forbidden: 'This client may not call this function.',
  unavailable: 'The service cannot decide about calls at the moment.',
};

/**
 * RFC 9110 §15.5.2 requires a challenge with every 401. No scheme is registered for TLS client certificates; this one
 * names what is missing, has no parameters, and no client acts on it by itself.
 */
export const challenge = 'ClientCertificate';

/** Seconds until it is worth asking again when trust is out of reach: less than one refresh interval. */
const retryAfterSeconds = 10;

/**
 * The refusal as RFC 9457 problem details: the public code and a correlation id, which is the invocation id and stands in
 * the log beside the precise code. In Development the precise code and its explanation are added.
 */
export function createDenialResponse(denial: Denial, correlationId: string, isDevelopment: boolean): HttpResponseInit {
  const code = getPublicCode(denial.code);
  const status = getPublicStatus(denial.code);
  const problem = {
    type: `urn:certgate:problem:${code}`,
    title: titles[code],
    status,
    code,
    correlationId,
    ...(isDevelopment ? { development: { code: denial.code, detail: denial.detail } } : {}),
  };
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': challenge } : {}),
      ...(denial.code === 'trust_unavailable' ? { 'retry-after': String(retryAfterSeconds) } : {}),
    },
    body: JSON.stringify(problem),
  };
}

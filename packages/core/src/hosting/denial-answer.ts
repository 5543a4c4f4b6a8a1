import {
  type Denial,
  type PublicCode,
  type PublicStatus,
  getPublicCode,
  getPublicStatus,
  problemTypePrefix,
} from '../denial.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';

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
const challenge = 'ClientCertificate';

/** Seconds until it is worth asking again when trust is out of reach: less than one refresh interval. */
const retryAfterSeconds = 10;

/** An HTTP response that refuses, for any host. */
export interface DenialAnswer {
  readonly status: PublicStatus;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The refusal as RFC 9457 problem details: the public code and a correlation id, which stands in the log beside the precise
 * code. In Development (`development` is there) the precise code and its explanation are added.
 */
export function createDenialAnswer(
  denial: Denial,
  correlationId: string,
  development: { readonly trust?: TrustStoreReport | undefined } | undefined,
): DenialAnswer {
  const code = getPublicCode(denial.code);
  const status = getPublicStatus(denial.code);
  const problem = {
    type: `${problemTypePrefix}${code}`,
    title: titles[code],
    status,
    code,
    correlationId,
    ...(development === undefined
      ? {}
      : { development: { code: denial.code, detail: denial.detail, ...nameTrust(denial, development.trust) } }),
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

/** The document that doesn't list the caller: the one that was read may not be the one that somebody edits. */
function nameTrust({ code }: Denial, trust: TrustStoreReport | undefined): object {
  if (code !== 'certificate_not_trusted' || trust === undefined) return {};
  return { trust: { source: trust.description, revision: trust.revision } };
}

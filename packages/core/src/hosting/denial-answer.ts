import {
  type Denial,
  type PublicCode,
  type PublicStatus,
  getPublicCode,
  getPublicStatus,
  problemTypePrefix,
} from '../denial.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';

/** The title of a refusal's answer, which says to people what is wrong (RFC 9457 `title`). */
const titles: Readonly<Record<PublicCode, string>> = {
  client_certificate_required: 'A client certificate that is allowed to call this function is required.',
  forbidden: 'This client may not call this function.',
  unavailable: 'The service cannot decide about calls at the moment.',
};

/**
 * The challenge that RFC 9110 §15.5.2 requires with every 401. No scheme is registered for TLS client certificates.
 * This one names what is missing and has no parameters, and no client reacts to it by itself.
 */
const challenge = 'ClientCertificate';

/**
 * After how many seconds a caller should ask again if the trust source is unavailable: less than the default refresh
 * interval.
 */
const retryAfterSeconds = 10;

/** An HTTP response that refuses, for any host. */
export interface DenialAnswer {
  readonly status: PublicStatus;
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Makes the refusal as RFC 9457 problem details, with the public code and a correlation id. The log shows that id with
 * the precise code. In Development (`development` is defined) the answer also has the precise code and its explanation.
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

/** The codes of refusals that another document, or another revision of it, may not give. */
const documentCode = /^(?:certificate_not_trusted$|certificate_on_deny_list$|identity_|pin_|function_|role_)/;

/** Names the document that refuses the caller, because the app may read another one than the developer edits. */
function nameTrust({ code }: Denial, trust: TrustStoreReport | undefined): object {
  if (!documentCode.test(code) || trust === undefined) return {};
  return { trust: { source: trust.description, revision: trust.revision } };
}

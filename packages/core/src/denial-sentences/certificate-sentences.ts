import type { DenialFacts, GraceFacts, MalformedProblem } from '../denial-facts.js';
import { describeInstant, type Sentences, repeatFault } from './sentence-parts.js';

type CertificateCode = Extract<keyof DenialFacts, `certificate_${string}` | 'algorithm_unsupported_by_runtime'>;
type OfTrust = 'certificate_on_deny_list' | 'certificate_not_trusted' | 'certificate_revoked';

/** The sentences about the certificate header and about the certificate itself. */
export const certificateSentences: Sentences<Exclude<CertificateCode, OfTrust>> = {
  certificate_missing: (facts) => {
    switch (facts.problem) {
      case 'absent':
        return `No client certificate came with the request: ${facts.source} is absent or empty.`;
      case 'connection_without_tls':
        return 'The front end is direct-tls, and the request did not come over a TLS connection of this server. If something else ends TLS, name it with frontEnd.';
      case 'handshake_without_certificate':
        return 'The caller showed no client certificate in the TLS handshake. The server must ask for one: requestCert: true, and rejectUnauthorized: false where only the trust document decides.';
      case 'mcp_trigger_unknown':
        return `"${facts.functionName}" has an MCP trigger that this version of Certgate does not know. The host serves those over HTTP, so every call is refused. Update @certgate/azure-functions, or move the function to an app without secureApp.`;
      case 'policy_unknown':
        return `"${facts.functionName}" has a policy or a trigger that this version of Certgate does not know, so every call is refused. Use one version of @certgate/azure-functions in the app, the newest.`;
    }
  },
  certificate_malformed: (facts) => {
    switch (facts.problem) {
      case 'other_structure':
        return `The header has no certificate: ${facts.structure}.`;
      case 'pinned_bytes':
        return `The bytes are pinned, but they are not a certificate: ${facts.fault}.`;
      case 'path_bytes':
        return `It is not a certificate: ${facts.fault}.`;
      default:
        return malformedTexts[facts.problem];
    }
  },
  certificate_multiple: ({ expectedElements: count, isPerhapsChain }) => {
    if (isPerhapsChain === true)
      return 'x-forwarded-tls-client-cert has a comma: before a chain, or where this host joined lines. To accept chains, set acceptForwardedChain: true.';
    return count === undefined
      ? 'The header has more than one value or line, or the request has more lines than the server reads.'
      : `x-forwarded-client-cert does not have ${count === 1 ? 'exactly one element' : `exactly ${count} elements`}: a client or another proxy set it too, and the front end keeps that.`;
  },
  certificate_too_large: ({ header = 'The certificate header', length, limit }) =>
    `${header} has ${length} characters; ${limit} are read.`,
  certificate_verification_failed: ({ header, said, accepted }) => {
    const answer =
      said === undefined
        ? `The front end sent a certificate without ${header}.`
        : `The front end says ${JSON.stringify(said)} in ${header}.`;
    return `${answer} Only ${accepted} is accepted, or UNVERIFIED where the front end is not meant to verify certificates: see docs/front-ends.md.`;
  },
  certificate_expired: (facts) =>
    repeatFault({
      ...facts,
      fault: `${facts.fault} If the old one is pinned, add the pin of the new one to the trust document.`,
    }),
  certificate_extended_key_usage_unsuitable: (facts) =>
    repeatFault({
      ...facts,
      fault: `${facts.fault}${describeGrace(facts.grace)}${describePublicIssuance(facts.publicIssuance)}`,
    }),
};

const malformedTexts: Readonly<Record<MalformedProblem, string>> = {
  not_der: 'The decoded header is not a DER SEQUENCE, so it is not a certificate.',
  truncated: 'The certificate in the header is cut short.',
  trailing_bytes: 'The header has bytes after the certificate; exactly one certificate is read.',
  pem: 'The header is PEM. This front end sends the base64 of the DER on one line, without armour: check that frontEnd names the one that is there.',
  base64url: 'The header is base64url. Base64 is expected (RFC 4648 section 4).',
  base64_padding: 'The base64 in the header is cut short or not canonical (RFC 4648 section 3.5).',
  not_base64: 'The header is not base64.',
  base64_percent_encoded: 'The header is percent-encoded, as Traefik wrote it before 2.9.4: update Traefik.',
  pem_lines_unexpected:
    'The PEM block in the header is not written as the front end does it: lines of 64 base64 characters, percent-encoded.',
  pem_not_percent_encoded: 'The header is PEM that is not percent-encoded. In nginx, use $ssl_client_escaped_cert.',
  pem_block_cut: 'The percent-encoded PEM block in the header is cut short, or more follows it.',
  not_pem_block: 'The header is not a percent-encoded PEM block.',
  forwarded_elements_forgeable:
    'An element of x-forwarded-client-cert before the last has URI or DNS, which Envoy writes unescaped, so a certificate may have added the last one. Where several elements are expected, leave uri and dns out of set_current_client_cert_details.',
  forwarded_json:
    'x-forwarded-client-cert is JSON. Set format to TEXT in set_current_client_cert_details. With APPEND_FORWARD, Envoy keeps the format that came.',
  not_forwarded_elements:
    'x-forwarded-client-cert does not have the pairs By, Hash, Cert, Chain, Subject, URI, DNS in this order.',
  byte_sequence_empty: 'Client-Cert is an empty byte sequence. A front end leaves it out where no certificate came.',
  not_byte_sequence: 'Client-Cert is not a byte sequence, base64 between two colons (RFC 9440 section 2.2).',
};

/** Why no grace period admits the certificate now. Empty if the facts have no grace. */
function describeGrace(grace: GraceFacts | undefined): string {
  switch (grace?.state) {
    case undefined:
      return '';
    case 'path_needed':
      return ' No grace period of a pin applies here (acceptWithoutClientAuth): an authority is asked about the certificate, for one of its names or by issuedBy, and a certification path needs clientAuth.';
    case 'never':
      return ' Its pins never accept that at the same time (acceptWithoutClientAuth).';
    case 'ahead':
      return ` Its pin accepts that from ${describeInstant(grace.since)} on (acceptWithoutClientAuth).`;
    case 'over':
      return ` Its pin accepted that until ${describeInstant(grace.until)} (acceptWithoutClientAuth).`;
  }
}

type IssuanceFacts = DenialFacts['certificate_extended_key_usage_unsuitable']['publicIssuance'];

function describePublicIssuance(issuance: IssuanceFacts): string {
  if (issuance === undefined) return '';
  return ` It looks like a certificate of a public CA (${issuance.verdict}: ${issuance.evidence.join(', ')}). Those no longer issue clientAuth, so a renewal does not help: issue the caller one from an authority of your own, or pin one that the caller makes for this purpose. See docs/public-certificates.md.`;
}

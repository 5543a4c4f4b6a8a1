import { askOpenssl } from '@certgate/x509/test-support/openssl.js';

// What each front end writes, from what openssl writes: it shares no code with what reads it.

/** As `PEM_write_bio_X509` ends and breaks lines. */
export function pemOf(der: Uint8Array): string {
  return askOpenssl(['x509', '-inform', 'der'], der).toString();
}

/** nginx' `$ssl_client_escaped_cert`, Envoy's `Cert`, Application Gateway's `client_certificate`. */
export function escapedPemOf(der: Uint8Array): string {
  return encodeURIComponent(pemOf(der));
}

/** As in `escapedPemOf`, between the armour lines: what the certificate is remembered by. */
export function escapedBodyOf(der: Uint8Array): string {
  const lines = pemOf(der).split('\n');
  return encodeURIComponent(lines.slice(1, lines.indexOf('-----END CERTIFICATE-----')).join('\n'));
}

export function base64Of(der: Uint8Array): string {
  return askOpenssl(['base64', '-A'], der).toString();
}

/** `Client-Cert` of RFC 9440, and each member of `Client-Cert-Chain`. */
export function byteSequenceOf(der: Uint8Array): string {
  return `:${base64Of(der)}:`;
}

/** The pairs of one element of `X-Forwarded-Client-Cert`, as Envoy may write them. */
export interface ForwardedElement {
  readonly by?: readonly string[];
  readonly leaf: Uint8Array;
  /** Whether `Cert` is written. Default: true. */
  readonly hasCert?: boolean;
  /** Without the leaf, which Envoy puts in front. */
  readonly chain?: readonly Uint8Array[];
  /** With the backslashes of RFC 4514. */
  readonly subject?: string;
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
}

export function forwardedElementOf(element: ForwardedElement): string {
  const { by = [], leaf, hasCert = true, chain, subject, uris = [], dnsNames = [] } = element;
  const digest = askOpenssl(['dgst', '-sha256', '-r'], leaf).toString().slice(0, 64);
  return [
    ...by.map((uri) => `By=${uri}`),
    `Hash=${digest}`,
    ...(hasCert ? [`Cert="${escapedPemOf(leaf)}"`] : []),
    ...(chain === undefined ? [] : [`Chain="${[leaf, ...chain].map(escapedPemOf).join('')}"`]),
    ...(subject === undefined ? [] : [`Subject="${subject}"`]),
    ...uris.map((uri) => `URI=${uri}`),
    ...dnsNames.map((name) => `DNS=${name}`),
  ].join(';');
}

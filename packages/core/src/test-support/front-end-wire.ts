import { askOpenssl } from '@certgate/x509/test-support/openssl.js';

// Writes what front ends write, with openssl. It shares no code with the readers that are tested.

/** PEM with the line lengths and line ends of `PEM_write_bio_X509`. */
export function pemOf(der: Uint8Array): string {
  return askOpenssl(['x509', '-inform', 'der'], der).toString();
}

/** The form of nginx's `$ssl_client_escaped_cert`, Envoy's `Cert` and Application Gateway's `client_certificate`. */
export function escapedPemOf(der: Uint8Array): string {
  return encodeURIComponent(pemOf(der));
}

/** The part of `escapedPemOf` between the armour lines, by which the decision memory finds the certificate. */
export function escapedBodyOf(der: Uint8Array): string {
  const lines = pemOf(der).split('\n');
  return encodeURIComponent(lines.slice(1, lines.indexOf('-----END CERTIFICATE-----')).join('\n'));
}

export function base64Of(der: Uint8Array): string {
  return askOpenssl(['base64', '-A'], der).toString();
}

/** The form of `Client-Cert` in RFC 9440, and of each member of `Client-Cert-Chain`. */
export function byteSequenceOf(der: Uint8Array): string {
  return `:${base64Of(der)}:`;
}

/** The parts of one element of `X-Forwarded-Client-Cert`, as Envoy may write them. */
export interface ForwardedElement {
  readonly by?: readonly string[];
  readonly leaf: Uint8Array;
  /** Whether the element has `Cert`; true by default. */
  readonly hasCert?: boolean;
  /** The CA certificates without the leaf, which `forwardedElementOf` puts first, as Envoy does. */
  readonly chain?: readonly Uint8Array[];
  /** The subject, with the backslashes of RFC 4514. */
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

// front-ends/: the front ends that the gateway plays: what each writes, and what it does with a client's own fields.

import { X509Certificate, createHash } from 'node:crypto';
import type { FrontEndName } from '@certgate/core/internal';
import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { canonicalizeFieldName, type RawField } from '../../wire/raw-fields.js';
import { appService } from './app-service-fields.js';

/**
 * The front ends, each as it is configured for an app that decides alone. This code does not use core's parsers, so
 * that a mistake in one of them shows. No front end claims to have verified a certificate, because the gateway verifies
 * none.
 */
const playedFrontEnds: Readonly<Record<FrontEndName, PlayedFrontEnd>> = {
  'app-service': appService,

  /**
   * Azure Application Gateway v2 with mutual authentication in passthrough mode, and a rewrite rule that sets both
   * fields. Its own word for "not verified" is `PASSTHROUGH`, and `NONE` without a certificate.
   *
   * The rule replaces a field that the client sent. Azure does not document what happens to a second such field, or to
   * one with underscores. In the worst case both reach the app.
   */
  'application-gateway': {
    keepClientFields: (fields, worstCase) =>
      (worstCase ? removeFirstOfEach : removeLookalikes)(fields, [
        'x-client-certificate',
        'x-client-certificate-verification',
      ]),
    writeCertificate: (certificate) => [
      ...(certificate === undefined ? [] : [['X-Client-Certificate', escapePem(certificate.der)] as const]),
      ['X-Client-Certificate-Verification', certificate === undefined ? 'NONE' : 'PASSTHROUGH'],
    ],
  },

  /**
   * Envoy with `forward_client_cert_details: SANITIZE_SET`, `cert: true` and `chain: true`, and an optional
   * certificate. It verifies nothing in this configuration, and has no field for that. It writes names in lower case.
   *
   * SANITIZE_SET replaces a client's field, and removes it without a certificate. A name with underscores is another
   * field to Envoy, and passes.
   */
  envoy: {
    keepClientFields: (fields) => removeFields(fields, ['x-forwarded-client-cert']),
    writeCertificate: (certificate) => {
      if (certificate === undefined) return [];
      const { der, chain } = certificate;
      const hash = createHash('sha256').update(der).digest('hex');
      // The chain begins with the leaf. It is only the leaf if no further certificate came.
      const texts = [der, ...chain].map(escapePem);
      return [['x-forwarded-client-cert', `Hash=${hash};Cert="${escapePem(der)}";Chain="${texts.join('')}"`]];
    },
  },

  /**
   * nginx with `ssl_verify_client optional_no_ca`, and `UNVERIFIED` in place of `$ssl_client_verify`.
   *
   * `proxy_set_header` replaces a field of the client, and removes it if its own value is empty. Names with other
   * characters than letters, digits and hyphens are dropped (`ignore_invalid_headers`, `underscores_in_headers`).
   */
  nginx: {
    keepClientFields: (fields) =>
      removeFields(fields, ['ssl-client-cert', 'ssl-client-verify']).filter(([name]) => /^[a-z0-9-]+$/i.test(name)),
    writeCertificate: (certificate) => [
      ...(certificate === undefined ? [] : [['SSL-Client-Cert', escapePem(certificate.der)] as const]),
      ['SSL-Client-Verify', 'UNVERIFIED'],
    ],
  },

  /**
   * HAProxy with `ca-ignore-err all crt-ignore-err all`, and `UNVERIFIED` in place of `%[ssl_c_verify]`. It writes
   * names in lower case.
   *
   * `del-header` and `set-header` remove a client's field. A name with underscores is another field to HAProxy, and
   * passes.
   */
  haproxy: {
    keepClientFields: (fields) => removeFields(fields, ['x-client-certificate', 'x-client-certificate-verification']),
    writeCertificate: (certificate) => [
      ...(certificate === undefined ? [] : [['x-client-certificate', certificate.der.toString('base64')] as const]),
      ['x-client-certificate-verification', 'UNVERIFIED'],
    ],
  },

  /**
   * Caddy with `client_auth` in the mode `request`, which verifies nothing. Caddy has no field for that. It writes a
   * placeholder without a value as it is in its configuration.
   *
   * `header_up` replaces the client's field. Newer versions, and Debian's 2.6.2, drop names with underscores. In the
   * worst case they pass.
   */
  caddy: {
    keepClientFields: (fields, worstCase) =>
      removeFields(fields, ['x-client-certificate']).filter(([name]) => worstCase || !name.includes('_')),
    writeCertificate: (certificate) => [
      [
        'X-Client-Certificate',
        certificate?.der.toString('base64') ?? '{http.request.tls.client.certificate_der_base64}',
      ],
    ],
  },

  /**
   * Traefik with the middleware PassTLSClientCert and `pem: true`, after a middleware that removes the client's own
   * field. `clientAuth` has the type `RequestClientCert`, which verifies nothing. Traefik has no field for that. The
   * second field is removed and never written, because `info` of the middleware is not set.
   *
   * Versions since 2.11.43 and 3.6.14 remove names with underscores. Earlier ones pass them on, as the worst case does.
   */
  traefik: {
    keepClientFields: (fields, worstCase) =>
      (worstCase ? removeFields : removeLookalikes)(fields, [
        'x-forwarded-tls-client-cert',
        'x-forwarded-tls-client-cert-info',
      ]),
    writeCertificate: (certificate) => {
      if (certificate === undefined) return [];
      const texts = [certificate.der, ...certificate.chain].map((der) => der.toString('base64'));
      return [['X-Forwarded-Tls-Client-Cert', texts.join(',')]];
    },
  },

  /**
   * A front end that follows RFC 9440 and verifies nothing. The RFC has no field for that.
   *
   * It removes or replaces both fields of the client (§2.4), and writes the chain without the leaf, in the order of the
   * handshake (§2.3). A name with underscores is another field, and passes.
   */
  rfc9440: {
    keepClientFields: (fields) => removeFields(fields, ['client-cert', 'client-cert-chain']),
    writeCertificate: (certificate) => {
      if (certificate === undefined) return [];
      const chain = certificate.chain.map(writeByteSequence).join(', ');
      return [
        ['Client-Cert', writeByteSequence(certificate.der)],
        ...(chain === '' ? [] : [['Client-Cert-Chain', chain] as const]),
      ];
    },
  },
};

export function findPlayedFrontEnd(name: FrontEndName): PlayedFrontEnd {
  return playedFrontEnds[name];
}

/** Removes the fields with these names, which the front end sets or removes itself. Letter case does not matter. */
function removeFields(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  return fields.filter(([name]) => !lowerCaseNames.includes(name.toLowerCase()));
}

/** Removes the fields that a server behind might take for one of these names, such as `X_Client_Certificate`. */
function removeLookalikes(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  return fields.filter(([name]) => !lowerCaseNames.includes(canonicalizeFieldName(name)));
}

function removeFirstOfEach(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  const first = lowerCaseNames.map((own) => fields.find(([name]) => name.toLowerCase() === own));
  return fields.filter((field) => !first.includes(field));
}

/**
 * The percent-encoded PEM block of a certificate, as nginx, Envoy and Application Gateway put it into a header. OpenSSL
 * and BoringSSL write PEM with 64 columns and a line feed after each line, including the last. Line feed, space, `+`,
 * `/` and `=` are encoded in upper case.
 */
export function escapePem(der: Buffer): string {
  return new X509Certificate(der)
    .toString()
    .replace(/[\n +/=]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** Formats a byte sequence (RFC 8941 §4.1.8). */
export function writeByteSequence(der: Buffer): string {
  return `:${der.toString('base64')}:`;
}

// front-ends/: the front ends that the gateway plays: what each writes, and what it does with a client's own fields.

import { X509Certificate, createHash } from 'node:crypto';
import type { FrontEndName } from '@certgate/core/internal';
import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { canonicalizeFieldName, type RawField } from '../../wire/raw-fields.js';
import { appService } from './app-service-fields.js';

/**
 * Each as it is configured where the app alone decides. Written without core's parsers, so that the two can disagree; and
 * none claims to have verified a certificate, since the gateway verifies none.
 */
const playedFrontEnds: Readonly<Record<FrontEndName, PlayedFrontEnd>> = {
  'app-service': appService,

  /**
   * Azure Application Gateway v2 with mutual authentication in passthrough mode, and a rewrite rule that sets both fields:
   * its own words for "not verified" are `PASSTHROUGH`, and `NONE` without a certificate.
   *
   * The rule replaces a field that the client sent. What becomes of a second line of it, or of one with underscores, isn't
   * documented: in the worst case both reach the app.
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
   * Envoy with `forward_client_cert_details: SANITIZE_SET`, `cert: true` and `chain: true`, and a certificate that it only
   * requests. It verifies nothing then, and has no field for that. It writes names in lower case.
   *
   * SANITIZE_SET replaces a client's field, and removes it without a certificate. One with underscores is another field to
   * it, and passes.
   */
  envoy: {
    keepClientFields: (fields) => removeFields(fields, ['x-forwarded-client-cert']),
    writeCertificate: (certificate) => {
      if (certificate === undefined) return [];
      const { der, chain } = certificate;
      const hash = createHash('sha256').update(der).digest('hex');
      // The chain begins with the leaf, and is the leaf alone where nothing came with it.
      const texts = [der, ...chain].map(escapePem);
      return [['x-forwarded-client-cert', `Hash=${hash};Cert="${escapePem(der)}";Chain="${texts.join('')}"`]];
    },
  },

  /**
   * nginx with `ssl_verify_client optional_no_ca`, and `UNVERIFIED` in place of `$ssl_client_verify`.
   *
   * `proxy_set_header` replaces a field of the client, and removes it where its own value is empty. Names with other
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
   * HAProxy with `ca-ignore-err all crt-ignore-err all`, and `UNVERIFIED` in place of `%[ssl_c_verify]`. It writes names in
   * lower case.
   *
   * `del-header` and `set-header` remove a client's field. One with underscores is another field to it, and passes.
   */
  haproxy: {
    keepClientFields: (fields) => removeFields(fields, ['x-client-certificate', 'x-client-certificate-verification']),
    writeCertificate: (certificate) => [
      ...(certificate === undefined ? [] : [['x-client-certificate', certificate.der.toString('base64')] as const]),
      ['x-client-certificate-verification', 'UNVERIFIED'],
    ],
  },

  /**
   * Caddy with `client_auth` in the mode `request`, which verifies nothing; it has no field for that. It sends a placeholder
   * without a value as it stands in its configuration.
   *
   * `header_up` replaces the client's field. Names with underscores are dropped by newer versions, and by Debian's 2.6.2; in
   * the worst case they pass.
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
   * Traefik with the middleware PassTLSClientCert, `pem: true`, after one that removes the client's own field; `clientAuth` of
   * the type `RequestClientCert`, which verifies nothing; it has no field for that. The second field is removed and never
   * written: `info` of the middleware is left out.
   *
   * Names with underscores are removed since 2.11.43 and 3.6.14, and passed on before: in the worst case they pass.
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
   * A front end that follows RFC 9440, and verifies nothing; the RFC has no field for that.
   *
   * It removes or replaces both fields of the client (§2.4), and writes the chain without the leaf, in the order of the
   * handshake (§2.3). One with underscores is another field, and passes.
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

/** Without the fields of these names, which the front end sets or removes itself. Names have no letter case. */
function removeFields(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  return fields.filter(([name]) => !lowerCaseNames.includes(name.toLowerCase()));
}

/** Without those that some server behind might take for one of these names as well: `X_Client_Certificate`. */
function removeLookalikes(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  return fields.filter(([name]) => !lowerCaseNames.includes(canonicalizeFieldName(name)));
}

function removeFirstOfEach(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  const first = lowerCaseNames.map((own) => fields.find(([name]) => name.toLowerCase() === own));
  return fields.filter((field) => !first.includes(field));
}

/**
 * The PEM block that OpenSSL and BoringSSL write (64 columns, a line feed after each line, the last one too), as nginx,
 * Envoy and Application Gateway put it into a header: line feed, space, `+`, `/` and `=` percent-encoded in upper case.
 */
export function escapePem(der: Buffer): string {
  return new X509Certificate(der)
    .toString()
    .replace(/[\n +/=]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** RFC 8941 §4.1.8. */
export function writeByteSequence(der: Buffer): string {
  return `:${der.toString('base64')}:`;
}

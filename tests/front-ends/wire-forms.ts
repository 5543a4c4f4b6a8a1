import type { CallerCertificate } from './callers.js';
import type { ProxyVariant } from './proxies.js';
import type { ProxyName } from './proxy-programs.js';

export const secretField = 'x-certgate-front-end-secret';

/** Values by field names in lower case. */
export type Fields = Readonly<Record<string, string>>;

/** What a proxy sends to the app. The tests encode it themselves from what openssl writes. */
export interface WireForm {
  readonly certificateField: string;
  /** The other fields that the proxy's file replaces or removes if the caller sends them. */
  readonly otherFields: readonly string[];
  /** The fields for a caller's own certificate and the certificates that the caller sent with it. */
  readonly encode: (certificates: readonly CallerCertificate[]) => Fields;
  readonly verification: Readonly<Record<ProxyVariant, { readonly with: Fields; readonly without: Fields }>>;
  /**
   * What the file `any-certificate` does with an expired certificate: forwards it, answers 400, or ends the handshake.
   */
  readonly expired: 'handed on' | 400 | 'refused';
  /** What the file `ca-verified` does with a certificate that the CA did not issue. */
  readonly unverified: 400 | 'refused';
  /**
   * What the proxy does with field names that contain underscores: drops them, or forwards them as the different names
   * that they are.
   */
  readonly underscores: 'dropped' | 'handed on';
  /** Whether the proxy speaks HTTP/2 with its file. */
  readonly speaksHttp2: boolean;
  /** The proxy's own fields that are lost if the caller lists them in `Connection`. */
  readonly dropsListed: readonly string[];
}

const base64 = (certificate: CallerCertificate | undefined): string => certificate?.der.toString('base64') ?? '';
const noVerification = { with: {}, without: {} };
/** Caddy sends the text of the placeholder if the placeholder has no value. */
const caddyWithoutValue = {
  with: {},
  without: { 'x-client-certificate': '{http.request.tls.client.certificate_der_base64}' },
};

export const wireForms: Readonly<Record<ProxyName, WireForm>> = {
  nginx: {
    certificateField: 'ssl-client-cert',
    otherFields: ['ssl-client-verify', secretField],
    encode: ([leaf]) => ({ 'ssl-client-cert': encodeURIComponent(leaf?.pem ?? '') }),
    verification: {
      'any-certificate': {
        with: { 'ssl-client-verify': 'UNVERIFIED' },
        without: { 'ssl-client-verify': 'UNVERIFIED' },
      },
      'ca-verified': { with: { 'ssl-client-verify': 'SUCCESS' }, without: { 'ssl-client-verify': 'NONE' } },
    },
    expired: 400,
    unverified: 400,
    underscores: 'dropped',
    speaksHttp2: false,
    dropsListed: [],
  },
  haproxy: {
    certificateField: 'x-client-certificate',
    otherFields: ['x-client-certificate-verification', secretField],
    encode: ([leaf]) => ({ 'x-client-certificate': base64(leaf) }),
    verification: {
      'any-certificate': {
        with: { 'x-client-certificate-verification': 'UNVERIFIED' },
        without: { 'x-client-certificate-verification': 'UNVERIFIED' },
      },
      // HAProxy's number 0 means "no error", even if there was no certificate.
      'ca-verified': {
        with: { 'x-client-certificate-verification': '0' },
        without: { 'x-client-certificate-verification': '0' },
      },
    },
    expired: 'handed on',
    unverified: 'refused',
    underscores: 'handed on',
    speaksHttp2: true,
    dropsListed: [],
  },
  caddy: {
    certificateField: 'x-client-certificate',
    otherFields: [secretField],
    encode: ([leaf]) => ({ 'x-client-certificate': base64(leaf) }),
    verification: { 'any-certificate': caddyWithoutValue, 'ca-verified': caddyWithoutValue },
    expired: 'handed on',
    unverified: 'refused',
    underscores: 'dropped',
    speaksHttp2: true,
    dropsListed: [],
  },
  apache: {
    certificateField: 'client-cert',
    otherFields: ['client-cert-chain', secretField],
    encode: ([leaf, ...chain]) => ({
      'client-cert': `:${base64(leaf)}:`,
      ...(chain.length > 0 && { 'client-cert-chain': chain.map((each) => `:${base64(each)}:`).join(',') }),
    }),
    verification: { 'any-certificate': noVerification, 'ca-verified': noVerification },
    expired: 'refused',
    unverified: 'refused',
    underscores: 'handed on',
    speaksHttp2: false,
    dropsListed: ['client-cert', 'client-cert-chain', secretField],
  },
};

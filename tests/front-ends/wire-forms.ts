import type { CallerCertificate } from './callers.js';
import type { ProxyVariant } from './proxies.js';
import type { ProxyName } from './proxy-programs.js';

export const secretField = 'x-certgate-front-end-secret';

/** Names in lower case. */
export type Fields = Readonly<Record<string, string>>;

/** What a proxy sends upstream, encoded here once more from what openssl writes. */
export interface WireForm {
  readonly certificateField: string;
  /** The other names that its file takes from the caller. */
  readonly otherFields: readonly string[];
  /** Of a caller's leaf and what it sent along. */
  readonly encode: (certificates: readonly CallerCertificate[]) => Fields;
  readonly verification: Readonly<Record<ProxyVariant, { readonly with: Fields; readonly without: Fields }>>;
  /** What `any-certificate` does with an expired certificate: hands it on, answers 400 or ends the handshake. */
  readonly expired: 'handed on' | 400 | 'refused';
  /** What `ca-verified` does with one that the CA didn't issue. */
  readonly unverified: 400 | 'refused';
  /** Names with underscores: not sent upstream, or sent as the other names that they are. */
  readonly underscores: 'dropped' | 'handed on';
  /** As its file leaves it. */
  readonly speaksHttp2: boolean;
  /** What goes when the caller lists it in `Connection`. */
  readonly dropsListed: readonly string[];
}

const base64 = (certificate: CallerCertificate | undefined): string => certificate?.der.toString('base64') ?? '';
const noVerification = { with: {}, without: {} };
/** Caddy sends a placeholder that has no value as it stands in its file. */
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
      // Its number for no error also stands for no certificate.
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

import { createHash } from 'node:crypto';
import type { FrontEndName } from '@certgate/core';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import type { Random } from './random.js';

export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** What a front end sends, and the code with which the gate must refuse it, if any. */
export interface Sent {
  readonly frontEnd: FrontEndName;
  readonly fields: Fields;
  /** The code that the fields mean. Undefined if they mean the given certificate. */
  readonly code: string | undefined;
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const escaped = (der: Uint8Array): string => encodeURIComponent(toPem(der));
const element = (der: Uint8Array, chain = ''): string =>
  `Hash=${createHash('sha256').update(der).digest('hex')};Cert="${escaped(der)}"${chain};Subject="CN=a"`;

/**
 * How a front end writes: the field with the certificate and its form, and the field with the result of the
 * verification.
 */
interface Grammar {
  readonly field: string;
  readonly write: (der: Uint8Array) => string;
  /** Writes a CA certificate that came with the caller's, after the caller's own. */
  readonly chain?: (der: Uint8Array) => string;
  readonly verification?: readonly [field: string, success: string, failure: string];
  /** The code for a text of 70,000 letters, if it is not `certificate_too_large`. */
  readonly tooLong?: 'certificate_malformed';
}

/** The type requires a grammar for each front end, so that a new one can't be forgotten. */
const grammars: Readonly<Record<FrontEndName, Grammar>> = {
  'app-service': { field: 'x-arr-clientcert', write: base64 },
  'application-gateway': {
    field: 'x-client-certificate',
    write: escaped,
    verification: ['x-client-certificate-verification', 'SUCCESS', 'FAILED'],
    tooLong: 'certificate_malformed',
  },
  envoy: { field: 'x-forwarded-client-cert', write: (der) => element(der) },
  nginx: {
    field: 'ssl-client-cert',
    write: escaped,
    verification: ['ssl-client-verify', 'SUCCESS', 'FAILED:certificate revoked'],
    tooLong: 'certificate_malformed',
  },
  haproxy: {
    field: 'x-client-certificate',
    write: base64,
    verification: ['x-client-certificate-verification', '0', '23'],
  },
  caddy: { field: 'x-client-certificate', write: base64 },
  traefik: { field: 'x-forwarded-tls-client-cert', write: base64, chain: (der) => `,${base64(der)}` },
  rfc9440: { field: 'client-cert', write: (der) => `:${base64(der)}:`, tooLong: 'certificate_malformed' },
};
const names = Object.keys(grammars) as FrontEndName[];

/** The front ends that pass on the CA certificates that came with the caller's. */
const chainWriters: readonly (readonly [FrontEndName, (der: Uint8Array, chain: readonly Uint8Array[]) => Fields])[] = [
  [
    'envoy',
    (der, chain) => ({
      'x-forwarded-client-cert': element(
        der,
        `;Chain="${[der, ...chain.filter((each) => each !== der)].map(escaped).join('')}"`,
      ),
    }),
  ],
  ['traefik', (der, chain) => ({ 'x-forwarded-tls-client-cert': [der, ...chain].map(base64).join() })],
  [
    'rfc9440',
    (der, chain) => ({
      'client-cert': `:${base64(der)}:`,
      'client-cert-chain': chain.map((each) => `:${base64(each)}:`).join(', '),
    }),
  ],
];

export const chainWriterNames: readonly string[] = chainWriters.map(([name]) => name);

export function sendWithChain(random: Random, der: Uint8Array, chain: readonly Uint8Array[]): Sent {
  const [frontEnd, write] = random.pick(chainWriters);
  return { frontEnd, fields: write(der, chain), code: undefined };
}

export function sendBy(random: Random, der: Uint8Array): Sent {
  const frontEnd = random.pick(names);
  const { field, write, chain = () => '', verification, tooLong = 'certificate_too_large' } = grammars[frontEnd];
  const text = write(der);
  const verified = verification === undefined ? {} : { [verification[0]]: verification[1] };
  const send = (value: Fields[string], code?: string): Sent => ({
    frontEnd,
    fields: { ...verified, [field]: value },
    code,
  });
  if (random.chance(0.9)) return send(random.pick([text, ` ${text}\t`, [text], [`${text}${chain(der)}`]]));
  const faults: readonly (() => Sent)[] = [
    () => ({ frontEnd, fields: {}, code: 'certificate_missing' }),
    () => send('', 'certificate_missing'),
    () => send(random.pick([`${text},${text}`, [text, text], ['', text], [text, '']]), 'certificate_multiple'),
    () => send(text.slice(0, -9), 'certificate_malformed'),
    () => send('x'.repeat(70_000), tooLong),
    () =>
      verification === undefined
        ? send(text)
        : {
            frontEnd,
            fields: { [field]: text, [verification[0]]: verification[2] },
            code: 'certificate_verification_failed',
          },
    () =>
      verification === undefined
        ? send(text)
        : { frontEnd, fields: { [field]: text }, code: 'certificate_verification_failed' },
  ];
  return random.pick(faults)();
}

import { createHash } from 'node:crypto';
import { toPem } from './documents.js';
import type { Random } from './random.js';

export type Fields = Readonly<Record<string, string>>;

/** What a front end sends, and what that means: the certificate, or a code. */
export interface Sent {
  readonly frontEnd: string;
  readonly fields: Fields;
  /** Undefined: the certificate that was given. */
  readonly code: string | undefined;
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const escaped = (der: Uint8Array): string => encodeURIComponent(toPem(der));
const element = (der: Uint8Array): string =>
  `Hash=${createHash('sha256').update(der).digest('hex')};Cert="${escaped(der)}";Subject="CN=a"`;

/** Each field that has the certificate, how it is written there, and the field that says what was verified. */
const grammars: readonly (readonly [
  frontEnd: string,
  field: string,
  write: (der: Uint8Array) => string,
  verification?: readonly [field: string, success: string, failure: string],
])[] = [
  ['app-service', 'x-arr-clientcert', base64],
  ['application-gateway', 'x-client-certificate', escaped, ['x-client-certificate-verification', 'SUCCESS', 'FAILED']],
  ['envoy', 'x-forwarded-client-cert', element],
  ['nginx', 'ssl-client-cert', escaped, ['ssl-client-verify', 'SUCCESS', 'FAILED:certificate revoked']],
  ['haproxy', 'x-client-certificate', base64, ['x-client-certificate-verification', '0', '23']],
  ['caddy', 'x-client-certificate', base64],
  ['rfc9440', 'client-cert', (der) => `:${base64(der)}:`],
];

export function sendBy(random: Random, der: Uint8Array): Sent {
  const [frontEnd, field, write, verification] = random.pick(grammars);
  const text = write(der);
  const verified = verification === undefined ? {} : { [verification[0]]: verification[1] };
  const send = (value: string, code?: string): Sent => ({ frontEnd, fields: { ...verified, [field]: value }, code });
  if (random.chance(0.9)) return send(random.chance(0.1) ? ` ${text}\t` : text);
  const faults: readonly (() => Sent)[] = [
    () => ({ frontEnd, fields: {}, code: 'certificate_missing' }),
    () => send('', 'certificate_missing'),
    () => send(`${text},${text}`, 'certificate_multiple'),
    () => send(text.slice(0, -9), 'certificate_malformed'),
    () =>
      send(
        'x'.repeat(70_000),
        frontEnd === 'app-service' || frontEnd === 'haproxy' || frontEnd === 'caddy' || frontEnd === 'envoy'
          ? 'certificate_too_large'
          : 'certificate_malformed',
      ),
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

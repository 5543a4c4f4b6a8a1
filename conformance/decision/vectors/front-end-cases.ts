import { toPem } from '@certgate/x509/test-support/openssl.js';
import type { Case } from './case-book.js';

type FrontEndCase = Omit<Case, 'time' | 'function' | 'roles'>;

/** The cases of what front ends send for the certificate "own", and of what they send instead of a certificate. */
export function listFrontEndCases(document: string, der: Buffer): readonly FrontEndCase[] {
  const cases: FrontEndCase[] = [];
  const send = (name: string, meaning: string, frontEnd: string, headers: NonNullable<Case['headers']>): void => {
    cases.push({ name, documents: [document], frontEnd, headers, meaning });
  };
  const [base64, escaped] = [der.toString('base64'), encodeURIComponent(toPem(der))];
  const [missing, malformed, multiple] = [
    'certificate_missing',
    'certificate_malformed',
    'certificate_multiple',
  ] as const;
  const unverified = 'certificate_verification_failed';
  send('App Service', 'own', 'app-service', { 'x-arr-clientcert': base64 });
  send('App Service, no certificate', missing, 'app-service', {});
  send('App Service, two values', multiple, 'app-service', { 'x-arr-clientcert': `${base64},${base64}` });
  send('App Service, an empty line', multiple, 'app-service', { 'x-arr-clientcert': [base64, ''] });
  send('App Service, PEM', malformed, 'app-service', { 'x-arr-clientcert': escaped });
  send('App Service, cut short', malformed, 'app-service', { 'x-arr-clientcert': base64.slice(0, -8) });
  send('App Service, too long', 'certificate_too_large', 'app-service', { 'x-arr-clientcert': 'A'.repeat(16_385) });
  send('nginx', 'own', 'nginx', { 'ssl-client-cert': escaped, 'ssl-client-verify': 'SUCCESS' });
  send('nginx, not verified', unverified, 'nginx', {
    'ssl-client-cert': escaped,
    'ssl-client-verify': 'FAILED:revoked',
  });
  send('nginx, nothing said of it', unverified, 'nginx', { 'ssl-client-cert': escaped });
  const gateway = { 'x-client-certificate': escaped, 'x-client-certificate-verification': 'PASSTHROUGH' };
  send('Application Gateway', 'own', 'application-gateway', gateway);
  send('Envoy', 'own', 'envoy', { 'x-forwarded-client-cert': `Cert="${escaped}";Subject="CN=own"` });
  send('Envoy, a second element', multiple, 'envoy', {
    'x-forwarded-client-cert': `Cert="${escaped}",Cert="${escaped}"`,
  });
  send('HAProxy', 'own', 'haproxy', { 'x-client-certificate': base64, 'x-client-certificate-verification': '0' });
  send('Caddy', 'own', 'caddy', { 'x-client-certificate': base64 });
  send('Traefik', 'own', 'traefik', { 'x-forwarded-tls-client-cert': base64 });
  send('Traefik, with what came along', 'own', 'traefik', { 'x-forwarded-tls-client-cert': [`${base64},${base64}`] });
  send('Traefik, two lines', multiple, 'traefik', { 'x-forwarded-tls-client-cert': [base64, base64] });
  send('Traefik, perhaps two lines', multiple, 'traefik', { 'x-forwarded-tls-client-cert': `${base64},${base64}` });
  send('Traefik, percent-encoded', malformed, 'traefik', {
    'x-forwarded-tls-client-cert': encodeURIComponent(base64),
  });
  send('RFC 9440', 'own', 'rfc9440', { 'client-cert': `:${base64}:` });
  send('RFC 9440, two lines of what came along', 'own', 'rfc9440', {
    'client-cert': [`:${base64}:`],
    'client-cert-chain': [`:${base64}:`, `:${base64}:`],
  });
  send('RFC 9440, no byte sequence', malformed, 'rfc9440', { 'client-cert': base64 });
  return cases;
}

import type { FrontEndName } from '@certgate/core/internal';
import { escapeHtml } from './exchange/gateway-response.js';
import type { RawField } from './exchange/raw-fields.js';
import type { ClientCertificateMode } from './client-certificate-mode.js';
import type { CertificateFacts } from './peer-certificate.js';

/** What the gateway sees of the connection that asks for `/`. */
export interface LandingPageFacts {
  readonly frontEnd: FrontEndName;
  readonly mode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly worstCase: boolean;
  readonly tlsProtocol: string;
  readonly upstream: string;
  /** Undefined when none was asked for or presented. Names in it are the client's own words: escape them. */
  readonly clientCertificate: CertificateFacts | undefined;
  /** The certificate's fields that requests of this connection carry to the app. */
  readonly headers: readonly RawField[];
}

export type LandingPage = (facts: LandingPageFacts) => string;

export const renderLandingPage: LandingPage = (facts) => {
  const certificate = facts.clientCertificate;
  const rows: readonly (readonly [string, string])[] = [
    ['Front end', facts.frontEnd],
    ['Client certificate mode', facts.mode],
    ['Exclusion paths', facts.exclusionPaths.join(' ') || 'none'],
    ['Worst case', facts.worstCase ? 'on: forged fields that may reach the app do' : 'off'],
    ['TLS', facts.tlsProtocol],
    ['App', facts.upstream],
    ...(certificate === undefined ? [['Client certificate', 'none presented'] as const] : describe(certificate)),
    ['Header for the app', facts.headers.map(([name, value]) => `${name}: ${value}`).join('\n') || 'none'],
  ];
  const table = rows
    .map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join('\n');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Certgate gateway</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}th{text-align:left;vertical-align:top;white-space:nowrap;padding-right:1rem}td{overflow-wrap:anywhere}</style>
<h1>Certgate gateway</h1>
<p>This stands where the front end of the deployed app stands. It proves that you hold the key of the certificate below, and nothing else: whether you may call a function is for the app to decide.</p>
<table>
${table}
</table></html>
`;
};

function describe(certificate: CertificateFacts): (readonly [string, string])[] {
  return [
    ['Subject', certificate.subject],
    ['Issuer', certificate.issuer],
    ['Serial number', certificate.serialNumber],
    ['Valid', `${certificate.validFrom} to ${certificate.validTo} (not checked here)`],
    ['Thumbprint, SHA-256', certificate.thumbprintSha256],
    ['Thumbprint, SHA-1', certificate.thumbprintSha1],
  ];
}

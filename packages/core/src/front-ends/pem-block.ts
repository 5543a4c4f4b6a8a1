import { severalDetail } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { pemBegin, pemEnd } from '../certificate-header/percent-encoded-pem.js';
import { type Denial, deny } from '../denial.js';

/** The leaf's own text in one percent-encoded PEM block with nothing around it. */
export function extractPemBlock(text: string): CertificateExtraction {
  if (!text.startsWith(pemBegin) || !text.endsWith(pemEnd)) return denyBlock(text);
  return {
    outcome: 'extracted',
    leaf: text.slice(pemBegin.length, text.length - pemEnd.length),
    encoding: 'percent-encoded-pem',
    chain: undefined,
  };
}

function denyBlock(text: string): Denial<'certificate_malformed' | 'certificate_multiple'> {
  if (text.includes(',')) return deny('certificate_multiple', severalDetail);
  return deny('certificate_malformed', describeFault(text));
}

function describeFault(text: string): string {
  if (text.startsWith('-----BEGIN ')) {
    return 'The header is PEM that is not percent-encoded. In nginx, use $ssl_client_escaped_cert.';
  }
  if (text.startsWith(pemBegin)) return 'The percent-encoded PEM block in the header is cut short, or more follows it.';
  return 'The header is no percent-encoded PEM block.';
}

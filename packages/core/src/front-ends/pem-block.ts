import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { pemBegin, pemEnd } from '../certificate-header/percent-encoded-pem.js';
import { type Denial, deny } from '../denial.js';
import type { MalformedProblem } from '../denial-facts.js';

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
  if (text.includes(',')) return deny('certificate_multiple', {});
  return deny('certificate_malformed', { problem: findProblem(text) });
}

function findProblem(text: string): MalformedProblem {
  if (text.startsWith('-----BEGIN ')) return 'pem_not_percent_encoded';
  return text.startsWith(pemBegin) ? 'pem_block_cut' : 'not_pem_block';
}

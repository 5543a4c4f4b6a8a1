import { denyText } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { pemBegin, pemEnd } from '../certificate-header/percent-encoded-pem.js';
import type { MalformedProblem } from '../denial-facts.js';

/** Finds the text of the leaf in one percent-encoded PEM block, with nothing around the block. */
export function extractPemBlock(text: string): CertificateExtraction {
  if (!text.startsWith(pemBegin) || !text.endsWith(pemEnd)) return denyText(text, findProblem(text));
  return {
    outcome: 'extracted',
    leaf: text.slice(pemBegin.length, text.length - pemEnd.length),
    encoding: 'percent-encoded-pem',
    chain: undefined,
  };
}

function findProblem(text: string): MalformedProblem {
  if (text.startsWith('-----BEGIN ')) return 'pem_not_percent_encoded';
  return text.startsWith(pemBegin) ? 'pem_block_cut' : 'not_pem_block';
}

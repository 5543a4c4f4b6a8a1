// front-ends/: the front ends that end TLS, one file each: how each passes on the caller's certificate.

import { denyMissing, trimHeader } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';

/**
 * The value of a header field by its name in lower case; nothing where the request has no such field. Several lines of one
 * field are joined by commas (RFC 9110 §5.3).
 */
export type FindField = (name: string) => string | null | undefined;

/** What one front end is known to do. */
export interface FrontEnd {
  readonly name: string;
  /** The fields that it sets and that are read, in lower case. */
  readonly fields: readonly string[];
  /**
   * Whether a secret or a named isolation must show that a request came by this front end: anybody who reaches the app
   * otherwise can send the same fields. False where the platform lets nobody past it.
   */
  readonly needsProof: boolean;
  /** Finds the caller's certificate in the fields of a request. It decodes nothing, and runs at every request. */
  extract(findField: FindField): CertificateExtraction;
}

/**
 * A front end that has to be proven. The certificate is in the first of its fields; `extract` gets that text, where there is
 * one.
 */
export function createFrontEnd(
  name: string,
  fields: readonly [certificateField: string, ...others: string[]],
  extract: (text: string, findField: FindField) => CertificateExtraction,
): FrontEnd {
  const [certificateField] = fields;
  return Object.freeze({
    name,
    fields: Object.freeze(fields),
    needsProof: true,
    extract: (findField: FindField) => {
      const text = trimHeader(findField(certificateField));
      return text === undefined ? denyMissing(certificateField) : extract(text, findField);
    },
  });
}

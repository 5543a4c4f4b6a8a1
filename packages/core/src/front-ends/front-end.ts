// front-ends/: the front ends that end TLS, one file each: how each passes on the caller's certificate.

import { denyMissing, trimHeader } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { deny } from '../denial.js';

/**
 * The content of a header field by its name in lower case; nothing if the request has no such field. A list has the field's
 * lines as they came. A text may be several lines that were joined by commas (RFC 9110 §5.3).
 */
export type FindField = (name: string) => FieldContent;

/** What `FindField` finds. */
export type FieldContent = string | readonly string[] | null | undefined;

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
 * The certificate is in the first of the fields; `extract` gets that text, and whether it is known to be one line. Front ends
 * send one: nobody can tell which of several is theirs, so those are refused, empty ones as well.
 */
export function createFrontEnd(
  name: string,
  fields: readonly [certificateField: string, ...others: string[]],
  extract: (text: string, findField: FindField, isOneLine: boolean) => CertificateExtraction,
  needsProof = true,
): FrontEnd {
  const [certificateField] = fields;
  return Object.freeze({
    name,
    fields: Object.freeze(fields),
    needsProof,
    extract: (findField: FindField) => {
      const content = findField(certificateField);
      const isList = typeof content === 'object' && content !== null;
      if (isList && content.length > 1) return deny('certificate_multiple', {});
      const text = trimHeader(joinLines(content));
      return text === undefined ? denyMissing(certificateField) : extract(text, findField, isList);
    },
  });
}

/** For fields in which a comma is refused anyway, or which may have several lines. */
export function joinLines(content: FieldContent): string | null | undefined {
  return typeof content === 'object' ? content?.join(',') : content;
}

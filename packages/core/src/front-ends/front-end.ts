// front-ends/: the front ends that end TLS, one file each: how each of them forwards the caller's certificate.

import { denyMissing, trimHeader } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { deny } from '../denial.js';

/**
 * Returns the content of a header field by its name in lower case, or null or undefined if the request has no such
 * field. A list has one item for each line of the field. A text may be several lines joined by commas (RFC 9110 §5.3).
 */
export type FindField = (name: string) => FieldContent;

/** What `FindField` returns. */
export type FieldContent = string | readonly string[] | null | undefined;

/** What one front end is known to do. */
export interface FrontEnd {
  readonly name: string;
  /** The fields that the front end sets and the gate reads, in lower case. */
  readonly fields: readonly string[];
  /**
   * Whether a secret or a named isolation must prove that a request came through this front end. Otherwise anybody who
   * reaches the app could send the same fields. False if the platform lets nobody past the front end.
   */
  readonly needsProof: boolean;
  /** Finds the caller's certificate in the fields of a request. It decodes nothing. */
  extract(findField: FindField): CertificateExtraction;
}

/**
 * Makes a front end whose certificate is in the first of the fields. `extract` gets that field's text, and whether it
 * is known to be one line. A front end sends one line. If there are several lines, the gate cannot tell which is the
 * front end's, so it refuses them, even if they are empty.
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

/**
 * Joins the lines of a field with commas. Only for fields in which a comma is refused anyway, or which may have several
 * lines.
 */
export function joinLines(content: FieldContent): string | null | undefined {
  return typeof content === 'object' ? content?.join(',') : content;
}

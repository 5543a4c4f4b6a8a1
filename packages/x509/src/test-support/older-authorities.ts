import { type WrittenName, extension, writeCertificate } from './certificate-writing.js';
import { bitString, namedBits } from './der-writing.js';
import { extensions } from './extension-writing.js';

/**
 * The older forms of a CA certificate that `decodeTrustAnchor` accepts: each one by itself, and all of them together.
 */
export const olderForms = [
  'serial number 0',
  'no subject key identifier',
  'basic constraints that are not critical',
  'a key usage that is not critical',
  'a key usage with trailing zero bits',
  'all of these',
] as const;

export type OlderForm = (typeof olderForms)[number];

/**
 * Writes a present-day CA certificate, except that it has the older form. `more.extensions` come after the usual
 * extensions.
 */
export function writeOlderAuthority(
  form: OlderForm | 'none of these',
  subject: WrittenName,
  issuer: WrittenName = subject,
  more: { readonly extensions?: readonly Buffer[]; readonly notAfter?: number } = {},
): Buffer {
  const has = (each: OlderForm): boolean => form === each || form === 'all of these';
  const { extensions: behind = [], ...dates } = more;
  // The bits 5 and 6 are keyCertSign and cRLSign.
  const usage = has('a key usage with trailing zero bits')
    ? bitString(Buffer.from([0x06, 0x00]), 7)
    : namedBits([5, 6]);
  return writeCertificate({
    subject,
    issuer,
    ...(has('serial number 0') ? { serialNumber: 0 } : {}),
    ...dates,
    extensions: [
      extensions.basicConstraints(true, undefined, !has('basic constraints that are not critical')),
      extension('2.5.29.15', !has('a key usage that is not critical'), usage),
      ...(has('no subject key identifier') ? [] : [extensions.subjectKeyIdentifier(subject.key)]),
      extensions.authorityKeyIdentifier(issuer.key),
      ...behind,
    ],
  });
}

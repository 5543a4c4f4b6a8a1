import { decodeBase64 } from './base64.js';

/** Why a text is not exactly one PEM block of the wanted label. */
export type PemFault =
  /** There is no encapsulation boundary: a path, base64 alone, something else. */
  | 'not_pem'
  | 'several_blocks'
  | 'private_key'
  /** One block, with another label than the wanted one. */
  | 'other_label'
  /** One block of that label, and something that is no white space around it. */
  | 'text_around'
  | 'not_base64';

/** The bytes of the PEM block, or why the text is not one block. */
export type PemDecoding =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly fault: PemFault };

/**
 * Decodes a text that is exactly one PEM block (RFC 7468) of one label, with nothing but white space around it: of
 * several blocks, most readers take the first and overlook the others.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { decodePem } from '@certgate/x509';
 *
 * const decoding = decodePem(readFileSync('client.pem', 'utf8'), 'CERTIFICATE');
 * console.log(decoding.ok ? decoding.bytes.length : decoding.fault);
 * ```
 */
export function decodePem(text: string, label: string): PemDecoding {
  const labels = Array.from(text.matchAll(/-----BEGIN ([^-\r\n]*)-----/g), ([, found]) => found ?? '');
  const [first] = labels;
  if (first === undefined) return { ok: false, fault: 'not_pem' };
  if (labels.some((each) => each.includes('PRIVATE KEY'))) return { ok: false, fault: 'private_key' };
  if (labels.length > 1) return { ok: false, fault: 'several_blocks' };
  if (first !== label) return { ok: false, fault: 'other_label' };
  const [head, tail] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const block = text.trim();
  if (!block.startsWith(head) || !block.endsWith(tail)) return { ok: false, fault: 'text_around' };
  const decoding = decodeBase64(block.slice(head.length, -tail.length).replace(/\s/g, ''));
  return decoding.ok ? decoding : { ok: false, fault: 'not_base64' };
}

/** Why a text is not base64 as RFC 4648 §4 defines it. */
export type Base64Fault = 'not_base64' | 'base64url' | 'base64_padding';

export type Base64Decoding =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly fault: Base64Fault };

const alphabetThenPadding = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Decodes canonical base64 (RFC 4648 §4) and nothing else: no white space, no base64url, full padding, and the
 * unused bits of the last character zero (§3.5), so that one byte string has exactly one text; the empty text is refused. `Buffer.from` accepts
 * all of those, and stops silently at the first character it doesn't know.
 */
export function decodeBase64(text: string): Base64Decoding {
  if (!alphabetThenPadding.test(text)) {
    return { ok: false, fault: /^[A-Za-z0-9_-]+={0,2}$/.test(text) ? 'base64url' : 'not_base64' };
  }
  if (text.length % 4 !== 0) return { ok: false, fault: 'base64_padding' };
  const bytes = Buffer.from(text, 'base64');
  const lastQuantum = bytes.subarray(bytes.length - (bytes.length % 3 || 3)).toString('base64');
  if (!text.endsWith(lastQuantum)) return { ok: false, fault: 'base64_padding' };
  return { ok: true, bytes };
}

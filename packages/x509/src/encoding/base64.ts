/** Why a text is not base64 as RFC 4648 §4 defines it. */
export type Base64Fault = 'not_base64' | 'base64url' | 'base64_padding';

export type Base64Decoding =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly fault: Base64Fault };

/**
 * Decodes canonical base64 (RFC 4648 §4) and nothing else: no white space, no base64url, full padding, the unused bits of
 * the last character zero (§3.5), not empty; one byte string has exactly one text. `Buffer.from` accepts all of those, and
 * stops silently at the first character it doesn't know. Encoding the result again tells, faster than any pattern.
 */
export function decodeBase64(text: string): Base64Decoding {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > 0 && bytes.toString('base64') === text) return { ok: true, bytes };
  return { ok: false, fault: describeFault(text) };
}

/** By the first character that is in no place of base64: one scan, since strangers choose the text. */
function describeFault(text: string): Base64Fault {
  const [stranger] = /[^A-Za-z0-9+/=]/.exec(text) ?? [];
  if (stranger === undefined) return text === '' ? 'not_base64' : 'base64_padding';
  return stranger === '-' || stranger === '_' ? 'base64url' : 'not_base64';
}

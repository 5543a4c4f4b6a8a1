/** Why a text is not base64 as RFC 4648 §4 defines it. */
export type Base64Fault = 'not_base64' | 'base64url' | 'base64_padding';

/** The bytes, or why the text is not strict base64. */
export type Base64Decoding =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly fault: Base64Fault };

/**
 * Decodes canonical base64 (RFC 4648 §4) and nothing else: no white space, no base64url, full padding, the unused bits of
 * the last character zero (§3.5), not empty. One byte string has exactly one text. `Buffer.from` takes much more.
 */
export function decodeBase64(text: string): Base64Decoding {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > 0 && isCanonical(text, bytes.length)) return { ok: true, bytes };
  return { ok: false, fault: describeFault(text) };
}

/**
 * Whether encoding the decoded bytes would give the text again, at a third of what encoding them costs. `Buffer.from`
 * stops at or passes over an ASCII character that it doesn't know, so a text that has one decodes to fewer bytes than its
 * length says. It also knows two characters of base64url, and takes some characters beyond ASCII for their low octet; both
 * are looked for. The test proves this on the Node that runs it, for every UTF-16 code unit.
 */
function isCanonical(text: string, byteCount: number): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (
    byteCount === (text.length / 4) * 3 - padding &&
    lastCharacters[padding].includes(text.charAt(text.length - 1 - padding)) &&
    !text.includes('-') &&
    !text.includes('_') &&
    // In UTF-8, ASCII alone takes one octet for each code unit.
    Buffer.byteLength(text) === text.length
  );
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** By the number of padding characters: what may stand before them. The bits that hold no data, none, two or four, are zero. */
const lastCharacters = [alphabet, 'AEIMQUYcgkosw048', 'AQgw'] as const;

/** By the first character that is in no place of base64: one scan, since strangers choose the text. */
function describeFault(text: string): Base64Fault {
  const [stranger] = /[^A-Za-z0-9+/=]/.exec(text) ?? [];
  if (stranger === undefined) return text === '' ? 'not_base64' : 'base64_padding';
  return stranger === '-' || stranger === '_' ? 'base64url' : 'not_base64';
}

/** Text as editors and shells write it: UTF-8 with or without a byte order mark, or UTF-16 as PowerShell 5's `>` writes it. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  // TextDecoder drops the mark.
  return new TextDecoder(encoding).decode(bytes);
}

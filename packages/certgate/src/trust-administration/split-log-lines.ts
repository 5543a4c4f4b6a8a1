/** The lines of a log as text, without empty ones. Bytes that are no UTF-8 stay visible as U+FFFD. */
export function splitLogLines(bytes: Uint8Array): readonly string[] {
  return new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
}

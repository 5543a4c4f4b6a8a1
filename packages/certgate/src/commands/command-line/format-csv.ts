/** Formats rows as CSV (RFC 4180), with a header. */
export function formatCsv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => row.map(formatCell).join(',')).join('\r\n');
}

/**
 * Formats a cell. Spreadsheets run a text that begins like a formula, and reasons are free text, so such a text gets an
 * apostrophe.
 */
function formatCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

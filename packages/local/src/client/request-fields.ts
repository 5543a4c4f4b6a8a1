/** The path at which the Functions extension serves MCP over streamable HTTP. */
export const mcpPath = '/runtime/webhooks/mcp';

/** Whether the text is a token (RFC 9110 §5.6.2), as methods and field names must be. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}

/**
 * Whether the text can be a field value (RFC 9110 §5.5), so that no character ends the field. Each character is sent as
 * one byte.
 */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

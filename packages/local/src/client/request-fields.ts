/** Where the Functions extension serves MCP over streamable HTTP. */
export const mcpPath = '/runtime/webhooks/mcp';

/** RFC 9110 §5.6.2: a method, or the name of a field. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}

/** RFC 9110 §5.5: nothing that ends the field. Each character is sent as one octet. */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

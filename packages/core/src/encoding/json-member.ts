import { scanForMember } from './json-scan.js';

/**
 * The JSON text of one member of the outermost object. The other members are not made into values, because they may be
 * large and their sender is not known yet. Undefined if the text is not a JSON object, wherever the fault is, or has
 * more levels than are read, or if the member is absent or occurs twice (RFC 8259 §4: readers differ about which one is
 * used).
 */
export function findJsonMember(text: string, wanted: string): string | undefined {
  // Few apps have an MCP function. The others load only this file.
  return scanForMember(text, wanted);
}

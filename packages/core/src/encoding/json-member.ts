import { scanForMember } from './json-scan.js';

/**
 * The JSON text of one member of the outermost object, without making a value of the others: those of a payload may be
 * large, and their sender is not known yet. What `JSON.parse` refuses is refused here too, whichever member it is in.
 * Undefined where the member is absent or there twice (RFC 8259 §4: readers differ about which one counts).
 */
export function findJsonMember(text: string, wanted: string): string | undefined {
  // Few apps have an MCP function: the others load no more than this.
  return scanForMember(text, wanted);
}

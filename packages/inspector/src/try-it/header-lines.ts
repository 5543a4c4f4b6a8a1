export interface ParsedHeaders {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The first line that is no header; undefined: none. */
  readonly fault: string | undefined;
}

/** `name: value`, one a line, as in RFC 9110, section 5. */
export function parseHeaders(text: string): ParsedHeaders {
  const headers: (readonly [string, string])[] = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      return { headers, fault: `This line is no header (name: value): ${line.trim()}` };
    }
    headers.push([name, value.trim()]);
  }
  return { headers, fault: undefined };
}

/** How a file is laid out, so that what is added looks like what is there. */
export interface TextLayout {
  readonly endOfLine: '\n' | '\r\n';
  /** One level of indentation. */
  readonly indent: string;
}

/**
 * The line end that most lines of the text have, and the indentation of its first indented line. Two spaces and `\n` if
 * the text does not show it.
 */
export function readLayout(text: string): TextLayout {
  const windowsLines = text.split('\r\n').length - 1;
  const lines = text.split('\n').length - 1;
  return {
    endOfLine: windowsLines * 2 > lines ? '\r\n' : '\n',
    indent: /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ',
  };
}

/** Joins the lines. Each ends as the layout requires, including the last. */
export function joinTextLines(lines: readonly string[], { endOfLine }: TextLayout): string {
  return lines.map((line) => line + endOfLine).join('');
}

/** Formats a value as JSON in the layout. */
export function formatJson(value: unknown, { endOfLine, indent }: TextLayout): string {
  return JSON.stringify(value, null, indent).replaceAll('\n', endOfLine);
}

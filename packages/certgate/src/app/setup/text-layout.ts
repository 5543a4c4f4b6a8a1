/** How a file is laid out, so that what is added looks like what is there. */
export interface TextLayout {
  readonly endOfLine: '\n' | '\r\n';
  /** One level of indentation. */
  readonly indent: string;
}

/** As most lines of the text do it; two spaces and `\n` where it doesn't show. */
export function readLayout(text: string): TextLayout {
  const windowsLines = text.split('\r\n').length - 1;
  const lines = text.split('\n').length - 1;
  return {
    endOfLine: windowsLines * 2 > lines ? '\r\n' : '\n',
    indent: /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ',
  };
}

/** The lines, ended as the layout ends them; the last one too. */
export function joinLines(lines: readonly string[], { endOfLine }: TextLayout): string {
  return lines.map((line) => line + endOfLine).join('');
}

/** A value as JSON in the layout. */
export function formatJson(value: unknown, { endOfLine, indent }: TextLayout): string {
  return JSON.stringify(value, null, indent).replaceAll('\n', endOfLine);
}

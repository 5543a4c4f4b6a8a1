import { CommandFailure } from '../command-line/command-failure.js';
import { findExpressionEnd } from './find-expression-end.js';

/**
 * A policy as people write it → strict XML of the same lines. Only what stands inside attribute values and expressions
 * changes; whether the tags fit together is the parser's question.
 */
export function escapePolicyMarkup(text: string): string {
  const parts: string[] = [];
  let position = 0;
  while (position < text.length) {
    const end = text[position] === '<' ? findMarkupEnd(text, position, parts) : copyContent(text, position, parts);
    position = end;
  }
  return parts.join('');
}

/** Copies text up to the next tag. Expressions in it may hold `<`. */
function copyContent(text: string, start: number, parts: string[]): number {
  const stop = /<|@[({]/g;
  stop.lastIndex = start;
  for (let match = stop.exec(text); match !== null; match = stop.exec(text)) {
    if (match[0] === '<') {
      parts.push(escapeText(text.slice(start, match.index)));
      return match.index;
    }
    const end = findExpressionEnd(text, match.index);
    if (end === undefined) throw unclosed(text, match.index);
    stop.lastIndex = end;
  }
  parts.push(escapeText(text.slice(start)));
  return text.length;
}

function findMarkupEnd(text: string, start: number, parts: string[]): number {
  if (text.startsWith('<!--', start)) {
    // Nothing of a comment is needed but its lines.
    const end = findClosing(text, '-->', start + 4);
    parts.push(text.slice(start, end).replace(/[^\n]/g, ''));
    return end;
  }
  if (text.startsWith('<![CDATA[', start)) {
    const end = findClosing(text, ']]>', start + 9);
    parts.push(escapeText(text.slice(start + 9, end - 3), true));
    return end;
  }
  if (text.startsWith('<!', start)) {
    throw new CommandFailure(`The policy has a document type or another declaration (line ${lineOf(text, start)}).`, {
      remedy: 'A policy of API Management has none; it is not read.',
    });
  }
  if (text.startsWith('<?', start) || text.startsWith('</', start)) {
    const end = findClosing(text, '>', start);
    parts.push(text.slice(start, end));
    return end;
  }
  return copyTag(text, start, parts);
}

function copyTag(text: string, start: number, parts: string[]): number {
  let position = start;
  for (;;) {
    const value = /=\s*["']|>/g;
    value.lastIndex = position;
    const match = value.exec(text);
    if (match === null) throw unclosed(text, start);
    const afterMatch = match.index + match[0].length;
    parts.push(text.slice(position, afterMatch));
    if (match[0] === '>') return afterMatch;
    const quote = match[0].slice(-1);
    const end = findValueEnd(text, afterMatch, quote);
    if (end === undefined) throw unclosed(text, start);
    parts.push(escapeText(text.slice(afterMatch, end)), quote);
    position = end + 1;
  }
}

function findValueEnd(text: string, start: number, quote: string): number | undefined {
  if (isExpression(text, start)) {
    const end = findExpressionEnd(text, start);
    if (end !== undefined && text[end] === quote) return end;
  }
  // A distinguished name may hold quotes of its own (O="Contoso, Inc."): the one that ends the value is followed by the
  // end of the tag or by the next attribute.
  const last = new RegExp(`${quote}(?=\\s*/?>|\\s+[\\w:.-]+\\s*=\\s*["'])`, 'g');
  last.lastIndex = start;
  return last.exec(text)?.index;
}

function isExpression(text: string, start: number): boolean {
  return text.startsWith('@(', start) || text.startsWith('@{', start);
}

function escapeText(text: string, isCharacterData = false): string {
  const ampersand = isCharacterData ? /&/g : /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)/g;
  return text
    .replace(ampersand, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

function findClosing(text: string, closing: string, start: number): number {
  const end = text.indexOf(closing, start);
  if (end === -1) throw unclosed(text, start);
  return end + closing.length;
}

function unclosed(text: string, start: number): CommandFailure {
  return new CommandFailure(`The policy ends inside of what begins in line ${lineOf(text, start)}.`, {
    remedy: 'Copy it whole.',
  });
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

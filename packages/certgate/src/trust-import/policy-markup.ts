import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { CommandFailure } from '../command-line/command-failure.js';
import { escapeControls } from '../command-line/output.js';

export interface PolicyElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly PolicyElement[];
  /** The text directly inside. */
  readonly text: string;
  /** Line of the file, from 1. */
  readonly line: number;
}

const textKey = '#text';
const attributesKey = ':@';

/**
 * The elements of an API Management policy. It is no strict XML: expressions hold quotes, `&&` and `<` as C# has them
 * (the format that Azure calls `rawxml`); the escaped format is read too. A document type or an entity of its own is refused.
 *
 * @throws {CommandFailure} when it is not well-formed even so.
 */
export function parsePolicyMarkup(text: string): readonly PolicyElement[] {
  const markup = `<root>${escapePolicyMarkup(text.replace(/^\ufeff?\s*<\?xml[^>]*\?>/, keepLines))}</root>`;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the package it moved to would be one more dependency.
  const validity = XMLValidator.validate(markup);
  if (validity !== true) {
    const { msg, line } = validity.err;
    throw new CommandFailure(
      escapeControls(`The policy is not well-formed: ${msg.replace(/\.$/, '')} (line ${line}).`),
      {
        remedy: "Export it again from API Management, or copy it whole from the portal's code view.",
      },
    );
  }
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    // No entity but XML's five and character references, and those are decoded below.
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    captureMetaData: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
  });
  const lines = new LineIndex(markup);
  const [root] = (parse(parser, markup) as readonly RawNode[]).map((node) => readNode(node, lines));
  return root?.children ?? [];
}

function keepLines(text: string): string {
  return text.replace(/[^\n]/g, '');
}

function parse(parser: XMLParser, markup: string): unknown {
  try {
    return parser.parse(markup);
  } catch (cause) {
    throw new CommandFailure(`The policy can't be read: ${cause instanceof Error ? cause.message : 'unreadable'}.`, {
      cause,
    });
  }
}

type RawNode = Readonly<Record<string | symbol, unknown>>;

function readNode(node: RawNode, lines: LineIndex): PolicyElement {
  const name = Object.keys(node).find((key) => key !== attributesKey) ?? '';
  const children = node[name] as readonly RawNode[];
  const attributes = Object.entries((node[attributesKey] ?? {}) as Readonly<Record<string, string>>);
  const metadata = node[XMLParser.getMetaDataSymbol() as unknown as symbol] as
    { readonly startIndex?: number } | undefined;
  return {
    name,
    attributes: new Map(attributes.map(([key, value]) => [key, decodeReferences(value)])),
    children: children.filter((child) => !(textKey in child)).map((child) => readNode(child, lines)),
    text: children
      .map((child) => (textKey in child ? decodeReferences(String(child[textKey])) : ''))
      .join('')
      .trim(),
    line: lines.lineOf(metadata?.startIndex ?? 0),
  };
}

class LineIndex {
  readonly #ends: readonly number[];

  constructor(text: string) {
    this.#ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  }

  lineOf(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }
}

const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML 1.0 §4.1 and §4.6. */
function decodeReferences(text: string): string {
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));/g, (whole, name, decimal, hex) => {
    if (typeof name === 'string') return characters[name] ?? whole;
    const point = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    return point > 0 && point <= 0x10_ffff ? String.fromCodePoint(point) : whole;
  });
}

/**
 * A policy as people write it → strict XML of the same lines. Only what stands inside attribute values and expressions
 * changes; whether the tags fit together is the parser's question.
 */
function escapePolicyMarkup(text: string): string {
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

/** Far beyond any expression, so that a bracket without its partner doesn't cost a walk through the whole file. */
const maximumExpressionLength = 65_536;

const closers: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/**
 * Where the policy expression that begins at `start` (`@(…)` or `@{…}`) ends: the position after its last bracket, or
 * undefined when it never does. Brackets inside C# strings, characters and comments don't count; in the escaped format
 * the quotes are `&quot;`.
 */
function findExpressionEnd(text: string, start: number): number | undefined {
  const end = findEnd(text.slice(start + 1, start + maximumExpressionLength));
  return end === undefined ? undefined : start + 1 + end;
}

function findEnd(text: string): number | undefined {
  const open: string[] = [];
  const token = /[$@]{0,2}"|&quot;|'(?:[^'\\\n]|\\.[^'\n]{0,8})'|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[()[\]{}]/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [mark] = match;
    if (mark.endsWith('"') || mark === '&quot;') {
      const end = findStringEnd(text, token.lastIndex, mark);
      if (end === undefined) return undefined;
      token.lastIndex = end;
    } else if (mark in closers) {
      open.push(closers[mark] ?? '');
    } else if (mark.length === 1) {
      if (open.pop() !== mark) return undefined;
      if (open.length === 0) return token.lastIndex;
    }
  }
  return undefined;
}

function findStringEnd(text: string, start: number, mark: string): number | undefined {
  const quote = mark === '&quot;' ? '&quot;' : '"';
  // In a verbatim string a quote is doubled, and a backslash means itself.
  const inside = mark.includes('@') ? /"(?!")|""/g : new RegExp(`\\\\(?:&quot;|[\\s\\S])|${quote}`, 'g');
  inside.lastIndex = start;
  for (let match = inside.exec(text); match !== null; match = inside.exec(text)) {
    if (match[0] === quote) return inside.lastIndex;
  }
  return undefined;
}

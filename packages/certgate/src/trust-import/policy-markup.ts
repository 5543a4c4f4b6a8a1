import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { CommandFailure } from '../command-line/command-failure.js';
import { escapeControls } from '../command-line/terminal-text.js';
import { escapePolicyMarkup } from './escape-policy-markup.js';

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

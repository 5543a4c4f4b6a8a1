import { escapeControls } from '../../faults/safe-text.js';

/** Markup that is safe to put into a document: only the functions of this file make it from text. */
export type Markup = string & { readonly markup: unique symbol };

type Attributes = Readonly<Record<string, string | number | undefined>>;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * For text that others wrote. Controls, and characters that show other text in another order, become visible escapes; XML
 * 1.0 (§2.2) has no place for most of them, nor for U+FFFE and U+FFFF.
 */
export function escapeMarkup(text: string): Markup {
  const visible = escapeControls(text).replaceAll('\ufffe', '\\ufffe').replaceAll('\uffff', '\\uffff');
  return visible.replace(/[&<>"']/g, (character) => entities[character] ?? '') as Markup;
}

export function joinMarkup(parts: readonly Markup[], separator = ''): Markup {
  return parts.join(separator) as Markup;
}

/** An element with its attributes and its content, which is markup already. */
export function element(name: string, attributes: Attributes, ...content: readonly Markup[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeMarkup(typeof value === 'number' ? formatNumber(value) : (value ?? ''))}"`)
    .join('');
  const inside = content.join('');
  return (inside === '' ? `<${name}${written}/>` : `<${name}${written}>${inside}</${name}>`) as Markup;
}

/** Markup of ours, with nothing in it that somebody else wrote. */
export function literalMarkup(text: string): Markup {
  return text as Markup;
}

/** One decimal is enough for a screen, and the same on every machine. */
function formatNumber(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Of proportional type, on the wide side: fonts differ, and text that is cut short is better than text that overlaps. */
export function estimateWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += estimateCharacter(character);
  return width * size;
}

function estimateCharacter(character: string): number {
  if ((character.codePointAt(0) ?? 0) >= 0x1100) return 1.05;
  if (/[A-Z0-9@%&Mmw…_]/.test(character)) return 0.66;
  return /[ .,:;'|ilIjft()[\]!/-]/.test(character) ? 0.36 : 0.56;
}

/** A text may have a megabyte; no line shows more than this. */
const maximumLength = 2000;

/** The text, or as much of it as fits with an ellipsis. */
export function shortenToWidth(text: string, width: number, size: number): string {
  const shown = escapeControls(text.slice(0, maximumLength));
  if (estimateWidth(shown, size) <= width) return shown;
  const room = width / size - estimateCharacter('…');
  let used = 0;
  let short = '';
  for (const character of shown) {
    used += estimateCharacter(character);
    if (used > room) break;
    short += character;
  }
  return `${short}…`;
}

/** Lines that fit; a word that doesn't is cut. At most `maximum` of them. */
export function wrapToWidth(text: string, width: number, size: number, maximum: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of escapeControls(text.slice(0, maximumLength)).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || estimateWidth(longer, size) <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  lines.push(line);
  const shown = lines.slice(0, maximum);
  if (lines.length > maximum) shown[maximum - 1] = `${shown[maximum - 1] ?? ''} …`;
  return shown.map((each) => shortenToWidth(each, width, size));
}

import {
  explainNoThumbprint,
  findImportedThumbprint,
  type ImportedThumbprint,
  type ImportEntry,
  type ImportReading,
  type ImportRefusal,
} from './import-reading.js';

/**
 * Reads a list in the form in which people keep it in an app setting or a file: thumbprints of either algorithm, in
 * upper or lower case, with or without colons and spaces, separated by commas, semicolons, bars, white space or line
 * ends. `name=` or `name:` names the caller of the thumbprints that follow on the line; `#` begins a comment. JSON
 * texts, lists and objects are read as well.
 */
export function readThumbprintList(text: string): ImportReading {
  const entries: ImportEntry[] = [];
  const refusals: ImportRefusal[] = [];
  const faults: ImportRefusal[] = [];
  for (const { origin, content } of listLines(text)) {
    let name: string | undefined;
    for (const segment of content.split(/[,;|]/)) {
      const part = readSegment(segment);
      name = part.name ?? name;
      if (part.isEverything) refusals.push(refuseEverything(origin));
      for (const item of part.items) {
        if (typeof item !== 'string') entries.push({ thumbprint: item, name, origin });
        else faults.push({ origin, item, reason: explainNoThumbprint(item) });
      }
    }
  }
  return { format: 'list', entries, refusals, faults };
}

interface ListLine {
  readonly origin: string;
  readonly content: string;
}

function listLines(text: string): readonly ListLine[] {
  const fromJson = findJsonLines(text);
  if (fromJson !== undefined) return fromJson;
  return text.split(/\r\n|[\r\n\u2028\u2029]/).map((line, index) => ({
    origin: `line ${index + 1}`,
    content: line.replace(/#.*$/, ''),
  }));
}

/**
 * Reads a JSON text, `["AB…", …]`, `{"billing": "AB…"}` or `{"billing": ["AB…"]}`. Undefined if it is not JSON of such
 * a kind.
 */
function findJsonLines(text: string): readonly ListLine[] | undefined {
  if (!/^[[{"]/.test(text.trim())) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === 'string') return listLines(value);
  if (Array.isArray(value)) return listJsonTexts(value, '', (index) => `item ${index + 1}`);
  return Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([name, field]) => {
    const texts: readonly unknown[] = Array.isArray(field) ? field : [field];
    return listJsonTexts(texts, `${name.replace(/[=:,;|]/g, ' ')}=`, () => `key ${JSON.stringify(name)}`);
  });
}

function listJsonTexts(
  values: readonly unknown[],
  prefix: string,
  nameOrigin: (index: number) => string,
): readonly ListLine[] {
  return values.map((value, index) => ({
    origin: nameOrigin(index),
    content: `${prefix}${typeof value === 'string' ? value : JSON.stringify(value)}`,
  }));
}

interface Segment {
  readonly name: string | undefined;
  /** The thumbprints of the segment. An item that is not a thumbprint is a text. */
  readonly items: readonly (ImportedThumbprint | string)[];
  /** Whether the segment is `*`, which means every certificate in WEBSITE_LOAD_CERTIFICATES. */
  readonly isEverything: boolean;
}

function readSegment(segment: string): Segment {
  const text = unquote(segment);
  const named = findNamed(text);
  const value = unquote(named?.value ?? text);
  const name = named === undefined || isLabel(named.name) ? undefined : unquote(named.name);
  if (value === '*') return { name, items: [], isEverything: true };
  // A name without a thumbprint is a mistake, but an empty place between two commas is not.
  if (value === '') return { name, items: named === undefined ? [] : [text], isEverything: false };
  return { name, items: listThumbprints(value), isEverything: false };
}

/** Quotes may enclose one thumbprint or the whole list, so that each end of a segment may have its own. */
function unquote(text: string): string {
  return text.trim().replace(/^["']+|["']+$/g, '').trim(); // prettier-ignore
}

/**
 * Splits `name=value` or `name:value`. Undefined if there is no name: for example, a thumbprint with colons (`AB:CD:…`)
 * has none, even if it is cut short.
 */
function findNamed(text: string): { readonly name: string; readonly value: string } | undefined {
  if (/^[0-9A-Fa-f\s]{2,}(?::[0-9A-Fa-f\s]*)+$/.test(text) && !/^\S+:\s*[0-9A-Fa-f\s]{40,}$/.test(text))
    return undefined;
  if (findImportedThumbprint(text) !== undefined) return undefined;
  const match = /^([^=:]*)[=:](.*)$/s.exec(text);
  return match === null ? undefined : { name: match[1]?.trim() ?? '', value: match[2]?.trim() ?? '' };
}

/**
 * Whether a name labels the list instead of a caller: `ALLOWED_THUMBPRINTS=…`, `SHA1 Fingerprint=…`, `sha256:…` and
 * others.
 */
function isLabel(name: string): boolean {
  return name === '' || /thumbprint|fingerprint|certificate|(?:^|[_ -])certs?(?:$|[_ -])|^sha-?(?:1|256)$/i.test(name);
}

/** White space separates thumbprints, unless it is inside one, as in the certificate dialog of Windows. */
function listThumbprints(value: string): readonly (ImportedThumbprint | string)[] {
  const words = value.split(/\s+/).map((word) => unquote(word));
  const found = words.map((word) => findImportedThumbprint(word));
  if (found.every((thumbprint) => thumbprint === undefined)) return [findImportedThumbprint(value) ?? value];
  return found.map((thumbprint, index) => thumbprint ?? words[index] ?? '');
}

function refuseEverything(origin: string): ImportRefusal {
  return {
    origin,
    item: '*',
    reason: 'it matches every certificate, and a trust document names each one',
  };
}

/** Where a key stands a second time in one object, e.g. `identities[0].name`. */
export interface DuplicateKey {
  readonly path: string;
}

/**
 * The first duplicate key of a text that `JSON.parse` has already accepted. `JSON.parse` keeps the last value and says
 * nothing (RFC 8259 §4 leaves it open); in a document that says who may come in, two readers must not differ.
 */
export function findDuplicateKey(json: string): DuplicateKey | undefined {
  interface Level {
    readonly keys: Set<string> | undefined;
    label: string;
    index: number;
  }
  const levels: Level[] = [];
  // The text is JSON, so a quote that no backslash precedes ends the string. One alternative per run of plain characters:
  // one per character would exhaust the matcher's stack on a text of some megabytes.
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/gs;
  let expectsKey = false;
  for (let match = token.exec(json); match !== null; match = token.exec(json)) {
    const text = match[0];
    const level = levels.at(-1);
    if (text === '{' || text === '[') {
      levels.push({ keys: text === '{' ? new Set() : undefined, label: '', index: 0 });
      expectsKey = text === '{';
    } else if (text === '}' || text === ']') {
      levels.pop();
      expectsKey = false;
    } else if (text === ',') {
      if (level !== undefined) level.index += 1;
      expectsKey = level?.keys !== undefined;
    } else if (expectsKey && level?.keys !== undefined) {
      const key = String(JSON.parse(text));
      level.label = key;
      if (level.keys.has(key)) return { path: pathOf(levels) };
      level.keys.add(key);
      expectsKey = false;
    }
  }
  return undefined;
}

function pathOf(levels: readonly { readonly keys: unknown; readonly label: string; readonly index: number }[]): string {
  const parts = levels.map((level) => (level.keys === undefined ? `[${level.index}]` : `.${level.label}`));
  return parts.join('').replace(/^\./, '');
}

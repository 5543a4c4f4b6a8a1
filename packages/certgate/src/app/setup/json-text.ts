import { isDeepStrictEqual } from 'node:util';
import { findNodeAtLocation, type Node, type ParseError, parse, parseTree } from 'jsonc-parser';
import { ToolFailure } from '../../faults/tool-failure.js';
import { formatJson, readLayout } from './text-layout.js';

export type JsonObject = Readonly<Record<string, unknown>>;
export type JsonPath = readonly (string | number)[];

/** Which JSON a file's readers take. */
export type JsonDialect = 'json' | 'json-with-comments';

/**
 * A JSON file's text, edited where something is added and left byte for byte as it was everywhere else. Each edit
 * gives a new text, which is read again: an edit that changed more than it should is refused.
 */
export class JsonText {
  readonly path: string;
  readonly text: string;
  readonly value: JsonObject;
  readonly #dialect: JsonDialect;

  constructor(path: string, text: string, dialect: JsonDialect) {
    this.path = path;
    this.text = text;
    this.#dialect = dialect;
    this.value = readObject(path, text, dialect);
  }

  /** Sets a property that is absent. The objects on the way must be there. */
  addProperty(objectPath: JsonPath, name: string, value: unknown): JsonText {
    const object = this.#getNode(objectPath, 'object');
    const member = `${JSON.stringify(name)}: ${formatJson(value, readLayout(this.text), objectPath.length + 1)}`;
    const after = this.#insertLast(object, member, objectPath.length);
    return this.#checked(after, objectPath, (target) => ({ ...(target as JsonObject), [name]: value }));
  }

  replaceString(path: JsonPath, value: string): JsonText {
    const { offset, length } = this.#getNode(path, 'string');
    const after = this.text.slice(0, offset) + JSON.stringify(value) + this.text.slice(offset + length);
    return this.#checked(after, path, () => value);
  }

  /** Adds an item before the others of a list. */
  prependItem(arrayPath: JsonPath, value: unknown): JsonText {
    const array = this.#getNode(arrayPath, 'array');
    const depth = arrayPath.length;
    const { endOfLine, indent } = readLayout(this.text);
    const item = formatJson(value, readLayout(this.text), depth + 1);
    const first = array.children?.[0];
    const open = array.offset + 1;
    const isInline = first !== undefined && !this.text.slice(open, first.offset).includes('\n');
    const after =
      first === undefined
        ? this.#insertLast(array, item, depth)
        : isInline && typeof value === 'string'
          ? `${this.text.slice(0, first.offset)}${item}, ${this.text.slice(first.offset)}`
          : `${this.text.slice(0, open)}${endOfLine}${indent.repeat(depth + 1)}${item},${this.text.slice(open)}`;
    return this.#checked(after, arrayPath, (target) => [value, ...(target as unknown[])]);
  }

  #getNode(path: JsonPath, type: Node['type']): Node {
    const tree = parseTree(this.text, [], readerOptions(this.#dialect));
    const node = tree === undefined ? undefined : findNodeAtLocation(tree, [...path]);
    if (node?.type === type) return node;
    throw new ToolFailure(`"${path.join('.')}" in ${this.path} is no ${type}.`, { remedy: `Correct ${this.path}.` });
  }

  /** After the last member, its comma and a comment on its line. */
  #insertLast(container: Node, member: string, depth: number): string {
    const { endOfLine, indent } = readLayout(this.text);
    const close = container.offset + container.length - 1;
    const last = container.children?.at(-1);
    const inner = endOfLine + indent.repeat(depth + 1);
    if (last === undefined) {
      const content = this.text.slice(container.offset + 1, close).trimEnd();
      return `${this.text.slice(0, container.offset + 1)}${content}${inner}${member}${endOfLine}${indent.repeat(depth)}${this.text.slice(close)}`;
    }
    const end = last.offset + last.length;
    const trivia = readTrivia(this.text, end, close);
    const head = this.text.slice(0, end) + (trivia.hasComma ? '' : ',') + this.text.slice(end, trivia.endOfMember);
    const rest = this.text.slice(trivia.endOfMember);
    const isOneLine = !this.text.slice(container.offset, close).includes('\n');
    if (isOneLine && !member.includes('\n')) return `${head} ${member}${rest}`;
    const isInline = !this.text.slice(end, close).includes('\n');
    return isInline
      ? `${head}${inner}${member}${endOfLine}${indent.repeat(depth)}${rest.trimStart()}`
      : `${head}${inner}${member}${trivia.hasComma ? ',' : ''}${rest}`;
  }

  #checked(after: string, path: JsonPath, change: (target: unknown) => unknown): JsonText {
    const edited = new JsonText(this.path, after, this.#dialect);
    if (isDeepStrictEqual(edited.value, changeAt(this.value, path, change))) return edited;
    throw new ToolFailure(`${this.path} is laid out in a way that can't be changed safely.`, {
      remedy: 'Format it, and run certgate init again.',
    });
  }
}

interface MemberTrivia {
  readonly hasComma: boolean;
  /** After the comma and the comments that follow on the member's line. */
  readonly endOfMember: number;
}

/** What follows a list's last member on its line. */
function readTrivia(text: string, end: number, close: number): MemberTrivia {
  const followed = /^(?:[ \t,]|\/\*[^]*?\*\/)*(?:\/\/[^\r\n]*)?/.exec(text.slice(end, close))?.[0].trimEnd() ?? '';
  const hasComma = followed.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '').includes(',');
  return { hasComma, endOfMember: end + followed.length };
}

/** The value with one place changed, without touching the given one. */
function changeAt(value: unknown, path: JsonPath, change: (target: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === key ? changeAt(item, rest, change) : item));
  const object = value as JsonObject;
  return { ...object, [key]: changeAt(object[key], rest, change) };
}

function readerOptions(dialect: JsonDialect): { allowTrailingComma: boolean; disallowComments: boolean } {
  const isLenient = dialect === 'json-with-comments';
  return { allowTrailingComma: isLenient, disallowComments: !isLenient };
}

function readObject(path: string, text: string, dialect: JsonDialect): JsonObject {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, readerOptions(dialect));
  const [error] = errors;
  if (error !== undefined) {
    const line = text.slice(0, error.offset).split('\n').length;
    throw new ToolFailure(`${path} is not valid JSON at line ${line}.`, { remedy: `Correct ${path}.` });
  }
  if (!isObject(value)) throw new ToolFailure(`${path} must hold a JSON object.`, { remedy: `Correct ${path}.` });
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

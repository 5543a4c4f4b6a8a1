import {
  anyAudience,
  parseTrustDocument,
  TrustDocumentError,
  type DocumentProblem,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { parseTree, type Node } from 'jsonc-parser';

export type DocumentReading =
  | { readonly snapshot: TrustSnapshot }
  /** The problems of the document: all that were found, or only the first if it is not JSON. */
  | { readonly problems: readonly DocumentProblem[] };

/**
 * Reads a document as an app does. If it is refused, the search continues, so that a person can correct several
 * problems at once.
 */
export function readDocument(bytes: Uint8Array): DocumentReading {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problems: [{ path: '', message: 'it is not UTF-8; save it again in that encoding' }] };
  }
  try {
    return { snapshot: parseTrustDocument(text, { audience: anyAudience }) };
  } catch (fault) {
    if (!(fault instanceof TrustDocumentError)) throw fault;
    return { problems: listAllProblems(text, fault.problems) };
  }
}

/** Finds more problems than the apps' parser, which stops at the first duplicate key. */
function listAllProblems(text: string, problems: readonly DocumentProblem[]): readonly DocumentProblem[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Only the first fault is reported. What follows it could only be guessed: one PEM with its line ends would result
    // in many faults.
    return problems;
  }
  const duplicates = listDuplicateKeys(text);
  if (duplicates.length === 0) return problems;
  try {
    parseTrustDocument(value, { audience: anyAudience });
    return duplicates;
  } catch (fault) {
    if (!(fault instanceof TrustDocumentError)) throw fault;
    return [...duplicates, ...fault.problems];
  }
}

/** The maximum length of a text that is searched for duplicate keys, in characters: a longer one is not worth the time. */
const maximumWalkLength = 4 * 1024 * 1024;

function parseLeniently(text: string): Node | undefined {
  if (text.length > maximumWalkLength) return undefined;
  try {
    return parseTree(text, [], { disallowComments: true, allowTrailingComma: false });
  } catch (fault) {
    // A deeply nested text overflows the stack of this parser, which is recursive.
    if (fault instanceof RangeError) return undefined;
    throw fault;
  }
}

function listDuplicateKeys(text: string): readonly DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  const visit = (node: Node, path: string): void => {
    if (node.type === 'array')
      node.children?.forEach((child, index) => {
        visit(child, `${path}[${index}]`);
      });
    if (node.type !== 'object') return;
    const seen = new Set<string>();
    for (const { children: [key, value] = [] } of node.children ?? []) {
      const name = String(key?.value);
      const place = path === '' ? name : `${path}.${name}`;
      if (seen.has(name)) problems.push({ path: place, message: 'this key appears twice in one object' });
      seen.add(name);
      if (value !== undefined) visit(value, place);
    }
  };
  const root = parseLeniently(text);
  if (root !== undefined) visit(root, '');
  return problems;
}

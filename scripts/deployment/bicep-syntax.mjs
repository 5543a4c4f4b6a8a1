// Parses Bicep with tree-sitter's grammar, and finds what that grammar accepts although Bicep doesn't. It rejects some
// valid Bicep too (`x!`, `...x`, `resourceInput<>`), so the template does without.
import { createRequire } from 'node:module';
import { Language, Parser } from 'web-tree-sitter';

const require = createRequire(import.meta.url);

/** @returns {Promise<(text: string) => import('web-tree-sitter').Node>} */
export async function createBicepParser() {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));
  return (text) => parser.parse(text).rootNode;
}

/** What keeps a file from being Bicep, as `file:line: what is wrong`. */
export function findSyntaxProblems(root, file) {
  const problems = [];
  const report = (node, message) => problems.push(describePlace(file, node, message));
  visit(root, (node) => {
    if (node.isError) report(node, `not Bicep: ${node.text.split('\n', 1)[0]}`);
    else if (node.isMissing) report(node, `"${node.type}" is missing`);
    else if (node.type === 'object') checkObject(node, report);
    else if (node.type === 'array') checkSeparators(node, node.namedChildren.filter(isCode), report, 'elements');
  });
  return problems;
}

export function describePlace(file, node, message) {
  return `${file}:${node.startPosition.row + 1}: ${message}`;
}

export function isCode(node) {
  return node.type !== 'comment';
}

/** The name of a property, or undefined if it is computed. */
export function getKey(property) {
  const [key] = property.namedChildren.filter(isCode);
  if (key.type === 'identifier') return key.text;
  const [content, ...others] = key.namedChildren;
  return content?.type === 'string_content' && others.length === 0 ? content.text : undefined;
}

export function visit(node, callback) {
  callback(node);
  for (const child of node.children) visit(child, callback);
}

function checkObject(object, report) {
  const properties = object.namedChildren.filter(isCode);
  checkSeparators(object, properties, report, 'properties');
  const seen = new Set();
  for (const property of properties) {
    const key = property.type === 'object_property' ? getKey(property) : undefined;
    if (key === undefined) continue;
    // ARM compares names without regard to case.
    if (seen.has(key.toLowerCase())) report(property, `"${key}" is there twice`);
    seen.add(key.toLowerCase());
  }
}

/** The grammar takes white space as a separator; Bicep wants a line end or a comma. */
function checkSeparators(parent, items, report, what) {
  items.slice(1).forEach((item, index) => {
    const previous = items[index];
    const between = parent.text.slice(previous.endIndex - parent.startIndex, item.startIndex - parent.startIndex);
    const isSeparated = what === 'elements' ? /[\n,]/.test(between) : between.includes('\n');
    if (!isSeparated) report(item, `two ${what} on one line`);
  });
}

// Fails if anything but comments differs between two states of a repository:
//
//   npm run lint -- only-comments BASE         BASE and the files of the working tree
//   npm run lint -- only-comments BASE HEAD    two commits
//
// With --titles, the titles of tests may differ too. --allow PATH names a file or folder that is generated from comments.
//
// It compares syntax trees: the kind of each node and the text of each token. The shape of the tree is part of it, because
// a line break that a comment loses can change the code (`return /*\n*/ x`). Comments that programs read must stay before
// the same token. Exit code: 0 if only comments differ, 1 if something else does, 2 for unusable arguments.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import ts from 'typescript';

/** Tags that decide what a package publishes. */
const tag = /@(?:internal|public|alpha|beta|deprecated|license|preserve|jsx\w*)\b/g;
/** Comments that compilers, linters, formatters, bundlers, coverage, mutation tests or the test runner read. */
const directive =
  /^(?:\/\/\/\s*<|\/\/[#@]|(?:\/\/|\/\*)\s*(?:@ts-|eslint|oxlint|prettier-ignore|biome-ignore|c8 ignore|v8 ignore|istanbul ignore|node:coverage|Stryker|[#@]__|webpack[A-Z]|@vite-ignore|globals? |In a process of its own:)|\/\*!)/;

const { allowed, mayTitlesDiffer, base, head } = readArguments();
const faults = listChangedFiles().flatMap(findFault);
for (const fault of faults) console.error(fault);
if (faults.length === 0) console.log(`Only comments${mayTitlesDiffer ? ' and titles of tests' : ''} differ.`);
process.exitCode = faults.length === 0 ? 0 : 1;

function readArguments() {
  try {
    const options = {
      allow: { type: 'string', multiple: true, default: [] },
      titles: { type: 'boolean', default: false },
    };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [first, second, ...more] = positionals;
    if (first === undefined || more.length > 0) throw new Error('Name one or two commits.');
    for (const commit of positionals) git('rev-parse', '--verify', '--quiet', `${commit}^{commit}`);
    return { allowed: values.allow, mayTitlesDiffer: values.titles, base: first, head: second };
  } catch (error) {
    console.error(`${error.message}\nnpm run lint -- only-comments BASE [HEAD] [--titles] [--allow PATH]`);
    process.exit(2);
  }
}

function git(...words) {
  return execFileSync('git', words, { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] });
}

function listChangedFiles() {
  const commits = head === undefined ? [base] : [base, head];
  const added = head === undefined ? git('ls-files', '-z', '--others', '--exclude-standard') : '';
  return `${git('diff', '--name-only', '-z', '--no-renames', '--relative', ...commits)}${added}`
    .split('\0')
    .filter(Boolean);
}

/** The first difference in a file, other than in comments. An empty array if there is none. */
function findFault(path) {
  if (allowed.some((each) => path === each || path.startsWith(`${each.replace(/\/$/, '')}/`))) return [];
  const [before, after] = [readFrom(base, path), head === undefined ? readFromDisk(path) : readFrom(head, path)];
  if (before === undefined) return [`${path}: added`];
  if (after === undefined) return [`${path}: removed`];
  if (!/\.[cm]?[jt]sx?$/.test(path)) return [`${path}: not a source file`];
  const [old, now] = [readSyntax(path, before), readSyntax(path, after)];
  for (const [what, was, is] of [
    ['the code differs', old.nodes, now.nodes],
    ['a comment that programs read differs', old.directives, now.directives],
  ]) {
    const at = Array.from({ length: Math.max(was.length, is.length) }).findIndex(
      (_, index) => was[index] !== is[index],
    );
    if (at !== -1) return [`${path}: ${what}: ${was[at] ?? 'nothing'} -> ${is[at] ?? 'nothing'}`];
  }
  return [];
}

function readFrom(commit, path) {
  const isThere = git('ls-tree', '--name-only', commit, '--', path) !== '';
  return isThere ? git('show', `${commit}:./${path}`) : undefined;
}

function readFromDisk(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * The nodes and tokens of a text, and each comment that programs read, with the number of the token that follows it.
 */
function readSyntax(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  if (file.parseDiagnostics.length > 0) throw new Error(`${path} can't be parsed.`);
  const nodes = [/^#!.*/.exec(text)?.[0] ?? 'no shebang'];
  const directives = new Map();
  let tokens = 0;
  const noteComments = (ranges = []) => {
    for (const { pos, end } of ranges) {
      const read = readDirective(text.slice(pos, end));
      if (read !== undefined && !directives.has(pos)) directives.set(pos, `${read} before token ${tokens}`);
    }
  };
  const visitToken = (node) => {
    const hasComments = node.kind !== ts.SyntaxKind.JsxText;
    if (hasComments) noteComments(ts.getLeadingCommentRanges(text, node.getFullStart()));
    // The token as it is written, so that 'a' and "a" differ, and so do 10 and 1e1.
    nodes.push(mayTitlesDiffer && isTitle(node) ? 'a title' : text.slice(node.getStart(file, false), node.end));
    tokens += 1;
    if (hasComments) noteComments(ts.getTrailingCommentRanges(text, node.end));
  };
  const visit = (node) => {
    const children = node.getChildren(file).filter(({ kind }) => !isDocumentation(kind));
    if (children.length === 0 && node.kind !== ts.SyntaxKind.SyntaxList) return visitToken(node);
    nodes.push(`${ts.SyntaxKind[node.kind]} (`);
    children.forEach(visit);
    nodes.push(')');
  };
  visit(file);
  return { nodes, directives: [...directives.values()] };
}

function isDocumentation(kind) {
  return kind >= ts.SyntaxKind.FirstJSDocNode && kind <= ts.SyntaxKind.LastJSDocNode;
}

/**
 * The part of a comment that programs read: the tags of a documentation comment, or the whole text of another
 * directive.
 */
function readDirective(comment) {
  const tags = comment.match(tag);
  if (tags !== null) return tags.join(' ');
  return directive.test(comment) ? comment : undefined;
}

/**
 * Whether the node is text in the first argument of `test`, `it`, `describe` or `suite`. Expressions in a template are
 * code.
 */
function isTitle(node) {
  let title = node;
  if (ts.isTemplateHead(node)) title = node.parent;
  else if (ts.isTemplateMiddleOrTemplateTail(node)) title = node.parent.parent;
  else if (!ts.isStringLiteralLike(node)) return false;
  const call = title.parent;
  return (
    ts.isCallExpression(call) &&
    call.arguments[0] === title &&
    /^(?:test|it|describe|suite)(?:\.(?:only|skip|todo))?$/.test(call.expression.getText())
  );
}

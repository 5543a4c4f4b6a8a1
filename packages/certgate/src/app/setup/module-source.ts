import { parse } from '@babel/parser';
import { messageOf } from '#local/tool-failure.js';
import { byHand } from './by-hand.js';

export interface ModuleImport {
  readonly specifier: string;
  readonly start: number;
  readonly end: number;
  /** The expression for the `app` of `@azure/functions`. Undefined if this import does not bring it. */
  readonly app: string | undefined;
}

/** What must be known about a source file before a gate can be put into it. */
export interface ModuleSource {
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
  /** Whether the file is TypeScript or has an `import` declaration. */
  readonly usesImport: boolean;
  /** Everything that is loaded before the first other statement runs, in order, without type-only imports. */
  readonly imports: readonly ModuleImport[];
  /** The offset after the leading imports, including type-only ones. 0 if there are none. */
  readonly endOfImports: number;
  /** The offset of the first statement, after directives and leading comments. */
  readonly start: number;
  /** Whether the file calls `secureApp` in a separate statement. */
  readonly callsSecureApp: boolean;
}

type ModuleStatement = ReturnType<typeof parse>['program']['body'][number];

const typeScript = /\.[cm]?ts$/;

/** @throws {ToolFailure} if the text can't be parsed. */
export function readModuleSource(path: string, text: string): ModuleSource {
  const { program, comments } = parseFile(path, text);
  const { body, directives } = program;
  const leading = body.findIndex((statement) => !isImport(statement));
  const head = leading === -1 ? body : body.slice(0, leading);
  // An import further down is loaded before the first statement too.
  const imports = [...head, ...body.slice(head.length).filter(isHoisted)];
  const start = body[0]?.start ?? directives.at(-1)?.end ?? text.length;
  return {
    path,
    text,
    code: removeComments(text, comments ?? []),
    usesImport: typeScript.test(path) || body.some(({ type }) => type === 'ImportDeclaration'),
    imports: imports.flatMap(readImport),
    endOfImports: head.at(-1)?.end ?? 0,
    start,
    callsSecureApp: body.some(isSecureAppCall),
  };
}

function parseFile(path: string, text: string): ReturnType<typeof parse> {
  try {
    return parse(text, {
      sourceType: typeScript.test(path) ? 'module' : 'unambiguous',
      plugins: typeScript.test(path) ? ['typescript', 'decorators-legacy'] : [],
    });
  } catch (cause) {
    const reason = messageOf(cause);
    throw byHand(`${path} can't be parsed: ${reason}.`, 'in it');
  }
}

function removeComments(text: string, comments: readonly { start?: number | null; end?: number | null }[]): string {
  const ends = [0, ...comments.map(({ end }) => end ?? 0)];
  return ends.map((from, index) => text.slice(from, comments[index]?.start ?? undefined)).join(' ');
}

/** Whether the statement loads a module before the first statement runs, wherever it is in the file. */
function isHoisted(statement: ModuleStatement): boolean {
  if (statement.type === 'ExportNamedDeclaration') return statement.source != null;
  return statement.type === 'ImportDeclaration' || statement.type === 'ExportAllDeclaration';
}

function isImport(statement: ModuleStatement): boolean {
  return (
    isHoisted(statement) || statement.type === 'TSImportEqualsDeclaration' || findRequired(statement) !== undefined
  );
}

function readImport(statement: ModuleStatement): readonly ModuleImport[] {
  const { start, end } = statement;
  if (start == null || end == null) return [];
  const found = readSpecifier(statement);
  return found === undefined ? [] : [{ ...found, start, end }];
}

function readSpecifier(statement: ModuleStatement): Pick<ModuleImport, 'specifier' | 'app'> | undefined {
  if (statement.type === 'ImportDeclaration') {
    if (statement.importKind === 'type') return undefined;
    return { specifier: statement.source.value, app: findImportedApp(statement) };
  }
  if (statement.type === 'ExportAllDeclaration' || statement.type === 'ExportNamedDeclaration') {
    const { source, exportKind } = statement;
    return source == null || exportKind === 'type' ? undefined : { specifier: source.value, app: undefined };
  }
  if (statement.type === 'TSImportEqualsDeclaration') {
    const reference = statement.moduleReference;
    if (statement.importKind === 'type' || reference.type !== 'TSExternalModuleReference') return undefined;
    return { specifier: reference.expression.value, app: `${statement.id.name}.app` };
  }
  const specifier = findRequired(statement);
  return specifier === undefined ? undefined : { specifier, app: findRequiredApp(statement) };
}

function findImportedApp({ specifiers }: Extract<ModuleStatement, { type: 'ImportDeclaration' }>): string | undefined {
  for (const specifier of specifiers) {
    if (specifier.type !== 'ImportSpecifier') return `${specifier.local.name}.app`;
    const { imported, importKind, local } = specifier;
    const name = imported.type === 'Identifier' ? imported.name : imported.value;
    if (name === 'app' && importKind !== 'type') return local.name;
  }
  return undefined;
}

/** The module that a statement `require('x')` or `const … = require('x')` loads. Undefined for other statements. */
function findRequired(statement: ModuleStatement): string | undefined {
  if (statement.type === 'ExpressionStatement') return readRequireCall(statement.expression);
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined;
  return readRequireCall(statement.declarations[0]?.init);
}

function readRequireCall(expression: unknown): string | undefined {
  const call = expression as Extract<ModuleStatement, { type: 'ExpressionStatement' }>['expression'] | null | undefined;
  if (call?.type !== 'CallExpression' || call.callee.type !== 'Identifier') return undefined;
  const [argument] = call.arguments;
  return call.callee.name === 'require' && argument?.type === 'StringLiteral' ? argument.value : undefined;
}

function findRequiredApp(statement: ModuleStatement): string | undefined {
  const id = statement.type === 'VariableDeclaration' ? statement.declarations[0]?.id : undefined;
  if (id?.type === 'Identifier') return `${id.name}.app`;
  if (id?.type !== 'ObjectPattern') return undefined;
  for (const property of id.properties) {
    if (property.type !== 'ObjectProperty' || property.key.type !== 'Identifier') continue;
    if (property.key.name === 'app' && property.value.type === 'Identifier') return property.value.name;
  }
  return undefined;
}

function isSecureAppCall(statement: ModuleStatement): boolean {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'CallExpression') return false;
  const { callee } = statement.expression;
  if (callee.type === 'Identifier') return callee.name === 'secureApp';
  return (
    callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && callee.property.name === 'secureApp'
  );
}

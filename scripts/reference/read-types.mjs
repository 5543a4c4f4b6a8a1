// Reads doc comments from the sources: those of the members of an interface, and of the texts of a union.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entries = [
  'packages/core/src/index.ts',
  'packages/x509/src/certgate-error.ts',
  'packages/certgate/src/trust/check/check-finding.ts',
];
const program = ts.createProgram(
  entries.map((entry) => root + entry),
  {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    // No member that is read has a type of the browser or of Node.js. Leaving these types out halves the time.
    lib: ['lib.es2023.d.ts'],
    types: [],
  },
);
const checker = program.getTypeChecker();

function findDeclaration(name) {
  const files = program.getSourceFiles().filter(({ fileName }) => /\/packages\/\w+\/src\//.test(fileName));
  const declaration = files
    .flatMap(({ statements }) => [...statements])
    .find((node) => (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && node.name.text === name);
  if (declaration === undefined) throw new Error(`There is no type ${name}.`);
  return declaration;
}

const describe = (symbol) =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, ' ').trim();

/** The keys with which every line begins. */
export const lineStart = ['certgate', 'event', 'time', 'process'];

/**
 * The doc comments of an interface, of its keys, and of the keys of objects in it. @throws {Error} if one is missing.
 */
export function readInterface(name) {
  const symbol = checker.getSymbolAtLocation(findDeclaration(name).name);
  return { text: describe(symbol), keys: listKeys(checker.getDeclaredTypeOfSymbol(symbol), name, '') };
}

function listKeys(type, owner, prefix) {
  const members = checker.getPropertiesOfType(type);
  // The keys with which every line begins are inherited, so the compiler lists them last. They are moved to the front.
  const isStart = ({ name }) => lineStart.includes(name);
  return [...members.filter(isStart), ...members.filter((member) => !isStart(member))].flatMap((member) => {
    const key = `${prefix}${member.name}`;
    const text = describe(member);
    if (text === '') throw new Error(`${owner}.${key} has no doc comment.`);
    const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    const own = checker.getNonNullableType(checker.getTypeOfSymbol(member));
    const element = checker.isArrayType(own) ? checker.getTypeArguments(own)[0] : undefined;
    const inner = element ?? own;
    const hasKeys = (inner.flags & ts.TypeFlags.Object) !== 0 && checker.getIndexInfosOfType(inner).length === 0;
    const isNested =
      hasKeys && !isMapped(inner) && checker.getPropertiesOfType(inner).every((each) => describe(each) !== '');
    const values = listTexts(own);
    return [
      { key, text, isOptional, values },
      ...(isNested ? listKeys(inner, owner, `${key}${element === undefined ? '' : '[]'}.`) : []),
    ];
  });
}

/** Whether the type is a mapped type, such as a count by denial code, whose keys are those codes. */
function isMapped(type) {
  return (ts.getObjectFlags?.(type) ?? type.objectFlags) & ts.ObjectFlags.Mapped && type.aliasSymbol?.name !== 'Omit';
}

function listTexts(type) {
  const parts = type.isUnion() ? type.types : [type];
  return parts.every((part) => part.isStringLiteral()) ? parts.map(({ value }) => value) : [];
}

/** The texts of a union, each with its doc comment. @throws {Error} if one has no comment. */
export function readUnion(name) {
  const { type } = findDeclaration(name);
  return type.types.map((member) => {
    // The comment is before the `|`, so it belongs to no member in the syntax tree.
    const source = member.getSourceFile().text;
    const before = source.slice(0, member.getStart()).match(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*\|\s*$/)?.[1];
    if (before === undefined) throw new Error(`${name} says nothing of ${member.getText()}.`);
    return {
      value: member.literal.text,
      text: before
        .replace(/\n\s*\* ?/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    };
  });
}

/** The texts of the type of an interface's member, for example of `TrustStoreWarning` and `code`. */
export function readMemberTexts(name, key) {
  const symbol = checker.getSymbolAtLocation(findDeclaration(name).name);
  const member = checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(symbol), key);
  return listTexts(checker.getTypeOfSymbol(member));
}

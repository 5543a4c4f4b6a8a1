// Reads what the doc comments of the sources say: of the members of an interface, and of the texts of a union.
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
    // No member that is read has a type of the browser's or of Node.js: to leave them out takes half of the time.
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

/** The keys that every line begins with. */
export const lineStart = ['certgate', 'event', 'time', 'process'];

/** What an interface says of itself, and each key of it and of the objects in it. @throws {Error} where one has no text. */
export function readInterface(name) {
  const symbol = checker.getSymbolAtLocation(findDeclaration(name).name);
  return { text: describe(symbol), keys: listKeys(checker.getDeclaredTypeOfSymbol(symbol), name, '') };
}

function listKeys(type, owner, prefix) {
  const members = checker.getPropertiesOfType(type);
  // What every line begins with comes by inheritance, and so behind the rest.
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

/** Such as a count by denial code, whose keys are those codes. */
function isMapped(type) {
  return (ts.getObjectFlags?.(type) ?? type.objectFlags) & ts.ObjectFlags.Mapped && type.aliasSymbol?.name !== 'Omit';
}

function listTexts(type) {
  const parts = type.isUnion() ? type.types : [type];
  return parts.every((part) => part.isStringLiteral()) ? parts.map(({ value }) => value) : [];
}

/** The texts of a union, each with its doc comment. @throws {Error} where one has none. */
export function readUnion(name) {
  const { type } = findDeclaration(name);
  return type.types.map((member) => {
    // The comment is before the bar, and so belongs to no member.
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

/** The texts of a type, such as of a member of an interface: `TrustStoreWarning`, `code`. */
export function readMemberTexts(name, key) {
  const symbol = checker.getSymbolAtLocation(findDeclaration(name).name);
  const member = checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(symbol), key);
  return listTexts(checker.getTypeOfSymbol(member));
}

// Holds the template's resources to the types of Azure's SDKs, by the TypeScript compiler. The SDKs' types are not quite
// what Azure takes, so they are read with three changes, all of which the SDKs' own code says:
// - Where an SDK lists the values of a text (`enum KnownFtpsState`), no other is accepted.
// - Properties have the names that are sent: `supportsHttpsTrafficOnly`, not `enableHttpsTrafficOnly`.
// - Properties that only Azure sets (`readonly`) can't be set.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const folder = dirname(fileURLToPath(import.meta.url));
const packages = join(folder, 'node_modules', '@azure');
const typesFile = join(folder, 'resource-types.ts');
const wireTypesFile = join(folder, 'wire-types.ts');
const checkFile = join(folder, 'checked-resources.ts');

/** These SDKs flatten `properties`; a table says which name on the wire each of theirs stands for. */
const mapped = [
  { mapper: 'ApplicationInsightsComponent', sdk: 'arm-appinsights/dist/esm/models' },
  { mapper: 'Identity', sdk: 'arm-msi/dist/esm/models' },
  { mapper: 'ResourceGroup', sdk: 'arm-resources/dist/esm/models' },
  { mapper: 'RoleAssignmentCreateParameters', sdk: 'arm-authorization/dist-esm/src/models' },
];

const sdks = {
  'Microsoft.Authorization': 'arm-authorization/dist-esm/src/models',
  'Microsoft.Insights/components': 'arm-appinsights/dist/esm/models',
  'Microsoft.Insights': 'arm-monitor/dist/esm/api',
  'Microsoft.ManagedIdentity': 'arm-msi/dist/esm',
  'Microsoft.OperationalInsights': 'arm-operationalinsights/dist/esm/api',
  'Microsoft.Resources': 'arm-resources/dist/esm',
  'Microsoft.Storage': 'arm-storage/dist/esm/api',
  'Microsoft.Web': 'arm-appservice/dist/esm/api',
};

/** The SDK of these is for a later version; resource-types.ts leaves out what was added since. */
const olderThanSdk = [
  'Microsoft.Insights/actionGroups@2023-01-01',
  'Microsoft.Insights/scheduledQueryRules@2023-12-01',
];

/**
 * @param {readonly { file: string, symbol: string, type: string, apiVersion: string, body: object }[]} resources
 * @returns {Promise<string[]>} what Azure would not take, as `file: symbol: problem`
 */
export async function findTypeProblems(resources) {
  const checked = new Map(resources.map((each) => [JSON.stringify([each.symbol, keyOf(each), each.body]), each]));
  const { text, resourceAt } = writeChecks([...checked.values()]);
  const virtual = new Map([
    [checkFile, text],
    [wireTypesFile, await writeWireTypes()],
  ]);
  const program = createProgram(virtual);
  const problems = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n').split('\n').at(-1).trim();
    if (diagnostic.file === undefined || join(diagnostic.file.fileName) !== checkFile) {
      return `${diagnostic.file?.fileName ?? 'typescript'}: ${message}`;
    }
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    const { file, symbol } = resourceAt(line);
    return `${file}: ${symbol}: ${message}`;
  });
  return [...new Set([...problems, ...findVersionProblems([...checked.values()])])];
}

function keyOf({ type, apiVersion }) {
  return `${type}@${apiVersion}`;
}

function writeChecks(resources) {
  const lines = [`import type { ResourceTypes } from './resource-types.js';`];
  const starts = [];
  for (const resource of resources) {
    starts.push([lines.length, resource]);
    const value = JSON.stringify(resource.body, null, 1);
    lines.push(...`(${value}) satisfies ResourceTypes['${keyOf(resource)}'];`.split('\n'));
  }
  const resourceAt = (line) => starts.findLast(([start]) => start <= line)[1];
  return { text: lines.join('\n'), resourceAt };
}

function createProgram(virtual) {
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  const read = (path) =>
    virtual.get(join(path)) ?? (path.endsWith('.d.ts') ? readSdkTypes(path, readFile(path)) : readFile(path));
  host.fileExists = (path) => virtual.has(join(path)) || fileExists(path);
  host.readFile = read;
  host.getSourceFile = (path, version, ...rest) => {
    const text =
      path.includes(`${sep}@azure${sep}`) || path.includes('/@azure/') || virtual.has(join(path))
        ? read(path)
        : undefined;
    return text === undefined
      ? getSourceFile.call(host, path, version, ...rest)
      : ts.createSourceFile(path, text, version);
  };
  return ts.createProgram([checkFile, typesFile], options, host);
}

function readSdkTypes(path, text = '') {
  if (!/[\\/]@azure[\\/]arm-/.test(path)) return text;
  const closed = text
    .replace(/^export (?:declare )?type (\w+) = string;$/gm, (line, name) =>
      text.includes(`export declare enum Known${name} {`) ? `export type ${name} = \`\${Known${name}}\`;` : line,
    )
    .replace(/^ +readonly .*;$/gm, '');
  return /[\\/]models\.d\.ts$/.test(path) ? renameToWire(closed, path.replace(/\.d\.ts$/, '.js')) : closed;
}

/** By the functions that write an object for sending: `networkAcls: !item["networkRuleSet"] ? …`. */
function renameToWire(types, codePath) {
  const serializers = readFileSync(codePath, 'utf8').matchAll(
    /^export function (\w+)Serializer\(item\) \{\n {4}return \{\n([\s\S]*?)^ {4}\};$/gm,
  );
  const renames = new Map();
  for (const [, name, body] of serializers) {
    const pairs = [...body.matchAll(/^ {8}"?([\w.@-]+)"?:\s+!?item\["(\w+)"\]/gm)].filter(
      ([, wire, own]) => wire !== own,
    );
    if (pairs.length > 0) renames.set(name.toLowerCase(), pairs);
  }
  return types.replace(/^export interface (\w+)[^{]*\{\n[\s\S]*?^\}$/gm, (declaration, name) =>
    (renames.get(name.toLowerCase()) ?? []).reduce(
      (changed, [, wire, own]) => changed.replace(new RegExp(String.raw`^( +)${own}(\??:)`, 'm'), `$1"${wire}"$2`),
      declaration,
    ),
  );
}

async function writeWireTypes() {
  const types = await Promise.all(
    mapped.map(async ({ mapper, sdk }) => {
      const code = readFileSync(join(packages, sdk, 'mappers.js'), 'utf8');
      const mappers = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      const sdkTypes = `import('./node_modules/@azure/${sdk}/index.js').${mapper}`;
      return `export interface ${mapper}Wire ${describeWire(mappers[mapper].type.modelProperties, sdkTypes)}`;
    }),
  );
  return ['type Member<T, Name> = Name extends keyof T ? T[Name] : never;', ...types].join('\n');
}

function describeWire(properties, sdkType) {
  const root = { members: new Map(), required: false };
  for (const [own, { serializedName, readOnly, required }] of Object.entries(properties)) {
    if (readOnly === true) continue;
    const path = serializedName.split('.');
    let place = root;
    for (const step of path.slice(0, -1)) {
      if (!place.members.has(step)) place.members.set(step, { members: new Map(), required: false });
      place = place.members.get(step);
      place.required ||= required === true;
    }
    place.members.set(path.at(-1), { text: `Member<${sdkType}, '${own}'>`, required: required === true });
  }
  return print(root);

  function print({ members, text }) {
    if (members === undefined) return text;
    const lines = [...members].map(([name, member]) => `'${name}'${member.required ? '' : '?'}: ${print(member)};`);
    return `{ ${lines.join(' ')} }`;
  }
}

/** An SDK's types are right for its own API version only. */
function findVersionProblems(resources) {
  const unchecked = resources.filter((resource) => !olderThanSdk.includes(keyOf(resource)));
  const isForSdk = new Map(unchecked.map((resource) => [keyOf(resource), findSdk(resource)]));
  return unchecked
    .filter((resource) => isForSdk.get(keyOf(resource)) === undefined)
    .map((resource) => `${resource.file}: ${resource.symbol}: no installed SDK is for ${keyOf(resource)}`);
}

function findSdk({ type, apiVersion }) {
  const [, path] = Object.entries(sdks).find(([prefix]) => type === prefix || type.startsWith(`${prefix}/`)) ?? [];
  if (path === undefined) return undefined;
  return listCode(join(packages, path)).find((file) => readFileSync(file, 'utf8').includes(`"${apiVersion}"`));
}

function listCode(path) {
  return readdirSync(path, { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(path, name));
}

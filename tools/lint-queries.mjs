// Parses every KQL query of the project with Microsoft's parser, against the columns of the tables and of Certgate():
// the alerts of the template, examples/queries, the pages, and what `--print-query` prints, or only the files of the
// folder that it is given. The parser doesn't run the queries.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeLinesQuery } from '../packages/certgate/dist/esm/log/reading/query-result.js';

// The parser's scripts are CommonJS and define a global.
const require = createRequire(import.meta.url);
require('@kusto/language-service-next/bridge.js');
require('@kusto/language-service-next');
const { GlobalState, KustoCode } = globalThis.Kusto.Language;

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(resolve(root, file), 'utf8');
const list = (folder, extension) =>
  readdirSync(resolve(root, folder))
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name}`);

/** The tables that Azure documents, with those of their columns that a query may use. */
const tables = `
let AppTraces = datatable(TimeGenerated: datetime, Message: string, AppRoleName: string, AppRoleInstance: string, ItemCount: int) [];
let traces = datatable(timestamp: datetime, message: string, cloud_RoleName: string, cloud_RoleInstance: string, itemCount: int) [];
`;
const certgate = `${tables}let Certgate = () {\n${read('examples/queries/Certgate.kql')}\n};\n`;

const files = [...list('examples/queries', '.kql'), ...list('examples/function-app/infra/queries', '.kql')];
const pages = [...list('docs', '.md'), 'examples/queries/README.md'];
const readAll = (names) => names.map((file) => ({ name: file, text: read(file) }));
const [folder] = process.argv.slice(2);
const queries =
  folder === undefined
    ? [
        ...readAll(files),
        ...pages.flatMap((file) =>
          [...read(file).matchAll(/^```kusto\n([\s\S]*?)^```$/gm)].map(([, text]) => ({ name: file, text })),
        ),
        { name: '--print-query', text: writeLinesQuery({ from: 0, until: 1 }) },
      ]
    : readAll(list(folder, '.kql'));

const faults = queries.flatMap(({ name, text }) => listFaults(name, text).map((fault) => `${name}: ${fault}`));
// Checks the check itself: the parser must refuse a column that Certgate() doesn't have.
for (const [column, isKnown] of Object.entries({ identity: true, identities: false })) {
  const found = listFaults('', `Certgate() | where isnotempty(${column})`);
  if ((found.length === 0) !== isKnown)
    faults.push(`The parser takes the column ${column} for a${isKnown ? 'n un' : ' '}known one.`);
}
for (const fault of faults) console.error(fault);
console.log(`${queries.length} queries, ${faults.length} faults.`);
if (faults.length > 0) process.exitCode = 1;

function listFaults(name, text) {
  const before = name.endsWith('/Certgate.kql') ? tables : certgate;
  const found = KustoCode.ParseAndAnalyze(before + text, GlobalState.Default).GetDiagnostics();
  const faults = Array.from({ length: found.Count }, (_, index) => found.getItem(index))
    .filter(({ Start }) => Start >= before.length)
    .map(({ Start, Code, Message }) => `line ${countLines(before, text, Start)}: ${Code}: ${Message}`);
  // Some services read these names as functions or operators, so a column must not have them.
  const [, column] = /\b(last|first|latest)(?:'\])?\s*=(?!=)/.exec(text) ?? [];
  if (column !== undefined) faults.push(`A column has the name ${column}.`);
  const isExample = name.startsWith('examples/queries/') && name.endsWith('.kql');
  if (isExample && !/^(?:\/\/.*\n)*\/\/ It cannot know: /.test(text))
    faults.push('Its head does not say what it cannot know.');
  return faults;
}

function countLines(before, text, start) {
  return text.slice(0, start - before.length).split('\n').length;
}

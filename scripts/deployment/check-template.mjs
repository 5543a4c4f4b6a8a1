// Checks the sample's deployment template without a subscription: its syntax, the types of its resources, and every
// security property. `--mutate` also breaks each property in turn, and shows that the check finds it. Needs its own tools:
// `npm ci --prefix scripts/deployment`. `--without-types` takes a second instead of several.
import { existsSync } from 'node:fs';

const options = process.argv.slice(2);
const unknown = options.find((option) => !['--mutate', '--without-types'].includes(option));

if (unknown !== undefined) fail(`"${unknown}" is no option. There are --mutate and --without-types.`);
else if (!existsSync(new URL('node_modules/web-tree-sitter', import.meta.url))) {
  fail('The tools are not installed. Run `npm ci --prefix scripts/deployment` once.');
} else await main({ isMutating: options.includes('--mutate'), hasTypes: !options.includes('--without-types') });

function fail(message) {
  console.error(message);
  process.exitCode = 2;
}

/** Imports late what needs the tools. */
async function main({ isMutating, hasTypes }) {
  const { createTemplateCheck, scenarios } = await import('./template-check.mjs');
  const { listTypeMutations, mutateTemplate } = await import('./mutate-template.mjs');
  const { findTypeProblems } = await import('./type-check.mjs');
  const typesFit = 'the resources have the types that Azure takes in their API version';
  const check = await createTemplateCheck();
  const { rows, evaluations } = check();
  const typeRows = hasTypes ? [await checkTypes()] : [];
  const isGood = reportRows([...typeRows, ...rows], scenarios.length);
  if (!isGood || !isMutating) return;
  reportMutations([...mutateTemplate(check), ...(hasTypes ? await mutateTypes() : [])]);

  async function checkTypes() {
    const resources = evaluations.flatMap((evaluation) => evaluation.resources);
    const what = `${new Set(resources.map(({ type }) => type)).size} types`;
    return { name: typesFit, what, failures: await findTypeProblems(resources) };
  }

  async function mutateTypes() {
    const mutations = listTypeMutations(check);
    const named = mutations.flatMap(({ label, resources }) => resources.map((each) => ({ ...each, symbol: label })));
    const problems = await findTypeProblems(named);
    const isFound = ({ label }) => problems.some((problem) => problem.includes(`: ${label}: `));
    return mutations.map((each) => ({ row: typesFit, label: each.label, failed: [], isFound: isFound(each) }));
  }
}

function reportRows(rows, count) {
  console.log(`The template, with ${count} sets of parameters:`);
  for (const { name, what, why, failures } of rows) {
    console.log(`${failures.length === 0 ? 'ok    ' : 'FAILED'}  ${name} (${what})`);
    for (const failure of failures) console.log(`          ${failure}`);
    if (failures.length > 0 && why !== undefined) console.log(`          why it matters: ${why}`);
  }
  const failed = rows.filter(({ failures }) => failures.length > 0);
  console.log(failed.length === 0 ? `All ${rows.length} rows hold.` : `${failed.length} of ${rows.length} rows fail.`);
  if (failed.length > 0) process.exitCode = 1;
  return failed.length === 0;
}

function reportMutations(mutations) {
  console.log(`\nThe template, broken in ${mutations.length} places, one at a time:`);
  for (const { label, isFound, row, failed } of mutations) {
    console.log(`${isFound ? 'found ' : 'MISSED'}  ${label}`);
    if (!isFound) console.log(`          should fail: ${row ?? 'any row'}; failed: ${failed.join(', ') || 'none'}`);
  }
  const missed = mutations.filter(({ isFound }) => !isFound);
  const summary = missed.length === 0 ? `finds all ${mutations.length}` : `misses ${missed.length}`;
  console.log(`Every row holds, and the check ${summary} broken templates.`);
  if (missed.length > 0) process.exitCode = 1;
}

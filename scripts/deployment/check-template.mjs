// Checks the sample's deployment template without a subscription: its syntax and every security property. `--mutate` also
// breaks each property in turn, and shows that the check finds it. Needs its own tools:
// `npm ci --prefix scripts/deployment`.
import { existsSync } from 'node:fs';

const options = process.argv.slice(2);
const unknown = options.find((option) => option !== '--mutate');

if (unknown !== undefined) fail(`"${unknown}" is no option. There is --mutate.`);
else if (!existsSync(new URL('node_modules/web-tree-sitter', import.meta.url))) {
  fail('The tools are not installed. Run `npm ci --prefix scripts/deployment` once.');
} else await main(options.includes('--mutate'));

function fail(message) {
  console.error(message);
  process.exitCode = 2;
}

/** Imports late what needs the tools. */
async function main(isMutating) {
  const { createTemplateCheck, scenarios } = await import('./template-check.mjs');
  const { mutateTemplate } = await import('./mutate-template.mjs');
  const check = await createTemplateCheck();
  const isGood = reportRows(check().rows, scenarios.length);
  if (isGood && isMutating) reportMutations(mutateTemplate(check));
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

// npm run prove -- port-mistakes: puts mistakes into the reference decision that a port to another language might make,
// and looks for a decision vector that notices. The exit code is 1 if no vector notices a mistake for which
// mistakes.txt gives no reason.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeRun, writeResult } from '../run-record.mjs';
import { change, readMistakes } from './mistakes.mjs';

const decision = fileURLToPath(new URL('../../conformance/decision/', import.meta.url));
const copies = join(decision, 'dist', 'port-mistakes');
const run = describeRun('npm run prove -- port-mistakes');
const file = JSON.parse(readFileSync(join(decision, 'vectors', 'vectors.json'), 'utf8'));
const only = process.argv[2];
const results = [];
for (const [index, mistake] of readMistakes().entries())
  if (only === undefined || mistake.name.includes(only)) results.push(await judge(mistake, String(index)));
rmSync(copies, { recursive: true, force: true });
for (const { name, noticedBy, count, equivalent } of results)
  console.log(`${name}: ${noticedBy === undefined ? (equivalent ?? 'NO VECTOR') : `${noticedBy} (of ${count})`}`);
const survivors = results.filter(({ noticedBy, equivalent }) => noticedBy === undefined && equivalent === undefined);
const equivalents = results.filter(({ equivalent }) => equivalent !== undefined);
const summary = `${results.length} mistakes, ${file.vectors.length} vectors: ${results.length - survivors.length - equivalents.length} noticed, ${equivalents.length} without an effect, ${survivors.length} survived`;
console.log(summary);
if (only === undefined) writeResult('port-mistakes', run, { summary: [summary], mistakes: results });
if (survivors.length > 0) process.exitCode = 1;

/**
 * Makes a copy of the reference with the mistake. @returns the first vector that it answers differently, and how many
 * there are.
 */
async function judge({ name, part, changes, equivalent }, label) {
  const folder = join(copies, label);
  const filter = (path) => !/\.(?:map|d\.ts)$/.test(path);
  for (const each of ['facts.js', 'reference', 'vectors'])
    cpSync(join(decision, 'dist', each), join(folder, each), { recursive: true, filter });
  const path = join(folder, 'reference', `${part}.js`);
  writeFileSync(path, change(readFileSync(path, 'utf8'), { name, changes }));
  const { writeVectors } = await import(new URL(`file://${join(folder, 'vectors', 'vectors.js')}`));
  const { vectors } = writeVectors(file);
  const noticing = vectors.filter(
    ({ expected }, index) => JSON.stringify(expected) !== JSON.stringify(file.vectors[index].expected),
  );
  rmSync(folder, { recursive: true });
  const found = noticing.length === 0 ? {} : { noticedBy: noticing[0].name, count: noticing.length };
  return { name, ...found, ...(equivalent === undefined ? {} : { equivalent }) };
}

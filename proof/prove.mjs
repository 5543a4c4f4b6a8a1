// npm run prove: what takes too long for CI, one after the other, or one by its name:
// npm run prove -- fuzzing --minutes 60. Each writes proof/results/NAME.json. The exit code is 1 if one has found anything.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const proofs = ['port-mistakes', 'mutation', 'fuzzing', 'soak'];
const [name, ...words] = process.argv.slice(2);
const isNamed = proofs.includes(name);

if (name !== undefined && !isNamed) {
  console.error(`There is no proof "${name}". Name one of ${proofs.join(', ')}, or none to run all.`);
  process.exitCode = 2;
} else {
  for (const each of isNamed ? [name] : proofs) {
    console.log(`${each} …`);
    const script = fileURLToPath(new URL(`${each}/run.mjs`, import.meta.url));
    const { status } = spawnSync(process.execPath, [script, ...words], { stdio: 'inherit' });
    // What was found comes before what could not run.
    if (status !== 0) process.exitCode = status === 1 || process.exitCode === 1 ? 1 : 2;
  }
}

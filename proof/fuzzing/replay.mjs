// Runs every target with the inputs that it begins with, and with some in which a few octets are changed: node
// proof/fuzzing/replay.mjs [SECONDS]. It needs no installed fuzzer, so that CI notices a target that no longer runs.
import { loadTarget, shares, targetNames } from './targets.mjs';

const seconds = Number(process.argv[2] ?? 8);
const total = targetNames.reduce((sum, name) => sum + shares[name], 0);

/** The random numbers are the same in every run, so that CI fails only because of a change. */
let state = 1;
function below(count) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
}

function change(input) {
  const changed = Buffer.from(input);
  for (let count = 1 + below(3); count > 0 && changed.length > 0; count -= 1)
    changed[below(changed.length)] = below(256);
  return changed;
}

async function run(fuzz, input, name) {
  try {
    await fuzz(input);
  } catch (error) {
    console.error(`${name}: ${error?.stack ?? error}\n  input, in base64: ${input.toString('base64')}`);
    process.exitCode = 1;
    throw error;
  }
}

for (const name of targetNames) {
  const { fuzz, inputs } = await loadTarget(name);
  let count = 0;
  try {
    for (const input of inputs) await run(fuzz, input, name);
    // Each target runs for a time. A suitable number of runs would differ from machine to machine.
    const end = Date.now() + (seconds * 1000 * shares[name]) / total;
    for (; Date.now() < end; count += 1) await run(fuzz, change(inputs[below(inputs.length)]), name);
  } catch {
    continue;
  }
  console.log(`${name}: ${inputs.length} inputs, ${count} changed`);
}
// Ends at once, because targets may leave timers behind.
process.exit();

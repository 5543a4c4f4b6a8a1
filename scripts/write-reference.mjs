// Writes the generated blocks of docs/errors.md, commands.md, log-fields.md, probes.md, trust-document.md and upgrading.md,
// from the tables of the built packages. `--check` changes nothing, and fails if a page differs from what this would write
// (tests/reference.test.ts).
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeCommands } from './reference/commands.mjs';
import { writeErrors } from './reference/errors.mjs';
import { writeFormerNames } from './reference/former-names.mjs';
import { writeLogFields } from './reference/log-fields.mjs';
import { fillBlocks } from './reference/markdown.mjs';
import { writeProbes } from './reference/probes.mjs';
import { writeTrustKeys } from './reference/trust-keys.mjs';
import { readWords } from './read-words.mjs';

const isCheck = readWords('npm run write -- docs [--check]', { options: { check: { type: 'boolean' } } }).values.check;
const blocks = {
  'docs/errors.md': writeErrors(),
  'docs/commands.md': await writeCommands(),
  'docs/log-fields.md': writeLogFields(),
  'docs/probes.md': writeProbes(),
  'docs/trust-document.md': writeTrustKeys(),
  'docs/upgrading.md': writeFormerNames(),
};

for (const [name, parts] of Object.entries(blocks)) {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const page = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  const written = fillBlocks(page, name, parts);
  if (written === page) continue;
  if (isCheck) {
    console.error(`${name} is not what the tables of the tool say: npm run write`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, written);
    console.log(`written: ${name}`);
  }
}

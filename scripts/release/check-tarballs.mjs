// Judges tarballs without installing them: publint reads the manifest and files, and attw reads the types as TypeScript
// resolves them from each kind of module.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expectProgram } from './cells.mjs';
import { findInstalled } from './packages.mjs';

/** What publint reports wrongly, each with the reason. */
const falseAlarms = [
  // publint searches for words, and a message of secureApp contains `import { app } from '@azure/functions'`.
  { package: '@certgate/azure-functions', code: 'FILE_INVALID_EXPLICIT_FORMAT', file: './dist/index.cjs' },
];

export function listTarballCells(packages) {
  return packages.flatMap(({ name, file }) => [
    { check: 'publint', what: basename(file), run: () => runPublint(name, file) },
    { check: 'attw', what: basename(file), run: () => runAttw(file) },
  ]);
}

async function runPublint(name, file) {
  const [{ publint }, { formatMessage }] = await Promise.all([import('publint'), import('publint/utils')]);
  const bytes = readFileSync(file);
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  const isFalse = ({ code, path }) => {
    const file = path.reduce((member, key) => member?.[key], pkg);
    return falseAlarms.some((each) => each.package === name && each.code === code && each.file === file);
  };
  const faults = messages.filter((message) => !isFalse(message));
  if (faults.length > 0) throw new Error(faults.map((fault) => formatMessage(fault, pkg, { color: false })).join('\n'));
  return messages.length === 0 ? '' : `${messages.length} messages about words in a text are passed over`;
}

async function runAttw(file) {
  const folder = findInstalled('@arethetypeswrong/cli');
  const env = { NO_COLOR: '1' };
  await expectProgram(process.execPath, [join(folder, 'dist/index.js'), file], { cwd: folder, env });
}

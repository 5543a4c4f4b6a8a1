// Decides which test files share a process. With a process for each file, half of the time would be spent on loading
// the same modules.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const runner = new URL('test-group.mjs', import.meta.url).href;
/**
 * The most files in a group. Small groups end early, so that what they leave in a process is soon gone, and no
 * processor waits for the last group.
 */
const largest = { tests: 5, packages: 30 };

/**
 * Matches the first line of a test file that needs a process of its own, because it changes what it can't restore or
 * measures the whole process. The line gives the reason: `// In a process of its own: …`.
 */
const alone = /^\/\/ In a process of its own: \S/;

/**
 * Writes a file for each group, which runs its tests, unless there is only one test file. @returns the files to run.
 * With a seed, other files share a process, in another order, because a test must never depend on that.
 */
export function groupTests(files, folder, seed) {
  mkdirSync(folder, { recursive: true });
  return files.length === 1 ? files : dealOut(files, seed).map((group) => writeGroup(group, folder));
}

/** Sorts the files into groups. Only files of one package, or of tests/, share a process. */
function dealOut(files, seed) {
  const together = new Map();
  const groups = [];
  for (const file of seed === undefined ? files : shuffle(files, seed)) {
    const [top, name] = relative(root, file).split(sep);
    const key = isAlone(file) ? file : top === 'packages' ? join(top, name) : top;
    together.set(key, [...(together.get(key) ?? []), file]);
  }
  for (const [key, members] of together) {
    const count = Math.ceil(members.length / (largest[key.split(sep)[0]] ?? 1));
    const size = Math.ceil(members.length / count);
    for (let start = 0; start < members.length; start += size) groups.push(members.slice(start, start + size));
  }
  return groups;
}

function isAlone(file) {
  return alone.test(readFileSync(file, 'utf8'));
}

function writeGroup(files, folder) {
  // The name under which node:test reports a failure outside of any test.
  const name = relative(root, files[0])
    .replace(/(?:dist[\\/]esm|dist)[\\/]|\.test\.js$/g, '')
    .replaceAll(sep, '-');
  const path = join(folder, files.length === 1 ? `${name}.mjs` : `${name}-and-${files.length - 1}-more.mjs`);
  const urls = files.map((file) => pathToFileURL(file).href);
  const script = `import { runGroup } from '${runner}';\nawait runGroup(${JSON.stringify(urls, undefined, 2)});\n`;
  writeFileSync(path, script);
  return path;
}

/**
 * Shuffles by Fisher and Yates, with a generator of our own (Lehmer's), so that a seed gives the same order everywhere.
 */
function shuffle(files, seed) {
  const shuffled = [...files];
  let state = (Math.abs(seed) % 2147483646) + 1;
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    state = (state * 48271) % 2147483647;
    const other = state % (last + 1);
    [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
  }
  return shuffled;
}

// Mutants that no test can kill, because they change nothing that anybody could observe, each with its reason:
// explained-core.json and explained-x509.json. A mutant is named by the text that it replaces and by which of the
// file's places with that text it is, not by a line, so that it is found again after other changes.
import { readFileSync } from 'node:fs';

const explained = Object.fromEntries(
  ['core', 'x509'].map((name) => [
    name,
    JSON.parse(readFileSync(new URL(`explained-${name}.json`, import.meta.url), 'utf8')),
  ]),
);

/**
 * The explanations of both packages, in the form `[{ file, reason, mutants: [[code, replacement, at], …] }, …]`.
 * The path in `file` begins at the root of the repository.
 */
export const explanations = Object.entries(explained).flatMap(([name, entries]) =>
  entries.map((entry) => ({ ...entry, file: `packages/${name}/src/${entry.file}` })),
);

const keys = new Set(
  explanations.flatMap(({ file, mutants }) =>
    mutants.map(([code, replacement, at = 1]) => JSON.stringify([file, code, replacement, at])),
  ),
);

export function isExplained(file, { code, replacement, at }) {
  return keys.has(JSON.stringify([file, code, oneLine(replacement), at]));
}

/**
 * The text that a mutant replaces (`code`), and the number of its place among all places with that text (`at`), from 1.
 */
export function locate(text, start, end) {
  const lines = text.split('\n');
  const offsetOf = ({ line, column }) => lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + column;
  const [from, to] = [offsetOf(start), offsetOf(end)];
  const original = text.slice(from, to);
  return { code: oneLine(original), at: findPlaces(text, original).indexOf(from) + 1 };
}

/** Finds the places of a text even if their line breaks differ, because a formatter moves those. */
export function findPlaces(text, code) {
  if (code === '') return [];
  const pattern = RegExp(`(?=${code.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&').replaceAll(/\s+/g, '\\s+')})`, 'g');
  return [...text.matchAll(pattern)].map(({ index }) => index);
}

export function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ');
}

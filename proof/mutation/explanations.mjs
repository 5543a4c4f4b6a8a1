// Mutants that no test can kill, because nobody would see a difference, each with its reason: explained-core.json and
// explained-x509.json. A mutant is named by the text that it replaces and by which of the file's places with that text it
// is, and not by a line, so that it is found again after other changes.
import { readFileSync } from 'node:fs';

const explained = Object.fromEntries(
  ['core', 'x509'].map((name) => [
    name,
    JSON.parse(readFileSync(new URL(`explained-${name}.json`, import.meta.url), 'utf8')),
  ]),
);

/** `[{ file, reason, mutants: [[code, replacement, at], …] }, …]` of both packages; the file from the root of the repository. */
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

/** What a mutant replaces, and the number of its place among all with that text. */
export function locate(text, start, end) {
  const lines = text.split('\n');
  const offsetOf = ({ line, column }) => lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + column;
  const [from, to] = [offsetOf(start), offsetOf(end)];
  const original = text.slice(from, to);
  return { code: oneLine(original), at: findPlaces(text, original).indexOf(from) + 1 };
}

/** Also where the line breaks differ: a formatter moves them. */
export function findPlaces(text, code) {
  if (code === '') return [];
  const pattern = RegExp(`(?=${code.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&').replaceAll(/\s+/g, '\\s+')})`, 'g');
  return [...text.matchAll(pattern)].map(({ index }) => index);
}

export function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ');
}

// Breaks the template in one place at a time: each security property removed, and changed to each wrong value. The check
// must find every one, by the row that the property belongs to.
import { isCode } from './bicep-syntax.mjs';
import { securityProperties } from './security-properties.mjs';
import { findProperty, listSubjects, readSample } from './template-check.mjs';
import { textMutations } from './template-mutations.mjs';

/**
 * @param {(readText?: (path: string) => string) => { rows: object[], evaluations: object[] }} check
 * @returns each mutation with the rows that failed; `isFound` if the right one did
 */
export function mutateTemplate(check) {
  const { evaluations } = check();
  const mutations = [
    ...listPropertyMutations(evaluations),
    ...listResourceMutations(evaluations),
    ...listTexts(textMutations).map(({ row, path, from, to }) => replaceText(row, path, from, to)),
  ];
  return mutations.map(({ row, label, path, text }) => {
    const { rows } = check((asked) => (asked === path ? text : readSample(asked)));
    const failed = rows.filter(({ failures }) => failures.length > 0).map(({ name }) => name);
    return { row, label, failed, isFound: row === undefined ? failed.length > 0 : failed.includes(row) };
  });
}

function listPropertyMutations(evaluations) {
  const mutations = new Map();
  for (const row of securityProperties) {
    for (const evaluation of evaluations) {
      for (const { body, symbol } of listSubjects(row, evaluation)) {
        for (const { what, path, text } of listEdits(row, body)) {
          mutations.set(`${row.name}${path}${text}`, { row: row.name, label: `${symbol}: ${what}`, path, text });
        }
      }
    }
  }
  return [...mutations.values()];
}

function listEdits({ path, absent, wrong = [] }, body) {
  if (absent !== undefined) {
    const { file, node } = findProperty(body, absent.beside).origin;
    return [edit(file, node.startIndex, node.startIndex, `${absent.text}\n`, `${absent.text} added`)];
  }
  const { file, node } = findProperty(body, path).origin;
  const value = node.type === 'object_property' ? node.namedChildren.filter(isCode)[1] : node;
  const name = node.text.split('\n', 1)[0];
  return [
    remove(file, node, `${name} removed`),
    ...wrong.map((text) => edit(file, value.startIndex, value.endIndex, text, `${name} changed to ${text}`)),
    ...path.flatMap((step, index) => {
      if (typeof step !== 'object') return [];
      const item = findProperty(body, path.slice(0, index + 1)).origin;
      return [remove(item.file, item.node, `${Object.values(step)[0]} removed`)];
    }),
  ];
}

function listResourceMutations(evaluations) {
  const resources = new Map(evaluations.flatMap((each) => each.resources).map((each) => [each.node.text, each]));
  return [...resources.values()].map(({ file, node, symbol }) => ({
    row: undefined,
    ...remove(file, node, `the resource ${symbol} removed`),
    label: `the resource ${symbol} removed`,
  }));
}

function listTexts(mutations) {
  return Object.entries(mutations).flatMap(([row, files]) =>
    Object.entries(files).flatMap(([path, edits]) => edits.map(([from, to]) => ({ row, path, from, to }))),
  );
}

function replaceText(row, path, from, to) {
  const text = readSample(path);
  const changed = text.replace(from, () => to);
  if (changed === text) throw new Error(`${path} does not have the text that a mutation replaces: ${from}`);
  const short = (part) => part.trim().split('\n', 1)[0];
  return { row, label: `${path}: ${short(from)} → ${short(to) || 'removed'}`, path, text: changed };
}

function remove(file, node, what) {
  return edit(file, node.startIndex, node.endIndex, '', what);
}

function edit(file, start, end, replacement, what) {
  const path = `infra/${file}`;
  const text = readSample(path);
  return { what, path, text: text.slice(0, start) + replacement + text.slice(end) };
}

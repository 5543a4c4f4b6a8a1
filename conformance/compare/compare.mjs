// Gives the same cases to Certgate and to other validators, and counts the answers of each.
//
//   npm run conformance -- compare --data PATH [--data PATH …]            prints the table
//   npm run conformance -- compare --data PATH [--data PATH …] --write    and writes results.json and the tables of both READMEs
//   … --every 40                                                          takes each 40th case of bettertls' 9,572
//
// One check for all validators judges what a case requires of the peer's names and key usage, so that the columns
// differ only by the path.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { findSuites } from '../dist/find-suites.js';
import { findFaultOfPeer } from '../dist/judge-case.js';
import { certgate, findGo, openssl, peculiar, pkijs } from './engines.mjs';
import { formatComparison, pages, replaceComparison } from './comparison-table.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', multiple: true, default: [] },
    every: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const every = Number(values.every);
if (values.data.length === 0 || !Number.isInteger(every) || every < 1) {
  console.error('usage: npm run conformance -- compare --data PATH [--data PATH …] [--every N] [--write]');
  process.exit(2);
}

const go = findGo();
const engines = [certgate, openssl, ...(go === undefined ? [] : [go]), pkijs, peculiar];
const rows = [];
for (const group of values.data.flatMap(listGroups)) {
  const answers = [];
  for (const engine of engines) answers.push(await countAnswers(engine, group));
  rows.push({ suite: group.suite, profile: group.profile, cases: group.cases.length, engines: answers });
  console.error(`${group.suite}, ${group.profile}: ${group.cases.length} cases`);
}
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    node: process.version,
    openssl: execFileSync('openssl', ['version'], { encoding: 'utf8' }).trim(),
    processors: availableParallelism(),
  },
  rows,
};
console.log(formatComparison(results));
if (values.write) {
  writeFileSync(new URL('../results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  for (const { url, isShown } of pages) {
    writeFileSync(url, replaceComparison(readFileSync(url, 'utf8'), results, isShown));
  }
}

/**
 * Splits the suites of a path into rows of the table. The file of x509-limbo contains cases of another suite too, and
 * its cases can be asked in both profiles.
 */
function listGroups(path) {
  const profiles = ['strict', 'rfc5280'];
  return findSuites(path).flatMap(({ form, title, profile, cases }) => {
    if (form !== 'limbo') return [{ suite: title, profile, cases }];
    const isBettertls = ({ id }) => id.startsWith('bettertls::');
    const parts = [
      { suite: title, cases: cases.filter((case_) => !isBettertls(case_)) },
      { suite: nameBettertls(), cases: cases.filter(isBettertls).filter((_, index) => index % every === 0) },
    ];
    return parts.flatMap((part) =>
      part.cases.length === 0 ? [] : profiles.map((each) => ({ ...part, profile: each })),
    );
  });
}

function nameBettertls() {
  return every === 1 ? 'bettertls' : `bettertls, each ${every}th case`;
}

async function countAnswers(engine, { cases, profile }) {
  const asked = cases.filter((case_) => engine.canAnswer?.(case_) ?? true);
  const answers = await engine.answerAll(asked, profile);
  const outcomes = asked.map((case_, index) => {
    const isAccepted = answers[index] === 'valid' && findFaultOfPeer(case_) === undefined;
    if (isAccepted === case_.isValid) return 'passed';
    return isAccepted ? 'acceptedInvalid' : 'rejectedValid';
  });
  const count = (wanted) => outcomes.filter((outcome) => outcome === wanted).length;
  return {
    name: engine.name,
    asked: asked.length,
    passed: count('passed'),
    acceptedInvalid: count('acceptedInvalid'),
    rejectedValid: count('rejectedValid'),
  };
}

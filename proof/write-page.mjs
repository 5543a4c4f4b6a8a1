// Writes the tables of docs/proven.md from the committed results: `node proof/write-page.mjs`. With `--check` it writes
// nothing and exits with 1 where the page differs. What has no result yet is shown as never run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { questions } from './azure/questions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'proven.md');

/** In the order of the page. Each result begins with `run`, by run-record.mjs, and has the sentences of `summary`. */
const claims = [
  {
    what: 'Changes of the code that decides which no test notices',
    result: 'mutation',
    command: 'npm run prove -- mutation',
  },
  {
    what: 'Inputs that crash a decoder, that take long, or that Certgate accepts and a second reader refuses',
    result: 'fuzzing',
    command: 'npm run prove -- fuzzing --minutes 60',
  },
  {
    what: 'Answers of a live gate that the second statement of the decision does not give, while documents, clocks and sources change',
    result: 'soak',
    command: 'npm run prove -- soak --minutes 30',
  },
  {
    what: 'Forged headers, namesakes and certificates without their keys that get in, at the servers of [examples/compared](../examples/compared/README.md)',
    result: 'comparison',
    command: 'npm run compare',
  },
  {
    what: 'Package managers, versions of Node.js and of TypeScript with which the packages fail, or bring core twice',
    result: 'release',
    command: 'npm run release -- --dry-run',
  },
];

const written = readFileSync(page, 'utf8');
const renewed = [
  ['results', [header('looks for', 'result', 'ran', 'command'), ...claims.map(describeClaim)]],
  ['azure', [header('question', 'answer', 'ran'), ...describeQuestions()]],
].reduce((text, [name, rows]) => replaceTable(text, name, rows), written);

if (process.argv.includes('--check')) {
  if (renewed !== written) {
    console.error('docs/proven.md differs from the results in proof/results. Run `node proof/write-page.mjs`.');
    process.exitCode = 1;
  }
} else writeFileSync(page, renewed);

function describeClaim({ what, result, command }) {
  const found = readResult(result);
  if (found === undefined) return row(what, 'unknown', 'never', `\`${command}\``);
  return row(what, joinSentences(found.summary), describeRun(found.run), `\`${found.run.command}\``);
}

function describeQuestions() {
  const asked = readResult('azure');
  return questions.flatMap(({ name, question }) => {
    const answers = asked?.answers.filter((each) => each.name === name) ?? [];
    if (answers.length === 0) return [row(question, 'unknown', 'never')];
    return answers.map(({ plan, mode, answer, evidence }) => {
      const where = [plan, mode].filter(Boolean).join(', ');
      return row(question, `${where === '' ? '' : `${where}: `}${answer} (${evidence})`, describeRun(asked.run));
    });
  });
}

function joinSentences(sentences) {
  return sentences.map((sentence) => `${sentence.replace(/\.$/, '')}.`).join(' ');
}

function describeRun({ date, commit, changed, node, machine }) {
  return `${date}, ${commit}${changed ? ' with changes' : ''}, Node.js ${node.slice(1)}, ${machine}`;
}

function readResult(name) {
  const file = join(root, 'proof', 'results', `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function header(...cells) {
  return `${row(...cells)}\n${row(...cells.map(() => '---'))}`;
}

function row(...cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function replaceTable(text, name, rows) {
  const begins = `<!-- ${name}: node proof/write-page.mjs -->`;
  const ends = `<!-- ${name} end here. -->`;
  const [start, end] = [text.indexOf(begins), text.indexOf(ends)];
  if (start === -1 || end < start) throw new Error(`docs/proven.md has no "${begins}" before "${ends}".`);
  return `${text.slice(0, start + begins.length)}\n\n${rows.join('\n')}\n\n${text.slice(end)}`;
}

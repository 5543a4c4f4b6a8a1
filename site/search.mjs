// npm run site -- search: puts the questions of search-questions.json to the search that the built pages get, in this
// process. Ends with 1 if the first result leads too seldom to the answer. `-- search --list` also prints what was found
// in place of an answer. The pages must have been written: `npm run site` does so, and then asks.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { searchOptions } from './search-options.mjs';

/** The number of questions that the first result must answer. */
const wanted = 30;

const site = fileURLToPath(new URL('.', import.meta.url));
const questions = JSON.parse(readFileSync(new URL('search-questions.json', import.meta.url), 'utf8'));
const search = await loadSearch();
const missed = questions
  .map(({ question, answers }) => ({ question, answers, found: search(question) }))
  .filter(({ answers, found }) => !answers.includes(found[0]));
for (const { question, answers, found } of process.argv.includes('--list') ? missed : []) {
  console.log(`${question}\n  found ${found.slice(0, 3).join(', ')}\n  the answer is ${answers.join(' or ')}`);
}
const answered = questions.length - missed.length;
console.log(`The first result answers ${answered} of ${questions.length} questions; at least ${wanted} are wanted.`);
process.exitCode = answered < wanted ? 1 : 0;

/** Finds the headings for a question, best first, as the search box does. VitePress itself makes the index. */
async function loadSearch() {
  const [{ createServer }, { default: MiniSearch }] = await Promise.all([
    import('vitepress'),
    import(createRequire(import.meta.url).resolve('minisearch')),
  ]);
  const server = await createServer(site, { server: { middlewareMode: true, hmr: false, watch: null } });
  try {
    const { default: json } = await server.ssrLoadModule('/@localSearchIndexroot');
    const index = MiniSearch.loadJSON(json, searchOptions.options);
    return (question) =>
      index.search(question, searchOptions.searchOptions).map(({ id }) => id.slice(server.config.base.length - 1));
  } finally {
    await server.close();
  }
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

interface BenchPage {
  readonly fillPage: (page: string, results: unknown) => string;
}

const folder = new URL('../../bench/', import.meta.url);
const { fillPage } = (await import(new URL('write-page.mjs', folder).href)) as BenchPage;

it('bench/README.md has the tables of bench/results/all.json (node bench/write-page.mjs)', () => {
  const page = readFileSync(new URL('README.md', folder), 'utf8').replaceAll('\r\n', '\n');
  const results: unknown = JSON.parse(readFileSync(new URL('results/all.json', folder), 'utf8'));
  assert.equal(fillPage(page, results), page);
  assert.throws(() => fillPage('', results), /needs 2 blocks/);
});

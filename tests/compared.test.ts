import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { reasonToSkip } from './front-ends/proxies.js';
import { root } from './test-support/certgate.js';

// Compares examples/compared with the committed result: its page must have the result's tables, and a new run of two of
// its servers must give the same. These two need no installation.

interface Compared {
  readonly id: string;
  readonly setups: readonly { readonly name: string; readonly server: string; readonly cells: object }[];
}

const folder = join(root, 'examples', 'compared');
const { ids, tables } = JSON.parse(readFileSync(join(root, 'proof/results/comparison.json'), 'utf8')) as {
  readonly ids: readonly string[];
  readonly tables: readonly Compared[];
};
const { formatTable, replaceTables } = (await import(pathToFileURL(join(folder, 'comparison-table.mjs')).href)) as {
  readonly formatTable: (setups: Compared['setups'], ids: readonly string[]) => string;
  readonly replaceTables: (page: string, tables: readonly string[]) => string;
};

it('the page of the comparison has the tables of its result', () => {
  const page = readFileSync(join(folder, 'README.md'), 'utf8').replaceAll('\r\n', '\n');
  assert.equal(tables.length, 2);
  const written = tables.map(({ setups }) => formatTable(setups, ids));
  assert.equal(replaceTables(page, written), page);
  assert.throws(() => replaceTables('', written), /needs 2 blocks/);
});

it('a new run gives the committed result', { skip: reasonToSkip('nginx') }, async () => {
  const rerun = ['article-check', 'certgate'];
  const words = [join(folder, 'compare.mjs'), ...rerun.flatMap((server) => ['--only', server])];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const pick = (all: readonly Compared[]): unknown =>
    all.map(({ id, setups }) => [
      id,
      setups.filter(({ server }) => rerun.includes(server)).map(({ name, cells }) => [name, cells]),
    ]);
  const found = pick(JSON.parse(stdout) as readonly Compared[]);
  assert.match(JSON.stringify(found), /"forged-header":"got in"/);
  assert.deepEqual(found, pick(tables));
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

interface ComparisonTable {
  readonly pages: readonly { readonly url: URL; readonly isShown?: unknown }[];
  readonly replaceComparison: (page: string, results: unknown, isShown: unknown) => string;
}

const folder = new URL('../../conformance/', import.meta.url);
const { pages, replaceComparison } = (await import(
  new URL('compare/comparison-table.mjs', folder).href
)) as ComparisonTable;

describe('the comparison in the READMEs', () => {
  it('is the one of conformance/results.json (npm run conformance -- compare --data DIR --write)', () => {
    const results: unknown = JSON.parse(readFileSync(new URL('results.json', folder), 'utf8'));
    for (const { url, isShown } of pages) {
      const page = readFileSync(url, 'utf8');
      assert.equal(replaceComparison(page, results, isShown), page);
    }
  });

  it('accepts no invalid path, except those on a list of deviations', () => {
    const { rows } = JSON.parse(readFileSync(new URL('results.json', folder), 'utf8')) as {
      readonly rows: readonly {
        readonly suite: string;
        readonly profile: string;
        readonly engines: readonly { readonly name: string; readonly acceptedInvalid: number }[];
      }[];
    };
    const own = rows.flatMap(({ suite, profile, engines }) =>
      engines.filter(({ name }) => name === 'Certgate').map((engine) => ({ suite, profile, ...engine })),
    );
    assert.ok(own.length >= 3);
    for (const { suite, profile, acceptedInvalid } of own) {
      if (suite !== 'x509-limbo' && profile === 'strict') assert.equal(acceptedInvalid, 0, suite);
    }
  });
});

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './test-support/certgate.js';

// The committed reports in packages/*/api must equal what the build finds that each entry exports. So a review shows
// every change of the public API, and none happens by accident.

for (const name of ['x509', 'core', 'azure-functions', 'http', 'certgate']) {
  describe(`the API reports of ${name}`, () => {
    const committed = join(root, 'packages', name, 'api');
    const built = join(root, 'packages', name, 'dist', 'api');
    const list = (folder: string): readonly string[] =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.api.md'))
        .sort();

    it('include one report for each entry', () => {
      const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
        readonly exports: Readonly<Record<string, string | object>>;
      };
      const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object');
      assert.deepEqual(list(committed), entries.map(([path]) => `${path.slice(2) || 'index'}.api.md`).sort());
    });

    for (const report of list(built)) {
      it(`${report} is up to date; "npm run write" writes it anew`, () => {
        assert.equal(readFileSync(join(committed, report), 'utf8'), readFileSync(join(built, report), 'utf8'));
      });
    }
  });
}

it('the entries of x509 export each type that their signatures name', () => {
  for (const entry of ['index', 'path']) {
    const declarations = readFileSync(join(root, 'packages/x509/dist', `${entry}.d.mts`), 'utf8');
    // Types that the entry's declarations need but the entry doesn't export.
    const own = declarations.matchAll(/^declare (?:abstract class|class|interface|type) (\w+)/gm);
    assert.deepEqual(
      Array.from(own, ([, name]) => name),
      [],
      entry,
    );
  }
});

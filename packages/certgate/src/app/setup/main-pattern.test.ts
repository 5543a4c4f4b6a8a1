import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { findAppEntry } from '#local/functions-host/app-entry.js';
import { addIndexFile, readMain } from './main-pattern.js';

describe('addIndexFile', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['dist/src/functions/*.js', 'dist/src/{index.js,functions/*.js}', 'dist/src/index.js'],
    ['./dist/src/functions/*.js', 'dist/src/{index.js,functions/*.js}', 'dist/src/index.js'],
    ['src/functions/*.js', 'src/{index.js,functions/*.js}', 'src/index.js'],
    ['dist/functions/**/*.mjs', 'dist/{index.mjs,functions/**/*.mjs}', 'dist/index.mjs'],
    ['dist/src/{functions,timers}/*.js', 'dist/src/{index.js,{functions,timers}/*.js}', 'dist/src/index.js'],
    ['dist/src/{a/*.js,b/*.js}', 'dist/src/{index.js,a/*.js,b/*.js}', 'dist/src/index.js'],
    ['dist/*.js', 'dist/{index.js,*.js}', 'dist/index.js'],
    ['functions/*.js', '{index.js,functions/*.js}', 'index.js'],
  ];
  for (const [main, expected, index] of cases) {
    it(`makes ${expected} of ${main}, and the host loads ${index} first`, async () => {
      const changed = addIndexFile(readMain(main));
      assert.equal(changed.main, expected);
      const folder = mkdtempSync(join(tmpdir(), 'certgate-main-'));
      try {
        const present = [
          index,
          ...changed.patterns.map((pattern) => pattern.replaceAll('*', 'a').replace('/aa/', '/')),
        ];
        for (const path of [...present, 'package.json', 'host.json']) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), JSON.stringify({ main: changed.main }));
        }
        const { entryFiles } = await findAppEntry(folder);
        assert.equal(entryFiles[0], join(folder, index));
        assert.equal(entryFiles.length, present.length);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it('refuses a `main` to which it cannot add a file', () => {
    assert.throws(() => addIndexFile(readMain('dist/*')), /to which no file can be added/);
    assert.throws(() => readMain('dist\\src\\*.js'), /names no file/);
    assert.throws(() => readMain('!dist/*.js'), /names no file/);
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root, runProgram } from './test-support/certgate.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const listScripts = (path: string): string[] =>
  Object.keys((JSON.parse(read(path)) as { readonly scripts: object }).scripts);
const own = listScripts('package.json');

describe('the scripts of package.json', () => {
  it('are at most 16, and each has a line on the page for contributors', () => {
    assert.ok(own.length <= 16);
    const table = /^\| Command[^]*?\n\n/m.exec(read('CONTRIBUTING.md'))?.[0] ?? '';
    for (const name of own) assert.match(table, new RegExp(`npm (?:run )?${name}\\b`));
  });

  it('are the only ones that pages, scripts and workflows name, besides those of the sample app and of a new app', () => {
    const others = [...listScripts('examples/function-app/package.json'), 'clean'];
    const paths = execFileSync('git', ['grep', '-lI', 'npm run ', '--', '*.md', '*.mjs', '*.yml', '.ci', '*.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    for (const path of paths
      .trim()
      .split('\n')
      .filter((name) => name !== 'CHANGELOG.md')) {
      for (const [, name = ''] of read(path).matchAll(/npm run (?:--silent )?([a-z][\w-]*(?::\w+)*)/g))
        assert.ok([...own, ...others, 'and'].includes(name), `${path} names npm run ${name}`);
    }
  });

  it('list their parts if a part is unknown', async () => {
    for (const name of ['lint', 'write', 'prove', 'bench', 'conformance', 'site']) {
      const { exitCode, stderr } = await runProgram(process.execPath, [join(root, 'scripts/run.mjs'), name, 'nothing']);
      assert.equal(exitCode, 2);
      assert.match(stderr, new RegExp(`^npm run ${name} has no part "nothing"\\. Its parts are [a-z-]+, .*\\.\n$`));
    }
    const { exitCode, stderr } = await runProgram(process.execPath, [join(root, 'scripts/check.mjs'), 'nothing']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^There is no part "nothing"\. Name some of test, deployment, /);
  });
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from './test-support/certgate.js';

const script = join(root, 'scripts/only-comments-changed.mjs');
const source = `// The tests of one file.
it('says yes', () => {
  // eslint-disable-next-line eqeqeq
  return /* at once */ 1 == 1;
});
`;

describe('only-comments-changed', () => {
  let folder = '';
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: folder, encoding: 'utf8' });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-only-comments-'));
    git('init', '--quiet');
    writeFileSync(join(folder, 'one.test.ts'), source);
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'Begin');
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const change = (was: string, is: string, ...options: string[]): [number | null, string] => {
    writeFileSync(join(folder, 'one.test.ts'), source.replace(was, is));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'HEAD', ...options], {
      cwd: folder,
      encoding: 'utf8',
    });
    return [status, stdout + stderr];
  };

  it('passes a change of a comment', () => {
    assert.deepEqual(change('The tests of one file', 'Each test of this file'), [0, 'Only comments differ.\n']);
  });

  it('finds a change of code', () => {
    const [status, output] = change('1 == 1', '1 == 2');
    assert.deepEqual([status, output], [1, 'one.test.ts: the code differs: 1 -> 2\n']);
  });

  it('finds a line break that ends a statement', () => {
    assert.equal(change('/* at once */', '/* at\nonce */')[0], 1);
  });

  it('finds a change of a directive', () => {
    assert.match(change(' eqeqeq', ' no-undef')[1], /^one\.test\.ts: a comment that programs read differs: .*eqeqeq/);
  });

  it('finds a change of a title, unless titles may differ', () => {
    assert.match(change('says yes', 'says no')[1], /the code differs: 'says yes' -> 'says no'/);
    assert.deepEqual(change('says yes', 'says no', '--titles'), [0, 'Only comments and titles of tests differ.\n']);
  });

  it('refuses a commit that does not exist', () => {
    assert.equal(spawnSync(process.execPath, [script, 'no-commit'], { cwd: folder }).status, 2);
  });
});

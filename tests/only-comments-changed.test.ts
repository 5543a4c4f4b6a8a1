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

/** A change of each file: its name, the text that the change replaces, and what it is replaced by. */
const changes = {
  comment: ['The tests of one file', 'Each test of this file'],
  code: ['1 == 1', '1 == 2'],
  lineBreak: ['/* at once */', '/* at\nonce */'],
  directive: [' eqeqeq', ' no-undef'],
  title: ['says yes', 'says no'],
} as const;

describe('only-comments-changed', () => {
  let folder = '';
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: folder, encoding: 'utf8' });
  const run = (...words: string[]): [number | null, string] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], {
      cwd: folder,
      encoding: 'utf8',
    });
    return [status, stdout + stderr];
  };
  /** All faults, by one run for all files, because a run mostly loads the compiler. */
  let faults = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-only-comments-'));
    git('init', '--quiet');
    for (const name of Object.keys(changes)) writeFileSync(join(folder, `${name}.test.ts`), source);
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'Begin');
    for (const [name, [was, is]] of Object.entries(changes))
      writeFileSync(join(folder, `${name}.test.ts`), source.replace(was, is));
    const [status, output] = run('HEAD');
    assert.equal(status, 1, output);
    faults = output;
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('passes a change of a comment', () => {
    assert.doesNotMatch(faults, /^comment/m);
  });

  it('finds a change of code', () => {
    assert.match(faults, /^code\.test\.ts: the code differs: 1 -> 2$/m);
  });

  it('finds a line break that ends a statement', () => {
    assert.match(faults, /^lineBreak\.test\.ts: the code differs/m);
  });

  it('finds a change of a directive', () => {
    assert.match(faults, /^directive\.test\.ts: a comment that programs read differs: .*eqeqeq/m);
  });

  it('finds a change of a title, unless titles may differ', () => {
    assert.match(faults, /^title\.test\.ts: the code differs: 'says yes' -> 'says no'$/m);
    const others = ['code', 'lineBreak', 'directive'].flatMap((name) => ['--allow', `${name}.test.ts`]);
    assert.deepEqual(run('HEAD', '--titles', ...others), [0, 'Only comments and titles of tests differ.\n']);
  });

  it('refuses a commit that does not exist', () => {
    assert.equal(run('no-commit')[0], 2);
  });
});

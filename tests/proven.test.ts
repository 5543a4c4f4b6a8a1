import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const results = new URL('proof/results/', root);

interface Mistake {
  readonly name: string;
  readonly part: string;
}

const { change, readMistakes } = (await import(new URL('proof/port-mistakes/mistakes.mjs', root).href)) as {
  readonly change: (text: string, mistake: Mistake) => string;
  readonly readMistakes: () => readonly Mistake[];
};

describe('docs/proven.md', () => {
  it('has the tables of the committed results (npm run write)', () => {
    const script = fileURLToPath(new URL('proof/write-page.mjs', root));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  it('has each result in a table, and each is of a commit', () => {
    const page = readFileSync(new URL('docs/proven.md', root), 'utf8');
    const files = existsSync(results) ? readdirSync(results) : [];
    for (const file of files) {
      const { run } = JSON.parse(readFileSync(new URL(file, results), 'utf8')) as {
        readonly run: { readonly commit: string; readonly changed: boolean };
      };
      assert.ok(page.includes(run.commit), `${file} is in no table: name it in proof/write-page.mjs.`);
      assert.ok(!run.changed, `${file} was made with changes that are in no commit. Commit, and run it again.`);
    }
  });
});

describe('the mistakes of ports', () => {
  it('can be made in the reference decision (npm run prove -- port-mistakes)', () => {
    const reference = new URL('conformance/decision/dist/reference/', root);
    for (const mistake of readMistakes()) {
      const text = readFileSync(new URL(`${mistake.part}.js`, reference), 'utf8');
      assert.notEqual(change(text, mistake), text, mistake.name);
    }
  });
});

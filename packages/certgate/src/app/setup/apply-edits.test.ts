import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import type { FileEdit } from './app-files.js';
import { applyEdits } from './apply-edits.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-edits-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function edit(path: string, before: string | undefined, after: string): FileEdit {
  return { path, before, after, hasByteOrderMark: false };
}

describe('applyEdits', () => {
  it('writes new files with their folders, changes present files, and leaves nothing else behind', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    await applyEdits(folder, [edit('a', 'old', 'new'), edit('b/c', undefined, 'made')]);
    assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'new');
    assert.equal(readFileSync(join(folder, 'b/c'), 'utf8'), 'made');
    assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['a', 'b', join('b', 'c')]);
  });

  it('restores what it moved if a later file cannot be moved', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    // These edits cannot all succeed: once the last one is prepared, `b` is a folder that is not empty.
    const impossible = [edit('a', 'old', 'new'), edit('b', undefined, 'file'), edit('b/c', undefined, 'inside')];
    await assert.rejects(applyEdits(folder, impossible), (error: unknown) => {
      assert.ok(error instanceof ToolFailure);
      assert.match(error.message, /Nothing was changed/);
      return true;
    });
    assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(folder), ['a']);
  });

  it('refuses if a file has changed since the plan was made', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    writeFileSync(join(folder, 'b'), 'edited since');
    const edits = [edit('a', 'old', 'new'), edit('b', 'as it was', 'new')];
    await assert.rejects(applyEdits(folder, edits), /b was changed in the meantime/);
    await assert.rejects(applyEdits(folder, [edit('a', 'old', 'new'), edit('b', undefined, 'x')]), /in the meantime/);
    await assert.rejects(applyEdits(folder, [edit('a', 'old', 'new'), edit('c', 'gone', 'x')]), /in the meantime/);
    assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'old');
    assert.equal(readFileSync(join(folder, 'b'), 'utf8'), 'edited since');
    assert.ok(!existsSync(join(folder, 'c')));
    assert.deepEqual(readdirSync(folder).sort(), ['a', 'b']);
  });
});

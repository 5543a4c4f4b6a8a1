import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import { writeFileSet } from './write-file-set.js';

const files = createTemporaryFolder();
after(() => {
  files.remove();
});

const toWrite = (path: string) => ({ path, content: 'new', isSecret: true });

test('a set that fails halfway restores the files that it replaced, and removes the new ones', async () => {
  const old = files.file('old.pem');
  writeFileSync(old, 'old');
  // A file can't have a name that ends with a slash, so the third move fails.
  const set = [old, files.file('new.pem'), `${files.file('missing')}/`].map(toWrite);
  await assert.rejects(writeFileSet(set, true), /can't be written/);
  assert.equal(readFileSync(old, 'utf8'), 'old');
  assert.deepEqual(readdirSync(files.path), ['old.pem']);
});

test('a set that is written leaves nothing of the files that it replaced', async () => {
  const path = files.file('old.pem');
  writeFileSync(path, 'old');
  await writeFileSet([toWrite(path)], true);
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.deepEqual(readdirSync(files.path), ['old.pem']);
});

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createAuthority } from '../create-authority.js';
import { createTemporaryFolder } from '../test-support/openssl.js';
import { storeAuthority } from './store-authority.js';

describe('a new authority', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });
  const now = new Date();
  const made = createAuthority({ commonName: 'corp', now });
  const store = (name: string): Promise<unknown> =>
    storeAuthority(folder.path, { name, made, password: 'a password', now, days: 7 });

  it('has a folder that only its owner can read', async () => {
    await store('corp');
    assert.ok(readdirSync(join(folder.path, 'corp')).includes('corp.key.pem'));
    if (process.platform !== 'win32') assert.equal(statSync(join(folder.path, 'corp')).mode & 0o777, 0o700);
  });

  it('takes no folder that is there, not even an empty one, and leaves nothing behind', async () => {
    mkdirSync(join(folder.path, 'empty'));
    const { ino } = statSync(join(folder.path, 'empty'));
    for (const name of ['empty', 'corp']) await assert.rejects(store(name), /already exists\. Nothing was written/);
    assert.equal(statSync(join(folder.path, 'empty')).ino, ino);
    assert.deepEqual(readdirSync(folder.path).sort(), ['corp', 'empty']);
  });
});

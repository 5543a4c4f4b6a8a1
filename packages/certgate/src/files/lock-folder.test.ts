import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@certgate/x509/test-support/until.js';
import { withLockFolder } from './lock-folder.js';

describe('a lock folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-lock-'));
  let count = 0;
  const newPath = (): string => join(folder, `${(count += 1)}.lock`);
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets one holder in at a time, and is removed when the work is done or fails', async () => {
    const path = newPath();
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, () =>
        withLockFolder(path, async () => {
          most = Math.max(most, (inside += 1));
          await wait(5);
          inside -= 1;
        }),
      ),
    );
    assert.equal(most, 1);
    await assert.rejects(
      withLockFolder(path, () => Promise.reject(new Error('no'))),
      /^Error: no$/,
    );
    assert.equal(existsSync(path), false);
  });

  it('is broken if its holder was killed', async () => {
    const path = newPath();
    mkdirSync(join(path, '0123'), { recursive: true });
    writeFileSync(join(path, '0123', 'document'), 'half');
    assert.equal(await withLockFolder(path, () => Promise.resolve('done'), { silence: 100 }), 'done');
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is kept while its holder is slow but alive', async () => {
    const path = newPath();
    const order: string[] = [];
    const slow = withLockFolder(path, async () => {
      await wait(4_100);
      order.push('slow');
    });
    await until(() => existsSync(path));
    const other = withLockFolder(path, () => Promise.resolve(order.push('other')), { silence: 3_500 });
    await Promise.all([slow, other]);
    assert.deepEqual(order, ['slow', 'other']);
  });

  it('leaves its former holder nothing to move after it was broken', async () => {
    const path = newPath();
    const target = join(folder, 'target');
    await withLockFolder(path, async (lock) => {
      await writeFile(lock.resolve('document'), 'of the sleeper');
      // In practice another process breaks the lock; here the test removes the folder itself.
      rmSync(path, { recursive: true });
      await withLockFolder(path, async (other) => {
        await writeFile(other.resolve('document'), 'of the other');
        await assert.rejects(rename(lock.resolve('document'), target), { code: 'ENOENT' });
        await rename(other.resolve('document'), target);
      });
    });
    assert.equal(existsSync(path), false);
    rmSync(target);
  });

  it('leaves its former holder nowhere to write after it was broken, also while another process has it', async () => {
    const path = newPath();
    await withLockFolder(path, async (lock) => {
      // The holder was suspended before it had prepared anything.
      rmSync(path, { recursive: true });
      await withLockFolder(path, async (other) => {
        await assert.rejects(writeFile(lock.resolve('document'), 'of the sleeper'), { code: 'ENOENT' });
        await writeFile(other.resolve('document'), 'of the other');
      });
      assert.equal(existsSync(path), false);
    });
  });

  it('ends the wait with a clear failure if it stays taken', async () => {
    const path = newPath();
    await withLockFolder(path, async () => {
      await assert.rejects(
        withLockFolder(path, () => Promise.resolve(), { patience: 80 }),
        /held the lock .* for too long/,
      );
    });
  });
});

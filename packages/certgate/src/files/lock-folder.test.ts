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

  it('lets one in at a time, and goes when the work is done or fails', async () => {
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

  it('whose holder was killed is broken', async () => {
    const path = newPath();
    mkdirSync(join(path, '0123'), { recursive: true });
    writeFileSync(join(path, '0123', 'document'), 'half');
    assert.equal(await withLockFolder(path, () => Promise.resolve('done'), { silence: 100 }), 'done');
    assert.deepEqual(readdirSync(folder), []);
  });

  it('whose holder is slow is kept', async () => {
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

  it('that was broken leaves its holder nothing to move', async () => {
    const path = newPath();
    const target = join(folder, 'target');
    await withLockFolder(path, async (lock) => {
      await writeFile(lock.resolve('document'), 'of the sleeper');
      // Breaking takes another process; here its one step is done by hand.
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

  it('that was broken leaves its holder nowhere to write, also while another holds it', async () => {
    const path = newPath();
    await withLockFolder(path, async (lock) => {
      // The holder slept before it had prepared anything.
      rmSync(path, { recursive: true });
      await withLockFolder(path, async (other) => {
        await assert.rejects(writeFile(lock.resolve('document'), 'of the sleeper'), { code: 'ENOENT' });
        await writeFile(other.resolve('document'), 'of the other');
      });
      assert.equal(existsSync(path), false);
    });
  });

  it('that stays taken ends in a clear failure', async () => {
    const path = newPath();
    await withLockFolder(path, async () => {
      await assert.rejects(
        withLockFolder(path, () => Promise.resolve(), { patience: 80 }),
        /held the lock .* for too long/,
      );
    });
  });
});

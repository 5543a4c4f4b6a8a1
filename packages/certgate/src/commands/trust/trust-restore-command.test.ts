import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runOpenssl } from '../../certificates/test-support/openssl.js';
import { TrustStage } from './test-support/trust-stage.js';

describe('trust restore', () => {
  let stage: TrustStage;
  const pin = (digit: string): readonly string[] => ['--thumbprint-sha256', digit.repeat(64)];
  const reason = ['--reason', 'x'];
  const listNames = (): readonly string[] => stage.read().identities.map(({ name }) => name);
  const file = (name: string): string => join(stage.folder, name);

  /**
   * Makes earlier.json, with revision 2 and billing, and then revision 4 of the document, with reporting in its place.
   */
  const makeDocuments = async (...signing: readonly string[]): Promise<void> => {
    await stage.expect('init', ...reason, ...signing);
    await stage.expect('add', 'billing', ...pin('1'), ...reason, ...signing);
    writeFileSync(file('earlier.json'), readFileSync(stage.path));
    if (signing.length > 0) writeFileSync(file('earlier.json.sig'), readFileSync(`${stage.path}.sig`));
    await stage.expect('remove', 'billing', ...reason, ...signing);
    await stage.expect('add', 'reporting', ...pin('2'), ...reason, ...signing);
  };

  beforeEach(() => {
    stage = new TrustStage();
  });
  afterEach(() => {
    stage.remove();
  });

  it('writes the content of an earlier document under the next revision, and logs it', async () => {
    await makeDocuments();
    const planned = await stage.expect('restore', 'earlier.json', ...reason, '--dry-run');
    assert.match(planned, /^Not done, because of --dry-run: Restored the content of revision 2/);
    assert.deepEqual([stage.read().revision, listNames()], [4, ['reporting']]);
    const printed = await stage.expect('restore', 'earlier.json', ...reason);
    assert.match(printed, /^ {2}\+ .*"billing"/m);
    assert.match(printed, /^ {2}- .*"reporting"/m);
    assert.match(printed, /^Revision 4 → 5/m);
    assert.deepEqual([stage.read().revision, listNames()], [5, ['billing']]);
    const { items } = JSON.parse(await stage.expect('log', '--json')) as { items: readonly { verb: string }[] };
    assert.equal(items.at(-1)?.verb, 'restore');
    assert.match(await stage.expect('restore', 'earlier.json', ...reason), /Nothing to change/);
  });

  it('keeps the lock and the deny list, so that nobody who was refused is admitted again unnoticed', async () => {
    await makeDocuments();
    await stage.expect('deny', '1'.repeat(64), ...reason);
    await stage.expect('lock', '--reason', 'breach');
    const { locked, denied } = stage.read();
    assert.match(await stage.expect('restore', 'earlier.json', ...reason), /is locked: nobody is admitted/);
    assert.deepEqual([listNames(), stage.read().locked, stage.read().denied], [['billing'], locked, denied]);
    await stage.expect('undeny', '1'.repeat(64), ...reason);
    writeFileSync(file('locked.json'), readFileSync(stage.path));
    await stage.expect('unlock', ...reason);
    await stage.expect('restore', 'locked.json', ...reason);
    assert.deepEqual(stage.read().locked, locked);
  });

  it('enables an identity or a pin that was disabled since then only if the user names the identity', async () => {
    await makeDocuments();
    await stage.expect('add', 'billing', ...pin('1'), ...reason);
    const digits = '1'.repeat(8);
    for (const [disabling, name] of [
      [['disable', 'billing'], 'earlier.json'],
      [['disable', 'billing', '--pin', digits], 'earlier.json'],
      [['disable', 'moved'], 'moved.json'],
    ] as const) {
      if (name === 'moved.json') {
        // The certificate of a disabled identity must not return under another name.
        writeFileSync(file(name), readFileSync(file('earlier.json')));
        await stage.expect('remove', 'billing', ...reason);
        await stage.expect('add', 'moved', ...pin('1'), ...reason);
      }
      await stage.expect(...disabling, ...reason);
      const before = readFileSync(stage.path, 'utf8');
      const words = ['restore', name, ...reason];
      await stage.refuse(
        /enables what is disabled now: .*"billing"\. Nothing was written.*--re-enable billing/,
        ...words,
      );
      await stage.refuse(/--re-enable billing/, ...words, '--re-enable', 'other', '--dry-run');
      assert.equal(readFileSync(stage.path, 'utf8'), before);
      await stage.expect(...words, '--re-enable', 'Billing');
      assert.deepEqual(listNames(), ['billing']);
      assert.doesNotMatch(JSON.stringify(stage.read()), /"enabled"/);
    }
  });

  it('signs an earlier document only if the same key, or one of --signed-by, signed it', async () => {
    const makeKey = (name: string): { readonly key: string; readonly publicKey: string } => {
      runOpenssl(['genpkey', '-algorithm', 'ed25519', '-out', file(name)]);
      return { key: file(name), publicKey: runOpenssl(['pkey', '-in', file(name), '-pubout']) };
    };
    const [first, second] = [makeKey('first.pem'), makeKey('second.pem')];
    await makeDocuments('--signing-key', first.key);
    const restore = ['restore', 'earlier.json', ...reason, '--signing-key'];
    await stage.expect(...restore, first.key);
    assert.equal(await stage.verify(first.publicKey), 'fits');
    const now = readFileSync(stage.path, 'utf8');
    assert.match(
      (await stage.run(...restore, second.key)).stderr,
      /signature of .*earlier.json does not match this key/,
    );
    writeFileSync(file('wrong.pem'), 'not a key');
    const lock = ['lock', ...reason, '--signing-key', first.key, '--signed-by', file('wrong.pem'), '--revision', '9'];
    await stage.refuse(/--signed-by can't be used/, ...lock);
    const changed = readFileSync(file('earlier.json'), 'utf8').replace('billing', 'intruder');
    writeFileSync(file('earlier.json'), changed);
    assert.match((await stage.run(...restore, first.key)).stderr, /does not match this key.*\n.*trust sign/);
    rmSync(file('earlier.json.sig'));
    await stage.refuse(/is not signed.*vouch for everything.*Nothing was written/, ...restore, first.key);
    assert.equal(readFileSync(stage.path, 'utf8'), now);
  });

  it('refuses what is not a trust document, and what would not be valid', async () => {
    await makeDocuments();
    writeFileSync(file('broken.json'), '{"schemaVersion":1}');
    for (const [name, message] of [
      ['broken.json', /is not valid/],
      ['none.json', /no trust document at file:none.json/],
    ] as const) {
      await stage.refuse(message, 'restore', name, ...reason);
    }
    const version = ['--blob-version', '2026-11-25T10:00:00.1234567Z'];
    for (const [args, message] of [
      [[], /Name one earlier document/],
      [['earlier.json', ...version], /Name one earlier document/],
      [version, /has no versions: only blobs do/],
      [['--blob-version', '3'], /must be a version ID/],
    ] as const) {
      await stage.refuse(message, 'restore', ...args, ...reason);
    }
    assert.deepEqual([stage.read().revision, existsSync(`${stage.path}.sig`)], [4, false]);
  });
});

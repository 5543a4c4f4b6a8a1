import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ToolFailure } from '#local/tool-failure.js';
import { createFileLocation } from './file-location.js';
import { startWriter } from '../test-support/writer-process.js';
import { readTrustHistory } from '../trust-history.js';
import { hashDocument } from '../load-trust-document.js';

const content = (text: string, signature?: string): { bytes: Buffer; signature: string | undefined } => ({
  bytes: Buffer.from(text),
  signature,
});

describe('a trust document in a file', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-file-'));
    path = join(folder, 'trust.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is made, replaced and read, and a write on an older version is a conflict and changes nothing', async () => {
    const location = createFileLocation(path);
    assert.equal(await location.read(), undefined);
    assert.equal(await location.write(content('one'), undefined), 'written');
    assert.equal(await location.write(content('two'), undefined), 'conflict');
    const first = await location.read();
    assert.equal(await location.write(content('two'), first?.etag), 'written');
    assert.equal(await location.write(content('three'), first?.etag), 'conflict');
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.deepEqual(readdirSync(folder), ['trust.json']);
  });

  it('keeps its signature in a second file, as part of the version', async () => {
    const location = createFileLocation(path);
    await location.write(content('one', 'c2ln'), undefined);
    assert.equal(readFileSync(`${path}.sig`, 'utf8'), 'c2ln\n');
    const signed = await location.read();
    assert.equal(signed?.signature, 'c2ln');
    writeFileSync(`${path}.sig`, 'b3RoZXI=\n');
    assert.equal(await location.write(content('two', 'eA=='), signed.etag), 'conflict');
    const now = await location.read();
    assert.equal(await location.write(content('two'), now?.etag), 'written');
    assert.equal(existsSync(`${path}.sig`), false);
  });

  it('is written completely or not at all by a writer whose lock was broken', async () => {
    const location = createFileLocation(path);
    await location.write(content('one'), undefined);
    const version = await location.read();
    const lock = `${path}.lock`;
    // The test breaks the lock when the writer has it, as another process could.
    const write = location.write(content('x'.repeat(8 * 1024 * 1024)), version?.etag);
    while (!existsSync(lock)) await new Promise(setImmediate);
    await rm(lock, { recursive: true, maxRetries: 20, retryDelay: 1 });
    const outcome = await write.catch(() => 'failed');
    const text = readFileSync(path, 'utf8');
    if (outcome === 'written') assert.equal(text.length, 8 * 1024 * 1024);
    else assert.equal(text, 'one');
  });

  it('keeps its mode, and a link to it stays a link', async () => {
    const real = join(folder, 'real.json');
    writeFileSync(real, 'one');
    symlinkSync(real, path, 'file');
    if (process.platform !== 'win32') chmodSync(real, 0o640);
    const location = createFileLocation(path);
    const version = await location.read();
    assert.equal(await location.write(content('two'), version?.etag), 'written');
    assert.ok(lstatSync(path).isSymbolicLink());
    assert.equal(readFileSync(real, 'utf8'), 'two');
    if (process.platform !== 'win32') assert.equal(statSync(real).mode & 0o777, 0o640);
    await location.appendLog('{}');
    assert.ok(existsSync(`${real}.log.jsonl`));
  });

  it('is read with the number of other names that a write does not reach', async () => {
    writeFileSync(path, 'one');
    const location = createFileLocation(path);
    assert.equal((await location.read())?.otherNames, undefined);
    linkSync(path, join(folder, 'other.json'));
    const linked = await location.read();
    assert.equal(linked?.otherNames, 1);
    await location.write(content('two'), linked.etag);
    assert.equal(readFileSync(join(folder, 'other.json'), 'utf8'), 'one');
  });

  it('is kept aside if it is damaged, although an earlier attempt left half of the copy', async () => {
    const location = createFileLocation(path);
    const stored = { ...content('damaged', 'signature'), etag: '' };
    const kept = (await location.keepAside(stored)).replace('file:', '');
    for (const name of [kept, `${kept}.sig`]) writeFileSync(name, readFileSync(name).subarray(0, 3));
    assert.equal(await location.keepAside(stored), `file:${kept}`);
    assert.deepEqual([readFileSync(kept, 'utf8'), readFileSync(`${kept}.sig`, 'utf8')], ['damaged', 'signature\n']);
    assert.equal(readdirSync(folder).length, 2);
  });

  it('stays as it was if it is mounted as a single file, and the error says what to mount', (context) => {
    const [real, bin] = [
      join(folder, 'real.json'),
      fileURLToPath(new URL('../../../../../bin/certgate.js', import.meta.url)),
    ];
    writeFileSync(real, '{ "schemaVersion": 1, "revision": 1, "identities": [] }');
    writeFileSync(path, '');
    const script =
      'mount --bind real.json trust.json || exit 77; exec "$0" "$1" trust lock --by x --store file:trust.json';
    const args = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, process.execPath, bin];
    const { status, stderr } = spawnSync('unshare', args, { cwd: folder, encoding: 'utf8' });
    // This machine or its system doesn't let tests mount.
    if (status === null || status === 77 || stderr.startsWith('unshare:')) {
      context.skip('no mounts here');
      return;
    }
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      /trust\.json can't be replaced, because the file itself is mounted.*\n.*Mount its folder instead/,
    );
    assert.match(readFileSync(real, 'utf8'), /"revision": 1,/);
  });

  it('is refused with a clear message if it is not a file', async () => {
    mkdirSync(path);
    await assert.rejects(createFileLocation(path).read(), /is (?:not a file|a folder)/);
    await assert.rejects(createFileLocation(join(folder, 'no', 'trust.json')).read(), /folder of .* does not exist/);
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link.json'), 'file');
    await assert.rejects(createFileLocation(join(folder, 'link.json')).read(), /does not exist/);
  });

  it('has a log of lines, which continues after a line that was cut short', async () => {
    const location = createFileLocation(path);
    assert.deepEqual(await location.readLog(), []);
    await location.appendLog('{"a":1}');
    writeFileSync(`${path}.log.jsonl`, '{"a":1}\n{"b":');
    await location.appendLog('{"c":3}');
    assert.deepEqual(await location.readLog(), ['{"a":1}', '{"b":', '{"c":3}']);
  });

  it('has a log of whole lines, however long they are and however many writers append', async () => {
    const lines = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(3 * 1024 * 1024));
    const location = createFileLocation(path);
    await location.appendLog('{}');
    await Promise.all(lines.map((line) => location.appendLog(line)));
    const read = await location.readLog();
    assert.ok(lines.every((line) => read.includes(line)));
  });

  it('is not changed if its log cannot be written, and the error says so', async () => {
    mkdirSync(`${path}.log.jsonl`);
    await assert.rejects(createFileLocation(path).appendLog('{}'), (fault: unknown) => {
      assert.ok(fault instanceof ToolFailure);
      return fault.message.includes('so it was not made');
    });
  });

  it('loses no change of 8 processes at once, while another one is killed during a write', async () => {
    const document = { schemaVersion: 1, revision: 1, identities: [] };
    writeFileSync(path, JSON.stringify(document));
    const victim = startWriter(path, 'victim', 1_000);
    await victim.started;
    const writers = Array.from({ length: 8 }, (_, index) => startWriter(path, `w${index}`, 3));
    await Promise.all(writers.map(({ started }) => started));
    victim.kill();
    const codes = await Promise.all(writers.map(({ ended }) => ended));
    await victim.ended;
    assert.deepEqual(new Set(codes), new Set([0]));
    const { identities, revision } = JSON.parse(readFileSync(path, 'utf8')) as {
      identities: readonly { name: string }[];
      revision: number;
    };
    const names = identities.map(({ name }) => name).filter((name) => !name.startsWith('victim'));
    const expected = writers.flatMap((_, index) => [0, 1, 2].map((change) => `w${index}-${change}`));
    assert.deepEqual(names.sort(), expected.sort());
    // Each change raised the revision by one, including the changes of the killed process.
    assert.equal(revision, 1 + identities.length);
    const lines = await createFileLocation(path).readLog();
    const current = { documentSha256: hashDocument(readFileSync(path)), revision };
    const changes = readTrustHistory(lines, current).filter(({ kind }) => kind === 'change');
    assert.equal(changes.length, identities.length);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { writeLines } from '../../log/coverage/test-support/written-lines.js';
import { runLineInProcess } from './test-support/run-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'certgate-arrived-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const [wanted, other] = ['AB'.repeat(32), 'CD'.repeat(32)];
const start = Date.UTC(2024, 0, 4, 10);
const names = ['1111111111111111', '2222222222222222', '3333333333333333'];

/** Writes the lines of gates that started one after the other, each with one of these documents. */
async function writeLog(...documents: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const [index, sha256] of documents.entries()) {
    const life = { process: names[index], start: start + index * 600_000, document: { revision: 1, sha256 } };
    for (const { line } of await writeLines({ ...life, calls: [] })) lines.push(`${JSON.stringify(line)}\n`);
  }
  const file = join(folder, 'orders.log');
  writeFileSync(file, lines.join(''));
  return file;
}

const run = (...words: readonly string[]): ReturnType<typeof runLineInProcess> =>
  runLineInProcess(['trust', 'arrived', ...words], folder);

describe('trust arrived', () => {
  it('ends with 0, and prints a row for each process and what the lines never prove', async () => {
    const { exitCode, stdout } = await run(
      '--log',
      await writeLog(wanted, wanted),
      '--expect-sha256',
      wanted.toLowerCase(),
    );
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^Arrived: 2 of the 2 processes in these lines adopted SHA-256 (?:AB){32}, first seen at 2024-/,
    );
    for (const name of names.slice(0, 2))
      assert.match(stdout, new RegExp(`orders .* ${name} .* adopted at 2024-01-04T10:[01]0`));
    assert.match(
      stdout,
      /Lines never prove anything about processes without a log, lost or forged lines, other trust stores, revocation lists and open connections\.$/m,
    );
  });

  it('ends with 1 for another document, with 3 if it cannot tell, and says why', async () => {
    const behind = await run('--log', await writeLog(wanted, other), '--expect-sha256', wanted);
    assert.deepEqual([behind.exitCode, /^Not arrived: 1 of the 2 /.test(behind.stdout)], [1, true]);
    assert.match(behind.stdout, /2{16} .* another one at 2024-01-04T10:10:00Z \((?:CD){8}\)/);
    const early = await run('--log', await writeLog(other, wanted), '--expect-sha256', wanted, '--at-least', '2');
    assert.deepEqual([early.exitCode, /^Cannot tell: 1 of the 2 /.test(early.stdout)], [3, true]);
    assert.match(early.stdout, /1{16} .* cannot tell: no line since 2024-01-04T10:00:00Z \((?:CD){8}\)/);
    assert.match(early.stdout, /^- At least 2 processes must have adopted it; these lines show 1\.$/m);
    const silent = await run('--log', await writeLog(other, wanted), '--expect-sha256', wanted, '--silent-after', '1m');
    assert.equal(silent.exitCode, 0);
    assert.match(silent.stdout, /^- An assumption: the silent processes have ended, .* in the last 60 seconds /m);
  });

  it('prints the same as one JSON object, and reads standard input', async () => {
    writeFileSync(join(folder, 'host.log'), 'Host started\n');
    const { exitCode, stdout } = await run('--log', 'host.log', '--expect-sha256', wanted, '--json');
    assert.equal(exitCode, 3);
    const { reading, ...arrival } = JSON.parse(stdout) as { readonly reading: readonly unknown[] };
    assert.deepEqual(arrival, {
      version: 1,
      sha256: wanted,
      verdict: 'cannot_tell',
      firstSeenAt: null,
      newestLineAt: null,
      silentAfterSeconds: 86_400,
      doubts: ['no_lines', 'fewer_processes'],
      processes: [],
    });
    assert.equal(reading.length, 1);
    const words = ['trust', 'arrived', '--log', '-', '--expect-sha256', wanted];
    const [text] = (await writeLines({ process: names[0], start, calls: [], document: { revision: 1, sha256: wanted } })).map(({ line }) => JSON.stringify(line)); // prettier-ignore
    assert.equal((await runLineInProcess(words, folder, text)).exitCode, 0);
  });

  it('refuses a text that is not a digest, and a missing file', async () => {
    for (const [words, message] of [
      [['--log', 'orders.log'], /--expect-sha256 <hex>' not specified/],
      [['--expect-sha256', wanted], /--log <file>' not specified/],
      [
        ['--log', 'orders.log', '--expect-sha256', 'AB12'],
        /64 hexadecimal digits of a SHA-256, or at least the first 16/,
      ],
      [['--log', 'absent.log', '--expect-sha256', wanted], /There is no file .*absent\.log/],
    ] as const) {
      const { exitCode, stderr } = await run(...words);
      assert.equal(exitCode, 2, words.join(' '));
      assert.match(stderr, message);
    }
  });
});

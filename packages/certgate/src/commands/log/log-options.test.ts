import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runLineInProcess } from '../trust/test-support/run-in-process.js';
import { findLogWindow, readLogOptions } from './log-options.js';

const now = Date.UTC(2026, 11, 1);
const day = 86_400_000;

const folder = mkdtempSync(join(tmpdir(), 'certgate-log-options-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const file = join(folder, 'orders.log');
writeFileSync(join(folder, 'trust.json'), JSON.stringify({ schemaVersion: 1, revision: 1, identities: [] }));
writeFileSync(
  file,
  [now - 3 * day, now - day, now + day]
    .map((instant) => {
      const start = { certgate: 1, event: 'start', time: new Date(instant).toISOString() };
      return JSON.stringify({ ...start, code: 'app_locked', detail: 'x' });
    })
    .join('\n'),
);

describe('the time that options ask about', () => {
  test('ends now or at --until, and begins --since days before', () => {
    assert.deepEqual(findLogWindow({}, now), { from: undefined, until: now });
    assert.deepEqual(findLogWindow({ since: { days: 2 } }, now), { from: now - 2 * day, until: now });
    const since = { instant: now - 5 * day };
    assert.deepEqual(findLogWindow({ since, until: now - day }, now), { from: since.instant, until: now - day });
    assert.throws(() => findLogWindow({ since: { instant: now } }, now), /not before the end/);
  });

  test('limits the lines that are read', async () => {
    const read = async (flags: object): Promise<readonly number[]> => {
      const times: number[] = [];
      await readLogOptions({ log: [file], ...flags }, ({ time }) => times.push((time - now) / day));
      return times;
    };
    assert.deepEqual(await read({}), [-3, -1, 1]);
    assert.deepEqual(await read({ since: { days: 2 }, until: now }), [-1]);
    await assert.rejects(read({ until: now - 9 * day }), /no line of Certgate in the requested time/);
    writeFileSync(join(folder, 'other.log'), 'Host started\n');
    await assert.rejects(
      readLogOptions({ log: [join(folder, 'other.log')] }, () => undefined),
      /no line of Certgate/,
    );
    await assert.rejects(
      readLogOptions({}, () => undefined),
      /No log is given/,
    );
  });
});

describe('the options for a log', () => {
  const run = (...words: readonly string[]): ReturnType<typeof runLineInProcess> =>
    runLineInProcess(['trust', 'usage', ...words], folder);

  test('print the query for a workspace and run nothing', async () => {
    const { exitCode, stdout } = await run('--print-query', '--since', '30d', '--until', '2026-12-01T00:00:00Z');
    assert.equal(exitCode, 0);
    assert.match(stdout, /TimeGenerated >= datetime\(2026-10-31T23:59:00\.000Z\)/);
    assert.match(stdout, /< datetime\(2026-12-01T00:10:00\.000Z\)/);
  });

  test('are refused if they contradict one another or have an impossible value', async () => {
    for (const [words, message] of [
      [['--print-query'], /--since is missing/],
      [['--print-query', '--since', '30d', '--log', file], /cannot be used with option '--log <file>'/],
      [['--store', 'trust.json', '--log', file, '--since', '90'], /must be a number of days, like 90d, or a time/],
    ] as const) {
      const { exitCode, stderr } = await run(...words);
      assert.equal(exitCode, 2, words.join(' '));
      assert.match(stderr, message);
    }
  });
});

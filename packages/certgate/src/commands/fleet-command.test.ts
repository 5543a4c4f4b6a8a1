import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createDocument, minute, sayDecision, sayStatus, start } from '../fleet/test-support/fleet-lines.js';
import type { LogRecord } from '../log/reading/log-record.js';
import { runLineInProcess } from './trust/test-support/run-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'certgate-fleet-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const [seven, eight] = [createDocument(7), createDocument(8)];
const signedBy = ['0011223344556677'];

/** As Application Insights exports them, in JSON. */
function formatExport(records: readonly LogRecord[]): string {
  const rows = records.map(({ line, app, instance }) => ({
    ...{ TimeGenerated: line.time, Message: JSON.stringify(line), AppRoleName: app, AppRoleInstance: instance },
  }));
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function createLines(refundsDocument = seven): readonly LogRecord[] {
  const orders = { app: 'orders', instance: 'a' };
  return [
    sayStatus(orders, start, [{ ...eight, signedBy }]),
    sayDecision(orders, start + minute, eight),
    sayStatus({ app: '\u001b[2Jevil|<b>', instance: 'x' }, start + minute, [{ ...eight, signedBy }]),
    sayStatus({ app: 'refunds', instance: 'r' }, start + 2 * minute, [{ ...refundsDocument, signedBy }]),
    sayDecision({ app: 'refunds', instance: 'r' }, start + 3 * minute, refundsDocument),
  ];
}

interface Answer {
  readonly version: number;
  readonly appsWithoutLines: readonly string[];
  readonly rows: readonly {
    readonly app: string;
    readonly documents: readonly { readonly sha256: string }[];
    readonly closed: readonly string[];
    readonly findings: readonly { readonly code: string; readonly sentence: string }[];
  }[];
  readonly expectedEverywhere: string | null;
  readonly expected: { readonly apps: readonly { readonly app: string; readonly verdict: string }[] };
  readonly reading: readonly { readonly records: number; readonly others: number }[];
}

describe('certgate fleet', () => {
  it('shows the apps to look at first, in a table, for a job summary and as JSON', async () => {
    write('export.jsonl', formatExport(createLines()));
    write('apps.txt', 'Orders\r\nrefunds\n\nmissing\n');
    const words = ['fleet', '--log', 'export.jsonl', '--apps', 'apps.txt', '--summary', 'summary.md'];
    const { exitCode, stdout, stderr } = await runLineInProcess(words, folder);
    assert.equal(exitCode, 0);
    assert.deepEqual(
      [...stdout.matchAll(/^│ (refunds|missing|orders) /gm)].map(([, app]) => app),
      ['refunds', 'missing', 'orders'],
    );
    assert.match(stdout, /behind: orders had/);
    assert.ok(!stdout.includes('\u001b[2J'));
    assert.match(stderr, /5 of 5 lines used/);
    const summary = readFileSync(join(folder, 'summary.md'), 'utf8');
    assert.match(summary, /^\| refunds \| 1 \| 0\.1\.0 \|/m);
    assert.match(summary, /evil&#124;&#60;b&#62;/);
    const json = JSON.parse((await runLineInProcess([...words, '--json'], folder)).stdout) as Answer;
    assert.deepEqual([json.version, json.appsWithoutLines, json.reading[0]?.records], [1, ['missing'], 5]);
    assert.deepEqual(
      json.rows.map(({ findings }) => findings.map(({ code }) => code)),
      [['behind'], ['no_line'], [], []],
    );
    assert.deepEqual(json.rows[0]?.closed, ['Orders', 'Refund']);
  });

  it('tells by its exit code whether every app has a document', async () => {
    const run = async (...words: readonly string[]): Promise<number | null> =>
      (await runLineInProcess(['fleet', '--log', 'export.jsonl', '--expect-sha256', ...words], folder)).exitCode;
    write('export.jsonl', formatExport(createLines()));
    assert.equal(await run(eight.sha256), 1);
    write('export.jsonl', formatExport(createLines().slice(0, 3)));
    assert.equal(await run(eight.sha256), 0);
    assert.equal(await run(eight.sha256.toLowerCase(), '--apps', 'apps.txt'), 3);
    assert.equal(await run(eight.sha256.slice(0, 15)), 2);
    write('export.jsonl', formatExport([...createLines().slice(1), ...createLines(eight)]));
    assert.equal(await run(eight.sha256, '--silent-after', '1m'), 0);
  });

  it('waits until the document is everywhere, or the time is over', async () => {
    write('export.jsonl', formatExport(createLines()));
    const words = ['fleet', '--log', 'export.jsonl', '--expect-sha256', eight.sha256, '--wait'];
    const over = await runLineInProcess([...words, '1s'], folder);
    assert.deepEqual([over.exitCode, over.stderr.match(/reading again/g)?.length], [1, 1]);
    assert.equal((await runLineInProcess(['fleet', '--log', 'export.jsonl', '--wait', '1s'], folder)).exitCode, 2);
    const input = ['fleet', '--log', '-', '--expect-sha256', eight.sha256, '--wait', '1s'];
    assert.match((await runLineInProcess(input, folder, formatExport(createLines()))).stderr, /standard input/);
  });

  it('takes no app for told whose lines were in a file that was rotated while it waited', async () => {
    write('export.jsonl', formatExport(createLines()));
    const original: unknown = Reflect.get(process.stderr, 'write');
    const words = ['fleet', '--log', 'export.jsonl', '--expect-sha256', eight.sha256, '--wait', '1s'];
    const running = runLineInProcess(words, folder);
    while (Reflect.get(process.stderr, 'write') === original) await setImmediate();
    const divert = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array): boolean => {
      if (String(text).includes('reading again')) write('export.jsonl', formatExport(createLines().slice(0, 2)));
      return divert(text);
    };
    const { exitCode, stdout } = await running;
    assert.equal(exitCode, 1);
    assert.match(stdout, /run something else: refunds/);
  });

  it('does not say that every app has a document where lines could not be used', async () => {
    const newer = JSON.stringify({ certgate: 2, event: 'status', time: new Date(start + 5 * minute).toISOString() });
    const row = JSON.stringify({ Message: newer, AppRoleName: 'orders', AppRoleInstance: 'a' });
    write('export.jsonl', `${formatExport(createLines().slice(0, 2))}${row}\n`);
    const words = ['fleet', '--log', 'export.jsonl', '--expect-sha256', eight.sha256];
    const { exitCode, stdout } = await runLineInProcess(words, folder);
    assert.equal(exitCode, 3);
    assert.match(stdout, /Lines that were not used may say something else/);
    const json = JSON.parse((await runLineInProcess([...words, '--json'], folder)).stdout) as Answer;
    assert.equal(json.expectedEverywhere, 'cannot_tell');
  });

  it('knows of no newest lines where a clock is ahead, unless those lines are left out', async () => {
    const ahead = sayStatus({ app: 'orders', instance: 'b' }, Date.UTC(2999, 0), [{ ...eight, signedBy }]);
    const old = sayStatus({ app: 'orders', instance: 'a' }, start, [{ ...seven, signedBy }]);
    const current = sayStatus({ app: 'orders', instance: 'c' }, start, [{ ...eight, signedBy }]);
    write('export.jsonl', formatExport([current, old, ahead]));
    const words = ['fleet', '--log', 'export.jsonl', '--expect-sha256', eight.sha256];
    const { exitCode, stdout } = await runLineInProcess(words, folder);
    assert.equal(exitCode, 3);
    assert.match(stdout, /A line has the time 2999-01-01T00:00:00Z, which is in the future/);
    const until = new Date(start + minute).toISOString();
    assert.equal((await runLineInProcess([...words, '--until', until], folder)).exitCode, 1);
  });

  it('refuses a list without names, and a log without lines', async () => {
    write('empty.txt', '\n');
    const run = async (...words: readonly string[]): Promise<number | null> =>
      (await runLineInProcess(['fleet', ...words], folder)).exitCode;
    write('export.jsonl', formatExport(createLines()));
    assert.equal(await run('--log', 'export.jsonl', '--apps', 'empty.txt'), 2);
    assert.equal(await run('--log', 'empty.txt'), 2);
    assert.equal(await run('--log', 'export.jsonl', '--silent-after', '1.5h'), 2);
  });
});

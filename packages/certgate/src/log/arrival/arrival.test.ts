import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import type { SourceReading } from '../reading/log-record.js';
import { readLog } from '../reading/read-log.js';
import { type Arrival, ArrivalTracker } from './arrival.js';

// The lines come from real gates in child processes. Two of the processes are read as workers of one instance.

const folder = mkdtempSync(join(tmpdir(), 'certgate-arrival-'));
const trustFile = join(folder, 'trust.json');
const billing = makeCertificate({ name: ['CN = billing'] });
const thumbprintSha256 = createHash('sha256').update(billing.der).digest('hex');

/** Writes a revision of the trust document to the file. @returns the document's SHA-256. */
function publish(revision: number, more: object = {}, enabled = true): string {
  const identities = [{ name: 'billing', roles: [], enabled, pins: [{ thumbprintSha256 }] }];
  const text = JSON.stringify({ schemaVersion: 1, revision, identities, ...more });
  writeFileSync(trustFile, text);
  return createHash('sha256').update(text).digest('hex').toUpperCase();
}

const program = `
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { ReportingGate, trustStoreFromFile } from '@certgate/core/internal';
const [file, seconds, leaf, moreSeconds] = process.argv.slice(1);
const write = (line) => process.stdout.write(line + '\\n');
console.info = console.warn = write;
const startGate = async (refreshIntervalSeconds) => {
  const trustStore = trustStoreFromFile(file, { refreshIntervalSeconds });
  const gate = new ReportingGate({ trustStore }, () => ({ host: 'server', frontEnd: 'nginx', closed: ['Orders'], open: [] }));
  await gate.start(undefined);
  return gate;
};
const gate = await startGate(Number(seconds));
if (moreSeconds !== undefined) await startGate(Number(moreSeconds));
write('done');
for await (const _ of createInterface({ input: process.stdin })) {
  const extraction = { outcome: 'extracted', leaf, encoding: 'base64', chain: undefined };
  const requirement = { functionName: 'Orders', roles: [] };
  const now = Date.now();
  const decision = await gate.decide(extraction, requirement, now);
  const subject = { functionName: 'Orders', invocationId: randomUUID(), log: write, warn: write };
  gate.report({ subject, requirement }, { decision, now, extraction });
  write('done');
}`;

interface Worker {
  /** The lines that the worker has written. */
  readonly lines: string[];
  /** Makes one call to the gate. @returns the line of its decision. */
  readonly call: () => Promise<Readonly<Record<string, unknown>>>;
  readonly end: () => void;
}

/** Starts a worker with one gate. `more` is the refresh interval of a second gate, which is never called. */
async function startWorker(refreshSeconds: number, ...more: readonly number[]): Promise<Worker> {
  const words = ['--input-type=module', '-e', program, trustFile, `${refreshSeconds}`, billing.header, ...more.map(String)]; // prettier-ignore
  const child = spawn(process.execPath, words, { cwd: fileURLToPath(new URL('.', import.meta.url)) });
  const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const lines: string[] = [];
  const readOn = async (): Promise<void> => {
    for (let next = await output.next(); next.value !== 'done'; next = await output.next()) {
      assert.notEqual(next.done, true, 'the worker ended');
      lines.push(String(next.value));
    }
  };
  await readOn();
  const call = async (): Promise<Readonly<Record<string, unknown>>> => {
    child.stdin.write('\n');
    await readOn();
    return JSON.parse(lines.at(-1) ?? '') as Readonly<Record<string, unknown>>;
  };
  return { lines, call, end: () => child.kill() };
}

/** Calls the worker until a line shows the document, and then until a line has a later time. */
async function callUntil(worker: Worker, sha256: string): Promise<void> {
  let line = await worker.call();
  while (line['trustSha256'] !== sha256.slice(0, 16)) line = await worker.call();
  const { time } = line;
  while (line['time'] === time) line = await worker.call();
}

interface Question {
  readonly atLeast?: number;
  readonly silentAfter?: number;
  readonly now?: number;
}

async function ask(
  lines: readonly object[] | readonly string[],
  sha256: string,
  question: Question = {},
): Promise<Arrival> {
  const file = join(folder, 'app.log');
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  const tracker = new ArrivalTracker(sha256);
  const readings: readonly SourceReading[] = await readLog([file], (record) => {
    tracker.note(record);
  });
  return tracker.finish(readings, { atLeast: 1, silentAfter: 86_400_000, now: Date.now(), ...question });
}

const findingsOf = ({ processes }: Arrival): readonly string[] => processes.map(({ finding }) => finding);

const oneInstance = (lines: readonly string[]): readonly object[] =>
  lines.map((Message) => ({ Message, AppRoleName: 'orders', AppRoleInstance: 'i1' }));

/** The lines with all times moved into the past by this number of hours. */
const earlier = (lines: readonly string[], hours: number): readonly string[] =>
  lines.map((line) =>
    line.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) =>
      new Date(Date.parse(time) - hours * 3_600_000).toISOString(),
    ),
  );

const elsewhere = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/"process":"[0-9a-f]{8}/, '"process":"00000000'));

const withoutIds = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/"process":"[0-9a-f]{16}",/, ''));

describe('whether a document has arrived', () => {
  let prompt: Worker;
  let behind: Worker;
  /** The SHA-256 of the document that disables the caller, and of the one before it. */
  let [disabling, enabling] = ['', ''];
  /** The lines that `behind` wrote before the disabling document was published. */
  let linesBefore: readonly string[];

  before(async () => {
    enabling = publish(1);
    [prompt, behind] = [await startWorker(0.02), await startWorker(3600)];
    await behind.call();
    await prompt.call();
    linesBefore = [...behind.lines];
    disabling = publish(2, {}, false);
    await callUntil(prompt, disabling);
    assert.equal((await behind.call())['outcome'], 'allowed');
  });
  after(() => {
    for (const worker of [prompt, behind]) worker.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is answered with no while a worker of the same instance still admits the disabled caller', async () => {
    const arrival = await ask(oneInstance([...prompt.lines, ...behind.lines]), disabling);
    assert.deepEqual([arrival.verdict, findingsOf(arrival)], ['another_document', ['another_document', 'adopted']]);
    assert.deepEqual(await ask(oneInstance([...behind.lines, ...prompt.lines].reverse()), disabling), arrival);
    const [row] = arrival.processes;
    assert.deepEqual([row?.app, row?.instance, row?.documents], ['orders', 'i1', [enabling.slice(0, 16)]]);
    assert.notEqual(row?.process, arrival.processes[1]?.process);
  });

  it('is unknown while that worker has logged nothing since, unless it was silent for long enough', async () => {
    const recent = await ask([...linesBefore, ...prompt.lines], disabling);
    assert.deepEqual([recent.verdict, findingsOf(recent)], ['cannot_tell', ['no_line_since', 'adopted']]);
    const old = [...earlier(linesBefore, 2), ...prompt.lines];
    const day = await ask(old, disabling);
    assert.deepEqual([day.verdict, findingsOf(day)], ['cannot_tell', ['no_line_since', 'adopted']]);
    const hour = await ask(old, disabling, { silentAfter: 3_600_000 });
    assert.deepEqual([hour.verdict, findingsOf(hour)], ['arrived', ['silent', 'adopted']]);
    // A process that reported another document after the first adoption, and then nothing for longer than
    // `silentAfter`.
    const other = await ask([...earlier(behind.lines, 2), ...prompt.lines, ...elsewhere(earlier(prompt.lines, 3))], disabling, { silentAfter: 3_600_000 }); // prettier-ignore
    assert.deepEqual([other.verdict, findingsOf(other)], ['arrived', ['silent', 'adopted', 'adopted']]);
    // No process is known to have adopted the document. Silence by itself proves nothing.
    const nobody = await ask([...earlier(linesBefore, 2), ...withoutIds(prompt.lines)], disabling, {
      silentAfter: 3_600_000,
    });
    assert.deepEqual([nobody.verdict, nobody.doubts], ['cannot_tell', ['fewer_processes']]);
  });

  it('is answered with yes by the plain log of one server, for the whole SHA-256 and for its first 16 characters', async () => {
    for (const digits of [disabling, disabling.slice(0, 16)]) {
      const arrival = await ask(prompt.lines, digits);
      assert.deepEqual([arrival.verdict, arrival.doubts, findingsOf(arrival)], ['arrived', [], ['adopted']]);
      assert.equal(arrival.processes[0]?.instance, null);
      assert.equal(arrival.firstSeenAt, arrival.processes[0].adoptedAt);
    }
    const other = await ask(prompt.lines, `${disabling.slice(0, 20)}${'0'.repeat(44)}`);
    assert.equal(other.verdict, 'arrived', 'a decision has 16 digits');
    const brief = await ask(behind.lines.slice(0, 1), enabling.slice(0, 16));
    assert.equal(brief.verdict, 'arrived');
    const start = await ask([...behind.lines.slice(0, 1)], `${enabling.slice(0, 20)}${'0'.repeat(44)}`);
    assert.equal(start.verdict, 'another_document', 'a status line has all');
  });

  it('is unknown if lines have no process id, or if too few processes or none have adopted it', async () => {
    const unnamed = await ask(withoutIds(prompt.lines), disabling);
    assert.deepEqual([unnamed.verdict, findingsOf(unnamed)], ['cannot_tell', ['no_process_id']]);
    const both = await ask(withoutIds([...prompt.lines, ...behind.lines]), disabling);
    assert.deepEqual(findingsOf(both), ['another_document']);
    const few = await ask(prompt.lines, disabling, { atLeast: 2 });
    assert.deepEqual([few.verdict, few.doubts], ['cannot_tell', ['fewer_processes']]);
    const none = await ask(['Host started'], disabling, { atLeast: 0 });
    assert.deepEqual([none.verdict, none.doubts], ['cannot_tell', ['no_lines', 'fewer_processes']]);
  });

  it('is unknown if a process has several gates, one of which may still use the old document', async () => {
    const before = publish(5);
    const double = await startWorker(0.02, 3600);
    const after = publish(6);
    await callUntil(double, after);
    double.end();
    const several = await ask(double.lines, after);
    assert.deepEqual([several.verdict, findingsOf(several)], ['cannot_tell', ['several_gates']]);
    // The start lines may be in an older file. A process that reports the old document again after the new one has a
    // second gate.
    const [line = ''] = double.lines.slice(-1);
    const [hour, again] = [earlier([line], 2), earlier([line.replace(after.slice(0, 16), before.slice(0, 16))], 1)];
    const mixed = await ask([...hour, ...again, line], after);
    assert.deepEqual([mixed.verdict, findingsOf(mixed)], ['cannot_tell', ['several_gates']]);
  });

  it('is unknown if two processes must adopt it, and two exports name one process differently', async () => {
    const [first, ...others] = oneInstance(prompt.lines);
    const rows = [{ ...first, AppRoleInstance: 'worker 1' }, ...others];
    const arrival = await ask([...others.slice(0, 1).map((row) => ({ ...row, AppRoleInstance: 'x' })), ...rows.slice(2)], disabling, { atLeast: 2 }); // prettier-ignore
    assert.deepEqual([arrival.verdict, arrival.doubts], ['cannot_tell', ['fewer_processes']]);
  });

  it('is unknown if sampling or a clock may explain why a process is silent, or if a line is cut', async () => {
    const silentAfter = 3_600_000;
    const rows = [...earlier(linesBefore, 2), ...prompt.lines].map((Message) => ({ Message, ItemCount: 1 }));
    assert.equal((await ask(rows, disabling, { silentAfter })).verdict, 'arrived');
    const sampled = await ask(rows.map((row) => ({ ...row, ItemCount: 5 })), disabling, { silentAfter }); // prettier-ignore
    assert.deepEqual([sampled.verdict, sampled.doubts], ['cannot_tell', ['lines_sampled']]);
    const slow = await ask([...earlier(linesBefore, 1), ...prompt.lines], disabling, { silentAfter });
    assert.deepEqual([slow.verdict, findingsOf(slow)], ['cannot_tell', ['no_line_since', 'adopted']]);
    const cut = await ask([...(behind.lines.at(-1)?.slice(0, 300).split('\n') ?? []), ...prompt.lines], disabling);
    assert.deepEqual([cut.verdict, cut.doubts], ['cannot_tell', ['lines_not_used']]);
  });

  it('is unknown if a start line shows no document, lines cannot be read, or their times are in the future', async () => {
    const start = prompt.lines.filter((line) => line.includes('"moment":"start"'));
    const empty = await ask([...prompt.lines, ...start.map((line) => line.replace(/"process":"[^"]*"/, '"process":"0"').replace(/"trust":\[.*?\],"closed/, '"trust":[],"closed'))], disabling); // prettier-ignore
    assert.deepEqual([empty.verdict, findingsOf(empty)], ['cannot_tell', ['no_document', 'adopted']]);
    const alone = await ask(
      start.map((line) => line.replace(/"trust":\[.*?\],"closed/, '"trust":[],"closed')),
      disabling,
    );
    assert.deepEqual(findingsOf(alone), ['no_document']);
    const damaged = await ask([...prompt.lines, '{"certgate":1,"event":"status"}'], disabling);
    assert.deepEqual([damaged.verdict, damaged.doubts], ['cannot_tell', ['lines_not_used']]);
    const ahead = await ask(prompt.lines, disabling, { now: Date.now() - 3_600_000 });
    assert.deepEqual([ahead.verdict, ahead.doubts], ['cannot_tell', ['lines_of_the_future']]);
    // A process whose clock is an hour ahead must not make another one look silent.
    const silent = await ask([...linesBefore, ...earlier(prompt.lines, -1)], disabling, { silentAfter: 60_000 });
    assert.deepEqual(findingsOf(silent), ['no_line_since', 'adopted']);
  });

  it('is answered with yes for a locked document, and with no once a process reports another document', async () => {
    const locked = publish(3, { locked: { since: '2027-01-01T00:00:00Z', by: 'ops', reason: 'a key was stolen' } });
    await callUntil(prompt, locked);
    assert.equal((JSON.parse(prompt.lines.at(-1) ?? '') as { readonly code: string }).code, 'trust_locked');
    assert.equal((await ask(prompt.lines, locked)).verdict, 'arrived');
    const over = await ask(prompt.lines, disabling);
    assert.deepEqual([over.verdict, findingsOf(over)], ['another_document', ['another_document']]);
    assert.ok(over.processes[0]?.adoptedAt !== null);
  });
});

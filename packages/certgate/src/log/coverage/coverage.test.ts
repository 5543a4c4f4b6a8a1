// In a process of its own: the clock stands still while a gate starts, and other tests go on meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import type { LogRecord, SourceReading } from '../reading/log-record.js';
import { type AppCoverage, type Coverage, CoverageTracker, type CoverageQuestion, describeCovered, measureCovered } from './coverage.js'; // prettier-ignore
import { describeLimit } from './coverage-limit.js';
import { readSpan } from './time-span.js';
import { type WrittenCall, type WrittenInstance, writeLines } from './test-support/written-lines.js';

const hour = 3_600_000;
const begin = Date.UTC(2027, 0, 4, 10);
const at = (hours: number): number => begin + Math.round(hours * hour);
const window = { from: begin, until: at(24) };

function cover(records: readonly LogRecord[], question: CoverageQuestion = { window }): Coverage {
  const tracker = new CoverageTracker();
  for (const record of records) tracker.note(record);
  return tracker.finish(question);
}

function coverOne(records: readonly LogRecord[], question?: CoverageQuestion): AppCoverage {
  const [app, ...others] = cover(records, question).apps;
  assert.deepEqual(others, []);
  return app ?? assert.fail('There is no app.');
}

function inHours({ spans }: AppCoverage): readonly (readonly [number, number])[] {
  return spans.map(readSpan).map(({ from, until }) => [(from - begin) / hour, (until - begin) / hour]);
}

const codes = ({ limits }: Pick<AppCoverage, 'limits'>): readonly string[] => limits.map(({ code }) => code);

const call = (hours: number, more: Partial<WrittenCall> = {}): WrittenCall => ({
  at: at(hours),
  identity: 'a',
  ...more,
});

function live(start: number, calls: readonly number[], more: Partial<WrittenInstance> = {}): Promise<LogRecord[]> {
  return writeLines({ instance: 'i1', start: at(start), calls: calls.map((hours) => call(hours)), ...more });
}

const isHourLine = ({ line }: LogRecord): boolean => line.event === 'status' && line.moment === 'hour';

describe('the time that status lines cover', () => {
  it('reaches from the start to the last line, and not beyond it', async () => {
    const app = coverOne(await live(0, [0.1, 1.5, 2.25, 2.5]));
    assert.deepEqual(inHours(app), [[1, 2]]);
    assert.deepEqual(codes(app), ['hours_missing', 'ends_assumed']);
    assert.equal(app.instances, 1);
  });

  it('includes hours without a call, because the next line reports that there was none', async () => {
    assert.deepEqual(inHours(coverOne(await live(0, [0.1, 20]))), [[1, 20]]);
  });

  it('lacks the hour in which another instance ended, and the time of an instance that wrote only a start line', async () => {
    const long = await live(0, [0.5, 23.5]);
    const short = await live(3.5, [4.5, 5.25, 5.5], { instance: 'i2' });
    assert.deepEqual(inHours(coverOne([...long, ...short])), [[1, 5], [6, 23]]); // prettier-ignore
    const silent = await live(3.5, [3.75], { instance: 'i2' });
    assert.deepEqual(inHours(coverOne([...long, ...silent])), [[1, 3], [4, 23]]); // prettier-ignore
  });

  it('has a gap if a line is missing, whatever the order of the others', async () => {
    const lines = (await live(0, [0.5, 2.5, 4.5, 6.5, 8.5])).filter(isHourLine);
    const [first, , ...rest] = [...(await live(0, [])), ...lines.slice(0, 1), ...lines.slice(2)];
    assert.ok(first !== undefined);
    const kept = [first, lines[0] ?? first, ...rest];
    assert.deepEqual(inHours(coverOne(kept)), [[1, 2], [7, 8]]); // prettier-ignore
    assert.deepEqual(inHours(coverOne([...kept].reverse())), [[1, 2], [7, 8]]); // prettier-ignore
    assert.deepEqual(inHours(coverOne([...kept, ...kept])).at(-1)?.[1], 8);
  });

  it('is found for two processes that no line names, because each line continues an earlier one', async () => {
    const [one, other] = [await live(0, [3.1, 6.1, 7.1, 12.1], { instance: undefined }), await live(0.5, [3.2, 6.2, 7.2, 12.2], { instance: undefined })]; // prettier-ignore
    const mixed = [...one, ...other].sort((first, second) => first.time - second.time);
    const app = coverOne(mixed);
    assert.deepEqual(inHours(app), [[1, 12]]);
    assert.equal(app.instances, null);
    const lost = mixed.filter(({ time, line }) => !(line.event === 'status' && time === at(6.1)));
    assert.deepEqual(inHours(coverOne(lost)), [[8, 12]]);
  });

  it('excludes the time in which a worker lacks the status line of its hour, though another worker wrote one', async () => {
    const one = await live(0, [0.5, 3.5, 5.5, 8.5], { process: 'a' });
    const other = await live(0.1, [0.6, 3.6, 5.6, 8.6], { process: 'b' });
    const isLost = ({ line, time }: LogRecord): boolean => line.event === 'status' && time >= at(5);
    const kept = [...one, ...other.filter((record) => !isLost(record))];
    assert.deepEqual(inHours(coverOne(kept)), [[1, 3]]);
    const nameless = await live(0.1, [0.6, 3.6, 5.6, 8.6]);
    const unnamed = [...(await live(0, [0.5, 3.5, 5.5, 8.5])), ...nameless.filter((record) => !isLost(record))];
    assert.deepEqual(inHours(coverOne(unnamed)), [[1, 3], [4, 8]]); // prettier-ignore
  });

  it('continues after a restart if lines were lost, unless two workers of the instance wrote at the same time', async () => {
    const reading = {
      readings: [
        { otherVersions: 0, unreadable: 1, unfinished: 0, tooLong: 0, malformed: 0, gaps: [] },
      ] as unknown as readonly SourceReading[],
      window,
    };
    const [first, second] = [
      await live(0, [1.5, 4.5], { process: 'a' }),
      await live(5.5, [6.5, 9.5], { process: 'b' }),
    ];
    assert.deepEqual(inHours(coverOne([...first, ...second], reading)), [[1, 4], [6, 9]]); // prettier-ignore
    const parallel = await live(3.5, [6.5, 9.5], { process: 'b' });
    assert.deepEqual(inHours(coverOne([...first, ...parallel], reading)), [[1, 4]]);
  });

  it('ends with the last line of an instance if single lines are lost', async () => {
    const steady = await live(0, [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5]);
    const lossy = (await live(0, [1.2, 2.2, 3.2, 4.2, 9.2], { instance: 'i2' })).filter(
      ({ line, time }) => line.event !== 'status' || time !== at(2.2),
    );
    const app = coverOne([...steady, ...lossy]);
    assert.deepEqual(inHours(app), [[4, 9]]);
    assert.ok(codes(app).includes('lines_lost'));
  });

  it('excludes the time of decisions whose hour has no status line', async () => {
    const lines = await live(0, [0.5, 3.5, 5.5, 5.75]);
    const kept = lines.filter(({ time, line }) => line.event !== 'status' || time < at(5));
    const other = await live(0, [0.5, 7.5, 23.5], { instance: 'i2' });
    assert.deepEqual(inHours(coverOne([...kept, ...other])), [[1, 3], [8, 23]]); // prettier-ignore
  });

  it('begins with the first line of an instance whose start line is missing', async () => {
    const lines = (await live(-30, [0.5, 1.5, 2.5, 5.5])).filter(({ time }) => time >= at(1));
    const app = coverOne(lines);
    assert.deepEqual(inHours(app), [[2, 5]]);
    assert.deepEqual(codes(app), ['lines_begin_late', 'hours_missing', 'ends_assumed']);
  });

  it('excludes what lines reported about later times before the clock was put back', async () => {
    const lines = await live(5, [5.5, 6.1, 2.5, 3.2]);
    const app = coverOne(lines);
    assert.ok(codes(app).includes('clock_put_back'));
    assert.deepEqual(inHours(app), []);
    // The clock was ahead, at hour 20, and was then put back to hour 6. The last call of the instance is in hour 7.
    const ahead = await live(0, [0.5, 1.5, 5.5, 20.5, 6.5, 7.5]);
    for (const given of [ahead, ahead.toReversed()]) assert.deepEqual(inHours(coverOne(given)), [[1, 7]]); // prettier-ignore
    // The last line before that is missing.
    const broken = await live(0, [0.5, 1.5, 5.5, 20.5, 21.5, 6.5, 7.5]);
    const kept = broken.filter(({ time }) => time !== at(21.5));
    for (const given of [kept, kept.toReversed()]) assert.deepEqual(inHours(coverOne(given)), [[1, 6]]); // prettier-ignore
  });

  it('excludes the hours around sampled lines; unknown sampling is reported as a limit', async () => {
    const steady = await live(0, [0.5, 12.1, 13.1, 14.5, 23.5]);
    const sampled = await live(0.2, [12.2, 12.6], { instance: 'i2', itemCount: 4 });
    const app = coverOne([...steady, ...sampled]);
    assert.deepEqual(inHours(app), [[14, 23]]);
    assert.ok(codes(app).includes('lines_sampled'));
    const unknown = steady.map((record) => ({ ...record, itemCount: undefined }));
    assert.ok(codes(coverOne(unknown)).includes('sampling_unknown'));
  });

  it('excludes the hours between sampled lines, up to an hour without sampled lines', async () => {
    const steady = await live(0, [0.5, 1.5, 8.2, 14.5, 15.5, 23.5], { itemCount: 1 });
    const sampled = steady.map((record) => (record.time >= at(8) && record.time < at(15) ? { ...record, itemCount: 10 } : record)); // prettier-ignore
    // Sampling may have removed all lines of another instance in between, and no line would show that.
    assert.deepEqual(inHours(coverOne(sampled)), [[16, 23]]); // prettier-ignore
  });

  it('begins after the last decision of an instance that writes no status line', async () => {
    const steady = await live(0, [0.5, 1.5, 23.5]);
    const calls = [call(6.5), call(8.2, { code: 'certificate_not_trusted' })];
    const old = await writeLines({ instance: 'old', start: at(5), calls, decisionLog: 'denials' });
    const withoutStatus = old.filter(({ line }) => line.event !== 'status');
    assert.deepEqual(inHours(coverOne([...steady, ...withoutStatus])), []);
    const more = await live(0, [0.5, 1.5, 12.5, 13.5, 23.5]);
    assert.deepEqual(inHours(coverOne([...more, ...withoutStatus])), [[13, 23]]);
  });

  it('excludes for each app the time in which the log lost the lines of all apps', async () => {
    const busy = await live(0, [0.5, 1.5, 9.5, 12.5, 16.5, 17.5, 18.5], { app: 'orders' });
    const idle = await live(0, [0.5, 1.5, 9.5, 16.6, 20.5], { app: 'refunds' });
    const short = await live(11, [11.5, 12.5], { app: 'refunds', instance: 'i2' });
    const kept = [...busy, ...idle, ...short].filter(({ time }) => time < at(10) || time >= at(16));
    const [orders, refunds] = cover(kept).apps;
    const assumed = orders?.limits.find(({ code }) => code === 'ends_assumed') ?? assert.fail();
    assert.match(assumed.sentence, /if that line was lost: 1 line is known to be missing\.$/);
    assert.deepEqual(inHours(refunds ?? assert.fail()), [[1, 10], [16, 20]]); // prettier-ignore
    const quiet = busy.filter(({ time }) => time < at(10));
    assert.deepEqual(inHours(cover([...quiet, ...idle]).apps[1] ?? assert.fail()), [[1, 20]]);
  });

  it('excludes the time of a line that leaves out callers or lacks a part', async () => {
    const calls = Array.from({ length: 2100 }, (_, index) => call(0.5, { identity: `caller-${index}` }));
    const lines = await writeLines({
      instance: 'i1',
      start: at(0),
      calls: [...calls, call(1.5), call(2.5), call(5.5)],
    });
    const app = coverOne(lines);
    assert.deepEqual(inHours(app), [[2, 5]]);
    const limit = app.limits.find(({ code }) => code === 'callers_left_out');
    assert.deepEqual(limit, describeLimit({ code: 'callers_left_out', lines: 1, calls: 100 }));
    const few = calls.slice(0, 900);
    const parts = await writeLines({ instance: 'i1', start: at(0), calls: [...few, call(1.5), call(2.5), call(5.5)] });
    assert.deepEqual(inHours(coverOne(parts)), [[1, 5]]);
    const lacking = parts.filter(({ line }) => line.event !== 'status' || line.part !== 2);
    const without = coverOne(lacking);
    assert.deepEqual(inHours(without), [[3, 5]]);
    assert.ok(codes(without).includes('parts_missing'));
  });

  it('is empty without status lines, or with those of starts only', async () => {
    const lines = await live(0, [0.5, 1.5, 2.5]);
    const decisions = coverOne(lines.filter(({ line }) => line.event === 'decision'));
    assert.deepEqual([inHours(decisions), codes(decisions)], [[], ['status_lines_missing']]);
    const starts = coverOne(lines.filter((record) => !isHourLine(record)));
    assert.deepEqual([inHours(starts), codes(starts)], [[], ['status_lines_at_start_only']]);
  });

  it("comes with what is unknown about admissions, refusals, and stores of the app's own", async () => {
    const refusals = Array.from({ length: 30 }, () => call(0.5, { code: 'role_missing' }));
    const calls = [call(0.2), ...refusals, call(1.5, { matchedBy: 'database' })];
    const app = coverOne(await writeLines({ instance: 'i1', start: begin, calls, decisionLog: 'denials' }));
    assert.ok(codes(app).includes('admissions_not_logged'));
    const all = coverOne([
      ...(await writeLines({ instance: 'i1', start: begin, calls })),
      { ...(await live(0, []))[0], time: at(3), line: { event: 'suppressed', total: 10, denials: {} } } as never,
    ]);
    assert.ok(!codes(all).includes('admissions_not_logged'));
    for (const limit of [
      { code: 'denials_suppressed', denials: 10 },
      { code: 'own_store', matchedBy: ['database'] },
    ] as const)
      assert.deepEqual(all.limits.find(({ code }) => code === limit.code), describeLimit(limit)); // prettier-ignore
  });

  it('comes with the apps and revisions that no line shows, and the time in which all apps were silent', async () => {
    const calls = [0.5, 1.5, 2.5, 9.5, 10.5];
    const apps = await Promise.all(
      ['orders', 'refunds'].map((app, index) =>
        live(0, calls, { app, document: { revision: index === 0 ? 4 : 7, sha256: 'AB'.repeat(32) } }),
      ),
    );
    const { limits } = cover(apps.flat(), { window, apps: ['Orders', 'Shipping'] });
    const facts = [
      { code: 'apps_without_lines', apps: ['Shipping'] },
      { code: 'apps_silent_together', spans: [{ from: '2027-01-04T13:00:00Z', until: '2027-01-04T19:00:00Z' }] },
      { code: 'revisions_not_seen', source: 'file trust.json', revisions: [{ from: 5, through: 6 }] },
    ] as const;
    assert.deepEqual(limits, facts.map(describeLimit)); // prettier-ignore
    assert.deepEqual(codes(cover(apps.flat())), ['apps_not_listed', 'apps_silent_together', 'revisions_not_seen']);
    for (const { sentence } of limits) assert.match(sentence, /\.$/);
  });

  it('ends with the last line of an instance if lines could not be read', async () => {
    const lines = [...(await live(0, [0.5, 12.5, 23.5])), ...(await live(3.5, [4.5, 5.25, 5.5], { instance: 'i2' }))];
    const reading = { name: 'a.log', lines: 9, records: 7, others: 0, unreadable: 0, unfinished: 0, tooLong: 0, otherVersions: 0, otherEvents: 0, malformed: 0, repeated: 0, replaced: 0, admissionUnfound: 0, outside: 0, uncompared: 0, outOfOrder: 0, withUnknownKeys: 0, unknownKeys: [], gaps: [], first: null, last: null }; // prettier-ignore
    const coverWith = (more: Partial<SourceReading>): Coverage => cover(lines, { window, readings: [{ ...reading, ...more }] }); // prettier-ignore
    const [whole = assert.fail()] = coverWith({ otherEvents: 3 }).apps;
    assert.deepEqual(inHours(whole), [[1, 5], [6, 23]]); // prettier-ignore
    for (const more of [{ unreadable: 1 }, { unfinished: 1 }, { malformed: 1 }, { tooLong: 1 }, { otherVersions: 1 }]) {
      const { apps, limits } = coverWith(more);
      assert.deepEqual(apps.map(inHours), [[[1, 5]]]);
      assert.match(
        limits.map(({ sentence }) => sentence).join(),
        /what follows the last status line of an instance is not covered/,
      );
    }
    const { apps, limits } = coverWith({ gaps: ['A part is missing.'] });
    assert.deepEqual(apps.map(inHours), [[]]);
    assert.match(
      limits.map(({ sentence }) => sentence).join(),
      /a\.log: A part is missing\. No hour is treated as covered\./,
    );
    assert.ok(codes(coverWith({ uncompared: 4 })).includes('repetitions_possible'));
  });

  it('is rounded down, and the length of the window is rounded up', () => {
    const days = (from: number, until: number): { from: number; until: number } => ({ from: at(from * 24), until: at(until * 24) }); // prettier-ignore
    assert.equal(describeCovered(measureCovered([days(0, 87.9), days(88, 89)], days(0, 89.1))), '88 of 90 days');
    assert.equal(describeCovered(measureCovered([days(0, 0.99)], days(0, 1))), '23 of 24 hours');
    assert.deepEqual(measureCovered([days(0, 3)], days(0, 3)), { unit: 'day', covered: 3, of: 3, isWhole: true });
    assert.equal(measureCovered([days(0, 3)], { from: begin, until: at(72) + 1 }).isWhole, false);
  });
});

describe('a time that is covered', () => {
  const moment = fc.integer({ min: 0, max: 72 * 60 }).map((minutes) => begin + minutes * 60_000);
  const life = fc
    .record({
      start: moment,
      calls: fc.array(fc.record({ at: moment, identity: fc.constantFrom('a', 'b') }), { maxLength: 14 }),
    }) // prettier-ignore
    .map(({ start, calls }) => ({
      start,
      calls: calls.filter((each) => each.at > start).sort((one, other) => one.at - other.at),
    }));
  const lives = fc.array(life, { minLength: 1, maxLength: 3 });

  /** Asserts that a status line reports each call in a time that is covered. */
  function assertReported(
    records: readonly LogRecord[],
    given: readonly { readonly calls: readonly WrittenCall[] }[],
  ): void {
    const tracker = new CoverageTracker();
    for (const record of records) tracker.note(record);
    const { apps } = tracker.finish({ window: { from: begin, until: begin + 80 * hour } });
    const counts = records.flatMap(({ line }) => (line.event === 'status' ? line.callers : []));
    const calls = given.flatMap((each, index) => each.calls.map((one) => ({ ...one, at: one.at + index })));
    for (const { at: time, identity } of calls) {
      const isCovered = apps.some(({ spans }) =>
        spans.map(readSpan).some(({ from, until }) => from <= time && time < until),
      );
      const isCounted = counts.some(
        (each) => each.identity === identity && Date.parse(each.first) <= time && time <= Date.parse(each.last),
      );
      assert.ok(!isCovered || isCounted, `${identity} at ${new Date(time).toISOString()}`);
    }
  }

  /**
   * What the lines name: each process is an instance of its own, all are processes of one instance, or nothing is
   * named.
   */
  const naming = fc.constantFrom('instance', 'process', 'nothing');

  async function writeAll(
    given: readonly { start: number; calls: readonly WrittenCall[] }[],
    named: 'instance' | 'process' | 'nothing',
  ): Promise<readonly LogRecord[][]> {
    // prettier-ignore
    const written: LogRecord[][] = [];
    // One process after the other, because they share the clock and the console.
    for (const [index, { start, calls }] of given.entries()) {
      // Each process is shifted by a millisecond more than the one before it, so that no two write in the same one.
      const each = { start: start + index, calls: calls.map((one) => ({ ...one, at: one.at + index })) };
      const names = {
        instance: { instance: `i${index}` },
        process: { instance: 'i', process: `p${index}` },
        nothing: {},
      };
      written.push(await writeLines({ ...each, ...names[named], decisionLog: 'denials' }));
    }
    return written;
  }

  it('contains no call that no line reports, whichever lines before the last of an instance are lost', async () => {
    const losses = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(lives, naming, losses, async (given, named, isLost) => {
        const written = await writeAll(given, named);
        const kept = written.flatMap((lines) =>
          lines.filter((_, index) => index === lines.length - 1 || isLost.next().value !== true),
        );
        assertReported(kept.sort((one, other) => one.time - other.time), given); // prettier-ignore
      }),
      { numRuns: countRuns(150) },
    );
  });

  it('contains no call that no line reports, if lines begin late and end early', async () => {
    await fc.assert(
      fc.asyncProperty(lives, naming, moment, moment, async (given, named, from, until) => {
        const kept = (await writeAll(given, named)).flat().filter(({ time }) => from <= time && time < until);
        assertReported(kept, given);
      }),
      { numRuns: countRuns(150) },
    );
  });

  it('contains no call that no line reports, whichever lines sampling has removed', async () => {
    const kept = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(lives, kept, async (given, isKept) => {
        const records = (await writeAll(given, 'instance')).flat().filter(() => isKept.next().value === true);
        assertReported(records.map((record) => ({ ...record, itemCount: 2 })), given); // prettier-ignore
      }),
      { numRuns: countRuns(50) },
    );
  });
});

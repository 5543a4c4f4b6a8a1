// In a process of its own: the clock stands still while a gate starts, and other tests go on meanwhile.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { formatInstant, parseTrustDocument, type TrustSnapshot } from '@certgate/core/internal';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import { type Coverage, CoverageTracker, type CoverageQuestion } from '../../log/coverage/coverage.js';
import type { CoverageLimitCode } from '../../log/coverage/coverage-limit.js';
import { readSpan } from '../../log/coverage/time-span.js';
import { type WrittenCall, writeLines } from '../../log/coverage/test-support/written-lines.js';
import type { LogRecord } from '../../log/reading/log-record.js';
import { readEntryAges } from './entry-ages.js';
import { describeUsage, type EntryUsage, type IdentityUsage, type Usage } from './usage.js';
import type { UsageClaim } from './usage-claim.js';
import { UsageTracker } from './usage-tracker.js';

const hour = 3_600_000;
const begin = Date.UTC(2027, 0, 4);
const at = (hours: number): number => begin + Math.round(hours * hour);
const time = (hours: number): string => formatInstant(at(hours));
const window = { from: begin, until: at(96) };
const noAges = readEntryAges([], begin);

const pinOf = (digit: string): string => digit.repeat(64);
/** The first 16 digits are the same, so `matched` in lines doesn't distinguish these pins. */
const twins = ['E'.repeat(16) + '1'.repeat(48), 'E'.repeat(16) + '2'.repeat(48)] as const;

const snapshot = parseTrustDocument({
  schemaVersion: 1,
  revision: 3,
  identities: [
    {
      name: 'busy',
      roles: [],
      pins: [{ thumbprintSha256: pinOf('A') }, { publicKeySha256: pinOf('B'), notAfter: '2030-01-01T00:00:00Z' }],
    },
    { name: 'other', roles: [], pins: [{ thumbprintSha256: pinOf('C') }] },
    { name: 'quiet', roles: [], pins: [{ thumbprintSha256: pinOf('D') }] },
    { name: 'unused', roles: [], pins: [{ thumbprintSha256: pinOf('B') }] },
    { name: 'twin', roles: [], pins: twins.map((thumbprintSha256) => ({ thumbprintSha256 })) },
  ],
});

interface Answer {
  readonly usage: Usage;
  readonly coverage: Coverage;
}

function ask(
  records: readonly LogRecord[],
  question: CoverageQuestion = { window },
  of: TrustSnapshot = snapshot,
): Answer {
  // prettier-ignore
  const [usageTracker, coverageTracker] = [new UsageTracker(), new CoverageTracker()];
  for (const record of records) {
    usageTracker.note(record);
    coverageTracker.note(record);
  }
  const coverage = coverageTracker.finish(question);
  const facts = { snapshot: of, tallies: usageTracker.identities, coverage, ages: noAges, isCut: false, now: at(96) };
  return { usage: describeUsage(facts), coverage };
}

function find({ identities }: Usage, name: string): IdentityUsage {
  return identities.find((each) => each.name === name) ?? assert.fail(name);
}

const call = (hours: number, identity: string, more: Partial<WrittenCall> = {}): WrittenCall => {
  const [pin] = snapshot.identities.find(({ name }) => name === identity)?.pins ?? [];
  const matched = pin?.value ?? pinOf('F');
  return { at: at(hours), identity, matched, thumbprintSha256: matched, ...more };
};

/** A call that was really made, and at which app. */
interface RealCall extends WrittenCall {
  readonly app: string;
}

/**
 * Asserts that an answer is true. If it says that there was no call, then neither the identity nor the entry had one in
 * a covered hour. It must not count more calls than were made.
 */
function assertTrue({ usage, coverage }: Answer, calls: readonly RealCall[], what: string): void {
  const assertClaim = (claim: UsageClaim | null, isMeant: (real: RealCall) => boolean): void => {
    if ((claim?.covered ?? null) === null) return;
    for (const real of calls.filter(isMeant)) {
      const app = coverage.apps.find((each) => each.app === real.app);
      const isCovered = app?.spans.map(readSpan).some(({ from, until }) => from <= real.at && real.at < until) ?? false;
      assert.ok(!isCovered, `${what}: ${real.identity} called ${real.app} at ${new Date(real.at).toISOString()}`);
    }
  };
  for (const { name, withoutCall, entries, admissions } of usage.identities) {
    const own = calls.filter((real) => real.identity.toLowerCase() === name);
    assertClaim(withoutCall, (real) => own.includes(real));
    for (const entry of entries)
      assertClaim(entry.withoutCall, (real) => real.matched === entry.value && entry.kind === (real.matchedBy ?? 'thumbprintSha256')); // prettier-ignore
    assert.ok(
      (admissions?.callsAtLeast ?? 0) <= own.length,
      `${what}: ${name} has at least ${admissions?.callsAtLeast} calls`,
    );
  }
}

describe('the usage of an identity', () => {
  it('has its last admission, its calls, functions, refusals and certificates', async () => {
    const calls = [
      call(0.5, 'busy'),
      call(1.5, 'busy', { function: 'Refund', code: 'role_missing' }),
      call(2.5, 'BUSY', { matchedBy: 'publicKeySha256', matched: pinOf('B'), thumbprintSha256: pinOf('1') }),
      call(3.5, 'busy', { function: 'Refund', thumbprintSha256: pinOf('A') }),
    ];
    const { usage } = ask(await writeLines({ instance: 'i1', start: at(0), calls }));
    const { admissions, refusals, certificates, entries, withoutCall } = find(usage, 'busy');
    assert.deepEqual(
      { ...admissions },
      {
        last: { at: time(3.5), app: 'orders', function: 'Refund', by: 'thumbprintSha256 AAAAAAAAAAAAAAAA' },
        first: time(0.5),
        callsAtLeast: 3,
        statusCalls: 2,
        decisionCalls: 3,
        apps: ['orders'],
        functions: [
          { name: 'Refund', calls: 1, last: time(3.5) },
          { name: 'Orders', calls: 2, last: time(2.5) },
        ],
      },
    );
    assert.deepEqual(refusals, [{ code: 'role_missing', calls: 1, last: time(1.5) }]);
    assert.deepEqual(certificates.map(({ thumbprintSha256, last }) => [thumbprintSha256, last]), [[pinOf('A'), time(3.5)], [pinOf('1'), time(2.5)]]); // prettier-ignore
    assert.deepEqual(entries.map(({ kind, admissions: own }) => [kind, own?.callsAtLeast]), [['thumbprintSha256', 2], ['publicKeySha256', 1]]); // prettier-ignore
    assert.equal(withoutCall, null);
  });

  it('has the calls of two processes, even if they wrote the same at the same time', async () => {
    const life = { instance: 'i1', start: at(0), calls: [call(0.5, 'busy'), call(1.5, 'busy')] };
    const records = [
      ...(await writeLines({ ...life, process: 'a' })),
      ...(await writeLines({ ...life, process: 'b' })),
    ];
    assert.equal(find(ask(records).usage, 'busy').admissions?.statusCalls, 2);
  });

  it('distinguishes the hash of a key from an equal thumbprint of another identity by its kind', async () => {
    const calls = [call(0.5, 'busy', { matchedBy: 'publicKeySha256', matched: pinOf('B') })];
    const { usage } = ask(await writeLines({ instance: 'i1', start: at(0), calls: [...calls, call(50.5, 'other')] }));
    assert.equal(find(usage, 'unused').admissions, null);
    assert.equal(find(usage, 'busy').entries[1]?.admissions?.callsAtLeast, 1);
  });

  it('has no function for a call that only a status line shows', async () => {
    const records = await writeLines({
      instance: 'i1',
      start: at(0),
      decisionLog: 'denials' as const,
      calls: [call(0.5, 'busy'), call(1.5, 'busy')],
    });
    const { admissions, certificates } = find(ask(records).usage, 'busy');
    assert.deepEqual([admissions?.last.at, admissions?.last.function, certificates], [time(0.5), null, []]);
  });

  it('does not say which of two pins with the same first digits a call used', async () => {
    const calls = [call(0.5, 'twin'), call(1.5, 'other')];
    const { entries } = find(ask(await writeLines({ instance: 'i1', start: at(0), calls })).usage, 'twin');
    assert.deepEqual(entries.map(({ isAmbiguous, withoutCall }: EntryUsage) => [isAmbiguous, withoutCall]), [[true, null], [true, null]]); // prettier-ignore
  });

  it('does not include calls from before the window, although its first status line reports them too', async () => {
    const early = Array.from({ length: 50 }, (_, index) => call(-20 + index / 100, 'busy'));
    const lines = await writeLines({
      instance: 'i1',
      start: at(-30),
      calls: [...early, call(1, 'busy'), call(2, 'busy'), call(3, 'busy')],
      decisionLog: 'denials',
    });
    const tracker = new UsageTracker(begin);
    for (const record of lines.filter(({ time }) => time >= begin)) tracker.note(record);
    const [busy] = tracker.identities;
    assert.deepEqual([...(busy?.matches[0]?.apps.values() ?? [])], [{ status: 2, decisions: 0 }]);
  });

  it('includes a status line once, even if two files have it under different names of its app', async () => {
    const lines = await writeLines({ instance: 'i1', start: begin, calls: [call(1, 'busy'), call(2, 'busy'), call(3, 'busy')], decisionLog: 'denials' }); // prettier-ignore
    const copies = lines.map((record) => ({ ...record, app: 'orders-copy', instance: undefined }));
    assert.equal(find(ask([...lines, ...copies]).usage, 'busy').admissions?.callsAtLeast, 2);
  });

  it('does not say which pin a call used if the line has no digits', async () => {
    const calls = [
      call(1, 'busy', { matchedBy: 'publicKeySha256' }),
      call(95, 'busy', { matchedBy: 'publicKeySha256' }),
    ];
    const written = await writeLines({ instance: 'i1', start: begin, calls });
    const without = JSON.parse(JSON.stringify(written, (key, value: unknown) => (key === 'matched' ? undefined : value))) as LogRecord[]; // prettier-ignore
    const [thumbprint, key] = find(ask(without).usage, 'busy').entries;
    assert.deepEqual([key?.isAmbiguous, key?.withoutCall, key?.admissions?.decisionCalls], [true, null, 2]);
    assert.ok((thumbprint?.withoutCall?.covered ?? null) !== null);
  });

  it('includes calls under the name in an older document, and lists callers that are in no document', async () => {
    const pin = { matched: pinOf('D'), thumbprintSha256: pinOf('D') };
    const calls = [call(0.5, 'Formerly', pin), call(0.6, 'gone'), call(1.5, 'unused', { matchedBy: 'database' })];
    const { usage } = ask(await writeLines({ instance: 'i1', start: at(0), calls }));
    assert.deepEqual(find(usage, 'quiet').entries[0]?.otherNames, ['Formerly']);
    assert.equal(find(usage, 'quiet').withoutCall, null);
    assert.deepEqual(usage.unlisted.map(({ name }) => name), ['Formerly', 'gone']); // prettier-ignore
    const { byOthers, withoutCall, entries } = find(usage, 'unused');
    assert.deepEqual([byOthers.length, withoutCall, entries[0]?.admissions], [1, null, null]);
  });

  it('includes the end that the document or a warning reports, unless the certificate was replaced', async () => {
    const records = await writeLines({ instance: 'i1', start: at(0), calls: [call(0.5, 'busy'), call(90, 'other')] });
    const warn = (identity: string, thumbprintSha256: string): LogRecord => {
      const line = { certgate: 1, event: 'expiry', time: '', code: 'access_ends_soon', identity, thumbprintSha256, endsAt: '2027-01-20T00:00:00Z', endsFirst: 'certificate', detail: '' }; // prettier-ignore
      return { line, time: at(1), app: 'orders', instance: 'i1', itemCount: 1 } as LogRecord;
    };
    const { usage } = ask([...records, warn('busy', pinOf('A')), warn('other', pinOf('C'))]);
    assert.equal(find(usage, 'other').endWarning?.at, '2027-01-20T00:00:00Z');
    assert.equal(find(usage, 'busy').certificates[0]?.endsAt, '2027-01-20T00:00:00Z');
  });
});

describe('the answer that there was no call', () => {
  it('says for how much of the time and how many apps it is true, and for which apps it is unknown', async () => {
    const life = (app: string): Promise<LogRecord[]> =>
      writeLines({ app, instance: 'i1', start: at(0), calls: [call(0.5, 'busy'), call(95.5, 'busy')] });
    const one = await life('orders');
    const claimOf = (answer: Answer): string | undefined => find(answer.usage, 'unused').withoutCall?.sentence;
    assert.equal(claimOf(ask(one)), 'no call in the 3 of 4 days that the lines cover');
    const two = [...one, ...(await life('refunds'))];
    assert.equal(claimOf(ask(two)), 'no call in the 3 of 4 days that the lines cover (orders, the least of 2 apps)');
    assert.equal(
      claimOf(ask(one, { window, apps: ['orders', 'crm'] })),
      'no call in the 3 of 4 days that the lines cover; cannot tell for crm',
    );
    assert.equal(claimOf(ask(one.slice(0, 2))), 'cannot tell: no whole day or hour is covered by the lines');
  });

  it('is limited to the time since an entry was added to the document', async () => {
    const records = await writeLines({ instance: 'i1', start: at(0), calls: [call(0.5, 'busy'), call(95.5, 'busy')] });
    const tracker = new CoverageTracker();
    for (const record of records) tracker.note(record);
    const entry = { version: 1, verb: 'add', by: 'ada', reason: 'new', revision: 3, documentSha256: 'a', previousDocumentSha256: null, signed: false } as const; // prettier-ignore
    const change = { kind: 'change', entry: { ...entry, at: '2027-01-06T00:00:00Z', changes: ['"unused" is new, with no role, every function.'] } } as const; // prettier-ignore
    const ages = readEntryAges([change], begin);
    assert.equal(ages.isUncertain, false);
    const coverage = tracker.finish({ window });
    const usage = describeUsage({ snapshot, tallies: [], coverage, ages, isCut: false, now: at(96) });
    assert.equal(
      find(usage, 'unused').withoutCall?.sentence,
      'no call in the 47 of 48 hours since 2027-01-06 that the lines cover',
    );
    assert.equal(find(usage, 'quiet').withoutCall?.since, null);
    assert.equal(ages.find({ name: 'UNUSED' }), Date.UTC(2027, 0, 6));
    assert.equal(readEntryAges([{ kind: 'change', entry: { ...change.entry, previousDocumentSha256: 'b' } }], begin).isUncertain, true); // prettier-ignore
  });

  it('is not given if there were too many callers to count', async () => {
    const records = await writeLines({ instance: 'i1', start: at(0), calls: [call(0.5, 'busy'), call(95.5, 'busy')] });
    const tracker = new CoverageTracker();
    for (const record of records) tracker.note(record);
    const facts = { snapshot, tallies: [], coverage: tracker.finish({ window }), ages: noAges, now: at(96) };
    assert.equal(find(describeUsage({ ...facts, isCut: true }), 'unused').withoutCall?.covered, null);
  });
});

interface Reason {
  readonly spoil: (records: readonly LogRecord[]) => readonly LogRecord[];
  readonly code: CoverageLimitCode | undefined;
}

/** Selects every element at a multiple of `step`: the same ones in each run. */
const isEach =
  (step: number): ((_: unknown, index: number) => boolean) =>
  (_, index) =>
    index % step === 0;
const isHourLine = ({ line }: LogRecord): boolean => line.event === 'status' && line.moment === 'hour';
const change = (isMeant: (record: LogRecord) => boolean, how: (line: never) => object): Reason['spoil'] => (records) =>
  records.map((record) => (isMeant(record) ? { ...record, line: { ...record.line, ...how(record.line as never) } } : record)); // prettier-ignore

/** The reasons why lines don't show everything, each as a change of the lines. */
const reasons: Readonly<Record<string, Reason>> = {
  sampled: { spoil: (records) => records.filter(isEach(3)).map((record) => ({ ...record, itemCount: 3 })), code: 'lines_sampled' }, // prettier-ignore
  'sampling unknown': { spoil: (records) => records.map((record) => ({ ...record, itemCount: undefined })), code: 'sampling_unknown' }, // prettier-ignore
  'admissions not logged': { spoil: (records) => records.filter(({ line }) => line.event !== 'decision'), code: 'admissions_not_logged' }, // prettier-ignore
  'no status lines': { spoil: (records) => records.filter(({ line }) => line.event !== 'status'), code: 'status_lines_missing' }, // prettier-ignore
  'starts alone': { spoil: (records) => records.filter((record) => !isHourLine(record)), code: 'status_lines_at_start_only' }, // prettier-ignore
  'hours missing': { spoil: (records) => records.filter(({ time }) => time < at(29) || at(34) < time), code: 'hours_missing' }, // prettier-ignore
  'lines begin late': { spoil: (records) => records.filter(({ time }) => at(30.2) < time), code: 'lines_begin_late' },
  'lines end early': { spoil: (records) => records.filter(({ time }) => time < at(30.4)), code: 'hours_missing' },
  'single lines lost': { spoil: (records) => records.filter((record) => !(isHourLine(record) && record.instance === 'i2' && at(30) < record.time && record.time < at(33))), code: 'lines_lost' }, // prettier-ignore
  'neither instances nor processes named': { spoil: (records) => records.map((record) => ({ ...record, instance: undefined })), code: 'processes_not_named' }, // prettier-ignore
  'parts missing': { spoil: change(isHourLine, () => ({ part: 1, parts: 2, callers: [] })), code: 'parts_missing' },
  'callers left out': { spoil: change(isHourLine, () => ({ callers: [], moreCallers: { calls: 9 } })), code: 'callers_left_out' }, // prettier-ignore
  'clock put back': { spoil: change(isHourLine, ({ time }: { time: string }) => ({ since: new Date(Date.parse(time) + hour).toISOString() })), code: 'clock_put_back' }, // prettier-ignore
  'own store': { spoil: change(({ line }) => line.event === 'decision', () => ({ matchedBy: 'database', matched: undefined })), code: 'own_store' }, // prettier-ignore
  'an app without lines': { spoil: (records) => records.filter(({ app }) => app !== 'orders'), code: 'apps_without_lines' }, // prettier-ignore
  'twice, and in another order': { spoil: (records) => [...records].reverse().flatMap((record, index) => (index % 2 === 0 ? [record, record] : [record])), code: undefined }, // prettier-ignore
  'names in another case': { spoil: change(({ line }) => line.event === 'decision' && line.identity !== undefined, ({ identity }: { identity: string }) => ({ identity: identity.toUpperCase() })), code: undefined }, // prettier-ignore
};

describe('if the lines are incomplete for any reason, or for any two reasons', () => {
  const calls: RealCall[] = [];
  const records: LogRecord[] = [];

  before(async () => {
    for (const [app, instance] of [
      ['orders', 'i1'],
      ['orders', 'i2'],
      ['refunds', 'j1'],
    ] as const) {
      // prettier-ignore
      const own = Array.from({ length: 72 }, (_, index) => call(index + (instance === 'i2' ? 0.6 : 0.5), index % 5 === 0 ? 'other' : 'busy')); // prettier-ignore
      // The identity `quiet` calls once, at one instance.
      const all = instance === 'i2' ? [...own, call(30.7, 'quiet')].sort((one, other) => one.at - other.at) : own;
      calls.push(...all.map((each) => ({ ...each, app })));
      records.push(...(await writeLines({ app, instance, start: at(0.1), calls: all })));
    }
  });

  it('no caller who called is said not to have called, and the reason is reported', () => {
    const question = { window, apps: ['orders', 'refunds'] };
    const whole = ask(records, question);
    assertTrue(whole, calls, 'all lines');
    assert.equal(find(whole.usage, 'unused').withoutCall?.covered?.covered, 2);
    for (const [name, { spoil, code }] of Object.entries(reasons)) {
      const answer = ask(spoil(records), question);
      const codes = [...answer.coverage.limits, ...answer.coverage.apps.flatMap(({ limits }) => limits)].map((limit) => limit.code); // prettier-ignore
      if (code !== undefined) assert.ok(codes.includes(code), `${name}: ${codes.join()}`);
      assertCallsOnce(name, answer);
      for (const [second, { spoil: spoilAlso }] of Object.entries(reasons)) {
        const both = `${name}, ${second}`;
        assertCallsOnce(both, ask(spoilAlso(spoil(records)), question));
      }
    }
  });

  /** The reader would omit repeated lines. Without a reader, their calls count several times. */
  function assertCallsOnce(what: string, answer: Answer): void {
    assertTrue(answer, what.includes('twice') ? [...calls, ...calls, ...calls, ...calls] : calls, what);
  }
});

describe('if instances live for random times, and random lines are lost', () => {
  const moment = fc.integer({ min: 0, max: 72 * 60 }).map((minutes) => begin + minutes * 60_000);
  const made = fc.record({ at: moment, identity: fc.constantFrom('busy', 'other', 'quiet', 'twin') });
  const life = fc.record({ start: moment, calls: fc.array(made, { maxLength: 12 }), app: fc.constantFrom('orders', 'refunds') }); // prettier-ignore

  it('no call that was made is said to be absent, and no call is counted that was not made', async () => {
    const losses = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 4 }),
        losses,
        fc.boolean(),
        async (lives, isLost, isLogged) => {
          // prettier-ignore
          const kept: LogRecord[] = [];
          const calls: RealCall[] = [];
          for (const [index, { start, app, calls: drawn }] of lives.entries()) {
            const own = drawn
              .map(({ at: time, identity }) => call((time + index - begin) / hour, identity))
              .filter((each) => each.at > start + index)
              .sort((one, other) => one.at - other.at);
            const written = await writeLines({ app, instance: `i${index}`, start: start + index, calls: own, decisionLog: isLogged ? 'all' : 'denials' }); // prettier-ignore
            const last = written.findLastIndex(({ line }) => line.event === 'status');
            kept.push(...written.filter((_, position) => position >= last || isLost.next().value !== true));
            calls.push(...own.map((each) => ({ ...each, app })));
          }
          assertTrue(ask(kept), calls, 'random');
        },
      ),
      { numRuns: countRuns(60) },
    );
  });
});

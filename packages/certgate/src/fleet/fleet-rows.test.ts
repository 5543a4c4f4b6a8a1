import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogRecord } from '../log/reading/log-record.js';
import { expectDocument } from './expected-document.js';
import { findingCodes } from './fleet-finding.js';
import { createFleet, type Fleet } from './fleet-rows.js';
import { FleetTracker } from './fleet-tracker.js';
import { compareVersions } from './newest-documents.js';
import {
  address,
  createDocument,
  day,
  hour,
  minute,
  sayDecision,
  sayStart,
  sayStatus,
  sayTrust,
  start,
} from './test-support/fleet-lines.js';

const [seven, eight] = [createDocument(7), createDocument(8)];
const ordersA = { app: 'orders', instance: 'a' };
const ordersB = { app: 'orders', instance: 'b' };
const refunds = { app: 'refunds', instance: 'r' };
const file = { source: 'file trust.json' };

function readFleet(records: readonly LogRecord[], apps?: readonly string[], silentAfter = day): Fleet {
  const tracker = new FleetTracker();
  for (const record of records) tracker.note(record);
  return createFleet(tracker, silentAfter, apps);
}

/** Of each row: the app, its instances and the codes of its findings. */
function summarize({ rows }: Fleet): readonly string[] {
  return rows.map(({ app, instances, findings }) =>
    [app, instances?.join('+') ?? '?', ...findings.map(({ code }) => code)].join(' '),
  );
}

/** A call, so that nothing is idle. */
function sayAll(...records: readonly LogRecord[]): readonly LogRecord[] {
  return records.flatMap((record) => [record, sayDecision(record, record.time - 1)]);
}

describe('the rows of a fleet', () => {
  it('are one for the instances of an app that say the same', () => {
    const fleet = readFleet([
      ...sayAll(sayStatus(ordersA, start, [eight]), sayStatus(ordersB, start + 1, [{ ...eight, ageSeconds: 30 }])),
      ...sayAll(sayStatus(refunds, start, [eight])),
    ]);
    assert.deepEqual(summarize(fleet), ['orders b+a', 'refunds r']);
    assert.equal(fleet.rows[0]?.view?.documents?.[0]?.ageSeconds, 30);
  });

  it('say by a newer decision which document runs, and what is then not known of it', () => {
    const signed = { ...seven, signedBy: ['0011223344556677'] };
    const [row] = readFleet([sayStatus(ordersA, start, [signed]), sayDecision(ordersA, start + 1, eight)]).rows;
    assert.deepEqual(row?.view?.documents, [
      {
        ...{ source: address, revision: 8, knownBy: 'decision' },
        ...{ sha256: eight.sha256.slice(0, 16), mirror: undefined, signedBy: undefined, locked: undefined },
        ageSeconds: undefined,
      },
    ]);
    const [older] = readFleet([sayStatus(ordersA, start, [signed]), sayDecision(ordersA, start - 1, eight)]).rows;
    assert.equal(older?.view?.documents?.[0]?.revision, 7);
  });

  it('take a decision of the same document as one more word for what the status line says', () => {
    const [row] = readFleet([
      sayStatus(ordersA, start, [seven, eight]),
      sayDecision(ordersA, start + minute, seven, eight),
    ]).rows;
    assert.deepEqual(
      row?.view?.documents?.map(({ revision, knownBy }) => [revision, knownBy]),
      [
        [7, 'status'],
        [8, 'status'],
      ],
    );
    assert.equal(row.view.documentsAt, start + minute);
  });

  it('begin with the apps that are behind, and then those that fail, are silent, differ, or are unsigned', () => {
    const signedBy = ['0011223344556677'];
    const others = { app: 'others', instance: 'o' };
    const fleet = readFleet(
      [
        ...sayAll(sayStatus({ app: 'well', instance: 'w' }, start, [{ ...eight, signedBy }])),
        ...sayAll(sayStatus({ app: 'late', instance: 'l' }, start + 1, [{ ...seven, signedBy }])),
        ...sayAll(sayStatus({ app: 'open', instance: 'u' }, start + 2, [eight])),
        ...sayAll(sayStatus({ app: 'gone', instance: 'g' }, start - 2 * day, [{ ...eight, signedBy }])),
        ...sayAll(sayStatus(ordersA, start, [{ ...eight, signedBy }], { frontEnd: 'nginx' })),
        ...sayAll(sayStatus(ordersB, start, [{ ...eight, signedBy }])),
        ...sayAll(sayStatus(others, start, [{ ...eight, signedBy }])),
        sayTrust(others, start + 3, { code: 'trust_document_refused', source: 'x', trustRevision: 8, detail: 'no' }),
        sayStatus({ app: 'asleep', instance: 's' }, start, [{ ...eight, signedBy }], { moment: 'start' }),
        ...sayAll(sayStatus({ app: 'old', instance: 'v' }, start, [{ ...eight, signedBy }], { version: '0.0.9' })),
      ],
      ['WELL', 'missing'],
    );
    assert.deepEqual(summarize(fleet), [
      'late l behind',
      'others o fault',
      'missing  no_line',
      'gone g silent',
      'old v old_version',
      'orders a different',
      'orders b different',
      'open u unsigned',
      'asleep s idle',
      'well w',
    ]);
  });

  it('call nobody behind whose last line is from before the newer document was seen', () => {
    const fleet = readFleet(sayAll(sayStatus(refunds, start, [seven]), sayStatus(ordersA, start + minute, [eight])));
    assert.deepEqual(summarize(fleet), ['refunds r behind_unknown', 'orders a']);
  });

  it('compare files of one app, and of others only what those ran before', () => {
    const [ownSeven, ownEight] = [
      { ...seven, ...file },
      { ...eight, ...file },
    ];
    const other = { ...createDocument(3, 99), ...file };
    assert.deepEqual(
      summarize(
        readFleet([
          ...sayAll(sayStatus(ordersA, start, [ownSeven]), sayStatus(ordersA, start + minute, [ownEight])),
          ...sayAll(sayStatus(refunds, start + 2 * minute, [ownSeven])),
          ...sayAll(sayStatus({ app: 'unrelated', instance: 'u' }, start + 2 * minute, [other])),
        ]),
      ),
      ['refunds r behind', 'orders a', 'unrelated u'],
    );
    const two = sayAll(sayStatus(ordersA, start, [ownEight]), sayStatus({ app: 'third' }, start, [ownEight]));
    assert.deepEqual(summarize(readFleet([...two, ...sayAll(sayStatus(refunds, start + 1, [other]))])), [
      'refunds r other_place',
      'orders a',
      'third ?',
    ]);
  });

  it('name another document under the same revision', () => {
    const other = createDocument(8, 99);
    const fleet = readFleet(sayAll(sayStatus(refunds, start, [other]), sayStatus(ordersA, start, [eight])));
    assert.deepEqual(summarize(fleet), ['orders a same_revision', 'refunds r same_revision']);
  });

  it('leave out an instance that newer ones have replaced, and call one of this day quiet', () => {
    const lines = [...sayAll(sayStatus(ordersA, start, [seven]), sayStatus(ordersB, start + 2 * hour, [eight]))];
    assert.deepEqual(summarize(readFleet(lines)), ['orders a behind_unknown quiet', 'orders b']);
    const later = readFleet([...lines, ...sayAll(sayStatus(ordersB, start + day + 1, [eight]))]);
    assert.deepEqual([summarize(later), later.apps[0]?.replaced], [['orders b'], 1]);
  });

  it('say what lines without instances leave open', () => {
    const app = { app: 'orders' };
    const fleet = readFleet(
      sayAll(
        sayStatus(app, start, [seven]),
        sayStatus(app, start + minute, [eight]),
        sayStatus(app, start + 2 * minute, [seven]),
      ),
    );
    assert.deepEqual(summarize(fleet), ['orders ? behind', 'orders ? overwritten']);
  });

  it('say what stands in the way, until a newer line says that it does no more', () => {
    const faults = (...records: readonly LogRecord[]): readonly (string | undefined)[] =>
      readFleet(records).rows.map(({ view }) => view?.fault?.code);
    const status = sayStatus(ordersA, start, [eight]);
    const refused = { code: 'trust_document_refused', source: 'x', trustRevision: 8, detail: 'no' } as const;
    assert.deepEqual(faults(status, sayTrust(ordersA, start + 1, refused)), ['trust_document_refused']);
    assert.deepEqual(
      faults(
        sayTrust(ordersA, start + 2, { code: 'trust_refreshed', source: 'x', trustRevision: 8 }),
        status,
        sayTrust(ordersA, start + 1, refused),
      ),
      [undefined],
    );
    assert.deepEqual(faults(sayTrust(ordersA, start - 1, refused), status), [undefined]);
    assert.deepEqual(faults(sayStatus(ordersA, start, [{ ...eight, fault: 'away' }])), ['trust_refresh_failed']);
    // The document and its lists are told of apart.
    const lists = { code: 'revocation_refresh_failed', source: 'x', detail: 'no list' } as const;
    const refreshed = { code: 'trust_refreshed', source: 'x', trustRevision: 8 } as const;
    const both = [status, sayTrust(ordersA, start + 1, refused), sayTrust(ordersA, start + 2, lists)];
    assert.deepEqual(faults(...both), ['trust_document_refused']);
    both.push(sayTrust(ordersA, start + 3, refreshed));
    assert.deepEqual(faults(...both), ['revocation_refresh_failed']);
    both.push(sayTrust(ordersA, start + 4, { code: 'revocation_refreshed', source: 'x' }));
    assert.deepEqual(faults(...both), [undefined]);
    assert.deepEqual(faults(sayStatus(ordersA, start, [{ ...eight, revocationFault: 'no list' }])), [
      'revocation_refresh_failed',
    ]);
    assert.deepEqual(faults(sayStatus(ordersA, start, [eight], { frontEndFault: 'front_end_unknown' })), [
      'front_end_unknown',
    ]);
    const failed = sayStart(ordersA, start + 1, 'gate_setup_failed');
    assert.deepEqual(faults(failed, sayStatus(ordersA, start + 2, [eight])), ['gate_setup_failed']);
    assert.deepEqual(faults(failed, sayStatus(ordersA, start + 2, [eight], { moment: 'start' })), [undefined]);
    assert.deepEqual(faults(sayStart(ordersA, start - 1, 'trust_unavailable'), status), [undefined]);
  });

  it('know no document where no line names one', () => {
    const fleet = readFleet([sayDecision(ordersA, start)]);
    assert.deepEqual(summarize(fleet), ['orders a document_unknown']);
  });

  it('have every finding that there is, of which some leave open whether a document runs', () => {
    const signed = (instance: string): LogRecord =>
      sayStatus({ app: 'signed', instance }, start, [{ ...eight, signedBy: ['0011223344556677'] }]);
    const own = { ...seven, ...file };
    const records = [
      ...[sayStatus({ app: 'behind', instance: 'b' }, start + 1, [seven]), signed('s')],
      sayStatus({ app: 'twice', instance: 't' }, start, [createDocument(8, 99)]),
      sayStatus({ app: 'faulty', instance: 'f' }, start, [{ ...eight, fault: 'away' }]),
      sayStatus({ app: 'silent', instance: 's' }, start - 2 * day, [seven]),
      sayStatus({ app: 'old', instance: 'o' }, start, [eight], { version: '0.0.9' }),
      ...[sayStatus(ordersA, start, [eight], { locked: true }), sayStatus(ordersB, start, [eight])],
      sayStatus({ app: 'early', instance: 'e' }, start - 1, [seven]),
      ...['one', 'two'].map((app) => sayStatus({ app, instance: 'i' }, start, [{ ...eight, ...file }])),
      sayStatus({ app: 'elsewhere', instance: 'e' }, start, [{ ...own, ...createDocument(3, 98) }]),
      sayDecision({ app: 'untold', instance: 'u' }, start),
      sayStatus({ app: 'quiet', instance: 'q' }, start - 2 * hour, [seven]),
      sayStatus({ app: 'quiet', instance: 'l' }, start, [eight]),
      ...[sayStatus({ app: 'raw' }, start - minute, [seven]), sayStatus({ app: 'raw' }, start, [eight])],
      ...Array.from({ length: 1_001 }, (_, index) => sayDecision({ app: 'many', instance: `m${index}` }, start, eight)),
      sayStatus({ app: 'idle', instance: 'i' }, start, [eight], { moment: 'start' }),
      ...[0, 2, 3].map((minutes) =>
        sayDecision({ app: 'turns', instance: 't' }, start + minutes * minute, minutes === 2 ? seven : eight),
      ),
    ];
    const fleet = readFleet(records, ['missing']);
    const found = new Set(fleet.rows.flatMap(({ findings }) => findings.map(({ code }) => code)));
    assert.deepEqual([...found].sort(), findingCodes.toSorted());
    const verdicts = new Map(expectDocument(fleet, eight.sha256).apps.map(({ app, verdict }) => [app, verdict]));
    for (const app of ['behind', 'twice', 'elsewhere']) assert.equal(verdicts.get(app), 'other', app);
    for (const app of ['early', 'silent', 'untold', 'quiet', 'raw', 'many', 'turns', 'missing'])
      assert.equal(verdicts.get(app), 'cannot_tell', app);
    for (const app of ['faulty', 'old', 'orders', 'idle', 'signed']) assert.equal(verdicts.get(app), 'has', app);
  });

  it('are the same whatever the order of the lines', () => {
    const records = [
      ...sayAll(sayStatus(ordersA, start, [seven]), sayStatus(ordersA, start + hour, [eight])),
      ...sayAll(sayStatus(refunds, start + hour, [seven]), sayStatus({ app: 'raw' }, start, [seven])),
      ...sayAll(sayStatus({ app: 'raw' }, start + minute, [eight])),
      sayTrust(ordersA, start + minute, { code: 'trust_refresh_failed', source: 'x', detail: 'away' }),
    ];
    const expected = summarize(readFleet(records));
    for (let turn = 1; turn < records.length; turn += 1) {
      assert.deepEqual(summarize(readFleet([...records.slice(turn), ...records.slice(0, turn)])), expected);
    }
    assert.deepEqual(summarize(readFleet(records.toReversed())), expected);
  });

  it('need no more memory for instances that come and go', () => {
    const tracker = new FleetTracker();
    for (let index = 0; index < 5_000; index += 1)
      tracker.note(sayStatus({ app: 'orders', instance: `i${index}` }, start + index * minute, [eight]));
    const [app] = tracker.apps.values();
    assert.ok(app !== undefined && app.instances.size <= 1_000 && app.facts.size === 1);
    const fleet = createFleet(tracker, 2 * hour, undefined);
    assert.ok(fleet.rows.every(({ findings }) => !findings.some(({ code }) => code === 'more_instances')));
    const crowded = createFleet(tracker, 30 * day, undefined);
    assert.ok(crowded.rows.every(({ findings }) => findings.some(({ code }) => code === 'more_instances')));
  });
});

it('versions are ordered by their numbers, and one before a release comes before it', () => {
  const sorted = ['1.10.0', '1.9.9', '1.10.0-beta.2', '1.10.0-beta.10', '2.0.0'].sort(compareVersions);
  assert.deepEqual(sorted, ['1.9.9', '1.10.0-beta.2', '1.10.0-beta.10', '1.10.0', '2.0.0']);
});

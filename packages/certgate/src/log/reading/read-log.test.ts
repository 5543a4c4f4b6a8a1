import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { LogRecord, LogWindow, SourceReading } from './log-record.js';
import { readLog } from './read-log.js';
import { formatReading } from './reading-text.js';
import { RecordReader } from './record-reader.js';
import { SeenLines } from './seen-lines.js';
import { maximumLineLength } from './text-lines.js';

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-log-'));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const time = '2026-11-25T09:14:03.215Z';

function decision(correlationId: string, more: object = {}): string {
  const line = { certgate: 1, event: 'decision', time, outcome: 'allowed', code: 'allowed', function: 'Orders' };
  return JSON.stringify({ ...line, correlationId, ...more });
}

function status(more: object = {}): string {
  return JSON.stringify({ certgate: 1, event: 'status', time, moment: 'start', since: time, callers: [], ...more });
}

interface Read {
  readonly records: readonly LogRecord[];
  readonly reading: SourceReading;
  readonly readings: readonly SourceReading[];
}

async function read(content: string | Buffer, window?: LogWindow): Promise<Read> {
  writeFileSync(join(folder, 'orders.log'), content);
  return readFiles([join(folder, 'orders.log')], window);
}

async function readFiles(files: readonly string[], window?: LogWindow): Promise<Read> {
  const records: LogRecord[] = [];
  const readings = await readLog(files, (record) => records.push(record), window);
  const [reading] = readings;
  assert.ok(reading !== undefined);
  for (const each of readings) {
    const {
      lines,
      others,
      unreadable,
      unfinished,
      tooLong,
      otherVersions,
      otherEvents,
      malformed,
      repeated,
      replaced,
      outside,
    } = each;
    const passed =
      others + unreadable + unfinished + tooLong + otherVersions + otherEvents + malformed + repeated + outside;
    assert.equal(lines, each.records + passed + replaced, 'every line is in one count');
  }
  return { records, reading, readings };
}

const ids = ({ records }: Read): readonly string[] =>
  records.map(({ line }) => (line.event === 'decision' ? line.correlationId : line.event));

/** The counts that are not zero. */
const counts = ({ reading }: Read): Record<string, number> =>
  Object.fromEntries(
    Object.entries(reading).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === 'number' && entry[1] !== 0 && !/first|last/.test(entry[0]),
    ),
  );

/** Formats rows like `az monitor log-analytics query`, which makes a text of every value and prints only the rows. */
const formatLikeAz = (rows: readonly object[]): string =>
  JSON.stringify(
    rows.map((row) => ({
      TableName: 'PrimaryResult',
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? 'None' : `${value}`])),
    })),
    null,
    2,
  );

const csv = (...cells: readonly string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');

describe('lines of gates are found', () => {
  test('as they are, behind other text, and with any line end', async () => {
    const lines = [
      decision('1'),
      `[${time}] ${decision('2')}`,
      `app-1  | ${decision('3', { detail: 'a " } c' })} tail`,
      'Host started',
      '',
      `${decision('4')}\r`,
      decision('5').replaceAll(',"', ', "').replaceAll('":', '": '),
      decision('6'),
    ];
    const found = await read(lines.join('\n'));
    assert.deepEqual(ids(found), ['1', '2', '3', '4', '5', '6']);
    assert.deepEqual(counts(found), { lines: 8, records: 6, others: 2 });
    const [first] = found.records;
    assert.deepEqual(
      [first?.app, first?.instance, first?.itemCount, first?.time],
      ['orders', undefined, undefined, Date.parse(time)],
    );
  });

  test('in each encoding that a shell or a tool writes', async () => {
    const text = `${decision('é')}\n${decision('2')}\n`;
    const wide = Buffer.from(text, 'utf16le');
    const forms: Record<string, Buffer> = {
      'UTF-8 with a mark': Buffer.from(`\ufeff${text}`),
      'UTF-16 of PowerShell': Buffer.concat([Buffer.from([0xff, 0xfe]), wide]),
      'UTF-16 without a mark': wide,
      'UTF-16, the other way': Buffer.from(Buffer.concat([Buffer.from([0xff, 0xfe]), wide])).swap16(),
      gzip: gzipSync(text),
      'gzip of UTF-16': gzipSync(wide),
    };
    for (const [form, bytes] of Object.entries(forms)) assert.deepEqual(ids(await read(bytes)), ['é', '2'], form);
    const cut = await read(gzipSync(`${text}${'x'.repeat(99)}`).subarray(0, -12));
    assert.equal(cut.reading.gaps.length, 1);
    assert.match(formatReading(cut.readings), /can't be decompressed to its end/);
  });

  test('in exports, with the app, the instance and the sampling that they name', async () => {
    const columns = ['TimeGenerated [UTC]', 'Message', 'AppRoleName', 'AppRoleInstance', 'ItemCount'];
    const row = (id: string, count: number | string): readonly (string | number)[] => [
      time,
      decision(id),
      'billing',
      'i-1',
      count,
    ];
    const asObject = (cells: readonly unknown[], names = columns): object =>
      Object.fromEntries(cells.map((cell, index) => [names[index], cell])) as object;
    const classic = ['timestamp', 'message', 'cloud_RoleName', 'cloud_RoleInstance', 'itemCount'];
    const rows = [row('1', 4), row('2', '4')];
    const exports: Record<string, string> = {
      'JSON lines': rows.map((each) => JSON.stringify(asObject(each))).join('\n'),
      'JSON lines of traces': rows.map((each) => JSON.stringify(asObject(each, classic))).join('\r\n'),
      'JSON lines within properties': rows
        .map((each) => JSON.stringify({ time, category: 'AppTraces', properties: asObject(each) }))
        .join('\n'),
      'az -o json': formatLikeAz(rows.map((each) => asObject(each))),
      'REST API': JSON.stringify({
        tables: [{ name: 'P', columns: columns.map((name) => ({ name, type: 'string' })), rows }],
      }),
    };
    exports['CSV of the portal'] = [
      columns.join(','),
      ...rows.map((each) => csv(...each.map(String))),
      csv(time, `Error: "x"\n${decision('3')}\n at y`, 'billing', 'i-1', '4'),
    ].join('\r\n');
    exports['CSV with semicolons'] = [
      columns.join(';'),
      ...rows.map((each) => each.map((cell) => csv(String(cell))).join(';')),
    ].join('\n');
    for (const [form, text] of Object.entries(exports)) {
      const found = await read(text);
      assert.deepEqual(ids(found), form === 'CSV of the portal' ? ['1', '2', '3'] : ['1', '2'], form);
      for (const { app, instance, itemCount } of found.records)
        assert.deepEqual([app, instance, itemCount], ['billing', 'i-1', 4], form);
    }
    for (const ItemCount of [0, '', 'x', 1.5, null]) {
      const [record] = (await read(JSON.stringify({ Message: decision('1'), ItemCount }))).records;
      assert.deepEqual([record?.app, record?.itemCount], ['orders', undefined]);
    }
    // If the export can't be read as a whole, it is read line by line, and the lines don't name app and instance.
    const cut = exports['az -o json']?.slice(0, -20) ?? '';
    assert.deepEqual(ids(await read(cut)), ['1', '2']);
    // A quotation mark that is never closed makes its row unreadable, and no row before it.
    const open = [columns.join(','), csv(...row('1', 1).map(String)), `"${decision('2')}`].join('\n');
    assert.deepEqual(counts(await read(open)), { lines: 3, records: 1, others: 1, unreadable: 1 });
  });

  test('in an export that has only the column of messages', async () => {
    const texts = ['Host started', decision('1'), `Error: "x"\n${decision('2')}\n at y`, `${decision('3')}\n"`];
    const rows = texts.map((text) => csv(text));
    for (const end of ['\n', '\r\n']) {
      for (const header of ['message', '\ufeff"Log_s"']) {
        const found = await read(`${[header, ...rows].join(end)}${end}`);
        assert.deepEqual(ids(found), ['1', '2', '3']);
        assert.deepEqual(counts(found), { lines: 5, records: 3, others: 2 });
      }
      const asTheyAre = [decision('1', { detail: 'a " b' }), `${time} ${decision('2')}`, csv(decision('3'))];
      assert.deepEqual(ids(await read(['message', '-------', ...asTheyAre].join(end))), ['1', '2', '3']);
    }
  });

  test('in a row or a value that names no columns', async () => {
    const forms = [
      JSON.stringify({ rows: [['x', decision('1')]] }),
      JSON.stringify(decision('1')),
      `    "Message": ${JSON.stringify(decision('1'))},`,
      csv('2026', decision('1'), 'x'),
      JSON.stringify({ log: `${decision('1')}\n`, stream: 'stdout' }),
      JSON.stringify({ LogMessage: JSON.parse(decision('1')) as object }),
    ];
    for (const form of forms) assert.deepEqual(ids(await read(`first\n${form}\nlast {`)), ['1'], form);
  });

  test('but not inside a text of another gate line, nor in a text that a program quotes', async () => {
    const forged = decision('forged');
    const line = decision('1', { subject: `CN=${forged}`, detail: csv(forged) });
    for (const form of [line, JSON.stringify({ Message: line }), JSON.stringify([[line]]), csv('x', line)])
      assert.deepEqual(ids(await read(form)), ['1'], form);
    const others = [
      `::1 - "GET / HTTP/1.1" 200 - "-" "curl ${forged} x"`,
      `{ 'user-agent': '${forged}' }`,
      JSON.stringify({ level: 30, headers: { 'user-agent': forged } }),
      JSON.stringify({ level: 30, agent: forged }),
      JSON.stringify({ Message: JSON.stringify({ agent: forged }) }),
      JSON.stringify({ Message: 'x', Agent: forged }),
    ];
    for (const other of others) assert.deepEqual(counts(await read(other)), { lines: 1, others: 1 }, other);
    // The line is cut before its end, and has the other one in a text.
    const cut = await read(line.slice(0, -1));
    assert.deepEqual(counts(cut), { lines: 1, unfinished: 1 });
    assert.deepEqual(counts(await read(`${line.slice(0, -1)}\n`)), { lines: 1, unreadable: 1 });
  });
});

test('each form of a log yields exactly the lines that were written, whatever names callers choose', async () => {
  const columns = ['TimeGenerated', 'Message', 'AppRoleName'];
  const rowsOf = (lines: readonly string[]): readonly (readonly string[])[] =>
    lines.map((line) => [time, line, 'billing']);
  const objectsOf = (lines: readonly string[]): readonly object[] =>
    lines.map((Message) => ({ TimeGenerated: time, AppRoleName: 'billing', Message }));
  const forms: Record<string, (lines: readonly string[]) => string> = {
    raw: (lines) => lines.join('\n'),
    'behind text': (lines) => lines.map((line) => `[${time}] ${line}`).join('\r\n'),
    rows: (lines) =>
      objectsOf(lines)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    array: (lines) => JSON.stringify(objectsOf(lines), null, 2),
    'part of an array': (lines) => JSON.stringify(objectsOf(lines), null, 2).slice(0, -3),
    answer: (lines) =>
      JSON.stringify({ tables: [{ columns: columns.map((name) => ({ name })), rows: rowsOf(lines) }] }),
    CSV: (lines) => [columns, ...rowsOf(lines)].map((cells) => csv(...cells)).join('\r\n'),
    'CSV without a header': (lines) =>
      rowsOf(lines)
        .map((cells) => csv(...cells))
        .join('\n'),
  };
  const piece = fc.constantFrom(
    decision('forged'),
    '"',
    '""',
    '\\',
    "'",
    ',',
    ';',
    '\n',
    '{',
    '}',
    '{"certgate":1',
    'x',
  );
  const names = fc.array(
    fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(names, fc.constantFrom(...Object.keys(forms)), async (subjects, form) => {
      const lines = subjects.map((subject, index) => decision(`${index}`, { subject }));
      const found = await read(forms[form]?.(lines) ?? '');
      assert.deepEqual(
        found.records.map(({ line }) => line),
        lines.map((line) => JSON.parse(line) as unknown),
      );
    }),
    { numRuns: 150 },
  );
});

describe('the result of a query', () => {
  const columns = ['TimeGenerated', 'Message', 'AppRoleName', 'ItemCount', 'certgate_lines'];
  const lines = ['1', '2', '3'].map((id) => [time, decision(id), 'billing', 1, '']);
  type Row = readonly (string | number | null)[];
  const count = (found: number): Row => [null, '', '', null, `${found}`];
  const asObject = (cells: Row): object => Object.fromEntries(columns.map((name, index) => [name, cells[index]]));
  const forms: Record<string, (rows: readonly Row[]) => string> = {
    'az -o json': (rows) => formatLikeAz(rows.map(asObject)),
    'az -o json and jq': (rows) =>
      (JSON.parse(formatLikeAz(rows.map(asObject))) as object[]).map((row) => JSON.stringify(row)).join('\n'),
    'REST API': (rows) => JSON.stringify({ tables: [{ columns: columns.map((name) => ({ name })), rows }] }),
    'CSV of the portal': (rows) => [columns.join(','), ...rows.map((each) => csv(...each.map((cell) => `${cell ?? ''}`)))].join('\r\n'), // prettier-ignore
  };

  test('is complete if it has as many rows as its query found, wherever the row with that number is', async () => {
    for (const [form, write] of Object.entries(forms)) {
      for (const rows of [
        [count(3), ...lines],
        [...lines.slice(1), count(3), ...lines.slice(0, 1)],
      ]) {
        const found = await read(write(rows));
        assert.deepEqual([ids(found).toSorted(), found.reading.gaps], [['1', '2', '3'], []], form);
      }
      const none = await read(write([count(0)]));
      assert.deepEqual([none.reading.records, none.reading.gaps], [0, []], form);
    }
  });

  test('is incomplete if it has another number of rows, or lacks the row with the number', async () => {
    for (const [form, write] of Object.entries(forms)) {
      for (const [rows, message] of [
        [[count(5), ...lines], /It has 3 rows, and its query found 5\./],
        [[count(2), ...lines], /It has 3 rows, and its query found 2\./],
        [lines, /It has no row with the number of its lines/],
      ] as const) {
        const found = await read(write(rows));
        assert.deepEqual(ids(found), ['1', '2', '3'], form);
        assert.match(found.reading.gaps.join(), message, form);
      }
    }
    assert.match((await read('[]')).reading.gaps.join(), /no row/);
    assert.match((await read(`${columns.join(',')}\n`)).reading.gaps.join(), /no row/);
    const cut = forms['az -o json']?.([count(3), ...lines]).slice(0, -20) ?? '';
    assert.match((await read(cut)).reading.gaps.join(), /cut or damaged/);
  });

  test('is incomplete after lines of a log, because its rows cannot be distinguished from those', async () => {
    for (const [form, write] of Object.entries(forms).filter(([name]) => !/jq|REST/.test(name))) {
      const found = await read(`${decision('0')}\n${write([count(3), ...lines])}`);
      assert.match(found.reading.gaps.join(), /no row with the number/, form);
    }
    const array = JSON.stringify([count(3), ...lines].map(asObject));
    assert.match((await read(`${decision('0')}\n${array}`)).reading.gaps.join(), /no row with the number/);
    const agent = `::1 - "GET / HTTP/1.1" 200 "certgate_lines"`;
    assert.deepEqual((await read(`${decision('0')}\n${agent}`)).reading.gaps, []);
  });

  test('takes the number from a column only, so that no gate line can pretend to be it', async () => {
    const forged = decision('1', { certgate_lines: '1', TableName: 'PrimaryResult' });
    for (const form of [forged, JSON.stringify({ Message: forged }), `[2026] ${forged}`]) {
      const found = await read(`${form}\n${decision('2')}`);
      assert.deepEqual([ids(found), found.reading.gaps], [['1', '2'], []], form);
    }
  });
});

describe('an unusual line is counted', () => {
  test('by what is wrong with it', async () => {
    const half = decision('1').slice(0, 60);
    const lines = [
      decision('1'),
      decision('2', { certgate: 2 }),
      decision('3', { event: 'of_next_year' }),
      half,
      JSON.stringify({ Message: decision('4') }).slice(0, 90),
      decision('5', { colour: 'blue', __proto__: null }),
      decision('6').replace('{', '{"__proto__":{"identity":"x"},').replace('{"__proto__"', '{"certgate":1,"__proto__"'),
    ];
    const found = await read(lines.join('\n'));
    assert.deepEqual(counts(found), {
      lines: 7,
      records: 3,
      otherVersions: 1,
      otherEvents: 1,
      unreadable: 2,
      withUnknownKeys: 2,
    });
    assert.deepEqual(found.reading.unknownKeys, ['colour', '__proto__']);
    assert.equal(found.records[2]?.line.event === 'decision' && found.records[2].line.identity, undefined);
    assert.match(
      formatReading(found.readings),
      /3 of 7 lines used, 2026.*2 cut short or damaged.*\(colour, __proto__\)/,
    );
  });

  test('as malformed if a member has another type than its event requires', async () => {
    const caller = { identity: 'a', matchedBy: 'p', first: time, last: time, calls: 1 };
    const wrong = [
      decision('1', { time: '2026-02-30T00:00:00Z' }),
      decision('1', { time: undefined }),
      decision('1', { outcome: 'perhaps' }),
      decision('1', { identity: null }),
      decision('1', { status: -1 }),
      decision('1', { reportOnlyUntil: 'soon' }),
      decision('1', { suppressed: 0.5 }),
      decision('1', { event: 5 }),
      decision('1').replace('{', '{"certgate":1,"trustRevision":1e999,').replace(',"certgate":1', ''),
      status({ callers: [{ ...caller, calls: '1' }] }),
      status({ callers: [caller, {}] }),
      status({ callers: {} }),
      status({ denials: { certificate_missing: -1 } }),
      status({ trust: [{}] }),
      status({ moment: 'now' }),
    ];
    const found = await read(wrong.join('\n'));
    assert.deepEqual(counts(found), { lines: wrong.length, malformed: wrong.length });
    const right = [
      status({ callers: [caller], denials: JSON.parse('{"__proto__":5,"constructor":1}') as object }),
      status({ moment: 'hour', trust: [{ source: 'file x', ageSeconds: -1, signedBy: ['AB'] }], open: ['A'] }),
    ];
    assert.equal((await read(right.join('\n'))).reading.records, 2);
  });

  test('as too long if it is longer than any gate line', async () => {
    const long = Buffer.alloc(20 * maximumLineLength, 'x');
    long.write('{"certgate":1,"event":"decision","detail":"');
    const found = await read(
      Buffer.concat([Buffer.from(`${decision('1')}\n`), long, Buffer.from(`\n${decision('2')}`)]),
    );
    assert.deepEqual(ids(found), ['1', '2']);
    assert.deepEqual(counts(found), { lines: 3, records: 2, tooLong: 1 });
  });

  test('in time proportional to its length, whatever a log has been filled with', async () => {
    const { user } = process.cpuUsage();
    const parts = ['{\\"certgate\\":', '{""certgate"":', '{"certgate":', '{ "certgate"', '{"certgate":1,}', '"""","'];
    for (const part of parts) {
      const found = await read(`"${part.repeat(20_000)}\n${part.repeat(20_000)}}`);
      assert.deepEqual([found.records.length, found.reading.others < 3], [0, true], part);
    }
    // Code that tries every pair of the parts would take far longer.
    assert.ok(process.cpuUsage().user - user < 20_000_000);
  });

  test('if it is out of order, or outside the requested time', async () => {
    const lines = ['03', '01', '02', '04'].map((day) => decision(day, { time: `2026-11-${day}T00:00:00Z` }));
    const all = await read(lines.join('\n'));
    assert.deepEqual(counts(all), { lines: 4, records: 4, outOfOrder: 2 });
    assert.deepEqual([all.reading.first, all.reading.last], ['2026-11-01T00:00:00Z', '2026-11-04T00:00:00Z']);
    const some = await read(lines.join('\n'), { from: Date.UTC(2026, 10, 2), until: Date.UTC(2026, 10, 3) });
    assert.deepEqual([ids(some), some.reading.outside], [['03', '02'], 2]);
  });
});

describe('the lines of one request', () => {
  const denied = { outcome: 'denied', code: 'role_missing', status: 403 };
  const takingBack = decision('1', { ...denied, after: 'allowed' });
  const all = [decision('1'), decision('2'), takingBack, decision('1', { ...denied, after: 'denied' })];

  test('are used as one, the one with the outcome, in either order', async () => {
    for (const [lines, expected] of [
      [all, ['2', '1']],
      [all.toReversed(), ['1', '2']],
    ] as const) {
      const found = await read(lines.join('\n'));
      assert.deepEqual(ids(found), expected);
      assert.deepEqual(counts(found), { lines: 4, records: 2, replaced: 2 });
      assert.match(
        formatReading(found.readings),
        /2 of 4 lines used, .*; 2 of requests whose outcome another line tells/,
      );
    }
  });

  test('are used as one, the last, if each takes back the one before: report-only lets a nested function through, another refuses', async () => {
    const again = decision('1', { function: 'Refund', after: 'allowed' });
    const last = decision('1', { ...denied, function: 'Delete', after: 'allowed' });
    for (const lines of [
      [decision('1'), again, last],
      [last, again, decision('1')],
    ]) {
      const { records, reading } = await read(lines.join('\n'));
      assert.deepEqual(
        records.map(({ line }) => line),
        [JSON.parse(last)],
      );
      assert.equal(reading.admissionUnfound, 0);
    }
  });

  test('may be in several files and thousands of lines apart; the reading says so if they are further apart', async () => {
    const others = (count: number): string =>
      Array.from({ length: count }, (_, index) => decision(`other ${index}`)).join('\n');
    const [first, second] = [join(folder, 'orders.log'), join(folder, 'orders.log.1')];
    writeFileSync(first, `${decision('1')}\n${others(15_000)}`);
    writeFileSync(second, takingBack);
    const { readings } = await readFiles([first, second]);
    assert.deepEqual(
      readings.map(({ records, replaced, admissionUnfound }) => [records, replaced, admissionUnfound]),
      [
        [15_000, 1, 0],
        [1, 0, 0],
      ],
    );
    const far = await read(`${decision('1')}\n${others(45_000)}\n${takingBack}`);
    assert.deepEqual([far.reading.records, far.reading.admissionUnfound], [45_002, 1]);
    assert.match(formatReading(far.readings), /1 used of refusals whose admission may be counted too/);
  });
});

describe('a line that came before', () => {
  test('is used once if two exports contain it, with or without an envelope', async () => {
    const envelope = (Message: string, AppRoleInstance = 'i-1'): string =>
      JSON.stringify({ Message, AppRoleName: 'orders', AppRoleInstance });
    const first = join(folder, 'orders.log');
    const second = join(folder, 'again.json');
    writeFileSync(first, [decision('1'), status(), decision('2')].join('\n'));
    const rows = [envelope(decision('2')), envelope(status()), decision('3'), envelope(status({ version: '1' }))];
    writeFileSync(second, [...rows, envelope(status({ version: '1' }), 'i-2')].join('\n'));
    for (const files of [
      [first, second],
      [second, first],
    ]) {
      const { readings } = await readFiles(files);
      assert.deepEqual(
        readings.map(({ repeated }) => repeated),
        [0, 2],
        files.join(),
      );
      assert.equal(
        readings.reduce((sum, { records }) => sum + records, 0),
        6,
        files.join(),
      );
    }
    const twice = await readFiles([first, first]);
    assert.deepEqual([twice.readings.length, twice.records.length], [1, 3]);
  });

  test('is new if another process wrote it, but not if the app has another name in the second file', async () => {
    const lines = [status({ process: 'a' }), status({ process: 'b' })];
    assert.deepEqual((await read(lines.join('\n'))).reading.repeated, 0);
    const second = join(folder, 'elsewhere.log');
    writeFileSync(second, lines.join('\n'));
    const { readings } = await readFiles([join(folder, 'orders.log'), second]);
    assert.deepEqual(readings.map(({ records }) => records), [2, 0]); // prettier-ignore
  });

  test('is new if its app or its text is different', async () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(join(folder, 'a/app.log'), status());
    writeFileSync(join(folder, 'a/b/app.log'), [status(), decision('1'), decision('1', { code: 'x' })].join('\n'));
    writeFileSync(join(folder, 'a/.hidden'), status());
    writeFileSync(join(folder, 'a/b/sales.log.2'), status());
    const { records } = await readFiles([join(folder, 'a')]);
    const apps = records.map(({ app, line }) => `${app.replace(folder, '')} ${line.event}`);
    const nested = ['status', 'decision', 'decision'].map((event) => `/a/b/app ${event}`);
    assert.deepEqual(apps, ['/a/app status', ...nested, 'sales status']);
  });
});

test('lines that can no longer be compared are reported as possible repetitions', () => {
  const records = new RecordReader(() => undefined, { from: undefined, until: undefined }, new SeenLines(0));
  const source = records.begin('\u001b[2Jorders.log');
  const sink = source.from({ app: 'orders', instance: undefined, itemCount: undefined });
  for (const text of [decision('1'), decision('1')]) sink.takeLine(JSON.parse(text) as Record<string, unknown>, text);
  const reading = source.finish();
  assert.deepEqual([reading.records, reading.uncompared, reading.repeated], [2, 2, 0]);
  const formatted = formatReading([reading]);
  assert.match(formatted, /^\\u001b\[2Jorders\.log: 2 of 2 lines used, .*; 2 used that may be repetitions/);
  assert.equal(reading.first, time);
});

test('the report on many files names those with lines that cannot be used', async () => {
  mkdirSync(join(folder, 'many'), { recursive: true });
  for (let index = 0; index < 25; index += 1) {
    const line = decision(`${index}`);
    writeFileSync(join(folder, 'many', `app-${index}.log`), `${line}\n${index < 12 ? line.slice(0, 40) : 'x'}`);
  }
  const { readings } = await readFiles([join(folder, 'many')]);
  const formatted = formatReading(readings).split('\n');
  assert.match(
    formatted[0] ?? '',
    /^25 files: 25 of 50 lines used, 2026.*; 12 at the end that may still be written; 13 not of Certgate\.$/,
  );
  assert.equal(formatted.length, 12);
  assert.match(formatted[11] ?? '', /^2 more files/);
});

test('a file that grows while it is read is read up to its first size', async () => {
  const path = join(folder, 'growing.log');
  // More bytes than are needed to recognize the file's form.
  writeFileSync(path, Array.from({ length: 50 }, (_, index) => `${decision(`${index}`)}\n`).join(''));
  const [reading] = await readLog([path], ({ line }) => {
    appendFileSync(path, `${decision(`${line.time} again`)}\n`);
  });
  assert.equal(reading?.lines, 50);
});

test('reading fails for a missing file and for a folder without files', async () => {
  await assert.rejects(
    readLog([join(folder, 'absent.log')], () => undefined),
    /There is no file .*absent\.log/,
  );
  mkdirSync(join(folder, 'empty'), { recursive: true });
  await assert.rejects(
    readLog([join(folder, 'empty')], () => undefined),
    /has no files/,
  );
});

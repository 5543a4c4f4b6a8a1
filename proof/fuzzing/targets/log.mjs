// Reads lines of gates from files and exports. Every line must be in exactly one count, each record must be a line of
// the file, and the reader may throw only a refusal with a remedy.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLog } from '../../../packages/certgate/dist/esm/log/reading/read-log.js';
import { assert, orRefusal } from '../oracles.mjs';

export const maximumLength = 6000;
export const dictionary = [
  '{"certgate":1,"event":"decision"',
  '"time":"2027-01-01T00:00:00.000Z"',
  '"tables":[',
  '"columns":',
  'timestamp [UTC]',
  'message',
  'itemCount',
  '""',
  '\r\n',
];

const folder = mkdtempSync(join(tmpdir(), 'certgate-fuzzing-'));
const file = join(folder, 'app.log');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const decision =
  '{"certgate":1,"event":"decision","time":"2027-01-01T00:00:00.000Z","outcome":"allowed","code":"allowed","function":"GetOrder","identity":"billing"}';

export function seeds() {
  const quoted = `"${decision.replaceAll('"', '""')}"`;
  return [
    `${decision}\n${decision.replace('00.000Z', '01.000Z')}\n`,
    `[2027-01-01T00:00:00.001Z] ${decision}\r\n{"certgate":1,"event":"decision","ti\n`,
    `timestamp [UTC],message,cloud_RoleName,cloud_RoleInstance,itemCount\n"1/1/2027, 12:00:00.000 AM",${quoted},app,one,2\n`,
    JSON.stringify({
      tables: [
        {
          name: 'PrimaryResult',
          columns: ['timestamp', 'message', 'cloud_RoleName', 'itemCount'].map((name) => ({ name, type: 'string' })),
          rows: [['2027-01-01T00:00:00Z', decision, 'app', 1]],
        },
      ],
    }),
    JSON.stringify([{ TimeGenerated: '2027-01-01T00:00:00Z', Message: decision, AppRoleName: 'app', ItemCount: 3 }]),
  ].map((text) => Buffer.from(text));
}

export async function fuzz(data) {
  writeFileSync(file, data);
  const records = [];
  const readings = await orRefusal(() => readLog([file], (record) => records.push(record)), 'ToolFailure');
  if (readings === undefined) return;
  const [reading] = readings;
  const { others, unreadable, unfinished, tooLong, otherVersions, otherEvents, malformed, repeated, outside } = reading;
  const counts = [
    reading.records,
    others,
    unreadable,
    unfinished,
    tooLong,
    otherVersions,
    otherEvents,
    malformed,
    repeated,
    outside,
  ];
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    reading.lines,
    JSON.stringify(reading),
  );
  assert.equal(records.length, reading.records);
  for (const { line, time } of records) {
    assert.equal(time, Date.parse(line.time));
    assert.equal(line.certgate, 1);
  }
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import type { LogRecord } from '../log/reading/log-record.js';
import { type Expectation, expectDocument } from './expected-document.js';
import { createFleet } from './fleet-rows.js';
import { FleetTracker } from './fleet-tracker.js';
import { createDocument, day, hour, minute, sayDecision, sayStatus, start } from './test-support/fleet-lines.js';

const [seven, eight] = [createDocument(7), createDocument(8)];
const orders = { app: 'orders', instance: 'a' };
const refunds = { app: 'refunds', instance: 'r' };

function expectOf(records: readonly LogRecord[], sha256 = eight.sha256, apps?: readonly string[]): Expectation {
  const tracker = new FleetTracker();
  for (const record of records) tracker.note(record);
  return expectDocument(createFleet(tracker, day, apps), sha256);
}

function summarize({ apps }: Expectation): readonly string[] {
  return apps.map(({ app, verdict, comparedDigits }) => `${app} ${verdict} ${comparedDigits ?? '-'}`);
}

describe('an expected document', () => {
  it('runs where the newest lines say so, by as many digits as they have', () => {
    const lines = [sayStatus(orders, start, [eight]), sayDecision(refunds, start, eight)];
    assert.deepEqual(summarize(expectOf(lines)), ['orders has 64', 'refunds has 16']);
    assert.deepEqual(summarize(expectOf(lines, eight.sha256.slice(0, 20))), ['orders has 20', 'refunds has 16']);
  });

  it('differs by any of the digits that are known', () => {
    const almost = `${eight.sha256.slice(0, 63)}0`;
    assert.deepEqual(summarize(expectOf([sayStatus(orders, start, [eight])], almost)), ['orders other -']);
  });

  it('runs where it is one of several', () => {
    assert.deepEqual(summarize(expectOf([sayStatus(orders, start, [seven, eight])])), ['orders has 64']);
  });

  it('is not known to be missing where the lines are older than it', () => {
    const lines = [sayStatus(orders, start, [seven]), sayStatus(refunds, start + 1, [eight])];
    assert.deepEqual(summarize(expectOf(lines)), ['orders cannot_tell -', 'refunds has 64']);
    assert.deepEqual(summarize(expectOf([...lines, sayDecision(orders, start + 2, seven)])), [
      'orders other -',
      'refunds has 64',
    ]);
    // Nobody has shown it yet.
    assert.deepEqual(summarize(expectOf(lines.slice(0, 1))), ['orders other -']);
  });

  it('must run in every instance that may still be there', () => {
    const other = { app: 'orders', instance: 'b' };
    const lines = [sayStatus(orders, start, [eight]), sayStatus(other, start + 1, [seven])];
    assert.deepEqual(summarize(expectOf(lines)), ['orders other -']);
    const quiet = [...lines, sayStatus(orders, start + 2 * hour, [eight])];
    assert.deepEqual(summarize(expectOf(quiet)), ['orders cannot_tell -']);
    const replaced = [...quiet, sayStatus(orders, start + 2 + day, [eight])];
    assert.deepEqual(summarize(expectOf(replaced)), ['orders has 64']);
  });

  it('can’t be told of an instance whose lines say it and another one by turns, as two gates write', () => {
    const gates = [
      sayStatus(orders, start, [eight]),
      sayStatus(orders, start + 1, [seven]),
      sayStatus(orders, start + hour, [seven]),
      sayStatus(orders, start + hour + 1, [eight]),
    ];
    assert.deepEqual(summarize(expectOf(gates)), ['orders cannot_tell -']);
    assert.deepEqual(summarize(expectOf(gates.toReversed())), ['orders cannot_tell -']);
    const decisions = [0, 1, 2].map((step) => sayDecision(orders, start + step * hour, step === 1 ? seven : eight));
    assert.deepEqual(summarize(expectOf(decisions)), ['orders cannot_tell -']);
    const late = [sayDecision(orders, start, eight), sayDecision(orders, start + 30_000, seven), sayDecision(orders, start + hour, eight)]; // prettier-ignore
    // Of a call that took so long.
    assert.deepEqual(summarize(expectOf(late)), ['orders has 16']);
    const long = [...gates, sayDecision(orders, start + 2 * day, eight)];
    assert.deepEqual(summarize(expectOf(long)), ['orders has 64']);
  });

  it('can’t be told where an instance that is left out said later which document it had', () => {
    const lines = [sayDecision({ app: 'orders' }, start, eight), sayDecision(orders, start + 1, seven)];
    assert.deepEqual(summarize(expectOf([...lines, sayDecision({ app: 'orders' }, start + 2 * day)])), ['orders cannot_tell -']); // prettier-ignore
    const told = sayDecision({ app: 'orders' }, start + 2 * day, eight);
    assert.deepEqual(summarize(expectOf([...lines, told])), ['orders has 16']);
  });

  it('can’t be told by what is not an SHA-256', () => {
    for (const sha256 of ['', eight.sha256.slice(0, 15), 'version 8']) {
      assert.deepEqual(summarize(expectOf([sayStatus(orders, start, [{ revision: 8, sha256 }])])), ['orders cannot_tell -']); // prettier-ignore
    }
    const lowerCase = { revision: 8, sha256: eight.sha256.toLowerCase() };
    assert.deepEqual(summarize(expectOf([sayStatus(orders, start, [lowerCase])])), ['orders has 64']);
  });

  it('can’t be told of an app without lines, or without a document in them', () => {
    const lines = [sayStatus(orders, start, [eight]), sayDecision(refunds, start)];
    assert.deepEqual(summarize(expectOf(lines, eight.sha256, ['orders', 'missing'])), [
      'missing cannot_tell -',
      'orders has 64',
      'refunds cannot_tell -',
    ]);
  });

  it('is never said to run everywhere where the newest that is known of an app is another, whatever lines are missing', () => {
    const documents = [createDocument(6), seven, eight, createDocument(8, 99)];
    const line = fc.record({
      app: fc.constantFrom('a', 'b', 'c'),
      instance: fc.constantFrom('1', '2', undefined),
      after: fc.integer({ min: 1, max: 40 * hour }),
      document: fc.constantFrom(...documents, undefined),
      isStatus: fc.boolean(),
      isRemoved: fc.boolean(),
    });
    const seen = { has: 0, other: 0, cannot_tell: 0 };
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean(), (steps, isReversed) => {
        let time = start;
        const kept: { readonly record: LogRecord; readonly sha256: string | undefined }[] = [];
        for (const { app, instance, after, document, isStatus, isRemoved } of steps) {
          time += Math.ceil(after / (isStatus ? 1 : 30));
          const said = document === undefined ? [] : [document];
          const record = isStatus
            ? sayStatus({ app, instance }, time, said)
            : sayDecision({ app, instance }, time, ...said);
          if (!isRemoved) kept.push({ record, sha256: document?.sha256 });
        }
        if (kept.length === 0) return;
        const records = kept.map(({ record }) => record);
        const { apps } = expectOf(isReversed ? records.toReversed() : records);
        for (const { app, verdict } of apps) {
          const own = kept.filter(({ record, sha256 }) => record.app === app && sha256 !== undefined);
          const newest = own.at(-1)?.sha256;
          seen[verdict] += 1;
          if (verdict === 'has') assert.equal(newest, eight.sha256);
          // Some line says so, from no earlier than the first that shows the expected document.
          if (verdict !== 'other') continue;
          const first = kept.findIndex(({ sha256 }) => sha256 === eight.sha256);
          const others = kept.filter(
            ({ record, sha256 }, index) => index >= first && record.app === app && sha256 !== eight.sha256,
          );
          assert.ok(others.some(({ sha256 }) => sha256 !== undefined));
        }
      }),
      { numRuns: countRuns(300) },
    );
    for (const count of Object.values(seen)) assert.ok(count > 0, JSON.stringify(seen));
  });

  it('is told of a minute’s difference in the order of the lines', () => {
    const lines = [sayDecision(orders, start, eight), sayDecision(orders, start + minute, seven)];
    assert.deepEqual(summarize(expectOf(lines)), ['orders other -']);
    assert.deepEqual(summarize(expectOf(lines.toReversed())), ['orders other -']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RevocationListStatus } from '../trust-store/lists-in-use.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import { RevocationLog, type RevocationLogLine } from './revocation-log.js';
import { nameProcess } from './process-id.js';

const day = 86_400_000;
const begin = Date.UTC(2027, 0, 1);
const end = begin + 3 * day;
const list: RevocationListStatus = {
  authority: 'corp',
  issuer: 'CN=Corp CA',
  number: '12',
  source: 'file corp.crl',
  isDelta: false,
  begin,
  end,
};
const reportOf = (...revocationLists: readonly RevocationListStatus[]): TrustStoreReport => ({
  description: 'file trust.json',
  revision: 1,
  warnings: [],
  fault: undefined,
  revocationLists,
});

function createStage(): {
  readonly lines: RevocationLogLine[];
  readonly note: (report: TrustStoreReport | undefined, now: number) => void;
} {
  const lines: RevocationLogLine[] = [];
  const log = new RevocationLog();
  const warn = (line: string): void => void lines.push(JSON.parse(line) as RevocationLogLine);
  const subject = { functionName: 'F', invocationId: 'id', log: () => assert.fail('no warning'), warn };
  return {
    lines,
    note: (report, now) => {
      log.note(subject, report, now);
    },
  };
}

describe('the lines about revocation lists', () => {
  it('are written once a day in the last third and after the end, and name the list', () => {
    const { lines, note } = createStage();
    note(reportOf(list), end - day - 1);
    assert.equal(lines.length, 0);
    for (const now of [end - day, end - 1, end, end + 1, end + day - 1, end + day]) note(reportOf(list), now);
    assert.deepEqual(
      lines.map(({ time, code }) => [Date.parse(time) - end, code]),
      [
        [-day, 'revocation_ends_soon'],
        [0, 'revocation_ended'],
        [day, 'revocation_ended'],
      ],
    );
    const [first] = lines;
    assert.ok(first !== undefined);
    const { detail, ...line } = first;
    assert.deepEqual(line, {
      certgate: 1,
      process: nameProcess(),
      event: 'revocation',
      time: '2027-01-03T00:00:00.000Z',
      code: 'revocation_ends_soon',
      list: { issuer: 'CN=Corp CA', number: '12', source: 'file corp.crl', end: '2027-01-04T00:00:00Z' },
    });
    assert.match(detail, /The CRL of "CN=Corp CA" ends at 2027-01-04T00:00:00Z.*\(file corp\.crl\).*"corp"/);
  });

  it('are written about each list of each store, until its successor is there', () => {
    const { lines, note } = createStage();
    const delta = { ...list, isDelta: true, number: undefined, source: undefined } as never as RevocationListStatus;
    const parts = [reportOf(list), reportOf(delta), { ...reportOf(), revocationLists: undefined }];
    note({ ...reportOf(list), parts }, end);
    assert.equal(lines.length, 2);
    assert.match(lines[1]?.detail ?? '', /^The delta CRL of "CN=Corp CA" ended at/);
    note(reportOf({ ...list, number: '13', begin: end, end: end + 3 * day }), end + 2 * day - 1);
    assert.equal(lines.length, 2);
    note(undefined, end + 9 * day);
    assert.equal(lines.length, 2);
  });
});

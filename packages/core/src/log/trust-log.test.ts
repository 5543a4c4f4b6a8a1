import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import type { LoggingCall } from './decision-channel.js';
import { TrustLog, type TrustLogLine } from './trust-log.js';
import { nameProcess } from './process-id.js';

// gate/trust-log.test.ts of azure-functions tests a file that turns bad, in an app.

const none: TrustStoreReport = { description: 'table', revision: 7, warnings: [], fault: undefined };

function createCall(): { readonly call: LoggingCall; readonly lines: Omit<TrustLogLine, 'time'>[] } {
  const lines: Omit<TrustLogLine, 'time'>[] = [];
  const write = (line: string): void => {
    const { time, ...rest } = JSON.parse(line) as TrustLogLine;
    assert.match(time, /^\d{4}-.*\.\d{3}Z$/);
    lines.push(rest);
  };
  return { call: { functionName: 'F', invocationId: 'id', log: write, warn: write }, lines };
}

test('a document with the revision of the one before is logged once', () => {
  const message = 'the content changed and the revision stayed 7';
  const reused = { ...none, warnings: [{ code: 'revision_reused', path: 'revision', message }] } as const;
  const { call, lines } = createCall();
  const log = new TrustLog();
  log.begin(none);
  const reports = [none, reused, reused, { ...reused, warnings: [...reused.warnings] }, none, reused];
  // A report that a custom store makes up refuses no call.
  for (const report of [...reports, { ...none, warnings: undefined as never }, undefined]) log.note(call, report);
  const line = {
    certgate: 1,
    process: nameProcess(),
    event: 'trust',
    code: 'revision_reused',
    source: 'table',
    trustRevision: 7,
  };
  assert.deepEqual(lines, [
    { ...line, detail: message },
    { ...line, detail: message },
  ]);
});

test('what was logged at the start is not logged again', () => {
  const fault = { ...none, fault: 'gone', failure: 'unreachable' } as const;
  const { call, lines } = createCall();
  const log = new TrustLog();
  log.begin(fault);
  for (const report of [fault, none]) log.note(call, report);
  assert.deepEqual(
    lines.map(({ code }) => code),
    ['trust_refreshed'],
  );
});

test('the document and its revocation lists are logged separately, and neither hides the other', () => {
  const usableUntil = Date.UTC(2027, 0, 1);
  const lists = { ...none, revocationFault: 'no list. Callers by the authority "corp" are refused', usableUntil };
  const refused = { fault: 'not valid', failure: 'refused' } as const;
  const { call, lines } = createCall();
  const log = new TrustLog();
  log.begin(none);
  for (const report of [lists, { ...lists, ...refused }, lists, { ...none, ...refused, usableUntil }, none, none])
    log.note(call, report);
  const line = { certgate: 1, process: nameProcess(), event: 'trust', source: 'table', trustRevision: 7 };
  const end = 'what was in use stays in use until 2027-01-01T00:00:00.000Z; then closed functions answer 503';
  const failed = { ...line, code: 'trust_document_refused', detail: `not valid (${end})` };
  assert.deepEqual(lines, [
    { ...line, code: 'revocation_refresh_failed', detail: lists.revocationFault },
    failed,
    { ...line, code: 'trust_refreshed' },
    failed,
    { ...line, code: 'revocation_refreshed' },
    { ...line, code: 'trust_refreshed' },
  ]);
});

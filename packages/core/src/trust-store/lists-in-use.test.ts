import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import { now } from '@certgate/x509/test-support/certificates.js';
import { type CrlRequest, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { until } from '@certgate/x509/test-support/until.js';
import type { FullAnswer } from '../test-support/answer-in-full.js';
import { getStage } from '../test-support/authority-stage.js';
import {
  callerSerial,
  createRevocationStage,
  type RevocationStage,
  StubBlob,
} from '../test-support/revocation-stage.js';
import { settle } from '../test-support/scripted-source.js';
import { firstOf } from './first-of.js';
import type { RevocationListEvent } from './revocation-channel.js';
import { revocationChannelName } from './trust-channel.js';
import { trustStoreFromDocument } from './document-store.js';

const { issuing } = getStage();
const list = (request: Partial<CrlRequest> = {}): Buffer => makeCrl({ authority: issuing, ...request });
const empty = list();
const revoking = list({ number: '1A', revoked: [{ serialNumber: callerSerial }] });
const gone = new Error('the storage is gone');
const [begin, end] = [Date.UTC(2027, 0, 1), Date.UTC(2027, 1, 1)];
const issuer = issuing.certificate.subjectText;
const source = 'blob https://account.blob.core.windows.net/trust/corp.crl';

const stageOf = async (...contents: readonly (Buffer | Error)[]): Promise<RevocationStage & { blobs: StubBlob[] }> => {
  const blobs = contents.map((content, index) => new StubBlob(content, index === 0 ? 'corp.crl' : `other${index}.crl`));
  const stage = await createRevocationStage({ mode: 'required', scope: 'end-entity' }, { crlBlobs: { Corp: blobs } });
  return { ...stage, blobs };
};
const listOf = (finding: FullAnswer): unknown =>
  finding.outcome === 'denied' && finding.facts !== undefined && 'list' in finding.facts
    ? finding.facts.list
    : undefined;

describe('a refusal about revocation names the list', () => {
  test('that names the certificate, even long after the list has ended', async () => {
    const { find, clock, store, document } = await stageOf(empty, revoking);
    const named = { issuer, number: '26', source: source.replace('corp', 'other1'), end };
    assert.deepEqual(listOf(await find()), named);
    clock.pass(end - now + 1);
    const later = find();
    await settle();
    await document.answerUnchanged();
    assert.deepEqual(listOf(await later), named);
    assert.ok(store.report().revocationLists?.every((each) => each.issuer === issuer));
  });

  test('that has ended', async () => {
    const { find } = await stageOf(
      list({ number: '07', lastUpdate: '20261201000000Z', nextUpdate: '20261231000000Z' }),
    );
    const finding = await find();
    assert.equal(finding.outcome === 'denied' && finding.code, 'revocation_unavailable');
    assert.deepEqual(listOf(finding), { issuer, number: '7', source, end: Date.UTC(2026, 11, 31) });
  });

  test('or no list if there never was one', async () => {
    const finding = await (await stageOf(gone)).find();
    assert.equal(finding.outcome === 'denied' && finding.code, 'revocation_unavailable');
    assert.equal(listOf(finding), undefined);
    assert.match(
      finding.outcome === 'denied' ? finding.detail : '',
      /corp\.crl: .*gone \(a CRL of the authority "corp"\)/,
    );
  });
});

describe('the lists in use', () => {
  const known = { authority: 'corp', issuer, begin, end, isDelta: false };

  test('are in the report, for each kind the one that ends last, and a fault names the issuer', async () => {
    const early = list({ number: '02', nextUpdate: '20270115000000Z' });
    const { store, blobs, refresh } = await stageOf(empty, early);
    assert.deepEqual(store.report().revocationLists, [{ ...known, number: '1', source }]);
    blobs[0]!.content = gone;
    await refresh();
    await until(() => store.report().revocationFault !== undefined);
    const { revocationFault: fault = '' } = store.report();
    assert.ok(fault.startsWith(`${source}: `) && fault.includes(`the storage is gone (a CRL of "${issuer}")`), fault);
    const both = firstOf(trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [] }), store);
    assert.deepEqual(both.report?.().parts?.[1]?.revocationLists, [{ ...known, number: '1', source }]);
  });

  test('are published on the channel whenever lists were read', async (context) => {
    const events: RevocationListEvent[] = [];
    const hear = (event: unknown): void => void events.push(event as RevocationListEvent);
    subscribe(revocationChannelName, hear);
    context.after(() => unsubscribe(revocationChannelName, hear));
    const { clock, find, document } = await stageOf(empty);
    const told = { ...known, version: 1, number: '1', source };
    assert.deepEqual(events, [{ ...told, code: 'revocation_current' }]);
    for (const [passed, code] of [
      [end - (end - begin) / 3 - now, 'revocation_ends_soon'],
      [(end - begin) / 3, 'revocation_ended'],
    ] as const) {
      clock.pass(passed);
      const asked = find();
      await settle();
      await document.answerUnchanged();
      await asked;
      assert.deepEqual(events.at(-1), { ...told, code });
    }
  });
});

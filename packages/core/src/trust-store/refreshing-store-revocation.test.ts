import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessGate } from '../access/access-gate.js';
import { authorityOf, getStage } from '../test-support/authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import {
  type RevocationStage,
  StubBlob,
  callerSerial,
  createRevocationStage,
  documentText,
  getCaller,
  nameFinding,
} from '../test-support/revocation-stage.js';
import { type CrlRequest, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { until } from '@certgate/x509/test-support/until.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { trustStoreFromDocument } from './document-store.js';
import { listDocuments } from './listed-documents.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { askInFull } from '../test-support/answer-in-full.js';

const { root, issuing } = getStage();
const list = (request: Partial<CrlRequest> = {}): Buffer => makeCrl({ authority: issuing, ...request });
const empty = list();
const revoking = list({ number: '02', revoked: [{ serialNumber: callerSerial }] });
const ofRoot = makeCrl({ authority: root });
const required = { mode: 'required', scope: 'end-entity' } as const;
const gone = new Error('the storage is gone');
const minute = 60_000;
const day = 86_400_000;

const stageOf = (
  content: ConstructorParameters<typeof StubBlob>[0],
  revocation: object | undefined = required,
): Promise<RevocationStage & { readonly blob: StubBlob }> => {
  const blob = new StubBlob(content);
  return createRevocationStage(revocation, { crlBlobs: { Corp: [blob] } }).then((stage) => ({ ...stage, blob }));
};

describe('lists', () => {
  test('are there with the first document', async () => {
    assert.equal(await (await stageOf(empty)).ask(), 'found');
    assert.equal(await (await stageOf(revoking)).ask(), 'certificate_revoked');
  });

  test('are waited for by everyone who asks, also where an earlier read found no document', async () => {
    let answer: (content: Buffer) => void = () => undefined;
    const slow = new StubBlob(new Promise<Buffer>((resolve) => (answer = resolve)));
    const document = new ScriptedSource();
    const clock = new ManualClock(now);
    const store = new RefreshingTrustStore(document, { crlBlobs: { corp: [slow] } }, clock);
    const started = store.start();
    await document.fail();
    await started;
    clock.pass(1_001);
    const ask = async (): Promise<string> => nameFinding(await askInFull(store, getCaller(), clock.wall()));
    const first = ask();
    await settle();
    await document.answer(documentText(1, required));
    const second = ask();
    await settle();
    answer(revoking);
    assert.deepEqual([await first, await second], ['certificate_revoked', 'certificate_revoked']);
  });

  test('a revocation counts within one refresh, and the verdict that was remembered ends with it', async () => {
    const { store, blob, document, clock, refresh } = await stageOf(empty);
    const gate = new AccessGate({ trustStore: store });
    const header = Buffer.from(getCaller().der).toString('base64');
    const decide = async (): Promise<string> =>
      (await gate.decide(header, { functionName: 'f', roles: [] }, clock.wall())).code;
    assert.equal(await decide(), 'allowed');
    const { version } = store;
    blob.content = revoking;
    await refresh();
    await until(() => store.version !== version);
    assert.equal(await decide(), 'certificate_revoked');
    // And goes on counting when the source goes away, or says otherwise by an older list.
    for (const content of [gone, empty, Buffer.from('x')]) {
      blob.content = content;
      await refresh();
      await until(() => store.report().revocationFault !== undefined);
      assert.equal(await decide(), 'certificate_revoked');
    }
    clock.pass(40 * day);
    const later = decide();
    await settle();
    await document.answerUnchanged();
    assert.equal(await later, 'certificate_revoked');
  });

  test('a source that fails: what it said holds to its end, and not a millisecond longer', async () => {
    const { store, blob, document, clock, refresh, find } = await stageOf(empty);
    blob.content = gone;
    await refresh();
    await until(() => store.report().revocationFault !== undefined);
    assert.match(store.report().revocationFault ?? '', /corp\.crl.*the storage is gone/);
    const finding = await find();
    assert.ok(finding.outcome === 'found');
    assert.equal(finding.currentUntil, Date.UTC(2027, 1, 1));
    assert.equal(finding.validUntil, Date.UTC(2035, 0, 1) + 1);
    const askAt = async (at: number): Promise<string> => nameFinding(await askInFull(store, getCaller(), at));
    assert.equal(await askAt(Date.UTC(2027, 1, 1) - 1), 'found');
    const late = await askInFull(store, getCaller(), Date.UTC(2027, 1, 1));
    assert.ok(late.outcome === 'denied' && late.code === 'revocation_unavailable');
    assert.match(late.detail, /due to be replaced at 2027-02-01.*the storage is gone/s);
    // Recovery.
    blob.content = list({ number: '03', lastUpdate: '20270115000000Z', nextUpdate: '20270301000000Z' });
    clock.set(Date.UTC(2027, 1, 1));
    const asked = askAt(Date.UTC(2027, 1, 1));
    await settle();
    await document.answerUnchanged();
    assert.equal(await asked, 'found');
    assert.equal(store.report().revocationFault, undefined);
  });

  test('the grace period adds to that end', async () => {
    const { store } = await stageOf(empty, { ...required, graceSeconds: 3_600 });
    const askAt = async (at: number): Promise<string> => nameFinding(await askInFull(store, getCaller(), at));
    assert.equal(await askAt(Date.UTC(2027, 1, 1) + 3_600_000 - 1), 'found');
    assert.equal(await askAt(Date.UTC(2027, 1, 1) + 3_600_000), 'revocation_unavailable');
  });

  test('an older list that is still current lets nobody back in after a cold start, where a number is the minimum', async () => {
    const issuer = 'CN=Corp issuing CA';
    // Both lists are current, and the instance has seen neither.
    assert.equal(await (await stageOf(empty)).ask(), 'found');
    const minimum = { ...required, minimumCrlNumbers: [{ issuer, number: '2' }] };
    const stage = await stageOf(empty, minimum);
    const finding = await stage.find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.match(finding.detail, /it has the number 1, and minimumCrlNumbers asks for 2 of "CN=Corp issuing CA"/);
    assert.equal(await (await stageOf(revoking, minimum)).ask(), 'certificate_revoked');
    assert.equal(await (await stageOf(list({ number: '02' }), minimum)).ask(), 'found');
    // The number is hexadecimal here: 255.
    const large = { ...required, minimumCrlNumbers: [{ issuer, number: '256' }] };
    assert.equal(await (await stageOf(list({ number: 'FF' }), large)).ask(), 'revocation_unavailable');
    assert.equal(await (await stageOf(list({ number: '0100' }), large)).ask(), 'found');
  });

  test('a minimum number is of one issuer, and of each of its lists', async () => {
    const minimumCrlNumbers = [{ issuer: 'CN=Corp issuing CA', number: '2' }];
    const askOf = async (...lists: readonly Buffer[]): Promise<string> => {
      const blobs = lists.map((each, index) => new StubBlob(each, `${index}.crl`));
      const stage = await createRevocationStage({ mode: 'required', minimumCrlNumbers }, { crlBlobs: { corp: blobs } });
      return stage.ask();
    };
    // The root's list has the number 1.
    assert.equal(await askOf(ofRoot, list({ number: '02' })), 'found');
    assert.equal(await askOf(ofRoot, list()), 'revocation_unavailable');
    assert.equal(await askOf(ofRoot, list(), revoking), 'certificate_revoked');
  });

  test('a list without a number is below every minimum, and is not accepted', async () => {
    const numberless = list({ number: null });
    const minimumCrlNumbers = [{ issuer: 'CN=Corp issuing CA', number: '0' }];
    const stage = await stageOf(numberless, { ...required, minimumCrlNumbers });
    const finding = await stage.find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.match(finding.detail, /it has no number, and minimumCrlNumbers asks for 0 of "CN=Corp issuing CA"/);
    // RFC 5280 §5.2.3: without a minimum it is accepted, and the strict profile takes nothing from it.
    assert.equal(await (await stageOf(numberless)).ask(), 'revocation_unavailable');
  });

  test('a delta list has to have the minimum too, and does not lift the list that it changes', async () => {
    const minimumCrlNumbers = [{ issuer: 'CN=Corp issuing CA', number: '2' }];
    const deltaOf = (base: string, request: Partial<CrlRequest>): Buffer =>
      list({ ...request, extensions: [`2.5.29.27 = critical, DER:0201${base}`] });
    const askOf = async (...lists: readonly Buffer[]): Promise<readonly [string, string | undefined]> => {
      const blobs = lists.map((each, index) => new StubBlob(each, `${index}.crl`));
      const stage = await createRevocationStage({ ...required, minimumCrlNumbers }, { crlBlobs: { corp: blobs } });
      return [await stage.ask(), stage.store.report().revocationFault];
    };
    const revoked = [{ serialNumber: callerSerial }];
    const whole = list({ number: '02' });
    assert.equal((await askOf(whole, deltaOf('02', { number: '03', revoked })))[0], 'certificate_revoked');
    assert.equal((await askOf(empty, deltaOf('01', { number: '03' })))[0], 'revocation_unavailable');
    const [answer, fault] = await askOf(whole, deltaOf('01', { number: '01' }));
    assert.equal(answer, 'found');
    assert.match(fault ?? '', /1\.crl.*it has the number 1, and minimumCrlNumbers asks for 2/s);
  });

  test('a list in use that a new minimum refuses counts no longer', async () => {
    const stage = await stageOf(empty);
    assert.equal(await stage.ask(), 'found');
    const minimumCrlNumbers = [{ issuer: 'CN=Corp issuing CA', number: '2' }];
    const { version } = stage.store;
    stage.clock.pass(31_000);
    await stage.ask();
    await stage.document.answer(documentText(2, { ...required, minimumCrlNumbers }));
    await until(() => stage.store.version !== version);
    const finding = await stage.find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    // The source has the same list as before, so nothing but the minimum tells why it counts no longer.
    await until(() => stage.store.report().revocationFault?.includes('minimumCrlNumbers asks for 2') === true);
  });

  test('one of the future leaves the one before in use', async () => {
    const { store, blob, refresh, ask } = await stageOf(empty);
    blob.content = list({ number: '02', lastUpdate: '20270105000000Z' });
    const { version } = store;
    await refresh();
    await until(() => store.version !== version);
    assert.equal(await ask(), 'found');
  });

  test('one source that never answers delays neither the document nor other lists', async () => {
    const blobs = [new StubBlob(empty), new StubBlob(ofRoot, 'root.crl')] as const;
    const stage = await createRevocationStage({ mode: 'required' }, { crlBlobs: { corp: blobs } });
    assert.equal(await stage.ask(), 'found');
    blobs[1].content = new Promise<Buffer>(() => undefined);
    blobs[0].content = revoking;
    const { version } = stage.store;
    await stage.refresh();
    await until(() => stage.store.version !== version);
    assert.equal(await stage.ask(), 'certificate_revoked');
    // A document that takes the caller out is in force at once as well.
    stage.clock.pass(30_001);
    assert.notEqual(stage.store.version, undefined);
    await settle();
    await stage.document.answer(documentText(2, { mode: 'required' }, { identities: [] }));
    await until(() => stage.store.report().revision === 2);
    assert.equal(await stage.ask(), 'notFound');
  });
});

describe('modes', () => {
  test('required, and nothing there: 503, with what is missing', async () => {
    const { find, store } = await stageOf(gone);
    const finding = await find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.equal(finding.identityName, 'billing');
    assert.match(finding.detail, /No CRL is about the certificate.*corp\.crl.*the storage is gone.*"billing"/s);
    assert.match(store.report().revocationFault ?? '', /the storage is gone/);
  });
  test('when-available: what is not known passes, for a minute; what is known to be revoked does not', async () => {
    const { find, blob, refresh, store, ask } = await stageOf(gone, { mode: 'when-available', scope: 'end-entity' });
    const finding = await find();
    assert.ok(finding.outcome === 'found');
    assert.deepEqual([finding.currentFrom, finding.currentUntil], [now, now + minute]);
    const { version } = store;
    blob.content = revoking;
    await refresh();
    await until(() => store.version !== version);
    assert.equal(await ask(), 'certificate_revoked');
  });
  test('off in the document and lists in the code: required', async () => {
    assert.equal(await (await stageOf(gone, undefined)).ask(), 'revocation_unavailable');
    assert.equal(await (await stageOf(gone, { mode: 'off' })).ask(), 'revocation_unavailable');
    assert.equal(await (await createRevocationStage({ mode: 'off' })).ask(), 'found');
    assert.equal(await (await createRevocationStage(undefined)).ask(), 'found');
  });
  test('scope chain wants a list for each CA below the anchor, end-entity for the caller alone', async () => {
    const chain = await stageOf(empty, { mode: 'required' });
    const finding = await chain.find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.match(finding.detail, /CA certificate "CN=Corp issuing CA"/);
    const both = await createRevocationStage(
      { mode: 'required' },
      { crlBlobs: { corp: [new StubBlob(empty), new StubBlob(ofRoot, 'root.crl')] } },
    );
    assert.equal(await both.ask(), 'found');
    const revokedCa = makeCrl({ authority: root, revoked: [{ serialNumber: '0A01' }] });
    const taken = await createRevocationStage(
      { mode: 'required' },
      { crlBlobs: { corp: [new StubBlob(empty), new StubBlob(revokedCa, 'root.crl')] } },
    );
    assert.equal(await taken.ask(), 'certificate_revoked');
  });
});

describe('crlBlobs', () => {
  test('an option that is none is an error at once', () => {
    const source = new ScriptedSource();
    for (const crlBlobs of [
      undefined,
      null,
      [],
      'corp',
      { corp: [] },
      { corp: undefined },
      { corp: {} },
      { corp: [{}] },
    ]) {
      assert.throws(() => new RefreshingTrustStore(source, { crlBlobs: crlBlobs as never }), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
    }
    const [one, two] = [new StubBlob(empty), new StubBlob(empty)];
    assert.throws(() => new RefreshingTrustStore(source, { crlBlobs: { corp: [one], CORP: [two] } }), /twice/);
  });
});

test('an authority of other certificates under the same name: its own lists alone count', async () => {
  const { document, store, clock, ask, blob } = await stageOf(revoking);
  assert.equal(await ask(), 'certificate_revoked');
  const { impostorRoot, impostor } = getStage();
  const authorities = [authorityOf({ anchors: [impostorRoot], intermediates: [impostor], revocation: required })];
  clock.pass(30_001);
  assert.notEqual(store.version, undefined);
  await settle();
  await document.answer(documentText(2, undefined, { authorities }));
  await until(() => store.report().revision === 2);
  assert.equal(await ask(), 'path_signature_invalid');
  // And back: what was revoked is read again before anybody is let in.
  blob.content = revoking;
  clock.pass(30_001);
  assert.notEqual(store.version, undefined);
  await settle();
  await document.answer(documentText(3, required));
  await until(() => store.report().revision === 3);
  assert.match(await ask(), /^certificate_revoked$|^revocation_unavailable$/);
  await until(async () => (await ask()) === 'certificate_revoked');
});

test('a document in code keeps its lists as well', async () => {
  const blob = new StubBlob(gone);
  const store = trustStoreFromDocument(documentText(1, required), { crlBlobs: { corp: [blob] } });
  await store.start?.();
  assert.equal(nameFinding(await askInFull(store, getCaller(), now)), 'revocation_unavailable');
  const other = trustStoreFromDocument(documentText(1, required), { crlBlobs: { corp: [new StubBlob(revoking)] } });
  assert.equal(nameFinding(await askInFull(other, getCaller(), now)), 'certificate_revoked');
});

test('before it has a document it lists nobody and knows no claim; then both, as the log asks', async () => {
  const unread = new RefreshingTrustStore(new ScriptedSource());
  assert.deepEqual([listDocuments(unread), unread.findClaim(getCaller(), now)], [[], undefined]);
  const { store } = await createRevocationStage(undefined);
  assert.deepEqual(
    listDocuments(store).map(({ identities }) => identities.map(({ name }) => name)),
    [['billing']],
  );
  assert.deepEqual(store.findClaim(getCaller(), now), { claimedBy: 'path', claimedIdentity: 'billing' });
});

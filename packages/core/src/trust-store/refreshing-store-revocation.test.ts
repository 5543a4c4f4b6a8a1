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

describe('revocation lists', () => {
  test('are loaded with the first document', async () => {
    assert.equal(await (await stageOf(empty)).ask(), 'found');
    assert.equal(await (await stageOf(revoking)).ask(), 'certificate_revoked');
  });

  test('are awaited by every request until the first document is in use, even after a failed read', async () => {
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

  test('revoke within one refresh, which also ends a decision that was remembered', async () => {
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
    // The revocation stays in effect when the source goes away, or gives an older list that says otherwise.
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

  test('stay in use until they end if their source fails, and not a millisecond longer', async () => {
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
    // The source works again.
    blob.content = list({ number: '03', lastUpdate: '20270115000000Z', nextUpdate: '20270301000000Z' });
    clock.set(Date.UTC(2027, 1, 1));
    const asked = askAt(Date.UTC(2027, 1, 1));
    await settle();
    await document.answerUnchanged();
    assert.equal(await asked, 'found');
    assert.equal(store.report().revocationFault, undefined);
  });

  test('stay in use for the grace period after their end', async () => {
    const { store } = await stageOf(empty, { ...required, graceSeconds: 3_600 });
    const askAt = async (at: number): Promise<string> => nameFinding(await askInFull(store, getCaller(), at));
    assert.equal(await askAt(Date.UTC(2027, 1, 1) + 3_600_000 - 1), 'found');
    assert.equal(await askAt(Date.UTC(2027, 1, 1) + 3_600_000), 'revocation_unavailable');
  });

  test('cannot be replaced by an older list after a cold start, if the document has a minimum number', async () => {
    const issuer = 'CN=Corp issuing CA';
    // The older list is current as well, and a new instance has seen neither.
    assert.equal(await (await stageOf(empty)).ask(), 'found');
    const minimum = { ...required, minimumCrlNumbers: [{ issuer, number: '2' }] };
    const stage = await stageOf(empty, minimum);
    const finding = await stage.find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.match(finding.detail, /it has the number 1, and minimumCrlNumbers asks for 2 of "CN=Corp issuing CA"/);
    assert.equal(await (await stageOf(revoking, minimum)).ask(), 'certificate_revoked');
    assert.equal(await (await stageOf(list({ number: '02' }), minimum)).ask(), 'found');
    // The number in this list is hexadecimal: FF is 255.
    const large = { ...required, minimumCrlNumbers: [{ issuer, number: '256' }] };
    assert.equal(await (await stageOf(list({ number: 'FF' }), large)).ask(), 'revocation_unavailable');
    assert.equal(await (await stageOf(list({ number: '0100' }), large)).ask(), 'found');
  });

  test('need the minimum number of their issuer, which applies to each of the issuer’s lists', async () => {
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

  test('without a number are below every minimum, and are not used', async () => {
    const numberless = list({ number: null });
    const minimumCrlNumbers = [{ issuer: 'CN=Corp issuing CA', number: '0' }];
    const stage = await stageOf(numberless, { ...required, minimumCrlNumbers });
    const finding = await stage.find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.match(finding.detail, /it has no number, and minimumCrlNumbers asks for 0 of "CN=Corp issuing CA"/);
    // RFC 5280 §5.2.3: without a minimum the list is accepted, but in the strict profile it does not show that a
    // certificate is not revoked.
    assert.equal(await (await stageOf(numberless)).ask(), 'revocation_unavailable');
  });

  test('need the minimum number in deltas too, and a delta does not raise the number of its complete list', async () => {
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

  test('are not used any more after the document sets a higher minimum', async () => {
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
    // The source still has the same list, so the report can only name the minimum.
    await until(() => stage.store.report().revocationFault?.includes('minimumCrlNumbers asks for 2') === true);
  });

  test('from the future leave the earlier list in use', async () => {
    const { store, blob, refresh, ask } = await stageOf(empty);
    blob.content = list({ number: '02', lastUpdate: '20270105000000Z' });
    const { version } = store;
    await refresh();
    await until(() => store.version !== version);
    assert.equal(await ask(), 'found');
  });

  test('delay neither the document nor other lists if their source never answers', async () => {
    const blobs = [new StubBlob(empty), new StubBlob(ofRoot, 'root.crl')] as const;
    const stage = await createRevocationStage({ mode: 'required' }, { crlBlobs: { corp: blobs } });
    assert.equal(await stage.ask(), 'found');
    blobs[1].content = new Promise<Buffer>(() => undefined);
    blobs[0].content = revoking;
    const { version } = stage.store;
    await stage.refresh();
    await until(() => stage.store.version !== version);
    assert.equal(await stage.ask(), 'certificate_revoked');
    // A document that removes the caller is also in effect at once.
    stage.clock.pass(30_001);
    assert.notEqual(stage.store.version, undefined);
    await settle();
    await stage.document.answer(documentText(2, { mode: 'required' }, { identities: [] }));
    await until(() => stage.store.report().revision === 2);
    assert.equal(await stage.ask(), 'notFound');
  });
});

describe('the revocation mode', () => {
  test('required answers 503 if there is no list, and says what is missing', async () => {
    const { find, store } = await stageOf(gone);
    const finding = await find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.equal(finding.identityName, 'billing');
    assert.match(finding.detail, /No CRL is about the certificate.*corp\.crl.*the storage is gone.*"billing"/s);
    assert.match(store.report().revocationFault ?? '', /the storage is gone/);
  });
  test('when-available admits for a minute if the status is unknown, and refuses a certificate that is known to be revoked', async () => {
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
  test('off means required if the code gives lists', async () => {
    assert.equal(await (await stageOf(gone, undefined)).ask(), 'revocation_unavailable');
    assert.equal(await (await stageOf(gone, { mode: 'off' })).ask(), 'revocation_unavailable');
    assert.equal(await (await createRevocationStage({ mode: 'off' })).ask(), 'found');
    assert.equal(await (await createRevocationStage(undefined)).ask(), 'found');
  });
  test('required with scope chain needs a list for each CA below the anchor, and with end-entity only for the caller', async () => {
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
  test('throws at once if the option is not valid', () => {
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

test('only the present CAs’ lists are used after an authority changes its certificates under the same name', async () => {
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
  // After the change back, the revoking list is read again before the caller is admitted.
  blob.content = revoking;
  clock.pass(30_001);
  assert.notEqual(store.version, undefined);
  await settle();
  await document.answer(documentText(3, required));
  await until(() => store.report().revision === 3);
  assert.match(await ask(), /^certificate_revoked$|^revocation_unavailable$/);
  await until(async () => (await ask()) === 'certificate_revoked');
});

test('a document in code keeps its revocation lists as well', async () => {
  const blob = new StubBlob(gone);
  const store = trustStoreFromDocument(documentText(1, required), { crlBlobs: { corp: [blob] } });
  await store.start?.();
  assert.equal(nameFinding(await askInFull(store, getCaller(), now)), 'revocation_unavailable');
  const other = trustStoreFromDocument(documentText(1, required), { crlBlobs: { corp: [new StubBlob(revoking)] } });
  assert.equal(nameFinding(await askInFull(other, getCaller(), now)), 'certificate_revoked');
});

test('a store lists no documents and finds no claim until it has a document', async () => {
  const unread = new RefreshingTrustStore(new ScriptedSource());
  assert.deepEqual([listDocuments(unread), unread.findClaim(getCaller(), now)], [[], undefined]);
  const { store } = await createRevocationStage(undefined);
  assert.deepEqual(
    listDocuments(store).map(({ identities }) => identities.map(({ name }) => name)),
    [['billing']],
  );
  assert.deepEqual(store.findClaim(getCaller(), now), { claimedBy: 'path', claimedIdentity: 'billing' });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { AccessGate } from '../access/access-gate.js';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import { getStage, issueCaller } from '../test-support/authority-stage.js';
import { formatInstant } from '@certgate/x509/internal';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { type OcspServer, answerFrom, startOcspServer } from '../test-support/ocsp-stage.js';
import { StubBlob, documentText, getCaller, nameFinding } from '../test-support/revocation-stage.js';
import { until } from '@certgate/x509/test-support/until.js';
import { noCheck, responderExtensions } from '@certgate/x509/test-support/ocsp.js';
import { issue, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { askInFull, type FullAnswer } from '../test-support/answer-in-full.js';

const { issuing, impostor } = getStage();
const minute = 60_000;
const good = answerFrom({ '1234': 'V' });
const requirement = { functionName: 'f', roles: [] };
const header = Buffer.from(getCaller().der).toString('base64');
/** Valid today, since openssl writes the time of the call into its OCSP answers. */
const list = makeCrl({ authority: issuing, lastUpdate: '20260101000000Z', nextUpdate: '20340101000000Z' });

const registered = {
  name: 'billing',
  roles: ['reader'],
  names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }],
};

interface OcspStage {
  readonly store: RefreshingTrustStore;
  readonly document: ScriptedSource;
  readonly clock: ManualClock;
  readonly find: () => Promise<FullAnswer>;
  readonly ask: () => Promise<string>;
}

describe('OCSP through a store', () => {
  let server: OcspServer;
  let elsewhere: OcspServer;
  let questionsBefore = 0;
  const countQuestions = (): number => server.questions.length - questionsBefore;
  before(async () => {
    [server, elsewhere] = await Promise.all([startOcspServer(), startOcspServer()]);
  });
  after(() => Promise.all([server.close(), elsewhere.close()]));
  beforeEach(() => {
    questionsBefore = server.questions.length;
    server.answerWith(good);
  });

  async function createStage(revocation: object = {}, lists: readonly Buffer[] = []): Promise<OcspStage> {
    const document = new ScriptedSource();
    const clock = new ManualClock(Date.now());
    const { wall, monotonic } = clock;
    const crlBlobs = lists.length === 0 ? {} : { crlBlobs: { corp: lists.map((each) => new StubBlob(each)) } };
    const store = new RefreshingTrustStore(document, crlBlobs, { wall, monotonic, random: () => 0 });
    const started = store.start();
    await document.answer(documentText(1, { ocsp: server.url, scope: 'end-entity', ...revocation }));
    await started;
    const find = async (): Promise<FullAnswer> => askInFull(store, getCaller(), clock.wall());
    return { store, document, clock, find, ask: async () => nameFinding(await find()) };
  }

  test('remembers a good answer until it ends, and then asks again', async () => {
    const { store, clock } = await createStage();
    const gate = new AccessGate({ trustStore: store });
    const began = clock.wall();
    const decideAt = async (at: number): Promise<string> => (await gate.decide(header, requirement, at)).code;
    for (let time = 0; time < 3; time += 1) assert.equal(await decideAt(began), 'allowed');
    assert.equal(countQuestions(), 1);
    server.answerWith(answerFrom({ '1234': 'R keyCompromise' }));
    assert.equal(await decideAt(began + 59 * minute), 'allowed');
    assert.equal(await decideAt(began + 61 * minute), 'certificate_revoked');
    server.respondWith((response) => response.destroy());
    assert.equal(await decideAt(began + 99 * minute), 'certificate_revoked');
  });

  test('uses the end of the answer even if a list also shows that the certificate is good', async () => {
    const { find } = await createStage({}, [list]);
    const finding = await find();
    assert.ok(finding.outcome === 'found');
    assert.ok((finding.currentUntil ?? Infinity) < Date.now() + 61 * minute);
    assert.equal(countQuestions(), 1);
  });

  test('admits by a list while the responder is down, and asks again within a minute', async () => {
    server.respondWith((response) => response.destroy());
    const { find, clock, store } = await createStage({}, [list]);
    const finding = await find();
    assert.ok(finding.outcome === 'found');
    assert.ok((finding.currentUntil ?? Infinity) <= clock.wall() + minute);
    server.answerWith(answerFrom({ '1234': 'R' }));
    const later = await askInFull(store, getCaller(), clock.wall() + minute);
    assert.equal(nameFinding(later), 'certificate_revoked');
  });

  test('uses the grace period only while the responder is down, and still asks', async () => {
    const { store, clock } = await createStage({ graceSeconds: 86_400 });
    const askAt = async (at: number): Promise<FullAnswer> => askInFull(store, getCaller(), at);
    assert.equal(nameFinding(await askAt(clock.wall())), 'found');
    server.respondWith((response) => response.destroy());
    const later = clock.wall() + 120 * minute;
    const finding = await askAt(later);
    assert.ok(finding.outcome === 'found');
    assert.ok((finding.currentUntil ?? Infinity) <= later + minute);
    server.answerWith(answerFrom({ '1234': 'R' }));
    assert.equal(nameFinding(await askAt(later + minute)), 'certificate_revoked');
  });

  test('answers 503 if the responder is down in mode required, names the responder and its fault, and recovers', async () => {
    server.respondWith((response) => response.writeHead(500).end());
    const { find, store, clock } = await createStage();
    const finding = await find();
    assert.ok(finding.outcome === 'denied' && finding.code === 'revocation_unavailable');
    assert.match(finding.detail, /"CN=billing".*OCSP responder http:\/\/127\.0\.0\.1:\d+\/ocsp: .*answered 500/);
    server.answerWith(good);
    assert.equal(nameFinding(await askInFull(store, getCaller(), clock.wall() + 2_000)), 'found');
  });

  test('admits if the responder is down in mode when-available, and remembers that for at most a minute', async () => {
    server.respondWith((response) => response.destroy());
    const { find, clock } = await createStage({ mode: 'when-available' });
    const finding = await find();
    assert.ok(finding.outcome === 'found');
    assert.equal(finding.currentUntil, clock.wall() + minute);
  });

  test('asks no responder about a certificate that needs no revocation information', async () => {
    const maximum = { mode: 'required', noRevAvailMaximumLifetimeSeconds: 2_592_000 };
    const { store, clock } = await createStage(maximum);
    const today = (days: number): string => `${formatInstant(clock.wall() + days * 1440 * minute).replace(/[-:T]|\..*|Z/g, '')}Z`; // prettier-ignore
    const issueFor = (days: number): PresentedCertificate =>
      presentCertificate(issueCaller({ notBefore: today(-1), notAfter: today(days), extensions: [...clientExtensions, '2.5.29.56 = DER:0500'] }).der); // prettier-ignore
    server.respondWith((response) => response.destroy());
    assert.equal(nameFinding(await askInFull(store, issueFor(1), clock.wall())), 'found');
    assert.equal(countQuestions(), 0);
    assert.equal(nameFinding(await askInFull(store, issueFor(60), clock.wall())), 'revocation_unavailable');
    assert.equal(countQuestions(), 1);
  });

  test('asks one question for 50 requests at once, which all use its answer', async () => {
    const { store, clock } = await createStage();
    const gate = new AccessGate({ trustStore: store });
    const decisions = await Promise.all(
      Array.from({ length: 50 }, async () => gate.decide(header, requirement, clock.wall())),
    );
    assert.ok(decisions.every(({ code }) => code === 'allowed'));
    assert.equal(countQuestions(), 1);
  });

  test('asks nothing about a path that is not valid, or about an unknown caller', async () => {
    const { store, clock } = await createStage({ mode: 'required' }, [
      makeCrl({
        authority: issuing,
        lastUpdate: '20260101000000Z',
        nextUpdate: '20340101000000Z',
        revoked: [{ serialNumber: '6666' }],
      }),
    ]);
    const refused = [
      issueCaller({ issuer: impostor }),
      issueCaller({ names: ['DNS:other.example'] }),
      issueCaller({ extensions: ['extendedKeyUsage = serverAuth'] }),
      issueCaller({ notAfter: '20260601000000Z' }),
      issueCaller({ extensions: [...clientExtensions, '1.2.3.4 = critical, DER:0500'] }),
      issueCaller({ serialNumber: '6666' }),
    ];
    for (const { der } of refused) {
      const finding = await askInFull(store, presentCertificate(der), clock.wall());
      assert.notEqual(nameFinding(finding), 'found');
    }
    assert.equal(countQuestions(), 0);
  });

  test('never asks the responder that the certificate names', async () => {
    elsewhere.answerWith(answerFrom({ '2345': 'V' }));
    server.answerWith(answerFrom({}));
    const access = `authorityInfoAccess = OCSP;URI:${elsewhere.url}, caIssuers;URI:${elsewhere.url}`;
    const point = `crlDistributionPoints = URI:${elsewhere.url}`;
    const { der } = issueCaller({ serialNumber: '2345', extensions: [...clientExtensions, access, point] });
    const { store, clock } = await createStage();
    const finding = await askInFull(store, presentCertificate(der), clock.wall());
    assert.equal(nameFinding(finding), 'revocation_unavailable');
    assert.deepEqual([countQuestions(), elsewhere.questions.length], [1, 0]);
  });

  for (const [what, identities, expected] of [
    ['disabled', [{ ...registered, enabled: false }], 'identity_disabled'],
    ['taken out', [], 'notFound'],
  ] as const) {
    test(`does not admit by the earlier document an identity that was ${what} while its responder was asked`, async () => {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      server.answerWith(async (request) => {
        await held;
        return good(request);
      });
      const { ask, document, store, clock } = await createStage();
      const asked = ask();
      await until(() => countQuestions() === 1);
      clock.pass(30_001);
      assert.notEqual(store.version, undefined);
      await settle();
      await document.answer(documentText(2, { ocsp: server.url, scope: 'end-entity' }, { identities }));
      await until(() => store.report().revision === 2);
      release();
      assert.equal(await asked, expected);
    });
  }

  test('confirms a nomination at once if no responder needs to be asked', async () => {
    const { store, clock } = await createStage({ ocsp: undefined, mode: 'off' });
    const finding = await store.find(getCaller(), clock.wall());
    assert.ok(finding.outcome === 'nominated');
    const confirmed = finding.confirm();
    assert.ok('outcome' in confirmed && confirmed.outcome === 'found');
  });

  test('no longer asks a responder that the document leaves out, and keeps what it revoked', async () => {
    server.answerWith(answerFrom({ '1234': 'R keyCompromise' }));
    const { ask, document, store, clock } = await createStage();
    assert.equal(await ask(), 'certificate_revoked');
    clock.pass(30_001);
    assert.notEqual(store.version, undefined);
    await settle();
    await document.answer(documentText(2, { mode: 'when-available' }));
    await until(() => store.report().revision === 2);
    assert.equal(await ask(), 'certificate_revoked');
    assert.equal(countQuestions(), 1);
  });

  test('keeps a delegate’s revocation after the delegate’s certificate has ended, if the responder does not answer', async () => {
    const { store, clock } = await createStage({ mode: 'when-available' });
    const notAfter = `${formatInstant(clock.wall() + 30 * minute).replace(/[-:T]|\..*|Z/g, '')}Z`;
    const extensions = [...responderExtensions, noCheck];
    const responder = issue({ issuer: issuing, name: 'delegate', serialNumber: '9999', extensions, notAfter });
    server.answerWith(answerFrom({ '1234': 'R keyCompromise' }, { responder }));
    const askAt = async (at: number): Promise<string> => nameFinding(await askInFull(store, getCaller(), at));
    assert.equal(await askAt(clock.wall()), 'certificate_revoked');
    server.respondWith((response) => response.destroy());
    assert.equal(await askAt(clock.wall() + 60 * minute), 'certificate_revoked');
  });

  test('keeps a revocation by a delegate without ocsp-nocheck, unless the delegate is known to be revoked', async () => {
    const stamp = (at: number): string => `${formatInstant(at).replace(/[-:T]|\..*|Z/g, '')}Z`;
    const began = Date.now();
    const responder = issue({
      issuer: issuing,
      name: 'delegate',
      serialNumber: '9999',
      extensions: responderExtensions,
    });
    const times = { lastUpdate: '20260101000000Z', nextUpdate: stamp(began + 60 * minute) };
    for (const [revoked, expected] of [
      [[], 'certificate_revoked'],
      [[{ serialNumber: '9999' }], 'found'],
    ] as const) {
      server.answerWith(answerFrom({ '1234': 'R keyCompromise' }, { responder }));
      const ofCa = makeCrl({ authority: issuing, ...times, revoked });
      const { store } = await createStage({ mode: 'when-available' }, [ofCa]);
      for (const at of [began, began + 120 * minute]) {
        assert.equal(nameFinding(await askInFull(store, getCaller(), at)), expected);
        server.respondWith((response) => response.destroy());
      }
    }
  });
});

import assert from 'node:assert/strict';
import { type TestContext, after, before, beforeEach, describe, test } from 'node:test';
import type { OcspWanted } from '../trust-snapshot/authority-path.js';
import { decodePathCertificate, encodeOcspRequest, findOcspStatus, type PathCertificate } from '@certgate/x509/path';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import { issue, type MadeAuthority } from '@certgate/x509/test-support/revocation.js';
import { getStage, issueCaller } from '../test-support/authority-stage.js';
import { getNode } from '@certgate/x509/test-support/der-editing.js';
import { answerOcsp, editOcsp } from '@certgate/x509/test-support/ocsp.js';
import { type OcspServer, answerFrom, startOcspServer } from '../test-support/ocsp-stage.js';
import { settle } from '../test-support/scripted-source.js';
import { until } from '@certgate/x509/test-support/until.js';
import { OcspKeeper } from './ocsp-keeper.js';

const { issuing, impostor } = getStage();
const { certificate } = issueCaller({ serialNumber: '1234' });
const other = issueCaller({ serialNumber: '5678' }).certificate;
const issuer = issuing.certificate;
/** openssl writes the time of the call into its answers. */
const now = Date.now();
const second = 1_000;

describe('OcspKeeper', () => {
  let server: OcspServer;
  let keeper: OcspKeeper;
  let questionsBefore = 0;
  before(async () => {
    server = await startOcspServer();
  });
  after(() => server.close());
  beforeEach(() => {
    keeper = new OcspKeeper({ answerTimeoutMilliseconds: 60_000, maximumKept: 8 });
    questionsBefore = server.questions.length;
  });

  const wantedOf = (about = certificate, responder = server.url, allowMissingNonce = false): OcspWanted => ({
    responder,
    allowMissingNonce,
    certificate: about,
    issuer,
  });
  const countQuestions = (): number => server.questions.length - questionsBefore;
  const statusOf = (
    about: PathCertificate = certificate,
    responder: string | null = server.url,
    allowMissingNonce = false,
  ): string =>
    findOcspStatus({
      certificate: about,
      issuer,
      // Null if the authority has no responder any more.
      responses: keeper.find(responder === null ? undefined : { responder, allowMissingNonce }, about),
      profile: 'strict',
      now: Date.now(),
      graceMilliseconds: 0,
      clockSkewMilliseconds: 60_000,
      isAlgorithmAccepted: () => true,
    }).status;
  const faultOf = (about: PathCertificate = certificate): string =>
    keeper.findFault({ responder: server.url, allowMissingNonce: false }, about) ?? '';

  test('keeps a good answer, and does not ask again for 5 seconds', async (context) => {
    context.mock.method(performance, 'now', () => 0);
    server.answerWith(answerFrom({ '1234': 'V' }));
    for (const elapsed of [0, 0, 5 * second - 1]) await keeper.ask(wantedOf(), now + elapsed);
    assert.deepEqual([statusOf(), countQuestions(), faultOf()], ['good', 1, '']);
    // An answer about one certificate shows nothing about another.
    assert.equal(statusOf(other), 'unknown');
    await keeper.ask(wantedOf(), now + 5 * second);
    assert.equal(countQuestions(), 2);
    // If the clock is set back, the 5 seconds don't get longer.
    await keeper.ask(wantedOf(), now + 5 * second - 1);
    assert.equal(countQuestions(), 3);
  });

  test('checks an answer at the time at which it comes', async (context) => {
    let clock = 1e12;
    context.mock.method(performance, 'now', () => clock);
    const answer = answerFrom({ '1234': 'V' });
    server.answerWith((request) => {
      clock += 600 * second;
      return answer(request);
    });
    await keeper.ask(wantedOf(), now - 600 * second);
    assert.deepEqual([statusOf(), faultOf()], ['good', '']);
  });

  test('keeps a revocation when the responder goes away, another responder disagrees, or many answers come', async () => {
    server.answerWith(answerFrom({ '1234': 'R keyCompromise', '5678': 'V' }));
    await keeper.ask(wantedOf(), now);
    // A revocation that is already known is not a new one.
    await keeper.ask(wantedOf(), now + 30 * second);
    assert.deepEqual([countQuestions(), keeper.revocations], [2, 1]);
    server.respondWith((response) => response.destroy());
    await keeper.ask(wantedOf(), now + 60 * second);
    assert.equal(statusOf(), 'revoked');
    assert.equal(statusOf(certificate, null), 'revoked');
    server.answerWith(answerFrom({ '1234': 'V' }));
    await keeper.ask(wantedOf(certificate, `${server.url}/another`), now);
    assert.equal(statusOf(certificate, `${server.url}/another`), 'revoked');
    const many = Array.from({ length: 20 }, (_, index) => imitate(index));
    server.answerWith(answerFrom(Object.fromEntries(many.map(({ serialNumber }) => [serialNumber, 'V']))));
    await Promise.all(many.map((each) => keeper.ask(wantedOf(each), now + 120 * second)));
    assert.equal(many.filter((each) => statusOf(each) === 'good').length, 8);
    assert.equal(statusOf(), 'revoked');
  });

  test('treats the twin of a revoked certificate as revoked, even with an earlier answer that somebody recorded', async () => {
    const made = issueCaller({ serialNumber: '1234' });
    const [der] = listSignatureTwins(made.der);
    const twin = decodePathCertificate(der ?? Buffer.alloc(0));
    assert.ok(twin.ok && twin.value.thumbprintSha256 !== made.certificate.thumbprintSha256);
    const request = encodeOcspRequest({ certificate: made.certificate, issuer });
    const before = answerOcsp({ authority: issuing, request, index: { '1234': 'V' } });
    server.answerWith(answerFrom({ '1234': 'R keyCompromise' }));
    await keeper.ask(wantedOf(made.certificate, server.url, true), now);
    server.respondWith((response) => response.destroy());
    await keeper.ask(wantedOf(twin.value, server.url, true), now + 60 * second);
    assert.equal(statusOf(twin.value, server.url, true), 'revoked');
    server.answerWith(() => before);
    await keeper.ask(wantedOf(twin.value, server.url, true), now + 120 * second);
    assert.deepEqual([statusOf(twin.value, server.url, true), statusOf(made.certificate)], ['revoked', 'revoked']);
    assert.equal(keeper.revocations, 1);
  });

  test('asks one question about a certificate and its twin', async () => {
    const made = issueCaller({ serialNumber: '1234' });
    const [der] = listSignatureTwins(made.der);
    const twin = decodePathCertificate(der ?? Buffer.alloc(0));
    assert.ok(twin.ok);
    server.answerWith(answerFrom({ '1234': 'V' }));
    await Promise.all([made.certificate, twin.value].map((each) => keeper.ask(wantedOf(each), now)));
    assert.deepEqual([statusOf(made.certificate), statusOf(twin.value), countQuestions()], ['good', 'good', 1]);
  });

  test('keeps the revocations of two CAs with one name that signed the same contents', async () => {
    // A CA that copies exactly what another CA of its name has signed.
    const copyist = issue({ name: 'Corp issuing CA', key: 'p-256-again' });
    const statusBy = (signer: MadeAuthority): string =>
      findOcspStatus({
        certificate,
        issuer: signer.certificate,
        responses: keeper.find(undefined, certificate),
        profile: 'strict',
        now,
        graceMilliseconds: 0,
        isAlgorithmAccepted: () => true,
      }).status;
    const askBy = async (signer: MadeAuthority, index: string, elapsed: number): Promise<void> => {
      server.answerWith((request) => answerOcsp({ authority: signer, request, index: { '1234': index } }));
      await keeper.ask({ ...wantedOf(), issuer: signer.certificate }, now + elapsed * second);
    };
    await askBy(issuing, 'R keyCompromise', 0);
    await askBy(copyist, 'R certificateHold', 6);
    assert.deepEqual([statusBy(issuing), statusBy(copyist)], ['revoked', 'revoked']);
    await askBy(copyist, 'V', 12);
    assert.deepEqual([statusBy(issuing), statusBy(copyist)], ['revoked', 'unknown']);
  });

  test('asks again about a certificate on hold, which comes back by a newer answer of the same responder', async () => {
    server.answerWith(answerFrom({ '1234': 'R certificateHold' }));
    await keeper.ask(wantedOf(), now);
    assert.equal(statusOf(), 'revoked');
    server.answerWith(answerFrom({ '1234': 'V' }));
    await keeper.ask(wantedOf(certificate, `${server.url}/another`), now);
    assert.equal(keeper.find(undefined, certificate).length, 1);
    await keeper.ask(wantedOf(), now + 6 * second);
    assert.equal(statusOf(), 'good');
    // A final revocation is never lifted.
    server.answerWith(answerFrom({ '1234': 'R keyCompromise' }));
    await keeper.ask(wantedOf(), now + 12 * second);
    server.answerWith(answerFrom({ '1234': 'V' }));
    await keeper.ask(wantedOf(), now + 18 * second);
    assert.equal(statusOf(), 'revoked');
    server.answerWith(answerFrom({ '1234': 'R certificateHold' }));
    await keeper.ask(wantedOf(), now + 24 * second);
    server.answerWith(answerFrom({ '1234': 'V' }));
    await keeper.ask(wantedOf(), now + 30 * second);
    assert.equal(statusOf(), 'revoked');
  });

  test('drops a hold that is over, so that it uses up no room for revocations', async () => {
    keeper = new OcspKeeper({ maximumKept: 2 });
    const askAbout = async (index: string, about: PathCertificate, elapsed: number): Promise<void> => {
      server.answerWith(answerFrom({ [about.serialNumber]: index }));
      await keeper.ask(wantedOf(about), now + elapsed * second);
    };
    await askAbout('R keyCompromise', certificate, 0);
    await askAbout('R certificateHold', other, 0);
    await askAbout('V', other, 6);
    await askAbout('R keyCompromise', imitate(0), 6);
    assert.deepEqual([statusOf(), statusOf(other), statusOf(imitate(0))], ['revoked', 'good', 'revoked']);
  });

  test('takes a certificate off hold by a later answer without a nonce', async () => {
    const answer = (index: string): Buffer =>
      answerOcsp({ authority: issuing, request: withoutNonce, index: { '1234': index } });
    const hold = editOcsp(answer('R certificateHold'), issuing, (data) => {
      // The answer's `thisUpdate`.
      getNode(data, 2, 0, 2).content = Buffer.from('20260101000000Z');
    });
    server.answerWith(() => hold);
    await keeper.ask(wantedOf(certificate, server.url, true), now);
    assert.equal(keeper.find(undefined, certificate).length, 1);
    server.answerWith(() => answer('V'));
    await keeper.ask(wantedOf(certificate, server.url, true), now + 6 * second);
    assert.equal(keeper.find(undefined, certificate).length, 0);
    assert.equal(statusOf(certificate, server.url, true), 'good');
  });

  test('takes no certificate off hold by a recorded answer without a nonce', async () => {
    const before = answerOcsp({
      authority: issuing,
      request: encodeOcspRequest({ certificate, issuer }),
      index: { '1234': 'V' },
    });
    server.answerWith(answerFrom({ '1234': 'R certificateHold' }));
    await keeper.ask(wantedOf(certificate, server.url, true), now);
    server.answerWith(() => before);
    await keeper.ask(wantedOf(certificate, server.url, true), now + 6 * second);
    assert.deepEqual([statusOf(), countQuestions()], ['revoked', 2]);
    await keeper.ask(wantedOf(other, server.url, true), now);
    assert.equal(statusOf(other), 'unknown');
  });

  test('uses an answer without a nonce only for authorities that do not need one', async () => {
    const request = encodeOcspRequest({ certificate, issuer });
    server.answerWith(() => answerOcsp({ authority: issuing, request, index: { '1234': 'V' } }));
    await keeper.ask(wantedOf(certificate, server.url, true), now);
    assert.equal(statusOf(certificate, server.url, true), 'good');
    assert.equal(statusOf(), 'unknown');
    await keeper.ask(wantedOf(), now);
    assert.deepEqual([statusOf(), countQuestions()], ['unknown', 2]);
    assert.match(faultOf(), /lacks the nonce/);
  });

  const withoutNonce = encodeOcspRequest({ certificate, issuer });
  const ofImpostor = { ...impostor, certificate: impostor.certificate };
  const refused: readonly (readonly [string, (request: Buffer) => Buffer, RegExp])[] = [
    ['unknown to the responder', answerFrom({ '5678': 'V' }) as never, /doesn.t know the certificate/],
    [
      'to another request',
      () => answerOcsp({ authority: issuing, request: askAnew(), index: { '1234': 'V' } }),
      /another request \(nonce\)/,
    ],
    [
      'without the nonce',
      () => answerOcsp({ authority: issuing, request: withoutNonce, index: { '1234': 'V' } }),
      /lacks the nonce/,
    ],
    [
      'about another certificate',
      () => answerOcsp({ authority: issuing, request: askAnew(other), index: { '5678': 'V' } }),
      /No OCSP response is about/,
    ],
    [
      'of somebody else',
      answerFrom({ '1234': 'V' }, { responder: ofImpostor }) as never,
      /signer of an OCSP response may not answer/,
    ],
    [
      "of the caller's own",
      answerFrom({ '1234': 'V' }, { responder: issueCaller({ serialNumber: '9999' }) }) as never,
      /signer of an OCSP response may not answer/,
    ],
    ['no OCSP response', () => Buffer.from('<html>'), /can't be read/],
    ['nothing', () => Buffer.alloc(0), /can't be read/],
    ['try later', () => Buffer.from('30030a0103', 'hex'), /tryLater/],
  ];
  for (const [what, answer, fault] of refused) {
    test(`ignores an answer that is ${what}, and does not ask again at once`, async () => {
      server.answerWith(answer);
      await keeper.ask(wantedOf(), now);
      await keeper.ask(wantedOf(), now + 500);
      assert.deepEqual([statusOf(), countQuestions()], ['unknown', 1]);
      assert.match(faultOf(), /^OCSP responder http:\/\/127\.0\.0\.1:/);
      assert.match(faultOf(), fault);
      // The failure does not pause questions about other certificates.
      server.answerWith(answerFrom({ '1234': 'V', '5678': 'V' }));
      await keeper.ask(wantedOf(other), now + 500);
      assert.equal(statusOf(other), 'good');
      await keeper.ask(wantedOf(), now + 2 * second);
      assert.deepEqual([statusOf(), faultOf()], ['good', '']);
    });
  }

  const failing: readonly (readonly [string, Parameters<OcspServer['respondWith']>[0], RegExp])[] = [
    ['that refuses', (response) => response.writeHead(500).end(), /answered 500/],
    ['that hangs up', (response) => response.destroy(), /can't be reached/],
    ['that redirects', (response) => response.writeHead(302, { location: '/elsewhere' }).end(), /answered 302/],
    ['that says too much', (response) => response.end(Buffer.alloc(70_000)), /larger than 65536 bytes/],
  ];
  for (const [what, respond, fault] of failing) {
    test(`pauses for longer and longer if a responder ${what}`, async () => {
      server.respondWith(respond);
      const askedAt: number[] = [];
      for (let elapsed = 0; elapsed < 120 * second; elapsed += 500) {
        const asked = countQuestions();
        // About either certificate, since it is the responder that fails.
        await keeper.ask(wantedOf(elapsed % second === 0 ? certificate : other), now + elapsed);
        if (countQuestions() > asked) askedAt.push(elapsed / second);
      }
      const pauses = askedAt.slice(1).map((each, index) => each - (askedAt[index] ?? 0));
      // Rounded, since the pauses include the milliseconds that a question takes.
      assert.deepEqual(
        pauses.map((pause) => Math.floor(pause / 2) * 2),
        [0, 2, 4, 8, 16, 30, 30],
        String(pauses),
      );
      assert.ok((pauses[0] ?? 0) >= 1);
      assert.match(faultOf(), fault);
      server.answerWith(answerFrom({ '1234': 'V' }));
      await keeper.ask(wantedOf(), now + 130 * second);
      assert.deepEqual([statusOf(), faultOf()], ['good', '']);
    });
  }

  test('does not ask a failing responder from the moment of the question until the pause is over', async (context) => {
    context.mock.method(performance, 'now', () => 0);
    server.respondWith((response) => response.writeHead(500).end());
    for (const elapsed of [0, 0, second - 1]) await keeper.ask(wantedOf(), now + elapsed);
    assert.equal(countQuestions(), 1);
    await keeper.ask(wantedOf(), now + second);
    assert.equal(countQuestions(), 2);
  });

  test('asks although a clock was set back', async () => {
    server.respondWith((response) => response.writeHead(500).end());
    await keeper.ask(wantedOf(), now + 3_600 * second);
    server.answerWith(answerFrom({ '1234': 'V' }));
    await keeper.ask(wantedOf(), now);
    assert.equal(statusOf(), 'good');
  });

  test('waits for a slow responder until the time limit, and no longer', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    keeper = new OcspKeeper({ answerTimeoutMilliseconds: 20 });
    const held: { readonly destroy: () => void }[] = [];
    const beSlow = async (at: number): Promise<void> => {
      let isOver = false;
      const asked = keeper.ask(wantedOf(), at).then(() => {
        isOver = true;
      });
      const questions = held.length + 1;
      await until(() => held.length === questions);
      context.mock.timers.tick(19);
      await settle();
      assert.equal(isOver, false);
      context.mock.timers.tick(1);
      await asked;
      assert.match(faultOf(), /did not answer within 0\.02 s/);
    };
    server.respondWith((response) => held.push(response));
    await beSlow(now);
    // The same for an answer that never ends.
    server.respondWith((response) => {
      response.write('x', () => held.push(response));
    });
    await beSlow(now + 2 * second);
    assert.equal(statusOf(), 'unknown');
    assert.equal(countQuestions(), 2);
    for (const response of held) response.destroy();
  });

  test('asks one question for 50 callers with one certificate', async () => {
    const answer = answerFrom({ '1234': 'V' });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    server.answerWith(async (request) => {
      await gate;
      return answer(request);
    });
    const asked = Array.from({ length: 50 }, () => keeper.ask(wantedOf(), now));
    await until(() => countQuestions() === 1);
    release();
    await Promise.all(asked);
    assert.deepEqual([statusOf(), countQuestions()], ['good', 1]);
  });

  test('asks at most 16 questions at a time about 40 certificates, and all are answered', async () => {
    keeper = new OcspKeeper({ answerTimeoutMilliseconds: 60_000 });
    const many = Array.from({ length: 40 }, (_, index) => imitate(index));
    const answer = answerFrom(Object.fromEntries(many.map(({ serialNumber }) => [serialNumber, 'V'])));
    let open = 0;
    let most = 0;
    server.answerWith(async (request) => {
      open += 1;
      most = Math.max(most, open);
      await until(() => open >= 16 || countQuestions() > 24);
      const answered = await answer(request);
      open -= 1;
      return answered;
    });
    await Promise.all(many.map((each) => keeper.ask(wantedOf(each), now)));
    assert.equal(many.filter((each) => statusOf(each) === 'good').length, 40);
    assert.deepEqual([countQuestions(), most], [40, 16]);
  });

  test('lets 256 questions wait, and refuses another at once', async () => {
    const held: { readonly destroy: () => void }[] = [];
    server.respondWith((response) => held.push(response));
    const many = Array.from({ length: 257 }, (_, index) => imitate(index));
    const asked = many.slice(0, 256).map((each) => keeper.ask(wantedOf(each), now));
    const [last] = many.slice(-1);
    assert.ok(last !== undefined);
    await keeper.ask(wantedOf(last), now);
    assert.match(faultOf(last), /256 questions are already waiting for an answer/);
    await until(() => held.length === 16);
    for (const response of held) response.destroy();
    // The responder fails, so the questions that wait are not sent.
    await Promise.all(asked);
    assert.equal(countQuestions(), 16);
  });

  test('does not send a question that waited for its turn for longer than an answer may take', async (context) => {
    const { asked, answerAfter } = await fillTurns(context);
    await answerAfter(60 * second + 1);
    assert.equal(countQuestions(), 16);
    assert.match(faultOf(asked.at(-1)), /others were asked about first, and that took too long/);
  });

  test('sends a question that waited for its turn for as long as an answer may take', async (context) => {
    const { answerAfter } = await fillTurns(context);
    await answerAfter(60 * second);
    assert.equal(countQuestions(), 17);
  });

  /** Asks about 17 certificates: 16 questions wait for the responder, and the last one for its turn. */
  async function fillTurns(context: TestContext) {
    let clock = 1e6;
    context.mock.method(performance, 'now', () => clock);
    keeper = new OcspKeeper({ answerTimeoutMilliseconds: 60_000 });
    const held: { readonly end: (bytes: Buffer) => void }[] = [];
    server.respondWith((response) => held.push(response));
    const asked = Array.from({ length: 17 }, (_, index) => imitate(index));
    const answers = asked.map((each) => keeper.ask(wantedOf(each), now));
    await until(() => held.length === 16);
    const answerAfter = async (milliseconds: number): Promise<void> => {
      clock += milliseconds;
      server.answerWith(() => Buffer.from('no answer'));
      for (const response of held) response.end(Buffer.from('no answer'));
      await Promise.all(answers);
    };
    return { asked, answerAfter };
  }

  function askAnew(about = certificate): Uint8Array {
    return encodeOcspRequest({ certificate: about, issuer, nonce: Buffer.alloc(32, 7) });
  }

  /** A certificate that differs for OCSP only: another serial number of the same issuer. */
  function imitate(index: number): PathCertificate {
    const serialNumber = (0x2000 + index).toString(16).toUpperCase();
    return { ...certificate, serialNumber, signed: { ...certificate.signed, data: Buffer.from(serialNumber) } };
  }
});

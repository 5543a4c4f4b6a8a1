import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashHex } from '@certgate/x509/internal';
import { now } from '@certgate/x509/test-support/certificates.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { askInFull } from '../test-support/answer-in-full.js';
import { billing, getStage, issueCaller, issuedDocument } from '../test-support/authority-stage.js';
import {
  certificate,
  createLoadedStage,
  createStage,
  known,
  lookAt,
  outcomeNow,
  second,
  unknown,
} from '../test-support/refreshing-stage.js';
import { nameFinding } from '../test-support/revocation-stage.js';
import { settle } from '../test-support/scripted-source.js';
import { trustStoreFromDocument } from './document-store.js';
import { firstOf } from './first-of.js';
import type { TrustStore } from './trust-store.js';

describe('staleness', () => {
  test('the last good document is used up to the limit, and not a millisecond longer', async () => {
    const { source, store, clock, ask } = await createLoadedStage({ maximumStalenessSeconds: 100 });
    for (let elapsed = 0; elapsed < 93; elapsed += 31) {
      clock.pass(31 * second);
      assert.equal(await ask(), 'found');
      await source.fail(new Error('gone'));
    }
    clock.pass(7 * second);
    assert.equal(await ask(), 'found');
    assert.notEqual(store.version, undefined);
    clock.pass(1);
    assert.equal(store.version, undefined);
    assert.equal(await ask(), 'unavailable');
    const finding = await store.find(certificate, clock.wall());
    assert.match('detail' in finding ? finding.detail : '', /has not been readable for .* \(script\): gone/);
  });
  test('the limit is measured from when the read began, since the document may be as old as that', async () => {
    const { source, store, clock } = createStage({ maximumStalenessSeconds: 100 });
    const started = store.start();
    await settle();
    clock.pass(9 * second);
    await source.answer(known(1));
    await started;
    for (let reads = 0; reads < 3; reads += 1) {
      clock.pass(30 * second + 1);
      lookAt(store);
      await source.fail();
    }
    clock.pass(second);
    assert.equal(store.version, undefined);
  });
  test('a limit of one interval leaves no gap: a later request waits for the read', async () => {
    const { source, store, clock } = await createLoadedStage({ maximumStalenessSeconds: 30 });
    clock.pass(30 * second + 1);
    assert.equal(store.version, undefined);
    const finding = store.find(certificate, clock.wall());
    await source.answerUnchanged();
    assert.equal(await outcomeNow(finding), 'found');
  });
});

describe('the deny list of a document of firstOf refuses a CA of another document’s path only up to the limit', () => {
  const own = trustStoreFromDocument(issuedDocument([billing]));
  const other = trustStoreFromDocument(issuedDocument([]));
  const compositions: Readonly<Record<string, (aging: TrustStore) => TrustStore>> = {
    'in one firstOf': (aging) => firstOf(own, aging),
    'if a firstOf within it contains both': (aging) => firstOf(firstOf(own, aging), other),
    'if a firstOf within it contains one of them': (aging) => firstOf(own, firstOf(firstOf(aging, other))),
  };
  for (const [where, compose] of Object.entries(compositions)) {
    test(where, async () => {
      const { issuing } = getStage();
      const denied = [{ thumbprintSha256: hashHex('sha256', issuing.der) }];
      const text = JSON.stringify(issuedDocument([], { revision: 1, denied }));
      const { source, store, clock } = await createLoadedStage({ maximumStalenessSeconds: 100 }, text);
      const composed = compose(store);
      const caller = presentCertificate(issueCaller().der);
      const ask = async (): Promise<string> => nameFinding(await askInFull(composed, caller, clock.wall()));
      assert.equal(await ask(), 'certificate_on_deny_list');
      clock.pass(101 * second);
      const asked = ask();
      await settle();
      await source.fail();
      assert.equal(await asked, 'unavailable');
      clock.pass(2 * second);
      const again = ask();
      await settle();
      await source.answer(text);
      assert.equal(await again, 'certificate_on_deny_list');
    });
  }
});

describe('a process that slept', () => {
  for (const [how, sleep] of [
    ['while only the wall clock went on', 'sleep'],
    ['while both clocks went on', 'pass'],
  ] as const) {
    test(`${how}: a request waits for the refresh before it is decided`, async () => {
      const { source, store, clock } = await createLoadedStage();
      clock[sleep](3_600_000);
      assert.equal(store.version, undefined, 'what was remembered must not be used');
      const finding = store.find(certificate, clock.wall());
      assert.equal(await outcomeNow(finding), 'waiting');
      await source.answer(unknown(2));
      assert.equal(await outcomeNow(finding), 'notFound');
    });
    test(`${how}: the earlier document is used only if the read fails`, async () => {
      const { source, store, clock } = await createLoadedStage();
      clock[sleep](3_600_000);
      const finding = store.find(certificate, clock.wall());
      await source.fail();
      assert.equal(await outcomeNow(finding), 'found');
      assert.notEqual(store.version, undefined);
    });
  }
  test('a clock that was set back does not make an old document seem new', async () => {
    const { store, clock, ask, source } = await createLoadedStage();
    clock.pass(61 * second);
    clock.set(now - 3_600_000);
    assert.equal(store.version, undefined);
    assert.equal(await ask(), 'waiting');
    await source.answer(unknown(2));
    assert.equal(await ask(), 'notFound');
  });
  for (const isChanged of [true, false]) {
    test(`a read that began before the sleep and gave ${isChanged ? 'a document' : 'nothing new'} is not trusted: a second read decides`, async () => {
      const { source, store, clock } = await createLoadedStage();
      clock.pass(31 * second);
      lookAt(store);
      assert.equal(source.reads.length, 2);
      clock.sleep(3_600_000);
      const finding = store.find(certificate, clock.wall());
      await (isChanged ? source.answer(known(2)) : source.answerUnchanged());
      assert.equal(await outcomeNow(finding), 'waiting');
      assert.equal(source.reads.length, 3);
      await source.answer(unknown(3));
      assert.equal(await outcomeNow(finding), 'notFound');
    });
  }
  test('a read that began before the sleep is not remembered as new, even if no request waits', async () => {
    const { source, store, clock } = await createLoadedStage();
    clock.pass(31 * second);
    lookAt(store);
    clock.sleep(3_600_000);
    await source.answer(known(2));
    assert.equal(store.version, undefined);
  });
  test('a sleep of more than two intervals makes requests wait', async () => {
    const { store, clock } = await createLoadedStage();
    clock.sleep(60 * second);
    assert.notEqual(store.version, undefined);
    clock.sleep(1);
    assert.equal(store.version, undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCrl } from '@certgate/x509/test-support/revocation.js';
import { until } from '@certgate/x509/test-support/until.js';
import { getStage } from '../test-support/authority-stage.js';
import {
  type RevocationStage,
  StubBlob,
  callerSerial,
  createRevocationStage,
  documentText,
} from '../test-support/revocation-stage.js';
import { settle } from '../test-support/scripted-source.js';

const { issuing } = getStage();
const empty = makeCrl({ authority: issuing });
const revoking = makeCrl({ authority: issuing, number: '02', revoked: [{ serialNumber: callerSerial }] });
const required = { mode: 'required', scope: 'end-entity' } as const;
const hour = 3_600_000;

/** A blob whose next reads the test answers, one after the other. */
class PendingBlob extends StubBlob {
  readonly #answers: ((content: Buffer) => void)[] = [];
  #isHeld = false;

  hold(): void {
    this.#isHeld = true;
  }

  override async download(): ReturnType<StubBlob['download']> {
    if (!this.#isHeld) return super.download();
    const held = new Promise<Buffer>((resolve) => this.#answers.push(resolve));
    return new StubBlob(held).download();
  }

  get pendingCount(): number {
    return this.#answers.length;
  }

  /** Answers the read that has waited longest, once there is one: signatures are verified on another thread. */
  async answer(content: Buffer): Promise<void> {
    await until(() => this.#answers.length > 0);
    this.#answers.shift()?.(content);
    await settle();
  }
}

interface FreezeStage extends RevocationStage {
  readonly blob: PendingBlob;
  /** What the store says of the caller, or that it waits. */
  readonly begin: () => () => Promise<string>;
}

/** What it says in the end. */
async function conclude(asked: () => Promise<string>): Promise<string> {
  await until(async () => (await asked()) !== 'waiting');
  return asked();
}

async function createFreezeStage(): Promise<FreezeStage> {
  const blob = new PendingBlob(empty);
  const stage = await createRevocationStage(required, { crlBlobs: { corp: [blob] } });
  assert.equal(await stage.ask(), 'found');
  blob.hold();
  const begin = (): (() => Promise<string>) => {
    let outcome = 'waiting';
    stage.ask().then(
      (answer) => (outcome = answer),
      () => (outcome = 'failed'),
    );
    return async () => {
      await settle();
      return outcome;
    };
  };
  return { ...stage, blob, begin };
}

describe('an instance that was frozen uses no list of before', () => {
  test('it waits for the lists, whichever caller asks', async () => {
    const { blob, document, clock, begin } = await createFreezeStage();
    clock.sleep(hour);
    const first = begin();
    assert.equal(await first(), 'waiting');
    await document.answerUnchanged();
    // The document was read, and the list wasn't yet.
    const second = begin();
    assert.deepEqual([await first(), await second()], ['waiting', 'waiting']);
    await blob.answer(revoking);
    assert.deepEqual([await conclude(first), await conclude(second)], ['certificate_revoked', 'certificate_revoked']);
  });

  test('it waits for a read of its own where one was under way, and what that gives is not taken for new', async () => {
    const { blob, document, clock, refresh, begin } = await createFreezeStage();
    await refresh();
    assert.equal(blob.pendingCount, 1);
    clock.sleep(hour);
    const asked = begin();
    await settle();
    await document.answerUnchanged();
    await blob.answer(empty);
    await until(() => blob.pendingCount === 1);
    assert.equal(await asked(), 'waiting');
    await blob.answer(revoking);
    assert.equal(await conclude(asked), 'certificate_revoked');
    assert.equal(blob.pendingCount, 0);
  });

  test('the same where the document was being read as well', async () => {
    const { store, blob, document, clock, begin } = await createFreezeStage();
    clock.pass(30_001);
    assert.notEqual(store.version, undefined);
    await settle();
    assert.equal(blob.pendingCount, 1);
    clock.sleep(hour);
    const asked = begin();
    await document.answerUnchanged();
    await blob.answer(empty);
    await until(() => blob.pendingCount === 1);
    assert.equal(await asked(), 'waiting');
    assert.equal(document.reads.length, 3);
    await document.answerUnchanged();
    assert.equal(await asked(), 'waiting');
    await blob.answer(revoking);
    assert.equal(await conclude(asked), 'certificate_revoked');
  });

  test('the same where it froze again while it waited for them', async () => {
    const { blob, document, clock, begin } = await createFreezeStage();
    clock.sleep(hour);
    const asked = begin();
    await settle();
    await document.answerUnchanged();
    clock.sleep(hour);
    await blob.answer(empty);
    await until(() => blob.pendingCount === 1);
    assert.equal(await asked(), 'waiting');
    await document.answerUnchanged();
    await blob.answer(revoking);
    assert.equal(await conclude(asked), 'certificate_revoked');
  });

  test('a document that changed in the meantime is in force at once', async () => {
    const { store, blob, document, clock, begin } = await createFreezeStage();
    clock.sleep(hour);
    const asked = begin();
    await settle();
    await document.answer(documentText(2, required, { identities: [] }));
    assert.equal(store.report().revision, 2);
    assert.equal(await asked(), 'waiting');
    await blob.answer(empty);
    await blob.answer(empty);
    assert.equal(await conclude(asked), 'notFound');
  });

  test('only a read that fails falls back to what it had', async () => {
    const { blob, document, clock, begin } = await createFreezeStage();
    clock.sleep(hour);
    const asked = begin();
    await settle();
    await document.answerUnchanged();
    await blob.answer(Buffer.from('no list'));
    assert.equal(await conclude(asked), 'found');
  });
});

test('an instance that runs waits for no list', async () => {
  const { blob, document, clock, begin, refresh } = await createFreezeStage();
  await refresh();
  assert.equal(await begin()(), 'found');
  clock.pass(30_001);
  assert.equal(await begin()(), 'found');
  await document.answerUnchanged();
  assert.equal(await begin()(), 'found');
  // One read is under way, and one more is wanted after it, however often a refresh came.
  assert.equal(blob.pendingCount, 1);
  await blob.answer(empty);
  await blob.answer(empty);
  await refresh();
  await until(() => blob.pendingCount > 0);
  assert.equal(blob.pendingCount, 1);
});

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

/** A blob whose next reads the test answers one by one. */
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

  /** Answers the read that has waited longest, as soon as there is one: signatures are verified on another thread. */
  async answer(content: Buffer): Promise<void> {
    await until(() => this.#answers.length > 0);
    this.#answers.shift()?.(content);
    await settle();
  }
}

interface FreezeStage extends RevocationStage {
  readonly blob: PendingBlob;
  /** Asks the store about the caller. The result returns the answer, or "waiting" until there is one. */
  readonly begin: () => () => Promise<string>;
}

/** The answer that the store gives in the end. */
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

describe('an instance that was frozen uses no list from before', () => {
  test('and waits for the lists, whichever caller asks', async () => {
    const { blob, document, clock, begin } = await createFreezeStage();
    clock.sleep(hour);
    const first = begin();
    assert.equal(await first(), 'waiting');
    await document.answerUnchanged();
    // The document was read, and the list was not read yet.
    const second = begin();
    assert.deepEqual([await first(), await second()], ['waiting', 'waiting']);
    await blob.answer(revoking);
    assert.deepEqual([await conclude(first), await conclude(second)], ['certificate_revoked', 'certificate_revoked']);
  });

  test('and waits for a new read, since the one that was under way may be from before', async () => {
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

  test('even if the document was being read as well', async () => {
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

  test('even if it froze again while it waited for the lists', async () => {
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

  test('but immediately uses a document that has changed since', async () => {
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

  test('unless the read fails', async () => {
    const { blob, document, clock, begin } = await createFreezeStage();
    clock.sleep(hour);
    const asked = begin();
    await settle();
    await document.answerUnchanged();
    await blob.answer(Buffer.from('no list'));
    assert.equal(await conclude(asked), 'found');
  });
});

test('an instance that was not frozen does not wait for lists', async () => {
  const { blob, document, clock, begin, refresh } = await createFreezeStage();
  await refresh();
  assert.equal(await begin()(), 'found');
  clock.pass(30_001);
  assert.equal(await begin()(), 'found');
  await document.answerUnchanged();
  assert.equal(await begin()(), 'found');
  // One read is under way, and one more follows it, however many refreshes came.
  assert.equal(blob.pendingCount, 1);
  await blob.answer(empty);
  await blob.answer(empty);
  await refresh();
  await until(() => blob.pendingCount > 0);
  assert.equal(blob.pendingCount, 1);
});

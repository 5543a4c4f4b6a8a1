import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { type RefreshOptions, trustStoreFromBlob } from '@certgate/core';
import { type Azurite, shareAzurite, startAzurite } from './test-support/azurite.js';
import {
  type BlobStage,
  type BlobStageOptions,
  createBlobStage,
  impatientRefresh,
  quickRefresh,
} from './test-support/blob-stage.js';
import { type StorageFault, answerStatus, beSlow, cutBody, sendEndlessly } from './test-support/storage-proxy.js';
import {
  type TrustScene,
  afterDisabling,
  beforeDisabling,
  createTraffic,
  createTrustScene,
  orUnavailable,
  unavailable,
  whileDisabling,
} from './test-support/trust-scene.js';

// Causes real faults between the real SDK and a real Azurite, while callers go on calling. `traffic` throws at the
// first answer that differs from what the last good document says.
const temporary = mkdtempSync(join(tmpdir(), 'certgate-blob-faults-'));
const scene: TrustScene = createTrustScene(temporary);
const sixtyFourMebibytes = 64 * 1024 * 1024;
let azurite: Azurite;

before(async () => {
  azurite = await shareAzurite();
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const isAdmitted = ({ billing }: { readonly billing: string }): boolean => billing === 'allowed';
const isDisabled = ({ reporting }: { readonly reporting: string }): boolean => reporting === 'identity_disabled';

async function createStarted(context: TestContext, options: BlobStageOptions = {}): Promise<BlobStage> {
  const stage = await createBlobStage(context, azurite, scene, options);
  await stage.store.start?.();
  if (options.refresh === impatientRefresh) {
    await stage.traffic.until(isAdmitted, orUnavailable(beforeDisabling));
    return stage;
  }
  await stage.traffic.round(beforeDisabling);
  assert.equal(stage.faultOf(), '');
  return stage;
}

/** Calls until a read has failed with these words, and until two more reads have been answered. */
async function callThroughFault({ proxy, traffic, faultOf }: BlobStage, words: RegExp): Promise<void> {
  await traffic.until(() => words.test(faultOf()), beforeDisabling);
  const seen = proxy.answers.length;
  await traffic.until(() => proxy.answers.length >= seen + 2, beforeDisabling);
  assert.match(faultOf(), words);
}

/** Checks, after the fault is over, that the document that was written meanwhile is used without a restart. */
async function expectRecovery({ traffic, faultOf, revisionOf }: BlobStage, revision: number): Promise<void> {
  await traffic.until(isDisabled, whileDisabling);
  for (let round = 0; round < 20; round += 1) await traffic.round(afterDisabling);
  await traffic.until(() => faultOf() === '', afterDisabling);
  assert.equal(revisionOf(), revision);
}

describe('faults on the way to the storage', () => {
  const faults: readonly (readonly [string, StorageFault, RegExp, RefreshOptions?])[] = [
    ['an answer after 10 s', beSlow(10_000), /did not answer within 0\.5 s/, impatientRefresh],
    ['500', answerStatus(500, 'InternalError'), /500/],
    ['503', answerStatus(503, 'ServerBusy'), /503/],
    ['403', answerStatus(403, 'AuthorizationPermissionMismatch'), /403|Storage Blob Data Reader/],
    ['404', answerStatus(404, 'ContainerNotFound'), /404|not (?:there|found)|no such|missing|exist/i],
    ['a body that ends halfway', cutBody('end'), /./],
    ['a connection reset in the middle of the body', cutBody('reset'), /./],
    ['a body that never ends', sendEndlessly(undefined), /./],
    [
      'a body that never ends, of a claimed 64 MiB and one byte',
      sendEndlessly(sixtyFourMebibytes + 1),
      /large|more than/,
    ],
  ];
  for (const [name, fault, words, refresh = quickRefresh] of faults) {
    it(`${name}: the last good document stays in use, and a document written in the meantime is used afterwards`, async (t) => {
      // The SDK makes only one try. Its retries would run into our timeout and hide the storage's answer.
      const stage = await createStarted(t, { refresh, client: { retryOptions: { maxTries: 1 } } });
      stage.proxy.fault = fault;
      await stage.write(scene.text(2, ['reporting']));
      await callThroughFault(stage, words);
      stage.proxy.fault = undefined;
      await expectRecovery(stage, 2);
    });
  }

  it("our timeout ends the SDK's own retries, which are four tries over half a minute", async (t) => {
    const stage = await createStarted(t, { refresh: impatientRefresh });
    stage.proxy.fault = answerStatus(500, 'InternalError');
    await stage.write(scene.text(2, ['reporting']));
    await callThroughFault(stage, /did not answer within 0\.5 s/);
    stage.proxy.fault = undefined;
    await expectRecovery(stage, 2);
  });

  it('a read that is given up closes its connection', async (t) => {
    const stage = await createStarted(t, { refresh: impatientRefresh });
    stage.proxy.fault = beSlow(3_600_000);
    await stage.traffic.until(
      () => stage.proxy.answers.filter((answer) => answer === 'cut').length >= 2,
      beforeDisabling,
    );
  });

  it('after the staleness limit everybody gets 503, until the storage answers again', async (t) => {
    const refresh = { ...quickRefresh, maximumStalenessSeconds: 3 };
    const stage = await createStarted(t, { refresh, client: { retryOptions: { maxTries: 1 } } });
    stage.proxy.fault = answerStatus(500, 'InternalError');
    await stage.write(scene.text(2, ['reporting']));
    await stage.traffic.until(({ billing }) => billing === 'trust_unavailable', orUnavailable(beforeDisabling));
    for (let round = 0; round < 20; round += 1) await stage.traffic.round(unavailable);
    stage.proxy.fault = undefined;
    await stage.traffic.until(isAdmitted, orUnavailable(afterDisabling));
    await expectRecovery(stage, 2);
  });
});

describe('a first load that fails', () => {
  const faults: readonly (readonly [string, StorageFault])[] = [
    ['500', answerStatus(500, 'InternalError')],
    ['403', answerStatus(403, 'AuthorizationPermissionMismatch')],
    ['a body that ends halfway', cutBody('end')],
    ['10 s without an answer', beSlow(10_000)],
  ];
  for (const [name, fault] of faults) {
    it(`${name}: the app starts, everybody gets 503, and no restart is needed`, async (t) => {
      // The SDK retries for longer than callers would wait.
      const stage = await createBlobStage(t, azurite, scene, { refresh: impatientRefresh });
      stage.proxy.fault = fault;
      await stage.store.start?.();
      for (let round = 0; round < 5; round += 1) await stage.traffic.round(unavailable);
      assert.notEqual(stage.faultOf(), '');
      stage.proxy.fault = undefined;
      await stage.traffic.until(isAdmitted, orUnavailable(beforeDisabling));
      await stage.traffic.round(beforeDisabling);
    });
  }

  it('with a missing blob, everybody gets 503 until the blob exists', async (t) => {
    const stage = await createBlobStage(t, azurite, scene);
    await stage.blob.delete();
    await stage.store.start?.();
    await stage.traffic.round(unavailable);
    await stage.write(scene.text(1));
    await stage.traffic.until(isAdmitted, orUnavailable(beforeDisabling));
  });

  it('with a wrong key, everybody gets 503', async (t) => {
    const { sdk, account } = azurite;
    const stage = await createBlobStage(t, azurite, scene);
    const wrong = new sdk.StorageSharedKeyCredential(account, Buffer.alloc(64, 1).toString('base64'));
    const store = trustStoreFromBlob(new sdk.BlobClient(stage.blob.url, wrong), quickRefresh);
    await store.start?.();
    await createTraffic(scene, store).round(unavailable);
    assert.match(store.report?.().fault ?? '', /403|Storage Blob Data Reader/);
  });

  it('with an expired SAS, everybody gets 503, and the fault does not contain the signature', async (t) => {
    const stage = await createBlobStage(t, azurite, scene);
    const permissions = azurite.sdk.BlobSASPermissions.parse('r');
    const expired = createSas({ expiresOn: new Date(Date.now() - 60_000), permissions }, stage);
    const store = trustStoreFromBlob(new azurite.sdk.BlobClient(`${stage.blob.url}?${expired}`), quickRefresh);
    await store.start?.();
    await createTraffic(scene, store).round(unavailable);
    const { fault = '', description } = store.report?.() ?? { description: '' };
    assert.match(fault, /403|Storage Blob Data Reader/);
    const signature = new URLSearchParams(expired).get('sig') ?? '';
    assert.ok(signature.length > 20);
    for (const text of [fault, description, store.configuration ?? '']) {
      assert.ok(!text.includes(signature) && !text.includes(encodeURIComponent(signature)), text);
    }
  });
});

/** A SAS that permits access to the stage's blob, as the query of a URL. */
function createSas(values: object, { blob }: BlobStage): string {
  const { sdk, account, key } = azurite;
  const [, , containerName = '', blobName = ''] = new URL(blob.url).pathname.split('/');
  const credential = new sdk.StorageSharedKeyCredential(account, key);
  return sdk.generateBlobSASQueryParameters({ ...values, containerName, blobName }, credential).toString();
}

describe('faults of the storage itself', () => {
  it('a withdrawn SAS leads to 403, the last good document stays in use, and a new permission ends the fault', async (t) => {
    const stage = await createBlobStage(t, azurite, scene);
    const policy = { startsOn: new Date(Date.now() - 60_000), expiresOn: new Date(Date.now() + 3_600_000) };
    const grant = (): Promise<unknown> =>
      stage.container.setAccessPolicy(undefined, [{ id: 'readers', accessPolicy: { ...policy, permissions: 'r' } }]);
    await grant();
    const sas = createSas({ identifier: 'readers' }, stage);
    const store = trustStoreFromBlob(new azurite.sdk.BlobClient(`${stage.blob.url}?${sas}`), quickRefresh);
    await store.start?.();
    const traffic = createTraffic(scene, store);
    await traffic.round(beforeDisabling);
    await stage.container.setAccessPolicy(undefined, []);
    await stage.write(scene.text(2, ['reporting']));
    await traffic.until(() => /403|Storage Blob Data Reader/.test(store.report?.().fault ?? ''), beforeDisabling);
    for (let round = 0; round < 20; round += 1) await traffic.round(beforeDisabling);
    await grant();
    await traffic.until(isDisabled, whileDisabling);
    assert.equal(store.report?.().fault, undefined);
  });

  it('the last good document stays in use while first the blob is deleted, and then its container', async (t) => {
    const stage = await createStarted(t);
    await stage.blob.delete();
    await callThroughFault(stage, /./);
    await stage.container.delete();
    await callThroughFault(stage, /./);
    await stage.container.create();
    await stage.write(scene.text(2, ['reporting']));
    await expectRecovery(stage, 2);
  });

  it('the last good document stays in use while the storage is stopped and refuses connections', async (t) => {
    const folder = mkdtempSync(join(temporary, 'kept-'));
    const other = await startAzurite({ folder });
    t.after(() => other.stop());
    const container = other.connect().getContainerClient('trust');
    await container.create();
    const blob = container.getBlockBlobClient('trust.json');
    const upload = async (text: string): Promise<void> => {
      await blob.upload(text, text.length);
    };
    await upload(scene.text(1));
    // Without a proxy, the SDK finds the closed port. It retries for longer than callers would wait.
    const store = trustStoreFromBlob(blob, impatientRefresh);
    await store.start?.();
    const traffic = createTraffic(scene, store);
    await traffic.until(isAdmitted, orUnavailable(beforeDisabling));
    await other.stop();
    await traffic.until(() => store.report?.().fault !== undefined, beforeDisabling);
    for (let round = 0; round < 20; round += 1) await traffic.round(beforeDisabling);
    await other.restart();
    await traffic.until(() => store.report?.().fault === undefined, beforeDisabling);
    await upload(scene.text(2, ['reporting']));
    await traffic.until(isDisabled, whileDisabling);
    for (let round = 0; round < 20; round += 1) await traffic.round(afterDisabling);
  });
});

describe('a document that cannot be used', () => {
  const halves = Buffer.from(scene.text(2, ['reporting']));
  const documents: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['a lower revision', scene.text(0, ['billing']), /revision 0, lower than 1/],
    ['half a document', halves.subarray(0, halves.length / 2), /not JSON/],
    ['an empty blob', '', /not JSON/],
    ['invalid UTF-8', Buffer.concat([halves.subarray(0, 20), Buffer.from([0xff, 0xfe]), halves.subarray(20)]), /UTF-8/],
    ['an unknown key', scene.text(2, ['billing']).replace('{', '{"enabledd":true,'), /unknown key/],
    ['64 MiB and one byte', Buffer.alloc(sixtyFourMebibytes + 1, ' '), /67108864|64 MiB/],
  ];
  for (const [name, content, words] of documents) {
    it(`${name}: is refused as a whole, and the next good document is used`, async (t) => {
      const stage = await createStarted(t);
      await stage.write(content);
      await callThroughFault(stage, words);
      await stage.write(scene.text(3, ['reporting']));
      await expectRecovery(stage, 3);
    });
  }
});

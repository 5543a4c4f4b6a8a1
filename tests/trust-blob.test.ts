import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Azurite, azuriteFolder, shareAzurite } from './test-support/azurite.js';
import { createBlobStage } from './test-support/blob-stage.js';
import { root, runProgram } from './test-support/certgate.js';
import {
  type TrustScene,
  afterDisabling,
  beforeDisabling,
  createTrustScene,
  whileDisabling,
} from './test-support/trust-scene.js';

const temporary = mkdtempSync(join(tmpdir(), 'certgate-blob-'));
const scene: TrustScene = createTrustScene(temporary);
let azurite: Azurite;

before(async () => {
  azurite = await shareAzurite();
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const isDisabled = ({ reporting }: { readonly reporting: string }): boolean => reporting === 'identity_disabled';

describe('trustStoreFromBlob over the real SDK', () => {
  it("accepts the SDK's blob clients without a cast, and nothing that is not a blob", async () => {
    const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
    const { exitCode, stdout } = await runProgram(process.execPath, [tsc, '-p', azuriteFolder]);
    assert.equal(exitCode, 0, stdout);
  });

  it('loads, uses and replaces 20,000 pins, and does not load an unchanged document again', async (t) => {
    const refresh = { refreshIntervalSeconds: 0.1, readTimeoutSeconds: 60 };
    const stage = await createBlobStage(t, azurite, scene, { refresh });
    const { proxy, store, traffic, write, revisionOf } = stage;
    const text = scene.text(2, [], 20_000);
    await write(text);
    await store.start?.();
    assert.equal(stage.faultOf(), '');
    await traffic.round(beforeDisabling);
    assert.ok(proxy.bytesSent > text.length, `${proxy.bytesSent} bytes for a document of ${text.length}`);

    const [sentBefore, answersBefore] = [proxy.bytesSent, proxy.answers.length];
    await traffic.until(() => proxy.answers.length >= answersBefore + 10, beforeDisabling);
    const [first, ...polls] = proxy.answers;
    assert.equal(first, 200);
    assert.deepEqual(new Set(polls), new Set([304]));
    const bytesPerPoll = (proxy.bytesSent - sentBefore) / (proxy.answers.length - answersBefore);
    assert.ok(bytesPerPoll < 1_000, `${bytesPerPoll} bytes per poll`);
    assert.equal(revisionOf(), 2);

    await write(scene.text(3, ['reporting'], 20_000));
    await traffic.until(isDisabled, whileDisabling);
    await traffic.round(afterDisabling);
    assert.equal(revisionOf(), 3);
  });

  it('reads a blob again that was rewritten with the same content, and changes nothing', async (t) => {
    const { proxy, store, traffic, write, faultOf } = await createBlobStage(t, azurite, scene);
    await store.start?.();
    await write(scene.text(1));
    await traffic.until(() => proxy.answers.filter((answer) => answer === 200).length === 2, beforeDisabling);
    await traffic.round(beforeDisabling);
    assert.equal(faultOf(), '');
  });
});

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { firstOf, type TrustStore, trustStoreFrom } from '@certgate/core';
import { secureApp } from './secure-app.js';
import { bearing, createApp, reader, watchWarnings } from './test-support/secured-app.js';

describe('an invalid address', () => {
  const addresses: readonly (readonly [string, string | undefined, RegExp])[] = [
    ['is absent', undefined, /Is the environment variable set/],
    ['is empty', '', /Is the environment variable set/],
    ['is a document', '{"schemaVersion":1}', /trustStoreFromAppSetting/],
    [
      'names a package that is not installed',
      'blob:https://corp.blob.core.windows.net/trust/trust.json',
      /npm install/,
    ],
  ];
  for (const [what, address, words] of addresses) {
    // The worker goes on after an entry file that throws, and the functions of other files would then be open.
    it(`${what}: the code that names it does not throw, the app does not start, and everybody is refused`, async (context) => {
      const { app, worker } = createApp(context);
      secureApp(app, { trustStore: trustStoreFrom(address) });
      app.http('Orders', { handler: () => ({ body: 'orders' }) });
      await assert.rejects(worker.start(), (error: NodeJS.ErrnoException) => {
        assert.equal(error.code, 'CERTGATE_TRUST_SOURCE_MISUSE');
        assert.match(error.message, words);
        return true;
      });
      const { status, body } = await worker.invoke('Orders', bearing(reader));
      assert.equal(status, 503);
      assert.doesNotMatch(body, /orders/);
    });
  }
});

describe('a mirror', () => {
  it('decides in an app that starts while the first place is unavailable, and one line at start says so', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-mirror-'));
    context.after(() => {
      rmSync(folder, { recursive: true });
    });
    const [first, mirror] = [join(folder, 'first.json'), join(folder, 'mirror.json')];
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const signedBy = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const put = (path: string, revision: number): void => {
      const text = JSON.stringify({ schemaVersion: 1, revision, identities: [] });
      writeFileSync(path, text);
      writeFileSync(`${path}.sig`, sign(null, Buffer.from(text), privateKey).toString('base64'));
    };
    const start = async (
      wrap: (store: TrustStore) => TrustStore = (store) => store,
    ): Promise<readonly (readonly unknown[])[]> => {
      const readWarnings = watchWarnings(context);
      const { app, worker } = createApp(context);
      secureApp(app, { trustStore: wrap(trustStoreFrom([first, mirror], { signedBy })) });
      app.http('Orders', { handler: () => ({ body: 'orders' }) });
      await worker.start();
      assert.equal((await worker.invoke('Orders', bearing(reader))).status, 401);
      return readWarnings()
        .filter(({ event }) => event === 'start')
        .map(({ code, detail }) => [code, detail]);
    };
    put(mirror, 7);
    const [[code, detail] = []] = await start();
    assert.equal(code, 'trust_mirror_used');
    assert.match(
      String(detail),
      /first\.json: ENOENT.*the mirror \(file .*mirror\.json\) is in use, with revision 7\.$/,
    );
    const [[, composed] = []] = await start((store) => firstOf(store));
    assert.match(String(composed), /mirror\.json\) is in use\.$/);
    put(first, 8);
    assert.deepEqual(await start(), []);
    rmSync(mirror);
    const [[lost, reason] = []] = await start();
    assert.equal(lost, 'trust_mirror_unusable');
    assert.match(String(reason), /mirror\.json: ENOENT.*would refuse every call with 503\.$/);
  });
});

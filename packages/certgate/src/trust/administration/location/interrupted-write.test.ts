import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatTrustDocument, presentCertificate, trustStoreFromFile } from '@certgate/core/internal';
import { createTemporaryFolder } from '../../../certificates/test-support/openssl.js';
import { createFileLocation } from './file-location.js';
import { signStoredDocument } from '../sign-stored-document.js';
import { createSigningKey, type SigningKey } from '../signing/signing-key.js';
import { updateTrustDocument, type ChangeRequest } from '../update-trust-document.js';

interface Pair {
  readonly document: string;
  readonly signature: string | undefined;
}

const makeKey = (): { readonly signingKey: SigningKey; readonly signedBy: string; readonly privatePem: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signingKey: createSigningKey(privateKey, 'signing.pem'),
    signedBy: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

const [first, second] = [makeKey(), makeKey()];
const change: ChangeRequest = { verb: 'add', by: 'ada', reason: 'test', signingKey: first.signingKey };
const text = (revision: number): string => formatTrustDocument({ schemaVersion: 1, revision, identities: [] });

describe('a signed document in a file, whose writer is killed', () => {
  const folder = createTemporaryFolder();
  const originals = { ...promises };
  let stages = 0;
  afterEach(() => {
    Object.assign(promises, originals);
    syncBuiltinESMExports();
  });
  after(() => {
    folder.remove();
  });

  const put = ({ document, signature }: Pair): string => {
    const path = join(folder.path, `${(stages += 1)}`, 'trust.json');
    mkdirSync(join(path, '..'));
    writeFileSync(path, document);
    if (signature !== undefined) writeFileSync(`${path}.sig`, signature);
    return path;
  };
  const read = (path: string): Pair => ({
    document: readFileSync(path, 'utf8'),
    signature: existsSync(`${path}.sig`) ? readFileSync(`${path}.sig`, 'utf8') : undefined,
  });
  const makeSigned = async (): Promise<string> => {
    const path = put({ document: text(1), signature: undefined });
    await signStoredDocument(createFileLocation(path), { ...change, signingKey: first.signingKey });
    return path;
  };
  const addName =
    (name: string) =>
    (document: Parameters<Parameters<typeof updateTrustDocument>[2]>[0]): typeof document => ({
      ...document,
      identities: [...document.identities, { name, roles: [] }],
    });

  /**
   * The distinct states of the files before and after each watched file operation of `work`. A kill at that moment
   * leaves one of them.
   */
  const listStates = async (path: string, work: () => Promise<unknown>): Promise<readonly Pair[]> => {
    const states = new Map<string, Pair>();
    const look = (): void => {
      const pair = read(path);
      states.set(JSON.stringify(pair), pair);
    };
    let operations = 0;
    for (const name of ['open', 'rename', 'rm', 'rmdir', 'mkdir', 'chmod', 'chown', 'utimes'] as const) {
      const original = originals[name] as (...args: readonly unknown[]) => Promise<unknown>;
      Object.assign(promises, {
        [name]: async (...args: readonly unknown[]): Promise<unknown> => {
          operations += 1;
          look();
          const result = await original(...args);
          look();
          return result;
        },
      });
    }
    syncBuiltinESMExports();
    await work();
    Object.assign(promises, originals);
    syncBuiltinESMExports();
    assert.ok(operations > 5, 'the writer goes past what is watched here');
    return [...states.values()];
  };

  /** Starts an app without a cache and returns the revision that it decides by. Throws if the app has no document. */
  const startCold = async (path: string, signedBy: string | readonly string[]): Promise<number | undefined> => {
    const store = trustStoreFromFile(path, { signedBy });
    await store.start?.();
    const { revision, fault } = store.report?.() ?? {};
    assert.equal(fault, undefined);
    assert.equal((await store.find(presentCertificate(Buffer.from('nobody')), Date.now())).outcome, 'notFound');
    return revision;
  };
  const startEach = async (
    states: readonly Pair[],
    signedBy: string | readonly string[],
  ): Promise<readonly unknown[]> => Promise.all(states.map((pair) => startCold(put(pair), signedBy)));

  it('leaves the old document or the new one to an app that starts, whenever the kill happens', async () => {
    const path = await makeSigned();
    const location = createFileLocation(path);
    const states = await listStates(path, () => updateTrustDocument(location, change, addName('b')));
    assert.equal(states.length, 3);
    assert.deepEqual(await startEach(states, first.signedBy), [1, 1, 2]);
  });

  it('leaves files that a second, interrupted change handles in the same way', async () => {
    const path = await makeSigned();
    const states = await listStates(path, () => updateTrustDocument(createFileLocation(path), change, addName('b')));
    for (const [index, left] of states.entries()) {
      const again = put(left);
      const next = await listStates(again, () => updateTrustDocument(createFileLocation(again), change, addName('c')));
      const revision = index < 2 ? 1 : 2;
      assert.deepEqual(await startEach(next, first.signedBy), [revision, revision, revision + 1]);
    }
  });

  it('leaves a usable document too if another key signs the change, or if the document is signed anew', async () => {
    const path = await makeSigned();
    const rotation = { ...change, signingKey: second.signingKey, signedBy: [first.signedBy] };
    const both = [first.signedBy, second.signedBy];
    const states = await listStates(path, () => updateTrustDocument(createFileLocation(path), rotation, addName('b')));
    assert.deepEqual(await startEach(states, both), [1, 1, 2]);
    const sign = { ...change, signingKey: first.signingKey };
    const signed = await listStates(path, () => signStoredDocument(createFileLocation(path), sign));
    assert.deepEqual(new Set(await startEach(signed, both)), new Set([2]));
    assert.equal(await startCold(path, first.signedBy), 2);
  });

  it('leaves the old document after a real SIGKILL before each of the moves', async () => {
    const script = fileURLToPath(new URL('../test-support/killed-writer.js', import.meta.url));
    const key = folder.file('key.pem', first.privatePem);
    for (const [move, left] of [
      [1, 1],
      [2, 1],
    ] as const) {
      const path = await makeSigned();
      const { signal } = spawnSync(process.execPath, [script, path, key, String(move)], { stdio: 'inherit' });
      assert.equal(signal, 'SIGKILL');
      assert.equal(await startCold(path, first.signedBy), left);
      assert.equal(read(path).signature?.trim().split('\n').length, move);
    }
  });

  it('never makes an app accept a document without a signature by its keys', async () => {
    const path = await makeSigned();
    const states = await listStates(path, () => updateTrustDocument(createFileLocation(path), change, addName('b')));
    const stranger = trustStoreFromFile(put(states[1] ?? read(path)), { signedBy: second.signedBy });
    await stranger.start?.();
    assert.match(stranger.report?.().fault ?? '', /was not made over these bytes/);
    const forged = { document: text(3), signature: states[1]?.signature };
    const store = trustStoreFromFile(put(forged), { signedBy: first.signedBy });
    await store.start?.();
    assert.match(store.report?.().fault ?? '', /was not made over these bytes/);
  });
});

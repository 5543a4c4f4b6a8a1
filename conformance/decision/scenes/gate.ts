import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { AccessGate, getPublicStatus } from '@certgate/core';
import type { rankDenial } from '@certgate/core/denial';
import type * as firstOfModule from '@certgate/core/trust-store/first-of';
import type * as readerModule from '@certgate/core/front-end-resolution/request-reader';
import type * as frontEndModule from '@certgate/core/front-ends/front-end-table';
import type * as storeModule from '@certgate/core/trust-store/refreshing-store';

/** The parts of @certgate/core that scenes run, either as built or from a copy with a fault. */
export interface GateUnderTest {
  readonly AccessGate: typeof AccessGate;
  readonly RefreshingTrustStore: typeof storeModule.RefreshingTrustStore;
  readonly firstOf: typeof firstOfModule.firstOf;
  readonly findFrontEnd: typeof frontEndModule.findFrontEnd;
  readonly RequestReader: typeof readerModule.RequestReader;
  readonly getPublicStatus: typeof getPublicStatus;
  readonly rankDenial: typeof rankDenial;
}

/** Loads a gate. `folder` has core's compiled files. */
export async function loadGate(
  folder: URL = new URL('../../../../packages/core/dist/esm/', import.meta.url),
): Promise<GateUnderTest> {
  const load = async (path: string): Promise<object> => (await import(new URL(path, folder).href)) as object;
  const modules = await Promise.all(
    [
      'access/access-gate.js',
      'denial.js',
      'trust-store/refreshing-store.js',
      'trust-store/first-of.js',
      'front-ends/front-end-table.js',
      'front-end-resolution/request-reader.js',
    ].map(load),
  );
  return Object.assign({}, ...modules) as GateUnderTest;
}

type Verify = (
  algorithm: unknown,
  data: unknown,
  key: unknown,
  signature: unknown,
  callback?: (error: Error | null, result: boolean) => void,
) => boolean;

/**
 * Makes the scenes of a process independent of its speed. Lists, which another thread would verify, are verified at
 * once, and work in slices of some milliseconds is done in one slice.
 */
export function stopTime(): void {
  performance.now = () => 0;
  verifyAtOnce();
}

function verifyAtOnce(): void {
  const holder = crypto as unknown as { verify: Verify };
  const { verify } = holder;
  holder.verify = (algorithm, data, key, signature, callback) => {
    const result = verify(algorithm, data, key, signature);
    callback?.(null, result);
    return result;
  };
  syncBuiltinESMExports();
}

type CreatePublicKey = (key: unknown) => crypto.KeyObject;

/** The most entries of a memory: more than the certificates of all scenes need. Each scene has lists of its own. */
const mostRemembered = 2_000;

/**
 * Speeds up scenes, which all have the same few certificates: a key that was read and a signature that was verified are
 * remembered. The key of the memory contains everything that the result depends on.
 */
export function rememberSignatures(): void {
  const holder = crypto as unknown as { verify: Verify; createPublicKey: CreatePublicKey };
  const { verify, createPublicKey } = holder;
  const keys = new Map<string, crypto.KeyObject>();
  const textsOfKeys = new WeakMap<object, string>();
  const results = new Map<string, boolean>();
  holder.createPublicKey = (input) => {
    const text = describeEncodedKey(input);
    if (text === undefined) return createPublicKey(input);
    const key = keys.get(text) ?? createPublicKey(input);
    textsOfKeys.set(key, text);
    return remember(keys, text, key);
  };
  holder.verify = (algorithm, data, key, signature, callback) => {
    const ofKey = typeof key === 'object' && key !== null ? textsOfKeys.get(key) : undefined;
    if (ofKey === undefined || callback !== undefined) return verify(algorithm, data, key, signature, callback);
    const text = [String(algorithm), ofKey, toText(data), toText(signature)]
      .map((each) => `${each.length} ${each}`)
      .join('');
    return remember(results, text, results.get(text) ?? verify(algorithm, data, key, signature));
  };
  syncBuiltinESMExports();
}

function remember<T>(memory: Map<string, T>, text: string, value: T): T {
  if (memory.size >= mostRemembered) memory.clear();
  memory.set(text, value);
  return value;
}

/** The key as text. Undefined if the input is not a SubjectPublicKeyInfo in DER. */
function describeEncodedKey(input: unknown): string | undefined {
  const { key, format, type } = input as { readonly key?: unknown; readonly format?: unknown; readonly type?: unknown };
  return key instanceof Uint8Array && format === 'der' && type === 'spki' ? toText(key) : undefined;
}

function toText(bytes: unknown): string {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

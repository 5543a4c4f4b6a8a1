import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { AccessGate, getPublicStatus } from '@certgate/core';
import type * as firstOfModule from '@certgate/core/trust-store/first-of';
import type * as frontEndModule from '@certgate/core/front-ends/front-end-table';
import type * as storeModule from '@certgate/core/trust-store/refreshing-store';

/** The parts of @certgate/core that scenes run: as it was built, or a copy with a fault. */
export interface GateUnderTest {
  readonly AccessGate: typeof AccessGate;
  readonly RefreshingTrustStore: typeof storeModule.RefreshingTrustStore;
  readonly firstOf: typeof firstOfModule.firstOf;
  readonly findFrontEnd: typeof frontEndModule.findFrontEnd;
  readonly getPublicStatus: typeof getPublicStatus;
}

/** `folder` holds core's compiled files. */
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
 * For a process of scenes, so that none depends on how fast it runs: lists, which are verified on another thread, are
 * verified at once, and what is done in slices of some milliseconds is done in one.
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

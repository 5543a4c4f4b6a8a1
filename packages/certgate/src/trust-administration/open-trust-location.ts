import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../command-line/command-failure.js';
import { openBlobLocation } from './blob/blob-location.js';
import { createFileLocation } from './location/file-location.js';
import type { TrustLocation } from './location/trust-location.js';

/**
 * `file:PATH` or `blob:https://account.blob.core.windows.net/container/name.json` → the place itself. Nothing is read yet.
 *
 * @throws {CommandFailure} for anything else, and for a store that carries a secret.
 */
export async function openTrustLocation(store: string): Promise<TrustLocation> {
  await Promise.resolve();
  if (store.startsWith('blob:')) return openBlobLocation(store.slice('blob:'.length));
  const isUrl = /^(?:file:|blob:)*https?:/i.test(store);
  if (store.startsWith('file:') && !isUrl) return createFileLocation(readPath(store));
  // The text isn't repeated: it may be a URL with a signature in it.
  throw new CommandFailure('A store begins with file: or blob:.', {
    remedy: isUrl
      ? 'For a blob: --store blob:https://account.blob.core.windows.net/container/trust.json'
      : 'For a file: --store file:trust.json',
  });
}

function readPath(store: string): string {
  const path = store.slice('file:'.length);
  if (path.trim() === '') throw new CommandFailure('The store file: names no file.');
  if (!path.startsWith('//')) return path;
  try {
    return fileURLToPath(store);
  } catch (cause) {
    throw new CommandFailure(`${JSON.stringify(store)} is no file URL.`, {
      remedy: 'A path after file: is enough: --store file:trust.json',
      cause,
    });
  }
}

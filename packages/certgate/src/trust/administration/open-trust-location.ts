import { parseTrustAddress, showTrustAddress, type TrustAddress } from '@certgate/core/internal';
import { ToolFailure } from '../../faults/tool-failure.js';
import { type TrustLocation, trustVariable } from './location/trust-location.js';

/**
 * The place that a text names (`parseTrustAddress` of core). Nothing is read yet, and only that kind of place is loaded.
 *
 * @throws {ToolFailure} for what is no address, and for an argument that carries a secret.
 */
export async function openTrustLocation(store: string): Promise<TrustLocation> {
  const address = readAddress(store);
  switch (address.kind) {
    case 'file': {
      const { createFileLocation } = await import('./location/file-location.js');
      return createFileLocation(address.path);
    }
    case 'blob': {
      const { openBlobLocation } = await import('./blob/blob-location.js');
      return openBlobLocation(address.blob);
    }
    case 'url': {
      const { createUrlLocation } = await import('./location/url-location.js');
      return createUrlLocation(address.url);
    }
  }
}

/** @throws {ToolFailure} for a place that can only be read, before anything is asked or read for a change. */
export function expectWritable(store: string): void {
  const address = readAddress(store);
  if (address.kind !== 'url') return;
  throw new ToolFailure(`${showTrustAddress(address)} is a URL, which can't be written.`, {
    remedy: 'Make the change in the file of the document, or in its blob (--store blob:https://…).',
  });
}

function readAddress(store: string): TrustAddress {
  const address = parseTrustAddress(store);
  if (address.kind === 'refused') throw new ToolFailure(address.message, { remedy: address.remedy });
  // Other users of the machine can read arguments, and shells and pipelines keep them.
  if (address.kind === 'url' && new URL(address.url).search !== '' && store !== process.env[trustVariable]) {
    throw new ToolFailure(
      'The URL has a query (a shared access signature?). Arguments must not contain secrets, so the URL is not used.',
      { remedy: `Set the environment variable ${trustVariable} to the whole URL, and omit --store.` },
    );
  }
  return address;
}

import { parseTrustAddress, showTrustAddress, type TrustAddress } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { type TrustLocation, trustVariable } from './location/trust-location.js';

/**
 * Opens the place that a text names (`parseTrustAddress` of core). It reads nothing yet, and loads only the code for
 * that kind of place.
 *
 * @throws {ToolFailure} if the text is not an address, if an argument contains a secret, or if the package or a usable
 * credential for a blob is missing.
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

/**
 * Refuses a read-only place early, so that a change to it neither asks nor reads anything.
 *
 * @throws {ToolFailure} if the place can only be read, or if the text can't be used as an address.
 */
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

import { createPublicKey, type JsonWebKeyInput, type KeyObject, type PublicKeyInput } from 'node:crypto';

/** Undefined if the runtime can't read the key. */
export function importKey(input: JsonWebKeyInput | PublicKeyInput): KeyObject | undefined {
  try {
    return createPublicKey(input);
  } catch {
    return undefined;
  }
}

/** Undefined if the runtime can't read the key. */
export function readPublicKey(subjectPublicKeyInfo: Uint8Array): KeyObject | undefined {
  return importKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
}

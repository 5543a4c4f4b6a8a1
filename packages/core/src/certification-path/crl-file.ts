import { setImmediate } from 'node:timers/promises';
import type { DerDecoding } from '../encoding/der.js';
import { type CertificateRevocationList, decodeRevocationListInSteps } from './certificate-revocation-list.js';
import { decodeCrlPemInSteps } from './crl-pem.js';

/** Milliseconds of work before others have their turn. */
const sliceMilliseconds = 4;

/**
 * A CRL as files and servers have it, DER or one block of PEM, read in slices of some milliseconds with the event loop's
 * turn in between: a list of a million entries is read while requests are answered.
 */
export async function decodeCrlFileInSlices(bytes: Uint8Array): Promise<DerDecoding<CertificateRevocationList>> {
  const steps = decodeCrlFileInSteps(bytes);
  let end = performance.now() + sliceMilliseconds;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < end) continue;
    await setImmediate();
    end = performance.now() + sliceMilliseconds;
  }
}

/** The same at once, for tools. */
export function decodeCrlFile(bytes: Uint8Array): DerDecoding<CertificateRevocationList> {
  const steps = decodeCrlFileInSteps(bytes);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** A list in DER begins with a SEQUENCE's tag, which is no character of a text. */
function decodeCrlFileInSteps(
  bytes: Uint8Array,
): Generator<undefined, DerDecoding<CertificateRevocationList>, undefined> {
  if (bytes[0] === 0x30) return decodeRevocationListInSteps(bytes);
  return decodeCrlPemInSteps(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
}

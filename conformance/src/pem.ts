import { readFileSync } from 'node:fs';
import { SuiteError } from './suite.js';

const block = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/;

/** Base64 without PEM lines. A SEQUENCE begins with M in base64, and with 0x30 in DER. */
const bareBase64 = /^M[A-Za-z0-9+/=\s]+$/;

/**
 * The DER of the first PEM block, or of base64 without PEM lines, because suites have all these forms. Other bytes are
 * returned unchanged.
 */
export function readPem(bytes: Uint8Array, where: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  if (bareBase64.test(text)) return Buffer.from(text, 'base64');
  if (!text.includes('-----BEGIN ')) return bytes;
  const body = block.exec(text)?.[2];
  if (body === undefined) throw new SuiteError(`${where} has a PEM block that doesn't end.`);
  return Buffer.from(body, 'base64');
}

/** Reads a file in PEM or DER. @returns the DER. */
export function readDerFile(path: string): Uint8Array {
  try {
    return readPem(readFileSync(path), path);
  } catch (error) {
    if (error instanceof SuiteError) throw error;
    throw new SuiteError(`${path} can't be read (${error instanceof Error ? error.message : String(error)}).`);
  }
}

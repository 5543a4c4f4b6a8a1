import { areNamesEqual } from '../certificate/distinguished-name.js';
import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import { verifyAhead } from '../certificate/signature-verification.js';
import { decodeBase64 } from '../encoding/base64.js';
import { expectArgument, listOf, octets } from '../encoding/own-members.js';
import { runAtOnce, runInSlices } from '../encoding/steps.js';
import { type DerDecoding, readDer, refuseDer } from '../encoding/der.js';
import {
  aRevocationList,
  type CertificateRevocationList,
  decodeRevocationListInSteps,
  maximumCrlLength,
} from './certificate-revocation-list.js';

/**
 * Decodes a CRL as files and servers have it, DER or one PEM block, in slices of some milliseconds. Between them, the
 * event loop answers requests, even while a list of a million entries is read.
 */
export async function decodeCrlFileInSlices(bytes: Uint8Array): Promise<DerDecoding<CertificateRevocationList>> {
  expectArgument(bytes, octets, 'The bytes for decodeCrlFileInSlices');
  return runInSlices(decodeCrlFileInSteps(bytes));
}

/** Like `decodeCrlFileInSlices`, without a pause. */
export function decodeCrlFile(bytes: Uint8Array): DerDecoding<CertificateRevocationList> {
  expectArgument(bytes, octets, 'The bytes for decodeCrlFile');
  return runAtOnce(decodeCrlFileInSteps(bytes));
}

/** Bytes that begin with the tag of a SEQUENCE are read as DER, all others as PEM. */
function decodeCrlFileInSteps(
  bytes: Uint8Array,
): Generator<undefined, DerDecoding<CertificateRevocationList>, undefined> {
  if (bytes[0] === 0x30) return decodeRevocationListInSteps(bytes);
  return decodeCrlPemInSteps(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
}

const begin = '-----BEGIN ';
const beginCrl = '-----BEGIN X509 CRL-----';
const endCrl = '-----END X509 CRL-----';
const charactersPerStep = 64 * 1024;

/**
 * Decodes the only list in a PEM text (RFC 7468 §6), in steps like `decodeRevocationListInSteps`. Text around the block
 * is ignored.
 */
export function* decodeCrlPemInSteps(
  text: string,
): Generator<undefined, DerDecoding<CertificateRevocationList>, undefined> {
  const steps = decodePem(text);
  for (;;) {
    const step = readDer(() => steps.next());
    if (!step.ok) return step;
    if (step.value.done === true) return yield* decodeRevocationListInSteps(step.value.value);
    yield;
  }
}

function* decodePem(text: string): Generator<undefined, Uint8Array, undefined> {
  if (text.length > 2 * maximumCrlLength) refuseDer(`more than ${2 * maximumCrlLength} characters`);
  const start = text.indexOf(begin);
  const end = text.indexOf(endCrl, start);
  if (start < 0 || end < 0 || !text.startsWith(beginCrl, start)) return refuseDer('no PEM block of an X509 CRL');
  if (text.includes(begin, start + begin.length)) return refuseDer('more than one PEM block');
  return yield* decodeBody(text, start + beginCrl.length, end);
}

/** Decodes strict base64 between line ends, in parts that are whole groups of four characters. */
function* decodeBody(text: string, start: number, end: number): Generator<undefined, Uint8Array, undefined> {
  const parts: Uint8Array[] = [];
  let rest = '';
  let isEnded = false;
  for (let offset = start; offset < end; offset += charactersPerStep) {
    rest += text.slice(offset, Math.min(end, offset + charactersPerStep)).replace(/[\r\n]+/g, '');
    const isLast = offset + charactersPerStep >= end;
    const length = isLast ? rest.length : rest.length - (rest.length % 4);
    const part = rest.slice(0, length);
    rest = rest.slice(length);
    if (part === '') continue;
    if (isEnded) return refuseDer('base64 after its padding');
    isEnded = part.endsWith('=');
    const decoding = decodeBase64(part);
    if (!decoding.ok) return refuseDer(`no base64 in the PEM block (${decoding.fault})`);
    parts.push(decoding.bytes);
    yield;
  }
  return Buffer.concat(parts);
}

/**
 * Verifies a list's signature in advance, with the keys of those signers that have its issuer's name. This happens on
 * another thread, so that no request waits for hashing megabytes. It decides nothing: a later search for a path makes
 * every check.
 */
export async function prepareCrl(crl: CertificateRevocationList, signers: readonly PathCertificate[]): Promise<void> {
  expectArgument(crl, aRevocationList, 'The list for prepareCrl');
  expectArgument(signers, listOf(aPathCertificate), 'The signers for prepareCrl');
  for (const { subject, verificationKey } of signers) {
    if (areNamesEqual(subject, crl.issuer)) await verifyAhead(crl, verificationKey);
  }
}

import { createPrivateKey } from 'node:crypto';
import { loadPathValidation } from '@certgate/core/internal';
import { type PemBlock, readPemBlocks } from '../../certificates/structure/pem-blocks.js';
import { describeKey, pkcs7 } from './binary-content.js';
import { type DroppedContent, privateKeyWarning, unread } from './dropped-content.js';

/** Blocks of RFC 7468: certificates first, then whatever else is known. */
export function readPem(text: string): DroppedContent {
  const blocks = readPemBlocks(text);
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE');
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const keyNotes = keys.length === 0 ? [] : [...keys.slice(0, maximumKeys).map(describeKeyBlock), privateKeyWarning];
  if (certificates.length > 0) {
    const kind = certificates.length === 1 ? 'certificate' : 'chain';
    return { kind, ders: certificates.map(decodeBody), notes: keyNotes };
  }
  const crl = blocks.find(({ label }) => label === 'X509 CRL');
  if (crl !== undefined) return readCrl(crl, blocks.length);
  if (keys.length > 0) return { kind: 'private-key', notes: keyNotes };
  return explainOthers(blocks.map(({ label }) => label));
}

const maximumKeys = 3;

function decodeBody({ text }: PemBlock): Buffer {
  return Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
}

function readCrl(block: PemBlock, blockCount: number): DroppedContent {
  const decoding = loadPathValidation().decodeCrlFile(Buffer.from(block.text, 'latin1'));
  if (!decoding.ok) return unread('crl', `The revocation list can't be read: ${decoding.fault}.`);
  const notes = blockCount === 1 ? [] : [`The file has ${blockCount} PEM blocks; this is its first revocation list.`];
  return { kind: 'crl', crl: decoding.value, notes };
}

/** What is encrypted stays closed: its key derivation may be as slow as its writer likes. */
function describeKeyBlock({ label, text }: PemBlock): string {
  if (label.startsWith('ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED'))
    return 'A private key under a password.';
  try {
    return `A private key without a password: ${describeKey(createPrivateKey(text))}.`;
  } catch {
    return 'A private key that is damaged, or of a kind that this Node.js does not know.';
  }
}

function explainOthers(labels: readonly string[]): DroppedContent {
  if (labels.length === 0) return unread('unknown', 'It has no complete PEM block; it may be cut short.');
  if (labels.some((label) => label === 'PKCS7' || label === 'CMS')) return pkcs7;
  if (labels.some((label) => label.endsWith('CERTIFICATE REQUEST')))
    return unread(
      'unknown',
      'It is a certificate signing request. Use the certificate that the authority issued for it.',
    );
  return unread('unknown', `It holds ${[...new Set(labels)].slice(0, 5).join(', ')}, and no certificate.`);
}

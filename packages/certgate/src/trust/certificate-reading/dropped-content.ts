import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type CertificateRevocationList, decodeClientCertificate, loadPathValidation } from '@certgate/core/internal';
import { decodePfx } from '../../certificates/pfx/decode-pfx.js';
import { PfxError } from '../../certificates/pfx/pfx-error.js';
import {
  decodePemBlock,
  isEncryptedKeyBlock,
  type PemBlock,
  readPemBlocks,
} from '../../certificates/structure/pem-blocks.js';
import type { ReadResult } from '../views/page-views.js';

/** What was found in a file. A private key is described by its kind, and not kept. */
export interface DroppedContent extends Pick<ReadResult, 'kind' | 'notes'> {
  /** Why the content can't be read; absent if it can. */
  readonly fault?: string;
  readonly ders?: readonly Uint8Array[];
  readonly crl?: CertificateRevocationList;
}

/** @param kind what the content seems to be */
export function unread(kind: DroppedContent['kind'], fault: string): DroppedContent {
  return { kind, fault, notes: [] };
}

const privateKeyWarning =
  'Anyone who has this key can call as its owner. Keep it where only the caller can read it, and never send it: the gate needs only the certificate.';

/**
 * Reads one DER structure: a certificate, a PFX, a revocation list or a private key. Some others are only recognised.
 */
export function readBinary(bytes: Buffer, password: string | null): DroppedContent {
  const head = findHead(bytes);
  if (head?.equals(pfxVersion) === true) return readPfx(bytes, password);
  const certificate = decodeClientCertificate(bytes);
  const { decodeCrlFile, decodeTrustAnchor } = loadPathValidation();
  if (certificate.ok || decodeTrustAnchor(bytes).ok) return { kind: 'certificate', ders: [bytes], notes: [] };
  if (findHead(bytes, signedData.length)?.equals(signedData) === true) return pkcs7;
  const crl = decodeCrlFile(bytes);
  if (crl.ok) return { kind: 'crl', crl: crl.value, notes: [] };
  const key = findPrivateKey(bytes);
  if (key !== undefined)
    return { kind: 'private-key', notes: [`A private key: ${describeKey(key)}.`, privateKeyWarning] };
  if (isEncryptedKey(bytes))
    return { kind: 'private-key', notes: ['A private key under a password.', privateKeyWarning] };
  return unread('unknown', `It is not a certificate, PFX or revocation list that can be read: ${certificate.fault}.`);
}

const pkcs7: DroppedContent = unread(
  'chain',
  'It is PKCS #7 (.p7b), which Certgate does not read. To convert it: openssl pkcs7 -print_certs -in chain.p7b -out chain.pem (with -inform DER, if it is binary).',
);

/** PFX ::= SEQUENCE { version INTEGER (3), … } */
const pfxVersion = Buffer.from([0x02, 0x01, 0x03]);
/** The OID id-signedData (RFC 5652 §5.1), which is the first element of a ContentInfo. */
const signedData = Buffer.from('06092a864886f70d010702', 'hex');

/** The first octets inside the outer SEQUENCE; undefined if there is no SEQUENCE. */
function findHead(bytes: Buffer, length = 3): Buffer | undefined {
  if (bytes[0] !== 0x30) return undefined;
  const first = bytes[1] ?? 0;
  // BER's indefinite length, which some writers of PFX files use, takes one octet.
  const lengthOctets = first > 0x80 ? first & 0x7f : 0;
  return bytes.subarray(2 + lengthOctets, 2 + lengthOctets + length);
}

function readPfx(bytes: Buffer, password: string | null): DroppedContent {
  try {
    const { certificateDer, otherCertificates, privateKeyPem } = decodePfx(bytes, password ?? undefined);
    const notes =
      privateKeyPem === undefined
        ? ['The PFX has no private key: nobody can call with it. Export it again with its key.']
        : ['The PFX holds the private key too.', privateKeyWarning];
    return { kind: 'pfx', ders: [certificateDer, ...otherCertificates], notes };
  } catch (fault) {
    if (!(fault instanceof PfxError)) throw fault;
    return unread('pfx', `The PFX can't be opened. ${fault.message}`);
  }
}

/**
 * Finds a private key in PKCS #8, PKCS #1 or SEC 1. An encrypted key is not decrypted, because its author could have
 * made the key derivation arbitrarily slow.
 */
function findPrivateKey(der: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch {
      // The key has another form, or this is not a key.
    }
  }
  return undefined;
}

/** The kind of a key in words, e.g. `RSA 2048`, `EC prime256v1` or `ed25519`. */
function describeKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'ec') return `EC ${namedCurve ?? 'with parameters of its own'}`;
  if (asymmetricKeyType === 'rsa') return `RSA ${modulusLength ?? ''}`.trimEnd();
  return asymmetricKeyType ?? 'of an unknown kind';
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3) begins with an algorithm, of which only PBES2 is recognised. */
function isEncryptedKey(bytes: Buffer): boolean {
  return bytes[0] === 0x30 && bytes.subarray(0, 24).includes(pbes2);
}

const pbes2 = Buffer.from('06092a864886f70d01050d', 'hex');

/**
 * Reads PEM blocks (RFC 7468): all certificates if there are any, otherwise a revocation list, otherwise private keys.
 */
export function readPem(text: string): DroppedContent {
  const blocks = readPemBlocks(text);
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE');
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const keyNotes = keys.length === 0 ? [] : [...keys.slice(0, maximumKeys).map(describeKeyBlock), privateKeyWarning];
  if (certificates.length > 0) {
    const kind = certificates.length === 1 ? 'certificate' : 'chain';
    return { kind, ders: certificates.map(decodePemBlock), notes: keyNotes };
  }
  const crl = blocks.find(({ label }) => label === 'X509 CRL');
  if (crl !== undefined) return readCrl(crl, blocks.length);
  if (keys.length > 0) return { kind: 'private-key', notes: keyNotes };
  return explainOthers(blocks.map(({ label }) => label));
}

const maximumKeys = 3;

function readCrl(block: PemBlock, blockCount: number): DroppedContent {
  const decoding = loadPathValidation().decodeCrlFile(Buffer.from(block.text, 'latin1'));
  if (!decoding.ok) return unread('crl', `The revocation list can't be read: ${decoding.fault}.`);
  const notes = blockCount === 1 ? [] : [`The file has ${blockCount} PEM blocks; this is its first revocation list.`];
  return { kind: 'crl', crl: decoding.value, notes };
}

/**
 * Describes a private key. An encrypted key is not decrypted, because its author could have made the key derivation
 * arbitrarily slow.
 */
function describeKeyBlock(block: PemBlock): string {
  if (isEncryptedKeyBlock(block)) return 'A private key under a password.';
  try {
    return `A private key without a password: ${describeKey(createPrivateKey(block.text))}.`;
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

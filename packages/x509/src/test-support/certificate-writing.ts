import { type KeyObject, generateKeyPairSync, hash, sign } from 'node:crypto';
import { type DerNode, editCertificate, encodeElement, encodeTree, getNode, parseTree } from './der-editing.js';
import {
  bitString,
  boolean,
  integer,
  name,
  objectIdentifier,
  octetString,
  sequence,
  tagged,
  time,
} from './der-writing.js';

/**
 * A key that signs written certificates and CRLs. This file writes thousands of them, flawed on request, for which
 * `openssl` would take minutes.
 */
export interface WritingKey {
  readonly kind: WritingKeyKind;
  readonly privateKey: KeyObject;
  /** The key's SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
  /**
   * The key identifier. `makeWritingKey` takes the SHA-1 of `publicKey`, which, unlike RFC 5280 §4.2.1.2 (1), includes
   * the algorithm.
   */
  readonly identifier: Buffer;
}

/** The kind of a key. Use `ml-dsa-44` only if `isMlDsaKnown`. */
export type WritingKeyKind = 'p-256' | 'p-521' | 'rsa-2048' | 'ed25519' | 'ml-dsa-44';

export function makeWritingKey(kind: WritingKeyKind = 'p-256'): WritingKey {
  const { publicKey, privateKey } = generate(kind);
  const encoded = publicKey.export({ type: 'spki', format: 'der' });
  return { kind, privateKey, publicKey: encoded, identifier: hash('sha1', encoded, 'buffer') };
}

function generate(kind: WritingKeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  switch (kind) {
    case 'p-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'p-521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' });
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ml-dsa-44':
      // The types of Node 20 lack this kind.
      return generateKeyPairSync('ml-dsa-44' as 'ed25519');
  }
}

export interface WrittenName {
  readonly name: string;
  readonly unit?: string;
  readonly key: WritingKey;
}

export interface CertificateWriting {
  readonly subject: WrittenName;
  /** The issuer's name and key. If absent, the certificate is self-signed. */
  readonly issuer?: WrittenName;
  /** The key that signs. The issuer's key if absent. */
  readonly signer?: WritingKey;
  readonly serialNumber?: number | bigint;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly extensions: readonly Buffer[];
}

let serialNumbers = 1000;

export function writeCertificate(writing: CertificateWriting): Buffer {
  const { subject, issuer = subject, signer = issuer.key, serialNumber = ++serialNumbers, extensions } = writing;
  const { notBefore = Date.UTC(2025, 0, 1), notAfter = Date.UTC(2035, 0, 1) } = writing;
  const tbs = sequence(
    tagged(0, integer(2)),
    integer(serialNumber),
    signatureAlgorithms[signer.kind],
    name(issuer.name),
    sequence(time(notBefore), time(notAfter)),
    name(subject.name, subject.unit),
    subject.key.publicKey,
    ...(extensions.length === 0 ? [] : [tagged(3, sequence(...extensions))]),
  );
  return signed(tbs, signer);
}

/** The certificate with fields changed by `edit`, and signed again. */
export function rewriteCertificate(der: Uint8Array, signer: WritingKey, edit: (certificate: DerNode) => void): Buffer {
  return signed(encodeTree(getNode(parseTree(editCertificate(der, edit)), 0)), signer);
}

export interface CrlEntryWriting {
  readonly serialNumber: number | bigint;
  /** The CRL reason code of RFC 5280 §5.3.1. */
  readonly reason: number;
  /** For an indirect list: the common name of the CA that issued the revoked certificate. */
  readonly certificateIssuer?: string;
}

export interface CrlWriting {
  readonly issuer: WrittenName;
  readonly signer?: WritingKey;
  readonly revoked?: readonly (number | bigint | CrlEntryWriting)[];
  /** The number of the base list. If absent, the list is not a delta. */
  readonly baseNumber?: number | undefined;
  /** The authority key identifier. By default the issuer's key identifier; null writes none. */
  readonly keyIdentifier?: Buffer | null;
  readonly thisUpdate?: number;
  readonly nextUpdate?: number;
  readonly crlNumber?: number;
  /** Extensions in addition to the CRL number and the authority key identifier. */
  readonly extensions?: readonly Buffer[];
}

export function writeCrl({ issuer, signer = issuer.key, revoked = [], ...rest }: CrlWriting): Buffer {
  const { thisUpdate = Date.UTC(2026, 11, 31), nextUpdate = Date.UTC(2027, 1, 1), crlNumber = 1 } = rest;
  const { extensions = [] } = rest;
  const since = time(Date.UTC(2026, 5, 1));
  const { baseNumber, keyIdentifier = issuer.key.identifier } = rest;
  const entries = revoked.map((entry) =>
    typeof entry === 'object'
      ? sequence(integer(entry.serialNumber), since, sequence(...writeEntryExtensions(entry)))
      : sequence(integer(entry), since),
  );
  const tbs = sequence(
    integer(1),
    signatureAlgorithms[signer.kind],
    name(issuer.name),
    time(thisUpdate),
    time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(Buffer.concat(entries))]),
    tagged(
      0,
      sequence(
        ...(keyIdentifier === null
          ? []
          : [extension('2.5.29.35', false, sequence(encodeElement(0x80, keyIdentifier)))]),
        extension('2.5.29.20', false, integer(crlNumber)),
        ...extensions,
        ...(baseNumber === undefined ? [] : [extension('2.5.29.27', true, integer(baseNumber))]),
      ),
    ),
  );
  return signed(tbs, signer);
}

function writeEntryExtensions({ reason, certificateIssuer }: CrlEntryWriting): readonly Buffer[] {
  const ofReason = extension('2.5.29.21', false, encodeElement(0x0a, Buffer.from([reason])));
  if (certificateIssuer === undefined) return [ofReason];
  return [ofReason, extension('2.5.29.29', true, sequence(tagged(4, name(certificateIssuer))))];
}

export function extension(type: string, isCritical: boolean, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(type), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

const signatureAlgorithms: Readonly<Record<WritingKeyKind, Buffer>> = {
  'p-256': sequence(objectIdentifier('1.2.840.10045.4.3.2')),
  'p-521': sequence(objectIdentifier('1.2.840.10045.4.3.2')),
  'rsa-2048': sequence(objectIdentifier('1.2.840.113549.1.1.11'), encodeElement(0x05)),
  ed25519: sequence(objectIdentifier('1.3.101.112')),
  'ml-dsa-44': sequence(objectIdentifier('2.16.840.1.101.3.4.3.17')),
};

/** Whether Node can make ML-DSA keys. The code under test asks Node in another way, whether it can verify with them. */
export const isMlDsaKnown: boolean = (() => {
  try {
    generate('ml-dsa-44');
    return true;
  } catch {
    return false;
  }
})();

function signed(tbs: Buffer, { kind, privateKey }: WritingKey): Buffer {
  const digest = kind === 'ed25519' || kind === 'ml-dsa-44' ? null : 'sha256';
  const signature = sign(digest, tbs, privateKey);
  return sequence(tbs, signatureAlgorithms[kind], bitString(signature));
}

// structure/: writes the DER of certificates and revocation lists (RFC 5280), and makes their keys.

import { randomBytes, type KeyObject } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  Certificate,
  Extensions,
  TBSCertificate,
  Validity,
  Version,
  type Extension,
  type Name,
} from '@peculiar/asn1-x509';
import { getPublicKeyInfo } from './create-extensions.js';
import { encodePem } from './pem-blocks.js';
import { getSignatureAlgorithm, signStructure, toArrayBuffer } from './sign-structure.js';
import type { KeyPair } from './key-pair.js';
import type { ValidityPeriod } from './validity-period.js';

export interface SignedCertificate {
  readonly certificateDer: Buffer;
  readonly certificatePem: string;
}

export interface IssuedCertificate extends SignedCertificate {
  /** PKCS#8 in PEM, not encrypted. Code that writes it to a file must restrict who may read that file. */
  readonly privateKeyPem: string;
}

export interface CertificateContent {
  readonly subject: Name;
  readonly publicKey: KeyObject;
  readonly period: ValidityPeriod;
  readonly extensions: readonly Extension[];
  /** The signer's name and key. For a self-signed certificate, they are the subject and its own key. */
  readonly issuer: Name;
  readonly issuerKey: KeyObject;
  /** Default: a new random number. */
  readonly serialNumber?: ArrayBuffer;
}

/** Writes a certificate for a key pair, and returns it together with the private key. */
export function writeCertificate({
  keyPair,
  ...content
}: Omit<CertificateContent, 'publicKey'> & { readonly keyPair: KeyPair }): IssuedCertificate {
  return Object.freeze({
    ...signCertificate({ ...content, publicKey: keyPair.publicKey }),
    privateKeyPem: keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
}

/**
 * Writes and signs a certificate of version 3 (RFC 5280 §4), by default with a new serial number. Every certificate of
 * this tool is written here.
 */
export function signCertificate(content: CertificateContent): SignedCertificate {
  const { identifier } = getSignatureAlgorithm(content.issuerKey);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: content.serialNumber ?? toArrayBuffer(createSerialNumber()),
    signature: identifier,
    issuer: content.issuer,
    subject: content.subject,
    validity: new Validity(content.period),
    subjectPublicKeyInfo: getPublicKeyInfo(content.publicKey),
    extensions: new Extensions([...content.extensions]),
  });
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: identifier,
    signatureValue: signStructure(tbsCertificate, content.issuerKey),
  });
  const certificateDer = Buffer.from(AsnConvert.serialize(certificate));
  return Object.freeze({ certificateDer, certificatePem: encodePem('CERTIFICATE', certificateDer) });
}

/**
 * RFC 5280 §4.1.2.2: a serial number is positive, with at most 20 octets. Two bits are fixed, so that it always has 16
 * octets; the other 126 bits are random.
 */
function createSerialNumber(): Buffer {
  const serialNumber = randomBytes(16);
  serialNumber.writeUInt8((serialNumber.readUInt8(0) & 0x7f) | 0x40, 0);
  return serialNumber;
}

// certificate/: one certificate (RFC 5280 §4): its names, extensions, key and signature; whether it suits a client.

import { hash } from 'node:crypto';
import { type CertificateExtensions, decodeExtensions } from './certificate-extensions.js';
import {
  type CertificateStructure,
  decodeCertificateStructure,
  findMistakenStructure,
} from './certificate-structure.js';
import { type CertificatePublicKey, decodePublicKey } from './public-key.js';
import {
  type DistinguishedName,
  decodeDistinguishedName,
  findCommonName,
  formatDistinguishedName,
} from './distinguished-name.js';
import { readDer } from '../encoding/der.js';

/** An end-entity certificate as it came: read from DER, frozen; names and hashes are worked out when asked for. */
export interface ClientCertificate extends CertificateExtensions {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
  /** SHA-1 of the DER, 40 upper-case hexadecimal digits; for pins that are being migrated. */
  readonly thumbprintSha1: string;
  /** SHA-256 of the subject public key info's DER, 64 upper-case hexadecimal digits. */
  readonly publicKeySha256: string;
  /** Upper-case hexadecimal, as encoded. */
  readonly serialNumber: string;
  /** RFC 4514 text, control characters escaped. */
  readonly subject: string;
  readonly issuer: string;
  readonly subjectName: DistinguishedName;
  /** As encoded, control characters included: log `subject` instead. */
  readonly commonName: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z; both ends belong to the validity (RFC 5280 §4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
}

/** The certificate, or what is wrong with the bytes, in words for the operator. */
export type ClientCertificateDecoding =
  { readonly ok: true; readonly certificate: ClientCertificate } | { readonly ok: false; readonly fault: string };

/**
 * DER → ClientCertificate (RFC 5280 §4.1). Answers with a fault, in words for the operator, when the bytes are anything
 * but one X.509 certificate; says so when they are a private key or a signing request.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { decodeClientCertificate } from '@certgate/x509';
 *
 * const decoding = decodeClientCertificate(readFileSync('client.der'));
 * console.log(decoding.ok ? decoding.certificate.subject : decoding.fault);
 * ```
 */
export function decodeClientCertificate(der: Uint8Array): ClientCertificateDecoding {
  const decoding = readDer(() => decodeCertificate(der));
  if (decoding.ok) return { ok: true, certificate: new DecodedCertificate(der, decoding.value) };
  return { ok: false, fault: findMistakenStructure(der) ?? decoding.fault };
}

interface CertificateFields {
  readonly structure: CertificateStructure;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly publicKey: CertificatePublicKey;
  readonly extensions: CertificateExtensions;
}

function decodeCertificate(der: Uint8Array): CertificateFields {
  const structure = decodeCertificateStructure(der);
  return {
    structure,
    issuer: decodeDistinguishedName(structure.issuer),
    subject: decodeDistinguishedName(structure.subject),
    publicKey: decodePublicKey(structure.subjectPublicKeyInfo),
    extensions: decodeExtensions(structure.extensions),
  };
}

class DecodedCertificate implements ClientCertificate {
  readonly der: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
  readonly hasExtensions: boolean;
  readonly isCertificateAuthority: boolean;
  readonly keyUsage: CertificateExtensions['keyUsage'];
  readonly extendedKeyUsage: CertificateExtensions['extendedKeyUsage'];
  readonly subjectAlternativeNames: CertificateExtensions['subjectAlternativeNames'];
  readonly unknownCriticalExtensions: CertificateExtensions['unknownCriticalExtensions'];
  readonly #fields: CertificateFields;
  #thumbprintSha256: string | undefined;
  #thumbprintSha1: string | undefined;
  #publicKeySha256: string | undefined;

  constructor(der: Uint8Array, fields: CertificateFields) {
    this.der = der;
    this.notBefore = fields.structure.notBefore;
    this.notAfter = fields.structure.notAfter;
    this.publicKey = fields.publicKey;
    this.hasExtensions = fields.extensions.hasExtensions;
    this.isCertificateAuthority = fields.extensions.isCertificateAuthority;
    this.keyUsage = fields.extensions.keyUsage;
    this.extendedKeyUsage = fields.extensions.extendedKeyUsage;
    this.subjectAlternativeNames = fields.extensions.subjectAlternativeNames;
    this.unknownCriticalExtensions = fields.extensions.unknownCriticalExtensions;
    this.#fields = fields;
    Object.freeze(this);
  }

  get thumbprintSha256(): string {
    return (this.#thumbprintSha256 ??= hashHex('sha256', this.der));
  }

  get thumbprintSha1(): string {
    return (this.#thumbprintSha1 ??= hashHex('sha1', this.der));
  }

  get publicKeySha256(): string {
    return (this.#publicKeySha256 ??= hashHex('sha256', this.#fields.structure.subjectPublicKeyInfo.encoded));
  }

  get serialNumber(): string {
    return Buffer.from(this.#fields.structure.serialNumber).toString('hex').toUpperCase();
  }

  get subjectName(): DistinguishedName {
    return this.#fields.subject;
  }

  get subject(): string {
    return formatDistinguishedName(this.#fields.subject);
  }

  get issuer(): string {
    return formatDistinguishedName(this.#fields.issuer);
  }

  get commonName(): string | undefined {
    return findCommonName(this.#fields.subject);
  }
}

/** Upper-case hexadecimal, as Azure shows thumbprints. */
export function hashHex(algorithm: 'sha256' | 'sha1', bytes: Uint8Array): string {
  return hash(algorithm, bytes, 'hex').toUpperCase();
}

import { type ClientCertificateDecoding, type DerDecoding, decodeClientCertificate } from '@certgate/x509';
import { type CanonicalName, findIssuerName, findPublicKeyInfo, hashHex } from '@certgate/x509/internal-certificates';
import type { PathCertificate } from '@certgate/x509/path';
import { loadPathValidation } from './authority-path.js';

/**
 * The certificate a caller presented, before anything is known of it. Hashes and the decoded form are worked out when
 * asked for: a stranger costs one SHA-256.
 */
export interface PresentedCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
  /** SHA-1 of the DER, 40 upper-case hexadecimal digits. */
  readonly thumbprintSha1: string;
  /**
   * SHA-256 of the subject public key info; undefined where the bytes have none. Worked out without decoding the rest:
   * bytes that are no certificate may have one, and `decoding` then says so.
   */
  readonly publicKeySha256: string | undefined;
  readonly decoding: ClientCertificateDecoding;
  /** The issuer's name as it compares; undefined where the bytes have none. Worked out without decoding the rest. */
  readonly issuer: CanonicalName | undefined;
  /** The certificate as a certification path reads it. */
  readonly pathDecoding: DerDecoding<PathCertificate>;
}

/** A certificate as a caller presents it. Its fields are decoded when they are first read. */
export function presentCertificate(der: Uint8Array): PresentedCertificate {
  return new LazyPresentedCertificate(der);
}

class LazyPresentedCertificate implements PresentedCertificate {
  readonly der: Uint8Array;
  #thumbprintSha256: string | undefined;
  #thumbprintSha1: string | undefined;
  #hasPublicKey: boolean | undefined;
  #publicKeySha256: string | undefined;
  #decoding: ClientCertificateDecoding | undefined;
  #issuer: CanonicalName | null | undefined;
  #pathDecoding: DerDecoding<PathCertificate> | undefined;

  constructor(der: Uint8Array) {
    this.der = der;
    Object.freeze(this);
  }

  get thumbprintSha256(): string {
    return (this.#thumbprintSha256 ??= hashHex('sha256', this.der));
  }

  get thumbprintSha1(): string {
    return (this.#thumbprintSha1 ??= hashHex('sha1', this.der));
  }

  get publicKeySha256(): string | undefined {
    if (this.#hasPublicKey === undefined) {
      const info = findPublicKeyInfo(this.der);
      this.#hasPublicKey = info !== undefined;
      this.#publicKeySha256 = info === undefined ? undefined : hashHex('sha256', info);
    }
    return this.#publicKeySha256;
  }

  get decoding(): ClientCertificateDecoding {
    return (this.#decoding ??= decodeClientCertificate(this.der));
  }
  get issuer(): CanonicalName | undefined {
    if (this.#issuer === undefined) this.#issuer = findIssuerName(this.der) ?? null;
    return this.#issuer ?? undefined;
  }

  get pathDecoding(): DerDecoding<PathCertificate> {
    return (this.#pathDecoding ??= loadPathValidation().decodePathCertificate(this.der));
  }
}

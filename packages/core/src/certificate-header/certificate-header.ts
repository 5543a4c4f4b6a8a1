// certificate-header/: turns the text that a front end wrote into a certificate, or a denial.

import type { ClientCertificateDecoding, DerDecoding } from '@certgate/x509';
import {
  Base64Decoder,
  type CanonicalName,
  decodeClientCertificate,
  findIssuerName,
  findMistakenStructure,
  findOuterFrameFault,
  findPublicKeyInfo,
  hashHex,
} from '@certgate/x509/internal';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import type { PathCertificate } from '@certgate/x509/path';
import {
  type CandidateList,
  type CandidateReading,
  type CandidateSource,
  listCandidates,
  listDers,
  noCandidates,
} from './candidate-certificate.js';
import { type Denial, type DenialCodeOf, deny } from '../denial.js';
import type { MalformedProblem } from '../denial-facts.js';
import { loadPathValidation } from '../load-path-validation.js';
import type { CertificateText, ChainText } from './certificate-text.js';
import { readChainText } from './chain-text.js';
import { unescapePem } from './percent-encoded-pem.js';

/**
 * Bytes that are framed as exactly one DER SEQUENCE, and don't begin like a private key, a PFX or a signing request.
 * They were not decoded, so they may still be something else than a certificate.
 */
export interface ReadCertificate {
  readonly outcome: 'read';
  readonly certificate: PresentedCertificate;
}

/** The certificate in a header, or the denial. */
export type CertificateHeaderReading = ReadCertificate | Denial<DenialCodeOf<'certificate-header'>>;

/**
 * The longest text of one certificate that is read, in characters (16 KiB). Callers' certificates are normally much
 * shorter.
 */
export const maximumHeaderLength = 16_384;

/**
 * The header's text without outer white space (RFC 9110 §5.5). Undefined if nothing is left. A header that is longer
 * than `maximumHeaderLength` is returned as it is.
 */
export function trimHeader(header: string | null | undefined): string | undefined {
  if (header === null || header === undefined || header === '') return undefined;
  const first = header.charCodeAt(0);
  const last = header.charCodeAt(header.length - 1);
  // Hardly any header needs trimming, and this check is cheaper than a copy.
  if (first > 0x20 && last > 0x20) return header;
  if (header.length > maximumHeaderLength) return header;
  // The white space is searched for by hand, because a pattern for white space at the end tries every run inside the
  // text. For 16 KiB of spaces, that takes hundreds of milliseconds.
  let start = 0;
  let end = header.length;
  while (start < end && isWhiteSpace(header.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(header.charCodeAt(end - 1))) end -= 1;
  return start === end ? undefined : header.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * How many characters of a text's end are hashed. The end of a certificate belongs to its signature, and pins are
 * hashes, so that the ends normally differ.
 */
const tailLength = 16;

/** Hashes the end of a text. A map finds a number several times faster than the text or a slice of it. */
export function hashTail(text: string): number {
  let hash = 0;
  for (let index = Math.max(text.length - tailLength, 0); index < text.length; index += 1) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return hash;
}

/**
 * Reads the text of App Service's header into the bytes of one certificate. It is strict, and checks the length first.
 */
export function readCertificateHeader(header: string | null | undefined): CertificateHeaderReading {
  const leaf = trimHeader(header);
  return leaf === undefined ? denyMissing() : readCertificateText(extractBase64(leaf));
}

/** The text of a certificate as most front ends write it: base64 on one line. */
export function extractBase64(leaf: string, chain?: ChainText): CertificateText {
  return { outcome: 'extracted', leaf, encoding: 'base64', chain };
}

/** The name of the header that App Service's front end sets. */
export const certificateHeaderName = 'x-arr-clientcert';

/** The denial of a request without a certificate. `source` is what is absent or empty, such as the name of a header. */
export function denyMissing(source: string = certificateHeaderName): Denial<'certificate_missing'> {
  return deny('certificate_missing', { problem: 'absent', source });
}

/** Reads a certificate's text, as a front end wrote it, into bytes. It is strict, and checks the length first. */
export function readCertificateText({ leaf, encoding, chain }: CertificateText): CertificateHeaderReading {
  if (leaf.length > maximumHeaderLength) {
    return deny('certificate_too_large', { length: leaf.length, limit: maximumHeaderLength });
  }
  const candidates = chain && ((): CandidateReading => readChainText(chain));
  // The decoder is made for the first header, because a cold start must load nothing that decodes.
  decoder ??= new Base64Decoder(maximumHeaderLength);
  if (encoding === 'base64') {
    const decoding = decoder.decode(leaf);
    if (decoding.ok) return readLeaf(leaf, decoding.bytes, candidates);
    return denyText(leaf, leaf.startsWith('-----') ? 'pem' : decoding.fault);
  }
  const base64 = unescapePem(leaf);
  const bytes = base64 === undefined ? undefined : decoder.decodeBytes(base64);
  if (base64 !== undefined && bytes !== undefined) return readLeaf(base64, bytes, candidates);
  return denyText(leaf, 'pem_lines_unexpected');
}

/**
 * Decodes every header into the same bytes, which the next header overwrites. Therefore only their hash leaves this
 * file, and `der` decodes the text again.
 */
let decoder: Base64Decoder | undefined;

/**
 * Reads the bytes of `text`, which is canonical base64. They must be framed as exactly one DER SEQUENCE that does not
 * begin like a private key, a PFX or a signing request.
 */
function readLeaf(text: string, der: Uint8Array, candidates: CandidateSource | undefined): CertificateHeaderReading {
  const problem = findOuterFrameFault(der);
  if (problem !== undefined) return deny('certificate_malformed', { problem });
  const structure = findMistakenStructure(der);
  if (structure !== undefined) return deny('certificate_malformed', { problem: 'other_structure', structure });
  const thumbprintSha256 = hashHex('sha256', der);
  return { outcome: 'read', certificate: new LazyPresentedCertificate(text, thumbprintSha256, candidates) };
}

/** Denies a text that can't be one certificate. */
export function denyText(
  text: string,
  problem: MalformedProblem,
): Denial<'certificate_multiple' | 'certificate_malformed'> {
  // No format of one certificate contains a comma: several header lines arrive joined by commas (RFC 9110 §5.3).
  if (text.includes(',')) return deny('certificate_multiple', {});
  return deny('certificate_malformed', { problem });
}

/**
 * The certificate that a caller presented, before anything is known about it. The hashes other than `thumbprintSha256`
 * and the decoded form are computed when they are first read.
 */
export interface PresentedCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
  /** SHA-1 of the DER, 40 upper-case hexadecimal digits. */
  readonly thumbprintSha1: string;
  /**
   * SHA-256 of the subject public key info, 64 upper-case hexadecimal digits. Undefined if the bytes have none. It is
   * found without decoding the rest, so bytes that are not a certificate may have one: `decoding` then has the fault.
   */
  readonly publicKeySha256: string | undefined;
  readonly decoding: ClientCertificateDecoding;
  /**
   * The issuer's name in the form in which it is compared. Undefined if it can't be decoded. It is found without
   * decoding the rest.
   */
  readonly issuer: CanonicalName | undefined;
  /** The certificate as path validation decodes it. */
  readonly pathDecoding: DerDecoding<PathCertificate>;
  /**
   * CA certificates that came with the certificate. They are not trusted. The gate uses them to build its certification
   * path.
   */
  readonly candidates: CandidateList;
}

/**
 * Wraps a certificate as a caller presents it, with what came with it if the front end forwards that. Its members,
 * except `thumbprintSha256`, are computed when they are first read.
 */
export function presentCertificate(der: Uint8Array, candidates?: CandidateSource): PresentedCertificate {
  return new LazyPresentedCertificate(der, hashHex('sha256', der), candidates);
}

/** The same certificate under its other valid signature. Empty unless it is signed with ECDSA. */
export function listTwins(certificate: PresentedCertificate): readonly PresentedCertificate[] {
  return certificate instanceof LazyPresentedCertificate ? certificate.recallTwins(makeTwins) : makeTwins(certificate);
}

function makeTwins({ der, candidates }: PresentedCertificate): readonly PresentedCertificate[] {
  return listSignatureTwins(der).map((twin) => presentCertificate(twin, listDers(candidates)));
}

class LazyPresentedCertificate implements PresentedCertificate {
  readonly thumbprintSha256: string;
  #source: Uint8Array | string;
  #thumbprintSha1: string | undefined;
  #publicKeySha256: string | null | undefined;
  #decoding: ClientCertificateDecoding | undefined;
  #issuer: CanonicalName | null | undefined;
  #pathDecoding: DerDecoding<PathCertificate> | undefined;
  #candidates: CandidateList | CandidateSource;
  #twins: readonly PresentedCertificate[] | undefined;

  /** `source` is the DER, or its canonical base64, which is decoded when the DER is first read. */
  constructor(source: Uint8Array | string, thumbprintSha256: string, candidates?: CandidateSource) {
    this.#source = source;
    this.#candidates = candidates ?? noCandidates;
    this.thumbprintSha256 = thumbprintSha256;
    Object.freeze(this);
  }

  get der(): Uint8Array {
    if (typeof this.#source === 'string') this.#source = Buffer.from(this.#source, 'base64');
    return this.#source;
  }

  get thumbprintSha1(): string {
    return (this.#thumbprintSha1 ??= hashHex('sha1', this.der));
  }

  get publicKeySha256(): string | undefined {
    if (this.#publicKeySha256 === undefined) {
      const info = findPublicKeyInfo(this.der);
      this.#publicKeySha256 = info === undefined ? null : hashHex('sha256', info);
    }
    return this.#publicKeySha256 ?? undefined;
  }

  get decoding(): ClientCertificateDecoding {
    return (this.#decoding ??= decodeClientCertificate(this.der));
  }

  get issuer(): CanonicalName | undefined {
    if (this.#issuer === undefined) this.#issuer = findIssuerName(this.der) ?? null;
    return this.#issuer ?? undefined;
  }

  get pathDecoding(): DerDecoding<PathCertificate> {
    const { decoding } = this;
    return (this.#pathDecoding ??= loadPathValidation().decodePathCertificate(
      decoding.ok ? decoding.certificate : this.der,
    ));
  }

  /**
   * The twins, which the deny list and the pins need, are made once. The function that makes them is a parameter so
   * that a bundle without trust stores can leave it out.
   */
  recallTwins(make: typeof makeTwins): readonly PresentedCertificate[] {
    return (this.#twins ??= make(this));
  }

  get candidates(): CandidateList {
    const known = this.#candidates;
    if ('certificates' in known) return known;
    return (this.#candidates = listCandidates(known, this.der));
  }
}

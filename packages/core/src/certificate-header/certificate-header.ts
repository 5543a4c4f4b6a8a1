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

/** What is framed as exactly one DER SEQUENCE; nothing inside has been looked at. */
export interface ReadCertificate {
  readonly outcome: 'read';
  readonly certificate: PresentedCertificate;
}

/** The certificate of a header, or the denial. */
export type CertificateHeaderReading = ReadCertificate | Denial<DenialCodeOf<'certificate-header'>>;

/** 16 KiB of text: no grammar's single certificate comes near it, and no work is done on more. */
export const maximumHeaderLength = 16_384;

/** The header's text without outer white space (RFC 9110 §5.5), or undefined when nothing is left. */
export function trimHeader(header: string | null | undefined): string | undefined {
  if (header === null || header === undefined || header === '') return undefined;
  const first = header.charCodeAt(0);
  const last = header.charCodeAt(header.length - 1);
  // Nearly every header needs no trimming, and this look is cheaper than a copy.
  if (first > 0x20 && last > 0x20) return header;
  if (header.length > maximumHeaderLength) return header;
  // By hand: a pattern for white space at the end tries every run inside, 180 ms for 16 KiB of spaces.
  let start = 0;
  let end = header.length;
  while (start < end && isWhiteSpace(header.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(header.charCodeAt(end - 1))) end -= 1;
  return start === end ? undefined : header.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Of a signature or a digest, which differ between any two certificates that are not made to collide. */
const tailLength = 16;

/** A number made of a text's tail: a map finds it several times faster than the text, or a slice of it. */
export function hashTail(text: string): number {
  let hash = 0;
  for (let index = Math.max(text.length - tailLength, 0); index < text.length; index += 1) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return hash;
}

/** The text of App Service's header → the bytes of one certificate. Strict, and capped before any work. */
export function readCertificateHeader(header: string | null | undefined): CertificateHeaderReading {
  const leaf = trimHeader(header);
  return leaf === undefined ? denyMissing() : readCertificateText(extractBase64(leaf));
}

/** What most front ends write: base64 on one line. */
export function extractBase64(leaf: string, chain?: ChainText): CertificateText {
  return { outcome: 'extracted', leaf, encoding: 'base64', chain };
}

/** The field that App Service's front end sets. */
export const certificateHeaderName = 'x-arr-clientcert';

/** For a request whose front end says nothing of a certificate. `source` is what says nothing. */
export function denyMissing(source: string = certificateHeaderName): Denial<'certificate_missing'> {
  return deny('certificate_missing', { problem: 'absent', source });
}

/** The certificate that a front end wrote → its bytes. Strict, and capped before any work. */
export function readCertificateText({ leaf, encoding, chain }: CertificateText): CertificateHeaderReading {
  if (leaf.length > maximumHeaderLength) {
    return deny('certificate_too_large', { length: leaf.length, limit: maximumHeaderLength });
  }
  const candidates = chain && ((): CandidateReading => readChainText(chain));
  // Made with the first header, since a cold start loads nothing that decodes.
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

/** The next header overwrites the bytes, so only their hash leaves this file; `der` decodes the text a second time. */
let decoder: Base64Decoder | undefined;

/** The bytes of `text`, canonical base64, are to be the DER of exactly one certificate. */
function readLeaf(text: string, der: Uint8Array, candidates: CandidateSource | undefined): CertificateHeaderReading {
  const problem = findOuterFrameFault(der);
  if (problem !== undefined) return deny('certificate_malformed', { problem });
  const structure = findMistakenStructure(der);
  if (structure !== undefined) return deny('certificate_malformed', { problem: 'other_structure', structure });
  const thumbprintSha256 = hashHex('sha256', der);
  return { outcome: 'read', certificate: new LazyPresentedCertificate(text, thumbprintSha256, candidates) };
}

/** A text that cannot be one certificate. */
export function denyText(
  text: string,
  problem: MalformedProblem,
): Denial<'certificate_multiple' | 'certificate_malformed'> {
  // A comma is in no grammar of one certificate: it is how several header lines arrive (RFC 9110 §5.3).
  if (text.includes(',')) return deny('certificate_multiple', {});
  return deny('certificate_malformed', { problem });
}

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
   * bytes that are not a certificate may have one, and `decoding` then says so.
   */
  readonly publicKeySha256: string | undefined;
  readonly decoding: ClientCertificateDecoding;
  /** The issuer's name as it compares; undefined where the bytes have none. Worked out without decoding the rest. */
  readonly issuer: CanonicalName | undefined;
  /** The certificate as a certification path reads it. */
  readonly pathDecoding: DerDecoding<PathCertificate>;
  /** CA certificates that came with it: untrusted, and used for building its certification path alone. */
  readonly candidates: CandidateList;
}

/**
 * A certificate as a caller presents it, and what came with it where a front end hands that on. Its fields are decoded when
 * they are first read.
 */
export function presentCertificate(der: Uint8Array, candidates?: CandidateSource): PresentedCertificate {
  return new LazyPresentedCertificate(der, hashHex('sha256', der), candidates);
}

/** The same certificate under the other signature that holds for it as well; none unless it is signed with ECDSA. */
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

  /** `source` is the DER, or its canonical base64, which is decoded when the DER is asked for: for a stranger, never. */
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

  /** Made once, for the deny list and the pins, by a function that a bundle without trust stores leaves out. */
  recallTwins(make: typeof makeTwins): readonly PresentedCertificate[] {
    return (this.#twins ??= make(this));
  }

  get candidates(): CandidateList {
    const known = this.#candidates;
    if ('certificates' in known) return known;
    return (this.#candidates = listCandidates(known, this.der));
  }
}

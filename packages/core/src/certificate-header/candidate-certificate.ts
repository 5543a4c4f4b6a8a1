import type { DerDecoding } from '@certgate/x509';
import {
  type CanonicalName,
  findIssuerName,
  findOuterFrameFault,
  findSubjectName,
  hashHex,
} from '@certgate/x509/internal';
import type { PathCertificate } from '@certgate/x509/path';
import { loadPathValidation } from '../load-path-validation.js';

/**
 * The certificates that came with a caller's, each in DER, or one sentence for the operator about why they can't be
 * read.
 */
export type CandidateReading =
  | { readonly outcome: 'read'; readonly ders: readonly Uint8Array[] }
  | { readonly outcome: 'unread'; readonly detail: string };

/**
 * The certificates, or a function that reads them when they are first needed.
 */
export type CandidateSource = readonly Uint8Array[] | (() => CandidateReading);

/**
 * A certificate that came with the caller's. Anybody may have written it: it proves nothing by itself, but it may
 * become part of a certification path, which verifies it. Its names are found without decoding the rest.
 */
export interface CandidateCertificate {
  readonly der: Uint8Array;
  /**
   * The subject's name in the form in which it is compared. Undefined if it can't be decoded. The issuer's name has the
   * same form.
   */
  readonly subject: CanonicalName | undefined;
  readonly issuer: CanonicalName | undefined;
  /** The certificate as a certification path reads it. */
  readonly pathDecoding: DerDecoding<PathCertificate>;
}

/** The certificates that came with the caller's and may be used for its path. */
export interface CandidateList {
  readonly certificates: readonly CandidateCertificate[];
  /** Why some or all of them can't be used, in one sentence for the operator. Undefined if all can. */
  readonly fault: string | undefined;
}

/**
 * How many certificates may come with the caller's. Hierarchies have one to three CAs below the root, so there is room
 * for a few cross-certificates.
 */
export const maximumCandidates = 8;

/**
 * The limit for all of them together, in octets of DER: 2 KiB each. A CA certificate with an RSA key of 4,096 bits has
 * about 1.5 KiB.
 */
export const maximumCandidateBytes: number = maximumCandidates * 2048;

export const noCandidates: CandidateList = Object.freeze({ certificates: Object.freeze([]), fault: undefined });

/**
 * Lists the certificates that came with the caller's. Their size is bounded before anything is read. They only add to
 * what the trust document knows, so whatever is not one DER SEQUENCE is left out. If there is too much, or their text
 * can't be read, everything is left out, and the gate decides as if the caller had sent none. A pinned caller must not
 * be refused because its front end adds something odd.
 */
export function listCandidates(source: CandidateSource, leaf: Uint8Array): CandidateList {
  const reading: CandidateReading = typeof source === 'function' ? source() : { outcome: 'read', ders: source };
  if (reading.outcome === 'unread') return leaveOut(reading.detail);
  const { ders } = reading;
  // Envoy's `Chain` also contains the leaf, and some front ends repeat it.
  const fault = findExcess(ders, leaf);
  if (fault !== undefined) return leaveOut(fault);
  const distinct = ders.filter(
    (der, index) => !areEqual(der, leaf) && ders.findIndex((each) => areEqual(each, der)) === index,
  );
  const framed = distinct.filter((der) => findOuterFrameFault(der) === undefined);
  return Object.freeze({
    certificates: Object.freeze(framed.map((der) => new LazyCandidateCertificate(der))),
    fault: framed.length === distinct.length ? undefined : describeUnframed(distinct.length - framed.length),
  });
}

/** The DER of each certificate, to be listed again for another leaf. */
export function listDers({ certificates }: CandidateList): readonly Uint8Array[] {
  return certificates.map(({ der }) => der);
}

function leaveOut(fault: string): CandidateList {
  return Object.freeze({ certificates: noCandidates.certificates, fault });
}

function findExcess(ders: readonly Uint8Array[], leaf: Uint8Array): string | undefined {
  // One more than the limit, because the leaf may be among them.
  if (ders.length > maximumCandidates + 1) return describeCount(ders.length);
  const others = ders.filter((der) => !areEqual(der, leaf));
  if (others.length > maximumCandidates) return describeCount(others.length);
  const bytes = others.reduce((sum, { length }) => sum + length, 0);
  if (bytes <= maximumCandidateBytes) return undefined;
  return `The certificates that came with it have ${bytes} bytes; with more than ${maximumCandidateBytes}, none is looked at.`;
}

function describeCount(count: number): string {
  return `${count} certificates came with it; with more than ${maximumCandidates}, none is looked at.`;
}

function describeUnframed(count: number): string {
  return `Of what came with it, ${count} can’t be read: not one DER SEQUENCE each.`;
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0;
}

class LazyCandidateCertificate implements CandidateCertificate {
  readonly der: Uint8Array;
  #subject: CanonicalName | null | undefined;
  #issuer: CanonicalName | null | undefined;
  #pathDecoding: DerDecoding<PathCertificate> | undefined;

  constructor(der: Uint8Array) {
    this.der = der;
    Object.freeze(this);
  }

  get subject(): CanonicalName | undefined {
    if (this.#subject === undefined) this.#subject = findSubjectName(this.der) ?? null;
    return this.#subject ?? undefined;
  }

  get issuer(): CanonicalName | undefined {
    if (this.#issuer === undefined) this.#issuer = findIssuerName(this.der) ?? null;
    return this.#issuer ?? undefined;
  }

  get pathDecoding(): DerDecoding<PathCertificate> {
    return (this.#pathDecoding ??= decodeOnce(this.der));
  }
}

const recentDecodings = new Map<string, DerDecoding<PathCertificate>>();
const recentCapacity = 64;

/**
 * Returns the same object for the same bytes, because verified signatures are remembered by object, even the signature
 * of a revocation list of megabytes. Otherwise a revoked caller could have that list hashed with every request. The
 * certificate whose latest use is longest ago is forgotten first.
 */
function decodeOnce(der: Uint8Array): DerDecoding<PathCertificate> {
  const key = hashHex('sha256', der);
  // A copy, because the decoding outlives the request, and the bytes may be a view into the request's memory.
  const decoding = recentDecodings.get(key) ?? loadPathValidation().decodePathCertificate(Buffer.from(der));
  recentDecodings.delete(key);
  recentDecodings.set(key, decoding);
  const [oldest] = recentDecodings.keys();
  if (recentDecodings.size > recentCapacity && oldest !== undefined) recentDecodings.delete(oldest);
  return decoding;
}

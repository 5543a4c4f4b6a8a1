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

/** What came with a caller's certificate, each in DER; or why it can't be told apart, in a sentence for the operator. */
export type CandidateReading =
  | { readonly outcome: 'read'; readonly ders: readonly Uint8Array[] }
  | { readonly outcome: 'unread'; readonly detail: string };

/** The certificates, or what reads them when they are first asked for: for a stranger whom no authority knows, never. */
export type CandidateSource = readonly Uint8Array[] | (() => CandidateReading);

/**
 * A certificate that came with the caller's. Anybody may have written it: it may become part of a certification path, which
 * verifies it, and says nothing by itself. The names are found without decoding the rest.
 */
export interface CandidateCertificate {
  readonly der: Uint8Array;
  /** As it compares; undefined where the bytes have none. So is the issuer's. */
  readonly subject: CanonicalName | undefined;
  readonly issuer: CanonicalName | undefined;
  /** The certificate as a certification path reads it. */
  readonly pathDecoding: DerDecoding<PathCertificate>;
}

/** What came with a certificate and may be looked at. */
export interface CandidateList {
  readonly certificates: readonly CandidateCertificate[];
  /** One sentence for the operator: why some or all of what came is not among them. */
  readonly fault: string | undefined;
}

/** Hierarchies have one to three CAs below the root; what a cross-certificate or two adds is covered as well. */
export const maximumCandidates = 8;

/** In DER, all together: 2 KiB each. A CA certificate with an RSA key of 4,096 bits has about 1.5 KiB. */
export const maximumCandidateBytes: number = maximumCandidates * 2048;

export const noCandidates: CandidateList = Object.freeze({ certificates: Object.freeze([]), fault: undefined });

/**
 * Bounded before anything is looked into. They only ever add to what the trust document knows, so what is not one DER
 * SEQUENCE is left out, and so is everything where there is too much of it: the caller is then decided about as if it had
 * sent none. That a pinned caller's front end adds something odd is no reason to refuse it.
 */
export function listCandidates(source: CandidateSource, leaf: Uint8Array): CandidateList {
  const reading: CandidateReading = typeof source === 'function' ? source() : { outcome: 'read', ders: source };
  if (reading.outcome === 'unread') return leaveOut(reading.detail);
  const { ders } = reading;
  // Envoy's `Chain` holds the leaf as well, and some front ends repeat it.
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

/** For another certificate that they came with as well. */
export function listDers({ certificates }: CandidateList): readonly Uint8Array[] {
  return certificates.map(({ der }) => der);
}

function leaveOut(fault: string): CandidateList {
  return Object.freeze({ certificates: noCandidates.certificates, fault });
}

function findExcess(ders: readonly Uint8Array[], leaf: Uint8Array): string | undefined {
  // One more: the leaf itself.
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
 * The same object for the same bytes: signatures are remembered by it, that of a revocation list of megabytes among them.
 * Without it, a revoked caller could have that list hashed with every request, by sending a chain that differs a little
 * from the last one; who is in use is never the oldest here.
 */
function decodeOnce(der: Uint8Array): DerDecoding<PathCertificate> {
  const key = hashHex('sha256', der);
  // A copy: it outlives the request, whose memory the bytes may be a view into.
  const decoding = recentDecodings.get(key) ?? loadPathValidation().decodePathCertificate(Buffer.from(der));
  recentDecodings.delete(key);
  recentDecodings.set(key, decoding);
  const [oldest] = recentDecodings.keys();
  if (recentDecodings.size > recentCapacity && oldest !== undefined) recentDecodings.delete(oldest);
  return decoding;
}

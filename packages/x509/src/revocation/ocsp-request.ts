import { invalidArgument } from '../certgate-error.js';
import { randomBytes } from 'node:crypto';
import { contextConstructed, derTags, encodeDerElement } from '../encoding/der.js';
import { hashIssuer } from './ocsp-certificate-id.js';
import { type MemberRules, octets, oneOf, optional, readMembers } from '../encoding/own-members.js';
import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';

/** Contents of OBJECT IDENTIFIERs. */
const digestIdentifiers = { sha1: '2b0e03021a', sha256: '608648016503040201' } as const;
const nonceIdentifier = '2b0601050507300102';

/** The certificate that a responder is asked about. */
export interface OcspRequestContent {
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
  /** RFC 9654 §2.1: 1 to 128 octets; those of `createOcspNonce`. Responders that answer from a store don't give it back. */
  readonly nonce?: Uint8Array | undefined;
  /** What names the certificate; no signature depends on it, and many responders know SHA-1 only. */
  readonly digest?: 'sha1' | 'sha256' | undefined;
}

/** RFC 9654 §2.1: 32 octets. */
export function createOcspNonce(): Uint8Array {
  return randomBytes(32);
}

/**
 * The DER of a request about one certificate (RFC 6960 §4.1), unsigned.
 *
 * @throws {CertgateError} for a nonce that is none, and any other argument of another kind.
 */
export function encodeOcspRequest(content: OcspRequestContent): Uint8Array {
  const contentRules: MemberRules<OcspRequestContent> = {
    certificate: aPathCertificate,
    issuer: aPathCertificate,
    nonce: optional(octets),
    digest: optional(oneOf(Object.keys(digestIdentifiers))),
  };
  const {
    certificate,
    issuer,
    nonce,
    digest = 'sha1',
  } = readMembers(content, 'The content of an OCSP request', contentRules);
  if (nonce !== undefined && (nonce.length < 1 || nonce.length > 128)) {
    throw invalidArgument('The nonce of an OCSP request has 1 to 128 octets.');
  }
  const hashes = hashIssuer(certificate, issuer, digest);
  if (hashes === undefined) throw invalidArgument('The certificate of an OCSP request must be a decoded one.');
  const certificateId = encodeDerElement(
    derTags.sequence,
    encodeDerElement(derTags.sequence, encodeIdentifier(digestIdentifiers[digest]), encodeDerElement(derTags.null)),
    encodeDerElement(derTags.octetString, hashes.name),
    encodeDerElement(derTags.octetString, hashes.key),
    encodeDerElement(derTags.integer, Buffer.from(certificate.serialNumber, 'hex')),
  );
  const requestList = encodeDerElement(derTags.sequence, encodeDerElement(derTags.sequence, certificateId));
  const extensions = nonce === undefined ? [] : [encodeDerElement(contextConstructed(2), encodeNonce(nonce))];
  return encodeDerElement(derTags.sequence, encodeDerElement(derTags.sequence, requestList, ...extensions));
}

/** Extensions with one, not critical: a responder may overlook it, and whether we do is decided at the answer. */
function encodeNonce(nonce: Uint8Array): Buffer {
  const value = encodeDerElement(derTags.octetString, encodeDerElement(derTags.octetString, nonce));
  return encodeDerElement(
    derTags.sequence,
    encodeDerElement(derTags.sequence, encodeIdentifier(nonceIdentifier), value),
  );
}

function encodeIdentifier(hexadecimal: string): Buffer {
  return encodeDerElement(derTags.objectIdentifier, Buffer.from(hexadecimal, 'hex'));
}

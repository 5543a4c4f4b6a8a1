import { invalidArgument } from '../certgate-error.js';
import { randomBytes } from 'node:crypto';
import { contextConstructed, derTags, encodeDerElement } from '../encoding/der.js';
import { hashIssuer } from './ocsp-certificate-id.js';
import { type MemberRules, octets, oneOf, optional, readMembers } from '../encoding/own-members.js';
import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';

/** The contents of OBJECT IDENTIFIERs. */
const digestIdentifiers = { sha1: '2b0e03021a', sha256: '608648016503040201' } as const;
const nonceIdentifier = '2b0601050507300102';

/** The certificate that a responder is asked about. */
export interface OcspRequestContent {
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
  /**
   * 1 to 128 octets (RFC 9654 §2.1); `createOcspNonce` makes one. Responders that answer from a store don't return it.
   */
  readonly nonce?: Uint8Array | undefined;
  /**
   * The digest that identifies the certificate. Default: `sha1`. No signature depends on it, and many responders know
   * only SHA-1.
   */
  readonly digest?: 'sha1' | 'sha256' | undefined;
}

/** Makes a nonce of 32 octets (RFC 9654 §2.1). */
export function createOcspNonce(): Uint8Array {
  return randomBytes(32);
}

/**
 * Encodes an unsigned request about one certificate (RFC 6960 §4.1) as DER.
 *
 * @throws {CertgateError} if the nonce has a wrong length, or if a member is missing, unknown or of another type.
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

/**
 * Extensions with a nonce that is not critical: the responder may ignore it, and we decide when we check the answer
 * whether that is acceptable.
 */
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

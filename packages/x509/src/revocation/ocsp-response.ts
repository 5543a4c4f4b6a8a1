import { decodeCanonicalName } from '../certificate/distinguished-name.js';
import {
  type DerDecoding,
  type DerElement,
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeObjectIdentifier,
  decodeOctetAlignedBitString,
  decodeTime,
  derTags,
  readDer,
  readSingle,
  refuseDer,
  enterSequence,
} from '../encoding/der.js';
import { type CertificateExtension, decodeExtensionList } from '../certificate/certificate.js';
import { type RevocationReason, decodeReasonCode } from './crl-entry.js';
import { expectArgument, octets } from '../encoding/own-members.js';
import { type OcspCertificateId, decodeOcspCertificateId } from './ocsp-certificate-id.js';
import {
  type OcspResponderCertificate,
  type OcspResponderId,
  decodeOcspResponderCertificate,
} from './ocsp-responder.js';
import { decodeSignatureAlgorithm } from '../certificate/signature-algorithm.js';
import type { SignedData } from '../certificate/signature-verification.js';

/** The names of RFC 6960 §4.2.1, by their numbers; 4 is not used. */
const failureNames = [
  undefined,
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const;

/** Why a responder gave no answer (RFC 6960 §4.2.1). */
export type OcspFailure = Exclude<(typeof failureNames)[number], undefined>;

/**
 * What a responder sent (RFC 6960 §4.2.1). Nothing is verified yet. A failure is not signed, so anybody can send it.
 */
export type OcspResponse =
  | ({ readonly responseStatus: 'successful' } & BasicOcspResponse)
  | { readonly responseStatus: OcspFailure };

/** The answers of a responder (RFC 6960 §4.2.1), and who signed them. */
export interface BasicOcspResponse {
  readonly responderId: OcspResponderId;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly producedAt: number;
  readonly answers: readonly OcspAnswer[];
  readonly nonce: Uint8Array | undefined;
  readonly unknownCriticalExtensions: readonly string[];
  readonly signed: SignedData;
  /**
   * The certificates that came with the response and can be decoded. One that can't be decoded could not verify
   * anything.
   */
  readonly certificates: readonly OcspResponderCertificate[];
}

/** A `SingleResponse` of RFC 6960. Times are in milliseconds since 1970-01-01T00:00:00Z. */
export interface OcspAnswer {
  readonly certificateId: OcspCertificateId;
  readonly certificateStatus: OcspCertificateStatus;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly unknownCriticalExtensions: readonly string[];
}

/**
 * What a responder says about one certificate (RFC 6960 §4.2.1). `revokedAt` is in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export type OcspCertificateStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly reason: RevocationReason; readonly revokedAt: number };

export const maximumOcspResponseLength: number = 64 * 1024;
const maximumCertificates = 8;

const basicResponse = '1.3.6.1.5.5.7.48.1.1';
const nonceExtension = '1.3.6.1.5.5.7.48.1.2';
const enumerated = 0x0a;

/** Decodes DER to an OcspResponse. The answer is a fault, in words for the operator, if the bytes are anything else. */
export function decodeOcspResponse(der: Uint8Array): DerDecoding<OcspResponse> {
  expectArgument(der, octets, 'The DER for decodeOcspResponse');
  return readDer(() => {
    if (der.length > maximumOcspResponseLength) return refuseDer(`more than ${maximumOcspResponseLength} bytes`);
    const reader = enterSequence(der);
    const status = reader.read(enumerated).content;
    const tagged = reader.readOptional(contextConstructed(0));
    reader.expectEnd();
    if (status.length !== 1) return refuseDer('an OCSP response without a status');
    if (status[0] === 0) return Object.freeze({ responseStatus: 'successful', ...decodeResponseBytes(tagged) });
    const responseStatus = failureNames[status[0] ?? 0] ?? refuseDer('an OCSP response status that does not exist');
    return tagged === undefined
      ? Object.freeze({ responseStatus })
      : refuseDer('a failed OCSP response with an answer');
  });
}

function decodeResponseBytes(tagged: DerElement | undefined): BasicOcspResponse {
  if (tagged === undefined) return refuseDer('a successful OCSP response without an answer');
  const reader = enterSequence(tagged);
  const type = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
  const response = reader.read(derTags.octetString).content;
  reader.expectEnd();
  return type === basicResponse ? decodeBasicResponse(response) : refuseDer(`an OCSP response of the type ${type}`);
}

function decodeBasicResponse(der: Uint8Array): BasicOcspResponse {
  const reader = enterSequence(der);
  const data = reader.read(derTags.sequence);
  const algorithm = decodeSignatureAlgorithm(reader.read(derTags.sequence));
  const signature = decodeOctetAlignedBitString(reader.read(derTags.bitString)).content;
  const certificates = reader.readOptional(contextConstructed(0));
  reader.expectEnd();
  return {
    ...decodeResponseData(new DerReader(data)),
    signed: { data: data.encoded, algorithm, signature },
    certificates: certificates === undefined ? [] : decodeCertificates(readSingle(certificates, derTags.sequence)),
  };
}

type ResponseData = Omit<BasicOcspResponse, 'signed' | 'certificates'>;

function decodeResponseData(reader: DerReader): ResponseData {
  // Version 1, the only one, is the default, and DER doesn't encode defaults.
  if (reader.peekTag() === contextConstructed(0)) return refuseDer('an OCSP response version that does not exist');
  const responderId = decodeResponderId(reader.read());
  const producedAt = decodeTime(reader.read(derTags.generalizedTime));
  const list = reader.enter(derTags.sequence);
  const answers: OcspAnswer[] = [];
  while (!list.isAtEnd) answers.push(decodeAnswer(list.enter(derTags.sequence)));
  const extensions = decodeExtensions(reader.readOptional(contextConstructed(1)));
  reader.expectEnd();
  const nonce = extensions.get(nonceExtension);
  return {
    responderId,
    producedAt,
    answers,
    nonce: nonce && decodeNonce(nonce.value),
    unknownCriticalExtensions: listCritical(extensions).filter((type) => type !== nonceExtension),
  };
}

function decodeResponderId(element: DerElement): OcspResponderId {
  if (element.tag === contextConstructed(1)) {
    return { name: decodeCanonicalName(readSingle(element, derTags.sequence)) };
  }
  if (element.tag !== contextConstructed(2)) return refuseDer('a responder identifier of no known form');
  return { keyHash: readSingle(element, derTags.octetString).content };
}

function decodeAnswer(reader: DerReader): OcspAnswer {
  const certificateId = decodeOcspCertificateId(reader.enter(derTags.sequence));
  const certificateStatus = decodeCertificateStatus(reader.read());
  const thisUpdate = decodeTime(reader.read(derTags.generalizedTime));
  const tagged = reader.readOptional(contextConstructed(0));
  const nextUpdate = tagged && decodeTime(readSingle(tagged, derTags.generalizedTime));
  const extensions = decodeExtensions(reader.readOptional(contextConstructed(1)));
  reader.expectEnd();
  // None of the extensions that RFC 6960 defines (§4.4) changes the meaning of an answer, so every critical one is
  // unknown.
  const unknownCriticalExtensions = listCritical(extensions);
  return { certificateId, certificateStatus, thisUpdate, nextUpdate, unknownCriticalExtensions };
}

function decodeCertificateStatus(choice: DerElement): OcspCertificateStatus {
  if (choice.tag === contextConstructed(1)) return decodeRevoked(new DerReader(choice));
  if (choice.length > 0) return refuseDer('a NULL with content');
  if (choice.tag === contextPrimitive(0)) return { status: 'good' };
  return choice.tag === contextPrimitive(2)
    ? { status: 'unknown' }
    : refuseDer('a certificate status that does not exist');
}

function decodeRevoked(reader: DerReader): OcspCertificateStatus {
  const revokedAt = decodeTime(reader.read(derTags.generalizedTime));
  const reason = reader.readOptional(contextConstructed(0));
  reader.expectEnd();
  return {
    status: 'revoked',
    revokedAt,
    reason: reason === undefined ? 'unspecified' : decodeReasonCode(reason.content),
  };
}

function decodeExtensions(tagged: DerElement | undefined): ReadonlyMap<string, CertificateExtension> {
  return tagged === undefined ? new Map() : decodeExtensionList(readSingle(tagged, derTags.sequence));
}

function listCritical(extensions: ReadonlyMap<string, CertificateExtension>): readonly string[] {
  return [...extensions].filter(([, { isCritical }]) => isCritical).map(([type]) => type);
}

/** RFC 9654 §2.1: 1 to 128 octets. */
function decodeNonce(value: Uint8Array): Uint8Array {
  const nonce = readSingle(value, derTags.octetString).content;
  return nonce.length >= 1 && nonce.length <= 128 ? nonce : refuseDer('a nonce of no allowed length');
}

function decodeCertificates(sequence: DerElement): readonly OcspResponderCertificate[] {
  const reader = new DerReader(sequence);
  const certificates: OcspResponderCertificate[] = [];
  for (let count = 0; !reader.isAtEnd; count += 1) {
    if (count === maximumCertificates) return refuseDer(`more than ${maximumCertificates} certificates`);
    const decoding = decodeOcspResponderCertificate(reader.read(derTags.sequence).encoded);
    if (decoding.ok) certificates.push(decoding.value);
  }
  return certificates;
}

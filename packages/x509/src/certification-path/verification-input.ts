import { type ClientCertificate, decodeClientCertificate } from '../certificate/client-certificate.js';
import {
  aPathCertificate,
  decodePathCertificate,
  decodeTrustAnchor,
  type PathCertificate,
} from '../certificate/path-certificate.js';
import { aNamedKey, decodeNamedKey, type NamedKey } from '../certificate/trust-anchor.js';
import { invalidArgument } from '../certgate-error.js';
import { decodePemBundle, type PemBundleFault } from '../encoding/base64.js';
import type { DerDecoding } from '../encoding/der.js';
import {
  type ArgumentRule,
  aText,
  listOf,
  type MemberRules,
  octets,
  optional,
  readMembers,
} from '../encoding/own-members.js';
import { aRevocationList, type CertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import { decodeCrlFile } from '../revocation/crl-file.js';
import { decodeOcspResponse, type OcspResponse } from '../revocation/ocsp-response.js';
import { anOcspResponse } from '../revocation/ocsp-status.js';
import { type PathRevocation, revocationRules } from './path-revocation.js';

/**
 * CA certificates: PEM text with one or more, the bytes of that text, the DER of one, or a decoded one: an anchor by
 * `decodeTrustAnchor`, others by `decodePathCertificate`. A server should pass decoded ones: they are not decoded
 * again, and the results of verified signatures are kept with them.
 */
export type AuthorityInput = string | Uint8Array | PathCertificate;

/** Revocation information, and how it is used. Give `crls`, `ocspResponses` or both; either may be empty. */
export interface ClientRevocation extends Partial<
  Pick<PathRevocation, 'mode' | 'scope' | 'graceMilliseconds' | 'noRevAvailMaximumLifetimeMilliseconds'>
> {
  /** CRLs: PEM text, its bytes, DER, or what `decodeCrlFile` returned, which isn't decoded again. */
  readonly crls?: readonly (string | Uint8Array | CertificateRevocationList)[];
  /** OCSP responses about any certificate of the path: DER, or what `decodeOcspResponse` returned. */
  readonly ocspResponses?: readonly (Uint8Array | OcspResponse)[];
}

function either(words: string, ...rules: readonly ArgumentRule[]): ArgumentRule {
  return { words, holds: (value) => rules.some(({ holds }) => holds(value)) };
}

function oneOrMore(words: string, ...rules: readonly ArgumentRule[]): ArgumentRule {
  const rule = either(words, ...rules);
  return either(`${words}, or an array of them`, rule, listOf(rule));
}

// Made in each call, so that a bundler leaves the rules out of a program that never calls verifyClientCertificate.

const encoded = (): ArgumentRule => either('PEM text, or the bytes of PEM or DER', aText, octets);
const decoded = 'a certificate (PEM, DER, or decoded)';

export const inputRules = (): Readonly<Record<'leaf' | 'anchors' | 'intermediates', ArgumentRule>> => ({
  leaf: encoded(),
  anchors: oneOrMore(`${decoded} or a name with its key`, encoded(), aPathCertificate, aNamedKey),
  intermediates: optional(oneOrMore(decoded, encoded(), aPathCertificate)),
});

const clientRevocationRules = (): MemberRules<ClientRevocation> => ({
  crls: optional(listOf(either('a CRL (PEM, DER, or decoded by decodeCrlFile)', encoded(), aRevocationList))),
  ocspResponses: optional(
    listOf(either('an OCSP response (DER, or decoded by decodeOcspResponse)', octets, anOcspResponse)),
  ),
  mode: optional(revocationRules.mode),
  scope: optional(revocationRules.scope),
  graceMilliseconds: optional(revocationRules.graceMilliseconds),
  noRevAvailMaximumLifetimeMilliseconds: revocationRules.noRevAvailMaximumLifetimeMilliseconds,
});

/** @throws {CertgateError} if there is no anchor, or if one can't be read, because the operator gave them. */
export function readAnchors(
  given: AuthorityInput | NamedKey | readonly (AuthorityInput | NamedKey)[],
): readonly PathCertificate[] {
  const anchors = readEach(given, 'anchors', (each) =>
    aNamedKey.holds(each)
      ? [decodeNamedKey(each as NamedKey)]
      : decodeAuthorities(each as AuthorityInput, decodeTrustAnchor),
  );
  if (anchors.length > 0) return anchors;
  throw invalidArgument('The anchors of verifyClientCertificate must be one or more: without any, nobody is trusted.');
}

/**
 * Reads the intermediates that the operator gave. A client's candidates that can't be read are ignored, but these are
 * not.
 *
 * @throws {CertgateError} if one can't be read.
 */
export function readIntermediates(given: AuthorityInput | readonly AuthorityInput[]): readonly PathCertificate[] {
  return readEach(given, 'intermediates', (each) => decodeAuthorities(each, decodePathCertificate));
}

/** Returns a new array, because path validation keeps an index of an array, and the caller may change the given one. */
function readEach<T extends AuthorityInput | NamedKey>(
  given: T | readonly T[],
  member: string,
  decode: (input: T) => readonly DerDecoding<PathCertificate>[],
): readonly PathCertificate[] {
  const inputs = Array.isArray(given) ? (given as readonly T[]) : [given as T];
  const read = collect(inputs, member, decode);
  if (read.ok) return read.value;
  const { input, fault } = read;
  throw invalidArgument(
    `The ${member} of verifyClientCertificate must be certificates. ${input} can't be read: ${fault}.`,
  );
}

/** `input` names what can't be read, such as `crls[0]`. */
type Collection<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly input: string; readonly fault: string };

/** Returns all values, or the first fault with the position of its input. An input may have several values. */
function collect<I, T>(
  inputs: readonly I[],
  member: string,
  decode: (input: I) => readonly DerDecoding<T>[],
): Collection<readonly T[]> {
  const values: T[] = [];
  for (const [index, input] of inputs.entries()) {
    for (const decoding of decode(input)) {
      if (!decoding.ok) return { ok: false, input: `${member}[${index}]`, fault: decoding.fault };
      values.push(decoding.value);
    }
  }
  return { ok: true, value: values };
}

function decodeAuthorities(
  input: AuthorityInput,
  decode: (der: Uint8Array) => DerDecoding<PathCertificate>,
): readonly DerDecoding<PathCertificate>[] {
  if (typeof input !== 'string' && !octets.holds(input)) return [{ ok: true, value: input as PathCertificate }];
  const blocks = readBlocks(input as string | Uint8Array);
  return blocks.ok ? blocks.value.map((der) => decode(der)) : [blocks];
}

/** PEM is text, while DER begins with the tag of a SEQUENCE. */
function readBlocks(input: string | Uint8Array): DerDecoding<readonly Uint8Array[]> {
  if (typeof input !== 'string' && input[0] === 0x30) return { ok: true, value: [input] };
  const bundle = decodePemBundle(typeof input === 'string' ? input : toText(input), 'CERTIFICATE');
  return bundle.ok ? { ok: true, value: bundle.blocks } : { ok: false, fault: pemFaults[bundle.fault] };
}

function toText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

const pemFaults: Readonly<Record<PemBundleFault, string>> = {
  not_pem: 'it is neither DER nor PEM',
  private_key: 'it has a private key; treat the key as disclosed and replace it',
  other_label: 'it has a PEM block with another label than CERTIFICATE',
  broken_block: 'it has a PEM block without an end',
  not_base64: 'it has a PEM block that is not base64',
};

const maximumCandidates = 8;

/** The certificates that a client sent. */
export interface ClientChain {
  readonly certificate: ClientCertificate;
  readonly target: PathCertificate;
  readonly candidates: readonly PathCertificate[];
}

export function readClient(leaf: string | Uint8Array): DerDecoding<ClientChain> {
  const blocks = readBlocks(leaf);
  if (!blocks.ok) return blocks;
  const [first = new Uint8Array(), ...others] = blocks.value;
  const decoding = decodeClientCertificate(first);
  if (!decoding.ok) return decoding;
  const { certificate } = decoding;
  const target = decodePathCertificate(certificate);
  if (!target.ok) return target;
  // They may only help, and the client chooses how many there are, so the number is limited. In a TLS chain, the
  // nearest issuer comes first.
  const candidates = others
    .slice(0, maximumCandidates)
    .map((der) => decodePathCertificate(der))
    .flatMap((each) => (each.ok ? [each.value] : []));
  return { ok: true, value: { certificate, target: target.value, candidates } };
}

/** The fault of a list or a response is a fault of the source that it came from, not a mistake of the caller. */
export function readRevocation(given: ClientRevocation | 'off'): Collection<PathRevocation | 'off'> {
  if (given === 'off') return { ok: true, value: given };
  const owner = 'The revocation of verifyClientCertificate';
  const { crls, ocspResponses, ...rest } = readMembers(given, owner, clientRevocationRules());
  if (crls === undefined && ocspResponses === undefined)
    throw invalidArgument(`${owner} must be "off", or have "crls" or "ocspResponses".`);
  const lists = collect(crls ?? [], 'crls', (list) => [decodeList(list)]);
  if (!lists.ok) return lists;
  const responses = collect(ocspResponses ?? [], 'ocspResponses', (response) => [decodeResponse(response)]);
  if (!responses.ok) return responses;
  const { mode = 'required', scope = 'chain', graceMilliseconds = 0, ...others } = rest;
  const findOcspResponses = (): readonly OcspResponse[] => responses.value;
  return { ok: true, value: { ...others, mode, scope, graceMilliseconds, crls: lists.value, findOcspResponses } };
}

function decodeList(list: string | Uint8Array | CertificateRevocationList): DerDecoding<CertificateRevocationList> {
  if (typeof list === 'string') return decodeCrlFile(Buffer.from(list, 'latin1'));
  return octets.holds(list)
    ? decodeCrlFile(list as Uint8Array)
    : { ok: true, value: list as CertificateRevocationList };
}

function decodeResponse(response: Uint8Array | OcspResponse): DerDecoding<OcspResponse> {
  const isDecoded = !octets.holds(response);
  return isDecoded ? { ok: true, value: response as OcspResponse } : decodeOcspResponse(response as Uint8Array);
}

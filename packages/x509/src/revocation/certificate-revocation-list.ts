import { type CanonicalName, decodeCanonicalName, formatDistinguishedName } from '../certificate/distinguished-name.js';
import {
  areOctetsEqual,
  type DerDecoding,
  type DerElement,
  DerReader,
  contextConstructed,
  decodeInteger,
  decodeOctetAlignedBitString,
  decodeSmallInteger,
  decodeTime,
  derTags,
  readDer,
  readSingle,
  refuseDer,
  toText,
  enterSequence,
} from '../encoding/der.js';
import { type CertificateExtension, decodeDistinguishedName, decodeExtensionList } from '../certificate/certificate.js';
import {
  decodeDistributionPoints,
  decodeIssuingDistributionPoint,
  type DistributionPoint,
  type IssuingDistributionPoint,
} from '../certificate/distribution-point.js';
import { type AuthorityKeyIdentifier, decodeAuthorityKeyIdentifier } from '../certificate/path-certificate.js';
import { type ArgumentRule, decodedBy, expectArgument, octets } from '../encoding/own-members.js';
import { RevokedEntries } from './revoked-entries.js';
import { decodeSignatureAlgorithm } from '../certificate/signature-algorithm.js';
import type { SignedData } from '../certificate/signature-verification.js';

/**
 * A list of revoked certificates, or of the changes since another list (RFC 5280 §5). Its signature is not verified
 * yet.
 */
export interface CertificateRevocationList {
  readonly issuer: CanonicalName;
  /** RFC 4514 text for people, with control characters escaped. */
  readonly issuerText: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly crlNumber: bigint | undefined;
  /** §5.2.4: the number of the complete list that this delta changes. Undefined if this is a complete list. */
  readonly deltaBaseNumber: bigint | undefined;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  readonly entries: RevokedEntries;
  /** Object identifiers of critical extensions, of the list or an entry, that the revocation check doesn't process. */
  readonly unknownCriticalExtensions: readonly string[];
  /** The list's own extensions, undecoded, by object identifier. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  readonly signed: SignedData;
}

export const aRevocationList: ArgumentRule = decodedBy(
  'decodeCrlFile',
  ...['issuer', 'thisUpdate', 'nextUpdate', 'crlNumber', 'deltaBaseNumber', 'issuingDistributionPoint'],
  ...['entries', 'unknownCriticalExtensions', 'extensions', 'signed'],
);

export const maximumCrlLength: number = 33_554_432;
/**
 * The extensions are decoded in one go, and before any signature is verified: somebody who corrupts a source must not
 * stop the event loop.
 */
const maximumExtensionsLength = 65_536;

/** The extensions of a CRL that are processed, by their object identifiers (RFC 5280 §5.2). */
export const crlExtensionTypes = {
  crlNumber: '2.5.29.20',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  authorityKeyIdentifier: '2.5.29.35',
  freshestCrl: '2.5.29.46',
} as const;

/**
 * Decodes DER to a CertificateRevocationList. The answer is a fault, in words for the operator, if the bytes are
 * anything else.
 */
export function decodeCertificateRevocationList(der: Uint8Array): DerDecoding<CertificateRevocationList> {
  expectArgument(der, octets, 'The DER for decodeCertificateRevocationList');
  const steps = decodeRevocationListInSteps(der);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Like `decodeCertificateRevocationList`, in many small steps. Nobody may write to the bytes, during the steps or
 * later.
 */
export function* decodeRevocationListInSteps(
  der: Uint8Array,
): Generator<undefined, DerDecoding<CertificateRevocationList>, undefined> {
  const steps = decodeList(der);
  for (;;) {
    const step = readDer(() => steps.next());
    if (!step.ok) return step;
    if (step.value.done === true) return { ok: true, value: step.value.value };
    yield;
  }
}

function* decodeList(der: Uint8Array): Generator<undefined, CertificateRevocationList, undefined> {
  if (der.length > maximumCrlLength) refuseDer(`more than ${maximumCrlLength} bytes`);
  const list = enterSequence(der);
  const tbsElement = list.read(derTags.sequence);
  const algorithmElement = list.read(derTags.sequence);
  const signature = decodeOctetAlignedBitString(list.read(derTags.bitString)).content;
  list.expectEnd();

  const tbs = decodeTbsFields(tbsElement, algorithmElement);
  const entries = new RevokedEntries(tbs.revoked?.content ?? new Uint8Array(), tbs.issuer);
  yield* entries.index();
  const listExtensions = decodeListExtensions(tbs.extensions);
  // §5.1.2.1: extensions came with version 2.
  if (tbs.version === 1 && (tbs.extensions.size > 0 || entries.hasExtensions)) {
    return refuseDer('extensions in a list of version 1');
  }
  if (entries.hasCertificateIssuers && listExtensions.issuingDistributionPoint?.isIndirect !== true) {
    return refuseDer('another issuer’s certificates in a list that is not indirect');
  }
  const algorithm = decodeSignatureAlgorithm(algorithmElement);
  return Object.freeze({
    issuer: tbs.issuer,
    issuerText: tbs.issuerText,
    thisUpdate: tbs.thisUpdate,
    nextUpdate: tbs.nextUpdate,
    ...listExtensions,
    entries,
    unknownCriticalExtensions: [...listUnknownCritical(tbs.extensions), ...entries.unknownCriticalExtensions],
    extensions: tbs.extensions,
    signed: { data: tbsElement.encoded, algorithm, signature },
  });
}

interface TbsFields {
  readonly version: 1 | 2;
  readonly issuer: CanonicalName;
  readonly issuerText: string;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly revoked: DerElement | undefined;
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

function decodeTbsFields(tbsElement: DerElement, algorithm: DerElement): TbsFields {
  const tbs = new DerReader(tbsElement);
  const version = tbs.readOptional(derTags.integer);
  // §5.1.2.1: if the version is present, it is version 2, which is encoded as 1.
  if (version !== undefined && decodeSmallInteger(version) !== 1) return refuseDer('a CRL version that does not exist');
  // §5.1.1.2: both fields must contain the same algorithm identifier.
  if (!areOctetsEqual(tbs.read(derTags.sequence).encoded, algorithm.encoded)) {
    return refuseDer('two different signature algorithms in one list');
  }
  const issuerName = tbs.read(derTags.sequence);
  const issuer = decodeCanonicalName(issuerName);
  // §5.1.2.3: the issuer must not be empty.
  if (issuer.relativeNames.length === 0) return refuseDer('a list without an issuer');
  const thisUpdate = decodeTime(tbs.read());
  const nextUpdate = tbs.readOptional(derTags.utcTime) ?? tbs.readOptional(derTags.generalizedTime);
  const revoked = tbs.readOptional(derTags.sequence);
  const tagged = tbs.readOptional(contextConstructed(0));
  tbs.expectEnd();
  if (tagged !== undefined && tagged.length > maximumExtensionsLength) {
    return refuseDer(`more than ${maximumExtensionsLength} bytes of extensions`);
  }
  return {
    version: version === undefined ? 1 : 2,
    issuer,
    issuerText: formatDistinguishedName(decodeDistinguishedName(issuerName)),
    thisUpdate,
    nextUpdate: nextUpdate && decodeTime(nextUpdate),
    revoked,
    extensions: tagged === undefined ? new Map() : decodeExtensionList(readSingle(tagged, derTags.sequence)),
  };
}

type ListExtensions = Pick<
  CertificateRevocationList,
  'crlNumber' | 'deltaBaseNumber' | 'issuingDistributionPoint' | 'authorityKeyIdentifier' | 'freshestCrl'
>;

function decodeListExtensions(extensions: ReadonlyMap<string, CertificateExtension>): ListExtensions {
  const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(type);
    return extension === undefined ? undefined : decode(extension.value);
  };
  return {
    crlNumber: find(crlExtensionTypes.crlNumber, decodeCrlNumber),
    deltaBaseNumber: find(crlExtensionTypes.deltaCrlIndicator, decodeCrlNumber),
    issuingDistributionPoint: find(crlExtensionTypes.issuingDistributionPoint, decodeIssuingDistributionPoint),
    authorityKeyIdentifier: find(crlExtensionTypes.authorityKeyIdentifier, decodeAuthorityKeyIdentifier),
    freshestCrl: find(crlExtensionTypes.freshestCrl, decodeDistributionPoints),
  };
}

function listUnknownCritical(extensions: ReadonlyMap<string, CertificateExtension>): readonly string[] {
  return [...extensions]
    .filter(([type, { isCritical }]) => isCritical && !Object.values<string>(crlExtensionTypes).includes(type))
    .map(([type]) => type);
}

/** §5.2.3: the number must not be negative, and has at most 20 octets. */
function decodeCrlNumber(extensionValue: Uint8Array): bigint {
  const hex = toText(decodeInteger(readSingle(extensionValue, derTags.integer)), 'hex');
  if (hex >= '8' || hex.length > (hex.startsWith('00') ? 42 : 40)) return refuseDer('a CRL number out of range');
  return BigInt(`0x${hex}`);
}

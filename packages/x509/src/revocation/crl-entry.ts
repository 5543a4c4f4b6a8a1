import type { CanonicalName } from '../certificate/distinguished-name.js';
import {
  type DerElement,
  DerReader,
  decodeInteger,
  decodeTime,
  derTags,
  readSingle,
  refuseDer,
  enterSequence,
} from '../encoding/der.js';
import { decodeExtensionList } from '../certificate/certificate.js';
import { decodeGeneralNames } from '../certificate/general-name.js';

/** The names of RFC 5280 §5.3.1, by their numbers; 7 is not used. */
const reasonNames = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

/** Why a certificate was revoked (RFC 5280 §5.3.1). */
export type RevocationReason = Exclude<(typeof reasonNames)[number], undefined>;

/** One revoked certificate of a list (RFC 5280 §5.3). */
export interface CrlEntry {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly revokedAt: number;
  readonly reason: RevocationReason;
}

export interface CrlEntryExtensions {
  readonly reason: RevocationReason;
  /**
   * §5.3.3: the issuers of this entry's certificate and of those that follow. Undefined if the entry does not change
   * them.
   */
  readonly certificateIssuers: readonly CanonicalName[] | undefined;
  readonly unknownCriticalExtensions: readonly string[];
}

const entryExtensionTypes = {
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  certificateIssuer: '2.5.29.29',
} as const;

/** The parts of an entry. Its decoder must run under `readDer`. */
export interface CrlEntryStructure {
  readonly serialNumber: DerElement;
  readonly revokedAt: number;
  readonly extensions: DerElement | undefined;
}

export function decodeCrlEntryStructure(entry: DerElement): CrlEntryStructure {
  const reader = new DerReader(entry);
  const serialNumber = decodeInteger(reader.read(derTags.integer));
  const revokedAt = decodeTime(reader.read());
  const extensions = reader.readOptional(derTags.sequence);
  reader.expectEnd();
  return { serialNumber, revokedAt, extensions };
}

export function decodeCrlEntryExtensions(sequence: DerElement): CrlEntryExtensions {
  const extensions = decodeExtensionList(sequence);
  const reason = extensions.get(entryExtensionTypes.reasonCode);
  const invalidityDate = extensions.get(entryExtensionTypes.invalidityDate);
  const certificateIssuer = extensions.get(entryExtensionTypes.certificateIssuer);
  // The date decides nothing, but must be valid.
  if (invalidityDate !== undefined) decodeTime(readSingle(invalidityDate.value, derTags.generalizedTime));
  return {
    reason: reason === undefined ? 'unspecified' : decodeReasonCode(reason.value),
    certificateIssuers: certificateIssuer && decodeCertificateIssuers(certificateIssuer.value),
    unknownCriticalExtensions: [...extensions]
      .filter(([type, { isCritical }]) => isCritical && !Object.values<string>(entryExtensionTypes).includes(type))
      .map(([type]) => type),
  };
}

const enumerated = 0x0a;

/** Decodes `CRLReason`, an ENUMERATED. */
export function decodeReasonCode(value: Uint8Array): RevocationReason {
  const { content } = readSingle(value, enumerated);
  const reason = content.length === 1 ? reasonNames[content[0] ?? 7] : undefined;
  return reason ?? refuseDer('a revocation reason that does not exist');
}

function decodeCertificateIssuers(value: Uint8Array): readonly CanonicalName[] {
  const names = decodeGeneralNames(enterSequence(value));
  const issuers = names.flatMap((name) => ('name' in name ? [name.name] : []));
  if (issuers.some(({ incomparableType }) => incomparableType !== undefined))
    return refuseDer('a certificate issuer whose name is not text');
  return issuers.length > 0 ? issuers : refuseDer('a certificate issuer without a distinguished name');
}

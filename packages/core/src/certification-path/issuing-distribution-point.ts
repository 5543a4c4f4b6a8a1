import {
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeBoolean,
  decodeNamedBits,
  derTags,
  readSingle,
  refuseDer,
} from '../encoding/der.js';
import { type DistributionPointName, decodeDistributionPointName } from './distribution-point.js';

/** Which certificates a list speaks of (RFC 5280 §5.2.5). */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | undefined;
  readonly onlyContainsUserCertificates: boolean;
  readonly onlyContainsAuthorityCertificates: boolean;
  readonly onlyContainsAttributeCertificates: boolean;
  /** Numbers of the ReasonFlags' bits; undefined: all reasons. */
  readonly onlySomeReasons: readonly number[] | undefined;
  /** Its entries may be of other issuers' certificates. */
  readonly isIndirect: boolean;
}

export function decodeIssuingDistributionPoint(extensionValue: Uint8Array): IssuingDistributionPoint {
  const reader = new DerReader(readSingle(extensionValue, derTags.sequence).content);
  // §5.2.5: must not be an empty sequence.
  if (reader.isAtEnd) return refuseDer('an issuing distribution point that says nothing');
  const name = reader.readOptional(contextConstructed(0));
  const onlyContainsUserCertificates = decodeFlag(reader, 1);
  const onlyContainsAuthorityCertificates = decodeFlag(reader, 2);
  const onlySomeReasons = reader.readOptional(contextPrimitive(3));
  const isIndirect = decodeFlag(reader, 4);
  const onlyContainsAttributeCertificates = decodeFlag(reader, 5);
  reader.expectEnd();
  const scopes = [onlyContainsUserCertificates, onlyContainsAuthorityCertificates, onlyContainsAttributeCertificates];
  // §5.2.5: no more than one of them.
  if (scopes.filter(Boolean).length > 1)
    return refuseDer('an issuing distribution point whose scopes exclude each other');
  return {
    name: name && decodeDistributionPointName(name),
    onlyContainsUserCertificates,
    onlyContainsAuthorityCertificates,
    onlyContainsAttributeCertificates,
    onlySomeReasons: onlySomeReasons && decodeNamedBits(onlySomeReasons),
    isIndirect,
  };
}

function decodeFlag(reader: DerReader, number: number): boolean {
  const flag = reader.readOptional(contextPrimitive(number));
  return flag !== undefined && (decodeBoolean(flag) || refuseDer('a default value that is encoded'));
}

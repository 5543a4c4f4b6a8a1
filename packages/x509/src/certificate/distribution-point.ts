import {
  contextConstructed,
  contextPrimitive,
  decodeBoolean,
  decodeNamedBits,
  type DerElement,
  DerReader,
  derTags,
  refuseDer,
  decodeAll,
  enterSequence,
} from '../encoding/der.js';
import { canonicalizeRelativeName } from './distinguished-name.js';
import { decodeGeneralNames, type GeneralName } from './general-name.js';
import { decodeRelativeDistinguishedName } from './certificate.js';

/** Names a CRL (RFC 5280 §4.2.1.13). Certgate only compares this name, and never uses it as an address. */
export interface DistributionPoint {
  readonly name: DistributionPointName | undefined;
  /** The bit numbers of the ReasonFlags. Undefined means all reasons. */
  readonly reasons: readonly number[] | undefined;
  /** Undefined if the certificate's issuer issues the CRL itself. */
  readonly crlIssuer: readonly GeneralName[] | undefined;
}

/** The names of a distribution point: full names, or one name relative to the CRL issuer (RFC 5280 §4.2.1.13). */
export type DistributionPointName =
  | { readonly fullName: readonly GeneralName[] }
  /** In the form of one of `CanonicalName.relativeNames`. Appended to the CRL issuer's name, it gives the full name. */
  | { readonly nameRelativeToCrlIssuer: string };

/** Decodes `CRLDistributionPoints` or `FreshestCRL`: SEQUENCE SIZE (1..MAX) OF DistributionPoint. */
export function decodeDistributionPoints(extensionValue: Uint8Array): readonly DistributionPoint[] {
  return decodeAll(enterSequence(extensionValue), (points) => decodeDistributionPoint(points.enter(derTags.sequence)));
}

function decodeDistributionPoint(reader: DerReader): DistributionPoint {
  const name = reader.readOptional(contextConstructed(0));
  const reasons = reader.readOptional(contextPrimitive(1));
  const crlIssuer = reader.readOptional(contextConstructed(2));
  reader.expectEnd();
  // §4.2.1.13: a distribution point must not consist of only the reasons.
  if (name === undefined && crlIssuer === undefined) return refuseDer('a distribution point without a name');
  return {
    name: name && decodeDistributionPointName(name),
    reasons: reasons && decodeNamedBits(reasons),
    crlIssuer: crlIssuer && decodeGeneralNames(new DerReader(crlIssuer)),
  };
}

/** `DistributionPointName` is a CHOICE, so its tag `[0]` is explicit. */
export function decodeDistributionPointName(tagged: DerElement): DistributionPointName {
  const reader = new DerReader(tagged);
  const choice = reader.read();
  reader.expectEnd();
  if (choice.tag === contextConstructed(0)) return { fullName: decodeGeneralNames(new DerReader(choice)) };
  if (choice.tag !== contextConstructed(1)) return refuseDer('a distribution point name of no known form');
  const attributes = decodeRelativeDistinguishedName(new DerReader(choice));
  return { nameRelativeToCrlIssuer: canonicalizeRelativeName(attributes) };
}

/** The certificates that a CRL covers (RFC 5280 §5.2.5). */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | undefined;
  readonly onlyContainsUserCertificates: boolean;
  readonly onlyContainsAuthorityCertificates: boolean;
  readonly onlyContainsAttributeCertificates: boolean;
  /** The bit numbers of the ReasonFlags. Undefined means all reasons. */
  readonly onlySomeReasons: readonly number[] | undefined;
  /** Whether its entries may be about certificates of other issuers. */
  readonly isIndirect: boolean;
}

export function decodeIssuingDistributionPoint(extensionValue: Uint8Array): IssuingDistributionPoint {
  const reader = enterSequence(extensionValue);
  // §5.2.5: the sequence must not be empty.
  if (reader.isAtEnd) return refuseDer('an issuing distribution point that says nothing');
  const name = reader.readOptional(contextConstructed(0));
  const onlyContainsUserCertificates = decodeFlag(reader, 1);
  const onlyContainsAuthorityCertificates = decodeFlag(reader, 2);
  const onlySomeReasons = reader.readOptional(contextPrimitive(3));
  const isIndirect = decodeFlag(reader, 4);
  const onlyContainsAttributeCertificates = decodeFlag(reader, 5);
  reader.expectEnd();
  const scopes = [onlyContainsUserCertificates, onlyContainsAuthorityCertificates, onlyContainsAttributeCertificates];
  // §5.2.5: at most one of them may be true.
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

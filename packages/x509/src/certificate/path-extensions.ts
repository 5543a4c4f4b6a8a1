import {
  contextConstructed,
  contextPrimitive,
  decodeObjectIdentifier,
  decodeSmallInteger,
  type DerElement,
  DerReader,
  derTags,
  readSingle,
  refuseDer,
  tryDer,
  decodeAll,
  enterSequence,
} from '../encoding/der.js';
import { decodeGeneralName, type GeneralName } from './general-name.js';

// The extensions that only path validation reads (RFC 5280 §4.2). client-certificate.ts has those of the end-entity
// checks.

/** RFC 5280 §4.2.1.4. */
export const anyPolicy = '2.5.29.32.0';

/** Two policies that a CA considers equivalent (RFC 5280 §4.2.1.5), as object identifiers. */
export interface PolicyMapping {
  readonly issuerDomainPolicy: string;
  readonly subjectDomainPolicy: string;
}

/**
 * RFC 5280 §4.2.1.11: how many more certificates may follow before the constraint takes effect. Undefined if not set.
 */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}

/** Returns the policies' object identifiers, each of which must occur only once (§4.2.1.4). */
export function decodeCertificatePolicies(extensionValue: Uint8Array): readonly string[] {
  const known = new Set<string>();
  return decodeAll(enterSequence(extensionValue), (policies) => {
    const information = policies.enter(derTags.sequence);
    const policy = decodeObjectIdentifier(information.read(derTags.objectIdentifier));
    information.readOptional(derTags.sequence);
    information.expectEnd();
    if (known.has(policy)) refuseDer(`the policy ${policy} twice`);
    known.add(policy);
    return policy;
  });
}

/**
 * The qualifiers that the standard defines: the address of a practice statement, and a notice for people (§4.2.1.4).
 */
const knownQualifiers: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2']);

/**
 * Whether RFC 5280 defines every qualifier of the policies. The content of a known qualifier is for people and is not
 * read. False if the extension can't be decoded.
 */
export function hasKnownQualifiers(extensionValue: Uint8Array): boolean {
  const areKnown = tryDer(() => {
    const policies = enterSequence(extensionValue);
    while (!policies.isAtEnd) {
      const information = policies.enter(derTags.sequence);
      information.read(derTags.objectIdentifier);
      const qualifiers = information.isAtEnd ? information : information.enter(derTags.sequence);
      while (!qualifiers.isAtEnd) {
        const type = qualifiers.enter(derTags.sequence).read(derTags.objectIdentifier);
        if (!knownQualifiers.has(decodeObjectIdentifier(type))) return false;
      }
    }
    return true;
  });
  return areKnown === true;
}

/** §4.2.1.5. Path validation refuses a mapping to or from anyPolicy (§6.1.4 (a)), so it is not refused here. */
export function decodePolicyMappings(extensionValue: Uint8Array): readonly PolicyMapping[] {
  return decodeAll(enterSequence(extensionValue), (mappings) => {
    const mapping = mappings.enter(derTags.sequence);
    const issuerDomainPolicy = decodeObjectIdentifier(mapping.read(derTags.objectIdentifier));
    const subjectDomainPolicy = decodeObjectIdentifier(mapping.read(derTags.objectIdentifier));
    mapping.expectEnd();
    return { issuerDomainPolicy, subjectDomainPolicy };
  });
}

export function decodePolicyConstraints(extensionValue: Uint8Array): PolicyConstraints {
  const reader = enterSequence(extensionValue);
  const requireExplicitPolicy = decodeSkipCerts(reader.readOptional(contextPrimitive(0)));
  const inhibitPolicyMapping = decodeSkipCerts(reader.readOptional(contextPrimitive(1)));
  reader.expectEnd();
  // §4.2.1.11: the sequence must not be empty.
  if (requireExplicitPolicy === undefined && inhibitPolicyMapping === undefined) {
    return refuseDer('policy constraints that constrain nothing');
  }
  return { requireExplicitPolicy, inhibitPolicyMapping };
}

/** §4.2.1.14. */
export function decodeInhibitAnyPolicy(extensionValue: Uint8Array): number {
  return decodeSmallInteger(readSingle(extensionValue, derTags.integer));
}

function decodeSkipCerts(element: DerElement | undefined): number | undefined {
  return element && decodeSmallInteger(element);
}

/** The bases of the subtrees (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  /** Undefined if the extension has no permitted subtrees: it then permits every name that it doesn't exclude. */
  readonly permitted: readonly GeneralName[] | undefined;
  readonly excluded: readonly GeneralName[];
}

export function decodeNameConstraints(extensionValue: Uint8Array): NameConstraints {
  const reader = enterSequence(extensionValue);
  const permitted = reader.readOptional(contextConstructed(0));
  const excluded = reader.readOptional(contextConstructed(1));
  reader.expectEnd();
  if (permitted === undefined && excluded === undefined) return refuseDer('name constraints that constrain nothing');
  return {
    permitted: permitted && decodeSubtrees(new DerReader(permitted)),
    excluded: excluded === undefined ? [] : decodeSubtrees(new DerReader(excluded)),
  };
}

function decodeSubtrees(reader: DerReader): readonly GeneralName[] {
  return decodeAll(reader, () => {
    const subtree = reader.enter(derTags.sequence);
    const base = decodeBase(subtree);
    // §4.2.1.10: minimum must be zero, which DER omits as the default, and maximum must be absent.
    const bound = subtree.readOptional(contextPrimitive(0)) ?? subtree.readOptional(contextPrimitive(1));
    if (bound !== undefined) refuseDer(`a subtree with a bound (${decodeSmallInteger(bound)})`);
    subtree.expectEnd();
    return base;
  });
}

/** Decodes the base of a subtree. An address comes with its mask: 8 or 32 octets. */
function decodeBase(subtree: DerReader): GeneralName {
  const base = decodeGeneralName(subtree.read());
  if (base.form === 'iPAddress' && base.octets.length !== 8 && base.octets.length !== 32) {
    return refuseDer('an address constraint of neither 8 nor 32 octets');
  }
  return base;
}

/** §4.2.2.1: the access methods. Their locations are never called. */
export function decodeAccessMethods(extensionValue: Uint8Array): readonly string[] {
  return decodeAll(enterSequence(extensionValue), (methods) => {
    const access = methods.enter(derTags.sequence);
    const method = decodeObjectIdentifier(access.read(derTags.objectIdentifier));
    decodeGeneralName(access.read());
    access.expectEnd();
    return method;
  });
}

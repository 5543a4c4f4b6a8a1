import {
  type DerElement,
  DerReader,
  contextPrimitive,
  decodeObjectIdentifier,
  decodeSmallInteger,
  derTags,
  readSingle,
  refuseDer,
} from '../encoding/der.js';

/** RFC 5280 §4.2.1.4. */
export const anyPolicy = '2.5.29.32.0';

export interface PolicyMapping {
  readonly issuerDomainPolicy: string;
  readonly subjectDomainPolicy: string;
}

/** RFC 5280 §4.2.1.11: how many more certificates may pass before it takes effect; undefined: not said. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}

/** The policies' object identifiers, each once (§4.2.1.4); their qualifiers decide nothing. */
export function decodeCertificatePolicies(extensionValue: Uint8Array): readonly string[] {
  const reader = new DerReader(readSingle(extensionValue, derTags.sequence).content);
  const policies = new Set<string>();
  do {
    const information = reader.enter(derTags.sequence);
    const policy = decodeObjectIdentifier(information.read(derTags.objectIdentifier));
    information.readOptional(derTags.sequence);
    information.expectEnd();
    if (policies.has(policy)) refuseDer(`the policy ${policy} twice`);
    policies.add(policy);
  } while (!reader.isAtEnd);
  return [...policies];
}

/** §4.2.1.5; a mapping to or from anyPolicy is left for path validation to refuse (§6.1.4 (a)). */
export function decodePolicyMappings(extensionValue: Uint8Array): readonly PolicyMapping[] {
  const reader = new DerReader(readSingle(extensionValue, derTags.sequence).content);
  const mappings: PolicyMapping[] = [];
  do {
    const mapping = reader.enter(derTags.sequence);
    const issuerDomainPolicy = decodeObjectIdentifier(mapping.read(derTags.objectIdentifier));
    const subjectDomainPolicy = decodeObjectIdentifier(mapping.read(derTags.objectIdentifier));
    mapping.expectEnd();
    mappings.push({ issuerDomainPolicy, subjectDomainPolicy });
  } while (!reader.isAtEnd);
  return mappings;
}

export function decodePolicyConstraints(extensionValue: Uint8Array): PolicyConstraints {
  const reader = new DerReader(readSingle(extensionValue, derTags.sequence).content);
  const requireExplicitPolicy = decodeSkipCerts(reader.readOptional(contextPrimitive(0)));
  const inhibitPolicyMapping = decodeSkipCerts(reader.readOptional(contextPrimitive(1)));
  reader.expectEnd();
  // §4.2.1.11: must not be an empty sequence.
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
  return element && decodeSmallInteger({ ...element, tag: derTags.integer });
}

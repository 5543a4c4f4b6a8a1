import { type WritingKey, extension } from './certificate-writing.js';
import { encodeElement } from './der-editing.js';
import {
  boolean,
  integer,
  integerContent,
  name,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  tagged,
} from './der-writing.js';

const keyUsageBits = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

/** Writes extensions of certificates (RFC 5280 §4.2.1), and one of revocation lists (§5.2.5). */
export const extensions = {
  basicConstraints: (isAuthority: boolean, pathLength?: number, isCritical = true): Buffer =>
    extension(
      '2.5.29.19',
      isCritical,
      sequence(...(isAuthority ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
    ),
  keyUsage: (...usages: readonly (keyof typeof keyUsageBits)[]): Buffer =>
    extension('2.5.29.15', true, namedBits(usages.map((usage) => keyUsageBits[usage]))),
  extendedKeyUsage: (...usages: readonly string[]): Buffer =>
    extension('2.5.29.37', false, sequence(...usages.map(objectIdentifier))),
  subjectKeyIdentifier: ({ identifier }: WritingKey): Buffer => extension('2.5.29.14', false, octetString(identifier)),
  authorityKeyIdentifier: ({ identifier }: WritingKey): Buffer =>
    extension('2.5.29.35', false, sequence(encodeElement(0x80, identifier))),
  subjectAlternativeName: (...names: readonly Buffer[]): Buffer => extension('2.5.29.17', false, sequence(...names)),
  nameConstraints: (permitted: readonly Buffer[], excluded: readonly Buffer[]): Buffer =>
    extension('2.5.29.30', true, sequence(...listSubtrees(0, permitted), ...listSubtrees(1, excluded))),
  certificatePolicies: (...policies: readonly string[]): Buffer =>
    extension('2.5.29.32', false, sequence(...policies.map((policy) => sequence(objectIdentifier(policy))))),
  policyMappings: (...mappings: readonly (readonly [issuer: string, subject: string])[]): Buffer =>
    extension(
      '2.5.29.33',
      true,
      sequence(...mappings.map((pair) => sequence(...pair.map((policy) => objectIdentifier(policy))))),
    ),
  /** One distribution point with these names. */
  crlDistributionPoints: (names: readonly Buffer[]): Buffer =>
    extension('2.5.29.31', false, sequence(sequence(tagged(0, tagged(0, Buffer.concat(names)))))),
  issuingDistributionPoint: (names: readonly Buffer[]): Buffer =>
    extension('2.5.29.28', true, sequence(tagged(0, tagged(0, Buffer.concat(names))))),
  policyConstraints: (requireExplicitPolicy: number): Buffer =>
    extension('2.5.29.36', true, sequence(encodeElement(0x80, integerContent(requireExplicitPolicy)))),
};

export const generalNames = {
  dns: (text: string): Buffer => encodeElement(0x82, Buffer.from(text)),
  email: (text: string): Buffer => encodeElement(0x81, Buffer.from(text)),
  uri: (text: string): Buffer => encodeElement(0x86, Buffer.from(text)),
  address: (...octets: readonly number[]): Buffer => encodeElement(0x87, Buffer.from(octets)),
  directory: (commonName: string): Buffer => tagged(4, name(commonName)),
};

function listSubtrees(number: number, bases: readonly Buffer[]): readonly Buffer[] {
  return bases.length === 0 ? [] : [tagged(number, ...bases.map((base) => sequence(base)))];
}

const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** The extensions that a present-day authority's certificate has, followed by `more`. */
export function authorityExtensions(
  key: WritingKey,
  issuerKey: WritingKey,
  ...more: readonly Buffer[]
): readonly Buffer[] {
  return [
    extensions.basicConstraints(true),
    extensions.keyUsage('keyCertSign', 'cRLSign'),
    extensions.subjectKeyIdentifier(key),
    extensions.authorityKeyIdentifier(issuerKey),
    ...more,
  ];
}

export function clientExtensions(issuerKey: WritingKey, ...more: readonly Buffer[]): readonly Buffer[] {
  return [
    extensions.basicConstraints(false),
    extensions.keyUsage('digitalSignature'),
    extensions.extendedKeyUsage(clientAuthentication),
    extensions.authorityKeyIdentifier(issuerKey),
    ...more,
  ];
}
